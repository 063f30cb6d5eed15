/* What leaves: order, turns, flags, sizes. */
#include "side.h"
#include "yamux_check.h"

enum { RECORD = 65519 };

static side s;

static int start(void **state) {
  (void)state;
  side_init(&s);
  side_start(&s, true);
  side_drain(&s, RECORD);
  return 0;
}

static int end(void **state) {
  (void)state;
  side_fini(&s);
  return 0;
}

static p2p__mux *open_stream(uint64_t sid) {
  assert_int_equal(s.m->ops->open(s.m, sid, s.now), 0);
  return s.m;
}

static void first_record_carries_a_ping(void **state) {
  (void)state;
  side fresh;
  side_init(&fresh);
  side_start(&fresh, true);
  side_drain(&fresh, RECORD);
  assert_int_equal(fresh.n_out, 1);
  assert_int_equal(fresh.out[0].type, P2P__YAMUX_PING);
  assert_int_equal(fresh.out[0].flags, P2P__YAMUX_SYN);
  side_fini(&fresh);
}

static void syn_rides_on_the_first_data(void **state) {
  (void)state;
  open_stream(1);
  side_write(&s, 1, 100);
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 1);
  assert_int_equal(s.out[0].type, P2P__YAMUX_DATA);
  assert_int_equal(s.out[0].flags, P2P__YAMUX_SYN);
  assert_int_equal(s.out[0].len, 100);
}

static void syn_without_data_is_a_window_update(void **state) {
  (void)state;
  open_stream(1);
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 1);
  assert_int_equal(s.out[0].type, P2P__YAMUX_WINDOW);
  assert_int_equal(s.out[0].flags, P2P__YAMUX_SYN);
  assert_int_equal(s.out[0].len, 0);
}

static void syn_grants_a_larger_window(void **state) {
  (void)state;
  s.limits.yamux_window = 1 << 20;
  open_stream(1);
  side_write(&s, 1, 10);
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 2);
  assert_int_equal(s.out[0].type, P2P__YAMUX_WINDOW);
  assert_int_equal(s.out[0].flags, P2P__YAMUX_SYN);
  assert_int_equal(s.out[0].len, (1 << 20) - 262144);
  assert_int_equal(s.out[1].flags, 0);
}

static void ack_is_prompt_and_rides_on_data_when_there_is_any(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, P2P__YAMUX_WINDOW, P2P__YAMUX_SYN, 2, 0, 0), 0);
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 1);
  assert_int_equal(s.out[0].type, P2P__YAMUX_WINDOW);
  assert_int_equal(s.out[0].flags, P2P__YAMUX_ACK);
  assert_int_equal(side_frame(&s, P2P__YAMUX_WINDOW, P2P__YAMUX_SYN, 4, 0, 0), 0);
  side_write(&s, 4, 5);
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 1);
  assert_int_equal(s.out[0].type, P2P__YAMUX_DATA);
  assert_int_equal(s.out[0].flags, P2P__YAMUX_ACK);
}

static void fin_never_rides_on_data(void **state) {
  (void)state;
  open_stream(1);
  side_write(&s, 1, 100);
  s.m->ops->finish(s.m, 1);
  assert_null(s.m->ops->sendq(s.m, 1));
  side_drain(&s, RECORD);
  assert_int_equal(s.records, 1);
  assert_int_equal(s.n_out, 2);
  assert_int_equal(s.out[0].flags, P2P__YAMUX_SYN);
  assert_int_equal(s.out[0].len, 100);
  assert_int_equal(s.out[1].flags, P2P__YAMUX_FIN);
  assert_int_equal(s.out[1].len, 0);
}

static void fin_of_an_empty_stream_carries_its_syn(void **state) {
  (void)state;
  open_stream(1);
  s.m->ops->finish(s.m, 1);
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 1);
  assert_int_equal(s.out[0].flags, P2P__YAMUX_SYN | P2P__YAMUX_FIN);
}

static void fin_waits_for_credit_behind_the_data(void **state) {
  (void)state;
  open_stream(1);
  side_write(&s, 1, 262145);
  s.m->ops->finish(s.m, 1);
  side_drain(&s, RECORD);
  for (size_t i = 0; i < s.n_out; i++) assert_false(s.out[i].flags & P2P__YAMUX_FIN);
  assert_int_equal(side_frame(&s, P2P__YAMUX_WINDOW, P2P__YAMUX_ACK, 1, 1, 0), 0);
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 2);
  assert_int_equal(s.out[0].len, 1);
  assert_int_equal(s.out[1].flags, P2P__YAMUX_FIN);
}

static void four_whole_frames_fill_a_record(void **state) {
  (void)state;
  open_stream(1);
  side_write(&s, 1, 4 * P2P__YAMUX_PAYLOAD);
  side_drain(&s, RECORD);
  assert_int_equal(s.records, 1);
  assert_int_equal(s.n_out, 4);
  for (int i = 0; i < 4; i++) assert_int_equal(s.out[i].len, P2P__YAMUX_PAYLOAD);
}

