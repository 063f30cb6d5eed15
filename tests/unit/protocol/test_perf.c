/* Perf, driven by facts alone. */
#include "unit/base/test.h"

#include "protocol/perf/perf.h"
#include "unit/protocol/stage.h"

enum { PEER = 3, STREAM = 77, BLOCK = P2P__BLOCK_MAX };

static stage st;

static int start_serving(void **state) {
  (void)state;
  stage_init(&st);
  assert_int_equal(p2p__perf_new(&st.env, true, &st.b), 0);
  return 0;
}

static int end(void **state) {
  (void)state;
  stage_fini(&st);
  return 0;
}

/* ---- server ---- */

static p2p__fact in_fact(p2p__fact_kind kind) {
  return (p2p__fact){ .kind = kind, .inbound = true, .peer = PEER, .stream = STREAM };
}

static void hear(const void *bytes, size_t len) {
  p2p__fact f = in_fact(P2P__FACT_MESSAGE);
  f.bytes = p2p__bytes(bytes, len);
  stage_give(&st, f);
  assert_int_equal(st.n, 0);
}

static void ask_for(uint64_t n) {
  uint8_t head[8];
  p2p__wr w = p2p__wr_of(head, sizeof head);
  p2p__wr_be64(&w, n);
  stage_give(&st, in_fact(P2P__FACT_OPENED));
  hear(head, 3); /* the length may come in pieces */
  hear(head + 3, 5);
}

/* Bytes of the zeros sent since the last give; all from one shared block. */
static size_t zeros_sent(void) {
  size_t n = 0;
  for (size_t i = 0; i < st.n; i++) {
    if (st.acts[i].kind != P2P__ACT_SEND) continue;
    assert_true(st.acts[i].room && st.acts[i].n <= st.acts[i].block->cap);
    assert_ptr_equal(st.acts[i].block, st.acts[0].block);
    n += st.acts[i].n;
  }
  return n;
}

static void room(size_t left) {
  p2p__fact f = in_fact(P2P__FACT_ROOM);
  f.n = left;
  stage_give(&st, f);
}

static void perf_serves_what_was_asked_for_after_the_upload(void **state) {
  (void)state;
  ask_for(3 * BLOCK + 5);
  hear("payload", 7);
  stage_give(&st, in_fact(P2P__FACT_ENDED));
  assert_int_equal(zeros_sent(), 3 * BLOCK + 5);
  (void)stage_act(&st, st.n - 1, P2P__ACT_FINISH);
  for (size_t i = 0; i < BLOCK; i++) assert_int_equal(st.acts[0].block->data[i], 0);
  stage_give(&st, in_fact(P2P__FACT_CLOSED));
}

static void perf_serves_nothing_when_nothing_was_asked_for(void **state) {
  (void)state;
  ask_for(0);
  stage_give(&st, in_fact(P2P__FACT_ENDED));
  (void)stage_only(&st, P2P__ACT_FINISH);
}

static void perf_keeps_its_queue_short_and_goes_on_with_room(void **state) {
  (void)state;
  ask_for(UINT64_MAX); /* as much as there is time for */
  stage_give(&st, in_fact(P2P__FACT_ENDED));
  size_t window = (size_t)st.limits.stream_send_queue;
  assert_in_range(zeros_sent(), window - BLOCK + 1, window);
  assert_int_equal(stage_count(&st, P2P__ACT_FINISH), 0);
  room(window / 2);
  assert_in_range(zeros_sent(), window / 2 - 2 * BLOCK, window / 2);
  room(window);
  assert_int_equal(st.n, 0);
}

static void perf_shares_the_connections_queue_between_streams(void **state) {
  (void)state;
  enum { STREAMS = 100 };
  for (uint64_t i = 0; i < STREAMS; i++) {
    p2p__fact f = in_fact(P2P__FACT_OPENED);
    f.stream = i;
    stage_give(&st, f);
    f.kind = P2P__FACT_MESSAGE;
    f.bytes = p2p__bytes("\0\0\1\0\0\0\0\0", 8);
    stage_give(&st, f);
  }
  size_t all = 0;
  for (uint64_t i = 0; i < STREAMS; i++) {
    p2p__fact f = in_fact(P2P__FACT_ENDED);
    f.stream = i;
    stage_give(&st, f);
    assert_true(zeros_sent() >= BLOCK);
    all += zeros_sent();
  }
  assert_true(all <= st.limits.conn_send_queue);
}

