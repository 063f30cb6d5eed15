/* What a hostile peer sends, and what mplex does where it has no means. The rows' names are those of
 * the catalogue of attacks (MX; YX where yamux has the same). */
#include "mplex_side.h"

#define NEW P2P__MPLEX_NEW
#define MSG P2P__MPLEX_MESSAGE_INITIATOR
#define MSG_BACK P2P__MPLEX_MESSAGE_RECEIVER
#define CLOSE P2P__MPLEX_CLOSE_INITIATOR
#define CLOSE_BACK P2P__MPLEX_CLOSE_RECEIVER
#define RESET P2P__MPLEX_RESET_INITIATOR
#define RESET_BACK P2P__MPLEX_RESET_RECEIVER

/* Each test is the server: what the peer opens has odd sids; ours are 4, 8, … with numbers 2, 4, …. */
static side s;
static mplex_out out;

static uint64_t theirs(uint64_t num) { return num << 1 | 1; }

static int start(void **state) {
  (void)state;
  side_init(&s);
  mplex_side_start(&s, false);
  return 0;
}

static int end(void **state) {
  (void)state;
  side_fini(&s);
  return 0;
}

static void drain(void) { mplex_side_drain(&s, 65519, &out); }

static size_t live(void) {
  p2p__mux_stats stats;
  s.m->ops->stats(s.m, &stats);
  return stats.streams;
}

static void assert_dies(int err, int want) {
  assert_int_equal(err, want);
  drain();
  assert_int_equal(out.n, 0);                                 /* no last word */
  assert_int_equal(side_feed(&s, p2p__bytes(NULL, 0)), want); /* for ever */
  assert_int_equal(s.m->ops->open(s.m, 40, s.now), want);
}

static void mx01_frame_above_the_limit_is_refused_before_its_body(void **state) {
  (void)state;
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 0, 0), 0);
  assert_int_equal(mplex_side_frame(&s, MSG, 1, 1 << 20, 1 << 20), 0);
  assert_int_equal(s.data_bytes, 1 << 20);
  assert_dies(mplex_side_frame(&s, MSG, 1, (1 << 20) + 1, 0), P2P_EPROTO);
}

static void mx01_name_and_ends_above_the_limit_are_refused_too(void **state) {
  (void)state;
  static const p2p__mplex_flag flags[] = { NEW, CLOSE, RESET, MSG };
  for (size_t i = 0; i < P2P_COUNT(flags); i++) {
    assert_dies(mplex_side_frame(&s, flags[i], 9, INT64_MAX, 0), P2P_EPROTO);
    side_fini(&s);
    start(NULL);
  }
}

static void mx01_reader_that_does_not_read_loses_its_stream_and_no_other(void **state) {
  (void)state;
  s.limits.mplex_recv_queue = 1 << 20;
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 0, 0), 0);
  assert_int_equal(mplex_side_frame(&s, NEW, 3, 0, 0), 0);
  assert_int_equal(mplex_side_frame(&s, MSG, 1, 1 << 20, 1 << 20), 0); /* exactly full */
  assert_int_equal(mplex_side_frame(&s, MSG, 3, 1000, 1000), 0);
  assert_int_equal(s.data_bytes, 1000);
  assert_int_equal(mplex_side_frame(&s, MSG, 1, 70000, 70000), 0);
  assert_int_equal(s.data_bytes, 0);
  assert_int_equal(side_event(&s, P2P__MUX_RESET, theirs(1))->err, P2P_ELIMIT);
  assert_int_equal(s.n_ev, 1);
  assert_int_equal(mplex_side_frame(&s, MSG, 3, 1000, 1000), 0);
  assert_int_equal(s.data_bytes, 1000);
  drain();
  assert_int_equal(mplex_sent(&out, RESET_BACK, 1), 1);
  assert_int_equal(out.n, 1);
}