static void nothing_is_sent_beyond_the_window(void **state) {
  (void)state;
  open_stream(1);
  side_write(&s, 1, 300000);
  side_drain(&s, RECORD);
  size_t sum = 0;
  for (size_t i = 0; i < s.n_out; i++) sum += s.out[i].len;
  assert_int_equal(sum, 262144);
}

static void pull_without_sent_is_repeated(void **state) {
  (void)state;
  open_stream(1);
  open_stream(3);
  side_write(&s, 1, 100000);
  side_write(&s, 3, 100);
  s.m->ops->finish(s.m, 3);
  p2p_bytes a[32], b[32];
  size_t n = s.m->ops->pull(s.m, RECORD, a, 32, s.now), bytes = 0;
  uint8_t first[RECORD];
  for (size_t i = 0; i < n; bytes += a[i++].len) memcpy(first + bytes, a[i].p, a[i].len);
  assert_int_equal(s.m->ops->pull(s.m, RECORD, b, 32, s.now), n);
  size_t at = 0;
  for (size_t i = 0; i < n; at += b[i++].len) assert_memory_equal(first + at, b[i].p, b[i].len);
  assert_int_equal(at, bytes);
  assert_null(yamux_check(s.m));
}

static void room_tells_what_left(void **state) {
  (void)state;
  open_stream(1);
  side_write(&s, 1, 300000);
  uint64_t sid;
  size_t n;
  assert_false(s.m->ops->room(s.m, &sid, &n));
  side_drain(&s, RECORD);
  assert_true(s.m->ops->room(s.m, &sid, &n));
  assert_int_equal(sid, 1);
  assert_int_equal(n, 262144);
  assert_false(s.m->ops->room(s.m, &sid, &n));
}

/* An owner that waits for its last bytes to leave must not wait for ever. */
static void room_tells_the_last_bytes_of_an_ended_stream(void **state) {
  (void)state;
  open_stream(1);
  side_write(&s, 1, 1000);
  side_drain(&s, RECORD);
  assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, P2P__YAMUX_ACK | P2P__YAMUX_FIN, 1, 0, 0), 0);
  s.m->ops->finish(s.m, 1);
  side_drain(&s, RECORD);
  uint64_t sid;
  size_t n;
  assert_null(s.m->ops->sendq(s.m, 1));
  assert_true(s.m->ops->room(s.m, &sid, &n));
  assert_int_equal(sid, 1);
  assert_int_equal(n, 1000);
  assert_false(s.m->ops->room(s.m, &sid, &n));
}

static void an_untold_ended_stream_dies_with_its_session(void **state) {
  (void)state;
  open_stream(1);
  side_write(&s, 1, 1000);
  side_drain(&s, RECORD);
  assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, P2P__YAMUX_ACK | P2P__YAMUX_FIN, 1, 0, 0), 0);
  s.m->ops->finish(s.m, 1);
  side_drain(&s, RECORD); /* end() checks that all memory is back */
}

static void a_hundred_small_streams_share_a_record(void **state) {
  (void)state;
  for (uint64_t sid = 1; sid < 200; sid += 2) open_stream(sid);
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 100);
  assert_true(s.records <= 2);
}

/* Bytes each of 100 streams has sent, after every record of the given size. */
static void run_fair(size_t record, size_t apart) {
  enum { N = 100 };
  size_t sent[N] = { 0 };
  for (size_t i = 0; i < N; i++) {
    uint32_t sid = (uint32_t)(2 * i + 1);
    open_stream(sid);
  }
  side_drain(&s, RECORD);
  for (size_t i = 0; i < N; i++) {
    uint32_t sid = (uint32_t)(2 * i + 1);
    assert_int_equal(side_frame(&s, P2P__YAMUX_WINDOW, P2P__YAMUX_ACK, sid, 1 << 30, 0), 0);
    side_write(&s, sid, 200000);
  }
  p2p_bytes v[40];
  size_t n, longest = 0, records = 0;
  while ((n = s.m->ops->pull(s.m, record, v, 40, s.now)) > 0 && records++ < 1000) {
    p2p__yamux *y = p2p__yamux_of(s.m);
    s.m->ops->sent(s.m);
    uint64_t sid;
    size_t freed, least = SIZE_MAX, most = 0;
    while (s.m->ops->room(s.m, &sid, &freed)) sent[sid / 2] += freed;
    for (size_t i = 0; i < N; i++) {
      least = p2p__min(least, sent[i]);
      most = p2p__max(most, sent[i]);
    }
    if (p2p__list_empty(&y->ring) || most > 180000) break;
    longest = p2p__max(longest, most - least);
    /* a pong in every other record, so that turns are cut short */
    if (records % 2) assert_int_equal(side_frame(&s, P2P__YAMUX_PING, P2P__YAMUX_SYN, 0, 1, 0), 0);
  }
  assert_true(longest > 0);
  if (longest > apart) fail_msg("record %zu: %zu bytes apart", record, longest);
}

static void hundred_streams_stay_within_a_frame_of_each_other(void **state) {
  (void)state;
  run_fair(4 * (P2P__YAMUX_PAYLOAD + 12) + 12, P2P__YAMUX_PAYLOAD);
}

