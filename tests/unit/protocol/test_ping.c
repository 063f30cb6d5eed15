/* Ping, driven by facts alone. */
#include "unit/base/test.h"

#include "protocol/ping/ping.h"
#include "unit/base/rng.h"
#include "unit/protocol/stage.h"

enum { PEER = 7, STREAM = 900, PAYLOAD = 32 };

static stage st;

static int start(void **state) {
  (void)state;
  stage_init(&st);
  assert_int_equal(p2p__ping_new(&st.env, &st.b), 0);
  return 0;
}

static int end(void **state) {
  (void)state;
  stage_fini(&st);
  return 0;
}

static void call(uint32_t peer) {
  stage_give(&st, (p2p__fact){ .kind = P2P__FACT_CALL, .call = P2P__PING_START, .peer = peer });
}

static p2p__fact out_fact(p2p__fact_kind kind, uint64_t tag) {
  return (p2p__fact){ .kind = kind, .peer = PEER, .stream = STREAM + tag, .tag = tag };
}

static uint8_t sent[PAYLOAD];

static void note_sent(const p2p__act *a) {
  assert_int_equal(a->bytes.len, PAYLOAD);
  memcpy(sent, a->bytes.p, PAYLOAD);
}

/* Opens a stream to PEER and lets the first ping leave on it; its tag. */
static uint64_t open_and_send(void) {
  call(PEER);
  const p2p__act *a = stage_only(&st, P2P__ACT_OPEN);
  assert_int_equal(a->peer, PEER);
  uint64_t tag = a->tag;
  stage_give(&st, out_fact(P2P__FACT_OPENED, tag));
  note_sent(stage_only(&st, P2P__ACT_SEND));
  assert_int_equal(st.acts[0].stream, STREAM + tag);
  return tag;
}

static void echo(uint64_t tag, const uint8_t *bytes) {
  p2p__fact f = out_fact(P2P__FACT_MESSAGE, tag);
  f.bytes = p2p__bytes(bytes, PAYLOAD);
  stage_give(&st, f);
}

static void expect_result(const p2p__act *a, int err, p2p_time rtt) {
  assert_int_equal(a->kind, P2P__ACT_EMIT);
  assert_int_equal(a->event.kind, P2P_EV_PING);
  assert_int_equal(a->peer, PEER);
  assert_int_equal(a->event.err, err);
  assert_int_equal(a->event.rtt, rtt);
}

/* One whole ping that leaves a proven, idle stream. */
static uint64_t ping_once(void) {
  uint64_t tag = open_and_send();
  st.now += P2P_MS;
  echo(tag, sent);
  expect_result(stage_only(&st, P2P__ACT_EMIT), 0, P2P_MS);
  return tag;
}

/* ---- responder ---- */

static void ping_echoes_each_message_and_ends_with_the_peer(void **state) {
  (void)state;
  p2p__fact f = { .kind = P2P__FACT_OPENED, .inbound = true, .peer = PEER, .stream = 5 };
  stage_give(&st, f);
  assert_int_equal(st.n, 0);
  for (uint8_t i = 0; i < 3; i++) {
    uint8_t bytes[PAYLOAD] = { i };
    f.kind = P2P__FACT_MESSAGE;
    f.bytes = p2p__bytes(bytes, sizeof bytes);
    stage_give(&st, f);
    const p2p__act *a = stage_only(&st, P2P__ACT_SEND);
    assert_int_equal(a->stream, 5);
    assert_true(p2p__bytes_eq(a->bytes, f.bytes));
  }
  f.kind = P2P__FACT_ENDED;
  stage_give(&st, f);
  assert_int_equal(stage_only(&st, P2P__ACT_FINISH)->stream, 5);
  f.kind = P2P__FACT_CLOSED;
  stage_give(&st, f);
  assert_int_equal(st.n, 0);
}

/* PG-01: 32 bytes a message, few streams, no silence without end. */
static void ping_serves_few_streams_of_32_bytes_with_a_deadline(void **state) {
  (void)state;
  const p2p__protocol_line *line = st.b->protocols;
  assert_string_equal(line[0].id, "/ipfs/ping/1.0.0");
  assert_int_equal(line[0].framing, P2P__FIXED);
  assert_int_equal(line[0].limit, PAYLOAD);
  assert_int_equal(line[0].in_per_peer, st.limits.ping_streams_in);
  assert_true(line[0].timeout > 0);
  assert_null(line[1].id);
}

/* ---- initiator ---- */

static void ping_measures_from_sending_to_echo(void **state) {
  (void)state;
  uint64_t tag = open_and_send();
  assert_true(p2p__ping_is_busy(st.b, PEER));
  st.now += 5 * P2P_MS;
  echo(tag, sent);
  expect_result(stage_only(&st, P2P__ACT_EMIT), 0, 5 * P2P_MS);
  assert_false(p2p__ping_is_busy(st.b, PEER));
}