static void mx01_reader_that_reads_may_read_for_ever(void **state) {
  (void)state;
  s.limits.mplex_recv_queue = 1 << 20;
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 0, 0), 0);
  for (int i = 0; i < 40; i++) {
    assert_int_equal(mplex_side_frame(&s, MSG, 1, 1 << 20, 1 << 20), 0);
    assert_int_equal(s.data_bytes, 1 << 20);
    s.m->ops->consumed(s.m, theirs(1), 1 << 20, s.now);
  }
}

static void mx01_stopped_stream_is_dropped_and_outlives_what_we_write(void **state) {
  (void)state;
  s.limits.mplex_recv_queue = 1 << 20;
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 0, 0), 0);
  s.m->ops->stop(s.m, theirs(1), 7);
  side_write(&s, theirs(1), 100);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(mplex_side_frame(&s, MSG, 1, 1 << 20, 1 << 20), 0);
    assert_int_equal(s.n_ev, 0);
  }
  s.m->ops->finish(s.m, theirs(1));
  drain(); /* our Close is out: now it is too much */
  assert_int_equal(mplex_sent(&out, MSG_BACK, 1), 1);
  assert_int_equal(mplex_sent(&out, CLOSE_BACK, 1), 1);
  assert_int_equal(mplex_sent(&out, RESET_BACK, 1), 1);
  assert_int_equal(side_feed(&s, p2p__bytes(NULL, 0)), 0);
  assert_int_equal(side_event(&s, P2P__MUX_RESET, theirs(1))->err, P2P_ELIMIT);
}

static void mx01_stopped_stream_that_is_never_closed_times_out(void **state) {
  (void)state;
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 0, 0), 0);
  assert_int_equal(s.m->ops->deadline(s.m), P2P_NEVER);
  s.m->ops->stop(s.m, theirs(1), 7);
  s.m->ops->finish(s.m, theirs(1));
  drain();
  assert_int_equal(s.m->ops->deadline(s.m), s.now + s.limits.mplex_linger);
  s.now += s.limits.mplex_linger;
  assert_int_equal(s.m->ops->tick(s.m, s.now), 0);
  assert_int_equal(side_feed(&s, p2p__bytes(NULL, 0)), 0);
  assert_int_equal(side_event(&s, P2P__MUX_RESET, theirs(1))->err, P2P_ETIMEOUT);
  assert_int_equal(s.m->ops->deadline(s.m), P2P_NEVER);
  drain();
  assert_int_equal(mplex_sent(&out, RESET_BACK, 1), 1);
}

static void yx05_flood_of_streams_is_refused_and_memory_stays_flat(void **state) {
  (void)state;
  size_t used = 0;
  uint64_t num = 0, most = s.limits.streams_per_conn;
  for (uint64_t i = 0; i < most; i++, num++) {
    assert_int_equal(mplex_side_frame(&s, NEW, num, 5, 5), 0);
    assert_int_equal(s.n_ev, 1);
  }
  for (uint32_t i = 0; i < 20000; i++, num++) {
    assert_int_equal(mplex_side_frame(&s, NEW, num, 0, 0), 0);
    assert_int_equal(s.n_ev, 0);
    assert_int_equal(mplex_side_frame(&s, MSG, num, 10, 10), 0);
    assert_int_equal(s.n_ev, 0);
    drain();
    assert_int_equal(mplex_sent(&out, RESET_BACK, num), 1);
    if (!used) used = p2p__mem_used(&s.mem);
    assert_int_equal(p2p__mem_used(&s.mem), used);
  }
}

static void yx05_refusals_that_the_peer_does_not_read_end_the_session(void **state) {
  (void)state;
  s.limits.streams_per_conn = 4;
  s.limits.mplex_resets_queued = 8;
  int err = 0, n = 0;
  for (; !err && n < 1000; n++) err = mplex_side_frame(&s, NEW, (uint64_t)n, 0, 0);
  assert_int_equal(n, 4 + 12 + 1);
  assert_dies(err, P2P_ELIMIT);
}