static void perf_sends_again_what_found_no_room(void **state) {
  (void)state;
  ask_for(BLOCK + 9);
  st.full = st.inbound = true;
  stage_give(&st, in_fact(P2P__FACT_ENDED));
  assert_int_equal(stage_only(&st, P2P__ACT_SEND)->n, BLOCK); /* tried once, not in a circle */
  stage_tick(&st); /* nothing of its own could leave: it tries by the clock */
  (void)stage_only(&st, P2P__ACT_SEND);
  st.full = false;
  stage_tick(&st);
  assert_int_equal(zeros_sent(), BLOCK + 9);
  (void)stage_act(&st, 2, P2P__ACT_FINISH);
}

static void perf_resets_who_ends_before_saying_how_much(void **state) {
  (void)state;
  stage_give(&st, in_fact(P2P__FACT_OPENED));
  hear("\0\0\0\0\0\0\0", 7);
  stage_give(&st, in_fact(P2P__FACT_ENDED));
  (void)stage_only(&st, P2P__ACT_RESET);
}

static void perf_serves_only_when_told_to(void **state) {
  (void)state;
  assert_string_equal(st.b->protocols[0].id, "/perf/1.0.0");
  assert_true(st.b->protocols[0].in_per_peer > 0);
  p2p__behaviour *b;
  assert_int_equal(p2p__perf_new(&st.env, false, &b), 0);
  assert_int_equal(b->protocols[0].in_per_peer, 0);
  b->ops->free(b);
}

/* ---- client ---- */

static uint64_t begin(uint64_t upload, uint64_t download) {
  uint64_t tag;
  assert_int_equal(p2p__perf_prepare(st.b, upload, download, &tag), 0);
  p2p__fact f = { .kind = P2P__FACT_CALL, .call = P2P__PERF_START, .peer = PEER, .tag = tag };
  stage_give(&st, f);
  return tag;
}

static p2p__fact out_fact(p2p__fact_kind kind, uint64_t tag) {
  return (p2p__fact){ .kind = kind, .peer = PEER, .stream = STREAM, .tag = tag };
}

static void download(uint64_t tag, size_t n) {
  static uint8_t zeros[65536];
  p2p__fact f = out_fact(P2P__FACT_MESSAGE, tag);
  f.bytes = p2p__bytes(zeros, n);
  stage_give(&st, f);
}

static const p2p_perf_progress *report(const p2p__act *a, int err, bool done) {
  assert_int_equal(a->kind, P2P__ACT_EMIT);
  assert_int_equal(a->peer, PEER);
  assert_int_equal(a->event.kind, P2P_EV_PERF);
  assert_int_equal(a->event.err, err);
  assert_int_equal(a->event.perf.done, done);
  return &a->event.perf;
}

static void perf_measures_upload_then_download(void **state) {
  (void)state;
  uint64_t tag = begin(BLOCK + 1, 1000);
  const p2p__act *a = stage_only(&st, P2P__ACT_OPEN);
  assert_int_equal(a->peer, PEER);
  assert_true(p2p__bytes_eq(a->bytes, p2p__bytes("\0\0\0\0\0\0\x03\xe8", 8)));
  stage_give(&st, out_fact(P2P__FACT_OPENED, tag));
  assert_int_equal(zeros_sent(), BLOCK + 1);
  (void)stage_act(&st, 2, P2P__ACT_FINISH);
  download(tag, 600);
  download(tag, 400);
  st.now += P2P_SECOND / 2;
  stage_give(&st, out_fact(P2P__FACT_ENDED, tag));
  const p2p_perf_progress *p = report(stage_only(&st, P2P__ACT_EMIT), 0, true);
  assert_int_equal(p->id, tag);
  assert_int_equal(p->uploaded, BLOCK + 1);
  assert_int_equal(p->downloaded, 1000);
  assert_int_equal(p->elapsed, P2P_SECOND / 2);
  stage_give(&st, out_fact(P2P__FACT_CLOSED, tag));
  assert_int_equal(st.n, 0);
}