static void ping_keeps_its_stream_for_the_next(void **state) {
  (void)state;
  uint64_t tag = ping_once();
  uint8_t first[PAYLOAD];
  memcpy(first, sent, PAYLOAD);
  call(PEER);
  note_sent(stage_only(&st, P2P__ACT_SEND));
  assert_int_equal(st.acts[0].stream, STREAM + tag);
  assert_memory_not_equal(first, sent, PAYLOAD); /* random anew */
}

static void ping_ignores_a_call_while_busy(void **state) {
  (void)state;
  call(PEER);
  call(PEER);
  assert_int_equal(st.n, 0);
}

static void ping_finishes_a_stream_unused_for_long(void **state) {
  (void)state;
  uint64_t tag = ping_once();
  p2p_time used = st.now;
  stage_tick(&st);
  assert_int_equal(st.now - used, 10 * P2P_SECOND);
  assert_int_equal(stage_only(&st, P2P__ACT_FINISH)->stream, STREAM + tag);
  stage_give(&st, out_fact(P2P__FACT_ENDED, tag));
  stage_give(&st, out_fact(P2P__FACT_CLOSED, tag));
  assert_int_equal(stage_count(&st, P2P__ACT_EMIT), 0);
  call(PEER);
  (void)stage_only(&st, P2P__ACT_OPEN);
}

static void ping_refuses_a_wrong_echo(void **state) {
  (void)state;
  uint64_t tag = open_and_send();
  sent[31] ^= 1;
  echo(tag, sent);
  assert_int_equal(st.n, 2);
  assert_int_equal(stage_act(&st, 0, P2P__ACT_RESET)->stream, STREAM + tag);
  expect_result(&st.acts[1], P2P_EPROTO, 0);
  assert_false(p2p__ping_is_busy(st.b, PEER));
}

static void ping_drops_a_stream_that_speaks_unasked(void **state) {
  (void)state;
  uint64_t tag = ping_once();
  echo(tag, sent);
  assert_int_equal(stage_only(&st, P2P__ACT_RESET)->stream, STREAM + tag);
}

static void ping_times_out(void **state) {
  (void)state;
  uint64_t tag = open_and_send();
  p2p_time began = st.now;
  stage_tick(&st);
  assert_int_equal(st.now - began, st.limits.ping_timeout);
  assert_int_equal(st.n, 2);
  assert_int_equal(stage_act(&st, 0, P2P__ACT_RESET)->stream, STREAM + tag);
  expect_result(&st.acts[1], P2P_ETIMEOUT, 0);
  echo(tag, sent); /* too late: nothing but an end */
  assert_int_equal(stage_count(&st, P2P__ACT_EMIT), 0);
}

static void ping_opens_another_stream_when_the_peer_ended_the_kept_one(void **state) {
  (void)state;
  uint64_t tag = ping_once();
  stage_give(&st, out_fact(P2P__FACT_ENDED, tag));
  assert_int_equal(stage_only(&st, P2P__ACT_FINISH)->stream, STREAM + tag);
  call(PEER);
  assert_int_not_equal(stage_only(&st, P2P__ACT_OPEN)->tag, tag);
  stage_give(&st, out_fact(P2P__FACT_CLOSED, tag)); /* of the old one */
  assert_int_equal(st.n, 0);
  assert_true(p2p__ping_is_busy(st.b, PEER));
}

static void ping_goes_out_again_once_when_the_kept_stream_ends_under_it(void **state) {
  (void)state;
  static const p2p__fact_kind ends[] = { P2P__FACT_ENDED, P2P__FACT_CLOSED };
  for (size_t i = 0; i < P2P_COUNT(ends); i++) {
    uint64_t tag = ping_once();
    call(PEER);
    stage_give(&st, out_fact(ends[i], tag));
    assert_int_equal(stage_count(&st, P2P__ACT_EMIT), 0);
    assert_int_equal(stage_count(&st, P2P__ACT_OPEN), 1);
    uint64_t again = st.acts[st.n - 1].tag;
    stage_give(&st, out_fact(P2P__FACT_OPENED, again));
    note_sent(stage_only(&st, P2P__ACT_SEND));
    p2p__fact f = out_fact(P2P__FACT_CLOSED, again);
    f.err = P2P_ERESET;
    stage_give(&st, f);
    expect_result(stage_only(&st, P2P__ACT_EMIT), P2P_ERESET, 0);
  }
}

static void ping_tells_why_no_stream_could_be_opened(void **state) {
  (void)state;
  st.open_err = P2P_ENOADDR; /* at once */
  call(PEER);
  assert_int_equal(st.n, 2);
  expect_result(&st.acts[1], P2P_ENOADDR, 0);
  st.open_err = 0; /* later */
  call(PEER);
  p2p__fact f = out_fact(P2P__FACT_CLOSED, stage_only(&st, P2P__ACT_OPEN)->tag);
  f.stream = 0;
  f.err = P2P_ENOPROTO;
  stage_give(&st, f);
  expect_result(stage_only(&st, P2P__ACT_EMIT), P2P_ENOPROTO, 0);
}