static void yx05_after_goaway_no_stream_is_taken(void **state) {
  (void)state;
  s.m->ops->goaway(s.m, 0);
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 0, 0), 0);
  assert_int_equal(s.n_ev, 0);
  drain();
  assert_int_equal(mplex_sent(&out, RESET_BACK, 1), 1);
}

static void yx07_streams_opened_and_closed_leave_nothing(void **state) {
  (void)state;
  size_t used = 0;
  for (uint64_t num = 1; num < 200000; num++) {
    assert_int_equal(mplex_side_frame(&s, NEW, num, 0, 0), 0);
    assert_int_equal(mplex_side_frame(&s, CLOSE, num, 0, 0), 0);
    s.m->ops->finish(s.m, theirs(num));
    drain();
    if (num == 51) used = p2p__mem_used(&s.mem);
    if (num > 51) assert_int_equal(p2p__mem_used(&s.mem), used);
  }
  assert_int_equal(live(), 0);
}

static void yx07_streams_opened_and_reset_leave_nothing(void **state) {
  (void)state;
  for (uint64_t num = 1; num < 20000; num++) {
    assert_int_equal(mplex_side_frame(&s, NEW, num, 0, 0), 0);
    side_write(&s, theirs(num), 100);
    assert_int_equal(mplex_side_frame(&s, RESET, num, 0, 0), 0);
    assert_int_equal(side_event(&s, P2P__MUX_RESET, theirs(num))->err, P2P_ERESET);
    assert_int_equal(s.budget.used, 0);
  }
  drain();
  assert_int_equal(out.n, 0);
}

typedef struct wrong {
  const char *what;
  size_t len;
  uint8_t bytes[12];
} wrong;

static const wrong yx09[] = {
  { "flag 7", 2, { 0x0f, 0 } },
  { "a number that is live", 2, { 7 << 3, 0 } },
  { "answer to a stream we never opened", 2, { 6 << 3 | 1, 0 } },
  { "reset of a stream we never opened", 2, { 6 << 3 | 5, 0 } },
  { "answer with a number that is never ours", 2, { 3 << 3 | 1, 0 } },
  { "answer to number 0", 2, { 1, 0 } },
  { "answer to a stream whose NewStream has not left", 2, { 4 << 3 | 1, 0 } },
  { "a padded varint", 3, { 0x80, 0, 0 } },
  { "a varint without end", 10, { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 } },
};

static void yx09_wrong_headers_are_protocol_errors(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(yx09); i++) {
    assert_int_equal(mplex_side_frame(&s, NEW, 7, 0, 0), 0);
    assert_int_equal(s.m->ops->open(s.m, 4, s.now), 0);
    drain();
    assert_int_equal(s.m->ops->open(s.m, 8, s.now), 0); /* number 4: has not left */
    if (side_feed(&s, p2p__bytes(yx09[i].bytes, yx09[i].len)) != P2P_EPROTO)
      fail_msg("%s", yx09[i].what);
    assert_dies(s.err, P2P_EPROTO);
    side_fini(&s);
    start(NULL);
  }
}

static void yx09_numbers_end_without_wrapping(void **state) {
  (void)state;
  uint64_t last = ((uint64_t)1 << 60) - 2, sid = last << 1;
  assert_int_equal(s.m->ops->open(s.m, sid, s.now), 0);
  assert_int_equal(s.m->ops->open(s.m, sid + s.m->step, s.now), P2P_ELIMIT);
  drain();
  assert_int_equal(mplex_sent(&out, NEW, last), 1);
}

static void yx10_free_with_everything_waiting_leaks_nothing(void **state) {
  (void)state;
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 0, 0), 0);
  assert_int_equal(mplex_side_frame(&s, MSG, 1, 1000, 10), 0); /* a body half read */
  assert_int_equal(s.m->ops->open(s.m, 4, s.now), 0);
  side_write(&s, theirs(1), 300000);
  side_write(&s, 4, 100);
  s.m->ops->stop(s.m, theirs(1), 0);
  p2p_bytes v[32];
  assert_true(s.m->ops->pull(s.m, 1400, v, 32, s.now) > 0); /* a record not sent; end() frees */
}