static void perf_reports_each_second_what_has_left(void **state) {
  (void)state;
  uint64_t tag = begin(1 << 20, 1 << 20);
  stage_give(&st, out_fact(P2P__FACT_OPENED, tag));
  size_t sent = zeros_sent();
  p2p__fact f = out_fact(P2P__FACT_ROOM, tag);
  f.n = sent / 2;
  stage_give(&st, f);
  size_t more = zeros_sent();
  p2p_time began = st.now;
  stage_tick(&st);
  assert_int_equal(st.now - began, P2P_SECOND);
  const p2p_perf_progress *p = report(stage_only(&st, P2P__ACT_EMIT), 0, false);
  assert_int_equal(p->uploaded, sent + more - (sent / 2 + more));
  stage_tick(&st);
  assert_int_equal(st.now - began, 2 * P2P_SECOND);
}

static void perf_refuses_more_and_less_than_it_asked_for(void **state) {
  (void)state;
  uint64_t tag = begin(0, 10);
  stage_give(&st, out_fact(P2P__FACT_OPENED, tag));
  download(tag, 11);
  (void)stage_act(&st, 0, P2P__ACT_RESET);
  (void)report(stage_act(&st, 1, P2P__ACT_EMIT), P2P_EPROTO, true);

  tag = begin(0, 10);
  stage_give(&st, out_fact(P2P__FACT_OPENED, tag));
  download(tag, 9);
  stage_give(&st, out_fact(P2P__FACT_ENDED, tag));
  (void)report(stage_act(&st, 1, P2P__ACT_EMIT), P2P_EPROTO, true);
}

static void perf_tells_once_why_it_failed(void **state) {
  (void)state;
  st.open_err = P2P_ENOADDR;
  (void)begin(1, 1);
  assert_int_equal(st.n, 2);
  (void)report(&st.acts[1], P2P_ENOADDR, true);
  st.open_err = 0;
  uint64_t tag = begin(1, 1);
  p2p__fact f = out_fact(P2P__FACT_CLOSED, tag);
  f.err = P2P_ERESET;
  stage_give(&st, f);
  (void)report(stage_only(&st, P2P__ACT_EMIT), P2P_ERESET, true);
  stage_give(&st, f);
  assert_int_equal(st.n, 0);
}

static void perf_survives_every_failed_allocation(void **state) {
  (void)state;
  for (uint64_t n = 1;; n++) {
    stage_fini(&st);
    stage_init(&st);
    st.mem.fail_at = n;
    if (p2p__perf_new(&st.env, true, &st.b) < 0) continue;
    uint64_t tag;
    int err = p2p__perf_prepare(st.b, 1, 1, &tag);
    assert_true(err == 0 || err == P2P_ENOMEM);
    stage_give(&st, in_fact(P2P__FACT_OPENED));
    if (st.n) (void)stage_only(&st, P2P__ACT_RESET);
    if (!st.mem.failed) break;
  }
  assert_int_equal(st.n, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start_serving, end)
    TEST(perf_serves_what_was_asked_for_after_the_upload),
    TEST(perf_serves_nothing_when_nothing_was_asked_for),
    TEST(perf_keeps_its_queue_short_and_goes_on_with_room),
    TEST(perf_shares_the_connections_queue_between_streams),
    TEST(perf_sends_again_what_found_no_room),
    TEST(perf_resets_who_ends_before_saying_how_much),
    TEST(perf_serves_only_when_told_to),
    TEST(perf_measures_upload_then_download),
    TEST(perf_reports_each_second_what_has_left),
    TEST(perf_refuses_more_and_less_than_it_asked_for),
    TEST(perf_tells_once_why_it_failed),
    TEST(perf_survives_every_failed_allocation),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