/* A cut turn is owed: never more than one frame behind the turn under way. */
static void streams_are_fair_when_records_cut_turns(void **state) {
  static const size_t records[] = { 65519, 20000, 30011, 1400, 500 };
  for (size_t i = 0; i < P2P_COUNT(records); i++) {
    size_t quantum = p2p__min(P2P__YAMUX_PAYLOAD, records[i] - 12);
    run_fair(records[i], 2 * quantum);
    end(state);
    start(state);
  }
}

static void streams_are_fair_when_records_are_shorter_than_the_pace(void **state) {
  static const size_t records[] = { 16384, 16379, 9000 };
  for (size_t i = 0; i < P2P_COUNT(records); i++) {
    s.m->pace = 65536;
    run_fair(records[i], 2 * p2p__min(P2P__YAMUX_PAYLOAD, records[i] - 12));
    end(state);
    start(state);
  }
}

/* Payload of the first frame of a record, with two streams that have much to say. */
static uint32_t shared_frame(void **state, size_t record, size_t pace) {
  p2p_bytes v[40];
  open_stream(1);
  open_stream(3);
  side_drain(&s, RECORD);
  for (uint32_t sid = 1; sid <= 3; sid += 2) {
    assert_int_equal(side_frame(&s, P2P__YAMUX_WINDOW, P2P__YAMUX_ACK, sid, 1 << 20, 0), 0);
    side_write(&s, sid, 100000);
  }
  s.m->pace = pace;
  assert_true(s.m->ops->pull(s.m, record, v, 40, s.now) >= 2);
  p2p__yamux_frame f;
  p2p__rd r = p2p__rd_of(v[0]);
  assert_int_equal(p2p__yamux_frame_read(&r, &f), 0);
  assert_int_equal(f.type, P2P__YAMUX_DATA);
  end(state);
  start(state);
  return f.len;
}

static void a_record_is_shared_as_the_pace_says(void **state) {
  enum { TLS = 16384 };
  assert_int_equal(shared_frame(state, TLS, 0), TLS / 4 - 12); /* short, so the line is slow */
  assert_int_equal(shared_frame(state, TLS, TLS), TLS / 4 - 12);
  assert_int_equal(shared_frame(state, TLS, 2 * TLS), TLS / 2 - 12);
  assert_int_equal(shared_frame(state, TLS, 65536), P2P__YAMUX_PAYLOAD);
  assert_int_equal(shared_frame(state, 65519, 65536), P2P__YAMUX_PAYLOAD);
  assert_int_equal(shared_frame(state, 1400, 1400), 1024);
}

static void a_new_stream_gets_its_turn_in_the_next_record(void **state) {
  (void)state;
  open_stream(1);
  assert_int_equal(side_frame(&s, P2P__YAMUX_PING, P2P__YAMUX_ACK, 0, 0, 0), 0);
  side_write(&s, 1, 250000);
  p2p_bytes v[40];
  assert_true(s.m->ops->pull(s.m, RECORD, v, 40, s.now) > 0);
  s.m->ops->sent(s.m);
  open_stream(3);
  side_write(&s, 3, 32);
  size_t n = s.m->ops->pull(s.m, RECORD, v, 40, s.now);
  uint8_t record[RECORD];
  p2p__wr w = p2p__wr_of(record, sizeof record);
  for (size_t i = 0; i < n; i++) p2p__wr_bytes_in(&w, v[i]);
  p2p__rd r = p2p__rd_of(p2p__wr_bytes(&w));
  p2p__yamux_frame f = { 0 };
  while (!p2p__rd_done(&r) && f.sid != 3) {
    assert_int_equal(p2p__yamux_frame_read(&r, &f), 0);
    p2p__rd_bytes(&r, f.len);
  }
  assert_int_equal(f.sid, 3);
  assert_int_equal(f.len, 32);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void) {
  const struct CMUnitTest tests[] = {
    ROW(first_record_carries_a_ping),
    ROW(syn_rides_on_the_first_data),
    ROW(syn_without_data_is_a_window_update),
    ROW(syn_grants_a_larger_window),
    ROW(ack_is_prompt_and_rides_on_data_when_there_is_any),
    ROW(fin_never_rides_on_data),
    ROW(fin_of_an_empty_stream_carries_its_syn),
    ROW(fin_waits_for_credit_behind_the_data),
    ROW(four_whole_frames_fill_a_record),
    ROW(nothing_is_sent_beyond_the_window),
    ROW(pull_without_sent_is_repeated),
    ROW(room_tells_what_left),
    ROW(room_tells_the_last_bytes_of_an_ended_stream),
    ROW(an_untold_ended_stream_dies_with_its_session),
    ROW(a_hundred_small_streams_share_a_record),
    ROW(hundred_streams_stay_within_a_frame_of_each_other),
    ROW(streams_are_fair_when_records_cut_turns),
    ROW(streams_are_fair_when_records_are_shorter_than_the_pace),
    ROW(a_record_is_shared_as_the_pace_says),
    ROW(a_new_stream_gets_its_turn_in_the_next_record),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