static void yx12_reset_passes_a_big_write(void **state) {
  (void)state;
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 0, 0), 0);
  assert_int_equal(mplex_side_frame(&s, NEW, 2, 0, 0), 0);
  side_write(&s, theirs(1), 4000000);
  p2p_bytes v[32];
  assert_true(s.m->ops->pull(s.m, 65519, v, 32, s.now) > 0);
  s.m->ops->sent(s.m);
  s.m->ops->reset(s.m, theirs(2), 9);
  drain();
  assert_int_equal(out.f[0].flag, RESET_BACK);
  assert_int_equal(out.f[0].num, 2);
}

static void yx13_data_after_close_resets_that_stream_only(void **state) {
  (void)state;
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 0, 0), 0);
  assert_int_equal(mplex_side_frame(&s, CLOSE, 1, 0, 0), 0);
  assert_int_equal(s.ev[0].kind, P2P__MUX_FIN);
  assert_int_equal(mplex_side_frame(&s, MSG, 1, 0, 0), 0);   /* empty: says nothing */
  assert_int_equal(mplex_side_frame(&s, CLOSE, 1, 0, 0), 0); /* twice: says nothing new */
  assert_int_equal(s.n_ev, 0);
  assert_int_equal(mplex_side_frame(&s, MSG, 1, 3, 3), 0);
  assert_int_equal(s.n_ev, 1);
  assert_int_equal(side_event(&s, P2P__MUX_RESET, theirs(1))->err, P2P_EPROTO);
  drain();
  assert_int_equal(mplex_sent(&out, RESET_BACK, 1), 1);
  assert_int_equal(mplex_side_frame(&s, NEW, 2, 0, 0), 0); /* the session lives */
}

static void yx13_frames_after_a_reset_are_ignored(void **state) {
  (void)state;
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 0, 0), 0);
  assert_int_equal(mplex_side_frame(&s, RESET, 1, 0, 0), 0);
  static const p2p__mplex_flag flags[] = { RESET, CLOSE, MSG };
  for (size_t i = 0; i < P2P_COUNT(flags); i++) {
    assert_int_equal(mplex_side_frame(&s, flags[i], 1, 100, 100), 0);
    assert_int_equal(s.n_ev, 0);
  }
}

static void yx13_bodies_of_names_and_ends_are_nobodys(void **state) {
  (void)state;
  assert_int_equal(mplex_side_frame(&s, NEW, 1, 9, 9), 0);
  assert_int_equal(mplex_side_frame(&s, CLOSE, 1, 9, 9), 0);
  assert_int_equal(side_events(&s, P2P__MUX_FIN, theirs(1)), 1);
  assert_int_equal(mplex_side_frame(&s, RESET, 1, 9, 9), 0);
  assert_int_equal(side_events(&s, P2P__MUX_RESET, theirs(1)), 1);
  assert_int_equal(s.data_bytes, 0);
}

/* Both sides may use one number: their streams are two. */
static void mplex_numbers_of_both_sides_are_apart(void **state) {
  (void)state;
  assert_int_equal(s.m->ops->open(s.m, 4, s.now), 0);
  side_write(&s, 4, 10);
  drain();
  assert_int_equal(out.f[0].flag, NEW);
  assert_int_equal(out.f[1].flag, MSG);
  assert_int_equal(out.f[1].num, 2);
  assert_int_equal(mplex_side_frame(&s, NEW, 2, 0, 0), 0);
  assert_int_equal(mplex_side_frame(&s, MSG, 2, 5, 5), 0);
  assert_int_equal(side_events(&s, P2P__MUX_DATA, theirs(2)), 1);
  assert_int_equal(mplex_side_frame(&s, MSG_BACK, 2, 5, 5), 0);
  assert_int_equal(side_events(&s, P2P__MUX_DATA, 4), 1);
  side_write(&s, theirs(2), 10);
  drain();
  assert_int_equal(mplex_sent(&out, MSG_BACK, 2), 1);
  assert_int_equal(live(), 2);
}