static void ping_sends_nothing_without_random_bytes(void **state) {
  (void)state;
  call(PEER);
  uint64_t tag = stage_only(&st, P2P__ACT_OPEN)->tag;
  st.random_err = P2P_EIO;
  stage_give(&st, out_fact(P2P__FACT_OPENED, tag));
  assert_int_equal(st.n, 2);
  (void)stage_act(&st, 0, P2P__ACT_RESET);
  expect_result(&st.acts[1], P2P_EIO, 0);
}

static void ping_has_one_result_for_each_call_when_memory_runs_out(void **state) {
  (void)state;
  for (uint64_t n = 1;; n++) {
    stage_fini(&st);
    stage_init(&st);
    st.mem.fail_at = n;
    if (p2p__ping_new(&st.env, &st.b) < 0) {
      assert_null(st.b);
      continue;
    }
    call(PEER);
    size_t results = stage_count(&st, P2P__ACT_EMIT);
    if (results == 0) {
      p2p__fact f = out_fact(P2P__FACT_CLOSED, stage_only(&st, P2P__ACT_OPEN)->tag);
      stage_give(&st, f);
      results = stage_count(&st, P2P__ACT_EMIT);
    }
    assert_int_equal(results, 1);
    if (!st.mem.failed) break;
  }
  assert_int_equal(st.acts[0].event.err, P2P_EEOF);
}

/* ---- any order ---- */

enum { PEERS = 5, STEPS = 20000 };

typedef struct model {
  rng random;
  uint64_t tag[PEERS]; /* of the newest OPEN */
  bool opened[PEERS];
  uint8_t sent[PEERS][PAYLOAD];
  size_t calls, results;
} model;

static void model_note(model *m) {
  for (size_t i = 0; i < st.n; i++) {
    const p2p__act *a = &st.acts[i];
    if (a->kind == P2P__ACT_OPEN) {
      m->tag[a->peer] = a->tag;
      m->opened[a->peer] = false;
    }
    if (a->kind == P2P__ACT_SEND) memcpy(m->sent[a->stream % PEERS], a->bytes.p, PAYLOAD);
    m->results += a->kind == P2P__ACT_EMIT;
  }
}

static void model_step(model *m) {
  uint32_t peer = (uint32_t)rng_below(&m->random, PEERS);
  p2p__fact f = { .peer = peer, .tag = m->tag[peer], .stream = m->tag[peer] * PEERS + peer };
  switch (rng_below(&m->random, 7)) {
  case 0:
    f.kind = P2P__FACT_CALL;
    f.tag = 0;
    m->calls += !p2p__ping_is_busy(st.b, peer);
    break;
  case 1:
    if (m->opened[peer] || !f.tag) return;
    m->opened[peer] = true;
    f.kind = P2P__FACT_OPENED;
    break;
  case 2: f.kind = P2P__FACT_CLOSED; break;
  case 3:
    if (!m->opened[peer]) return;
    f.kind = P2P__FACT_ENDED;
    break;
  case 4: st.now += rng_below(&m->random, 3 * P2P_SECOND); /* fall through */
  case 5: f.kind = P2P__FACT_TICK; break;
  default:
    if (!m->opened[peer]) return;
    f.kind = P2P__FACT_MESSAGE;
    f.bytes = p2p__bytes(m->sent[peer], PAYLOAD);
  }
  stage_give(&st, f);
  model_note(m);
}

static void ping_has_one_result_for_each_call_in_any_order_of_facts(void **state) {
  (void)state;
  model m = { .random = { 42 } };
  for (int i = 0; i < STEPS; i++) model_step(&m);
  for (uint32_t peer = 0; peer < PEERS; peer++) { /* everything ends */
    while (p2p__ping_is_busy(st.b, peer)) {
      p2p__fact f = { .kind = P2P__FACT_CLOSED, .peer = peer, .tag = m.tag[peer] };
      stage_give(&st, f);
      model_note(&m);
    }
  }
  assert_true(m.calls > STEPS / 20);
  assert_int_equal(m.results, m.calls);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(ping_echoes_each_message_and_ends_with_the_peer),
    TEST(ping_serves_few_streams_of_32_bytes_with_a_deadline),
    TEST(ping_measures_from_sending_to_echo),
    TEST(ping_keeps_its_stream_for_the_next),
    TEST(ping_ignores_a_call_while_busy),
    TEST(ping_finishes_a_stream_unused_for_long),
    TEST(ping_refuses_a_wrong_echo),
    TEST(ping_drops_a_stream_that_speaks_unasked),
    TEST(ping_times_out),
    TEST(ping_opens_another_stream_when_the_peer_ended_the_kept_one),
    TEST(ping_goes_out_again_once_when_the_kept_stream_ends_under_it),
    TEST(ping_tells_why_no_stream_could_be_opened),
    TEST(ping_sends_nothing_without_random_bytes),
    TEST(ping_has_one_result_for_each_call_when_memory_runs_out),
    TEST(ping_has_one_result_for_each_call_in_any_order_of_facts),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