static void mplex_stream_reset_before_it_left_was_never_there(void **state) {
  (void)state;
  assert_int_equal(s.m->ops->open(s.m, 4, s.now), 0);
  side_write(&s, 4, 10);
  s.m->ops->reset(s.m, 4, 0);
  drain();
  assert_int_equal(out.n, 0);
}

static void mplex_streams_share_records_in_turn(void **state) {
  (void)state;
  for (uint64_t num = 1; num <= 4; num++) {
    assert_int_equal(mplex_side_frame(&s, NEW, num, 0, 0), 0);
    side_write(&s, theirs(num), 200000);
  }
  drain();
  uint64_t sent[5] = { 0 };
  for (size_t i = 0; i < out.n; i++) {
    sent[out.f[i].num] += out.f[i].len;
    assert_true(out.f[i].len <= P2P__MPLEX_PAYLOAD);
    for (uint64_t num = 1; num <= 4 && sent[out.f[i].num] < 200000; num++) {
      uint64_t a = sent[num], b = sent[out.f[i].num];
      assert_true((a > b ? a - b : b - a) <= 2 * P2P__MPLEX_PAYLOAD);
    }
  }
  for (uint64_t num = 1; num <= 4; num++) assert_int_equal(sent[num], 200000);
}

/* Many short frames need more of the plan than the session keeps. */
static void mplex_hundreds_of_short_frames_leave_in_order(void **state) {
  (void)state;
  for (uint64_t num = 1; num <= 300; num++) {
    assert_int_equal(mplex_side_frame(&s, NEW, num, 0, 0), 0);
    side_write(&s, theirs(num), 3);
    s.m->ops->finish(s.m, theirs(num));
  }
  drain();
  assert_int_equal(out.n, 600);
  for (size_t i = 0; i < out.n; i++) {
    assert_int_equal(out.f[i].num, i / 2 + 1);
    assert_int_equal(out.f[i].flag, i % 2 ? CLOSE_BACK : MSG_BACK);
  }
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void) {
  const struct CMUnitTest tests[] = {
    ROW(mx01_frame_above_the_limit_is_refused_before_its_body),
    ROW(mx01_name_and_ends_above_the_limit_are_refused_too),
    ROW(mx01_reader_that_does_not_read_loses_its_stream_and_no_other),
    ROW(mx01_reader_that_reads_may_read_for_ever),
    ROW(mx01_stopped_stream_is_dropped_and_outlives_what_we_write),
    ROW(mx01_stopped_stream_that_is_never_closed_times_out),
    ROW(yx05_flood_of_streams_is_refused_and_memory_stays_flat),
    ROW(yx05_refusals_that_the_peer_does_not_read_end_the_session),
    ROW(yx05_after_goaway_no_stream_is_taken),
    ROW(yx07_streams_opened_and_closed_leave_nothing),
    ROW(yx07_streams_opened_and_reset_leave_nothing),
    ROW(yx09_wrong_headers_are_protocol_errors),
    ROW(yx09_numbers_end_without_wrapping),
    ROW(yx10_free_with_everything_waiting_leaks_nothing),
    ROW(yx12_reset_passes_a_big_write),
    ROW(yx13_data_after_close_resets_that_stream_only),
    ROW(yx13_frames_after_a_reset_are_ignored),
    ROW(yx13_bodies_of_names_and_ends_are_nobodys),
    ROW(mplex_numbers_of_both_sides_are_apart),
    ROW(mplex_stream_reset_before_it_left_was_never_there),
    ROW(mplex_streams_share_records_in_turn),
    ROW(mplex_hundreds_of_short_frames_leave_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
