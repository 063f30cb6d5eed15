/* What a hostile peer sends. The rows' names are those of the catalogue of attacks (YX). */
#include "side.h"

#define SYN P2P__YAMUX_SYN
#define ACK P2P__YAMUX_ACK
#define FIN P2P__YAMUX_FIN
#define RST P2P__YAMUX_RST
#define DATA P2P__YAMUX_DATA
#define WINDOW P2P__YAMUX_WINDOW
#define PING P2P__YAMUX_PING
#define GOAWAY P2P__YAMUX_GOAWAY

/* Each test is the server: the peer opens 1, 3, …; ours are 2, 4, …. */
static side s;

static int start(void **state) {
  (void)state;
  side_init(&s);
  side_start(&s, false);
  side_drain(&s, 65519);
  return 0;
}

static int end(void **state) {
  (void)state;
  side_fini(&s);
  return 0;
}

static void assert_dies(int err, int want, uint32_t code) {
  assert_int_equal(err, want);
  side_drain(&s, 65519);
  assert_int_equal(s.n_out, 1);
  assert_int_equal(s.out[0].type, GOAWAY);
  assert_int_equal(s.out[0].len, code);
  assert_int_equal(side_feed(&s, p2p__bytes(NULL, 0)), want); /* for ever */
}

static void yx01_first_frame_larger_than_the_window_is_a_protocol_error(void **state) {
  (void)state;
  assert_dies(side_frame(&s, DATA, SYN, 1, 262145, 100), P2P_EPROTO, 1);
  p2p__mux_stats stats;
  s.m->ops->stats(s.m, &stats);
  assert_int_equal(stats.streams, 0);
}

static void yx01_first_frame_of_exactly_the_window_is_fine(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, DATA, SYN, 1, 262144, 262144), 0);
  assert_int_equal(s.data_bytes, 262144);
  assert_dies(side_frame(&s, DATA, 0, 1, 1, 0), P2P_EPROTO, 1);
}

static void yx02_credit_above_32_bits_is_a_protocol_error(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, WINDOW, SYN, 1, 0, 0), 0);
  assert_int_equal(side_frame(&s, WINDOW, 0, 1, UINT32_MAX - 262144, 0), 0);
  assert_dies(side_frame(&s, WINDOW, 0, 1, 1, 0), P2P_EPROTO, 1);
}

static void yx03_credit_above_32_bits_with_syn_is_a_protocol_error(void **state) {
  (void)state;
  assert_dies(side_frame(&s, WINDOW, SYN, 1, UINT32_MAX, 0), P2P_EPROTO, 1);
}

static void yx04_length_is_checked_before_the_body_comes(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, WINDOW, SYN, 1, 0, 0), 0);
  assert_dies(side_frame(&s, DATA, 0, 1, UINT32_MAX, 0), P2P_EPROTO, 1);
}

static void yx04_length_for_a_stream_that_is_gone_is_bounded(void **state) {
  (void)state;
  uint32_t most = (uint32_t)s.limits.yamux_window_max;
  assert_int_equal(side_frame(&s, DATA, 0, 1, 70000, 70000), 0);
  assert_int_equal(s.n_ev, 0);
  assert_dies(side_frame(&s, DATA, 0, 1, most + 1, 0), P2P_EPROTO, 1);
}

static void yx04_body_that_trickles_does_not_outlive_a_ping(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, PING, ACK, 0, 0, 0), 0);
  assert_int_equal(side_frame(&s, DATA, SYN, 1, 262144, 0), 0);
  p2p_time began = s.now;
  for (int i = 0; i < 10000; i++) {
    s.now += P2P_SECOND;
    if (s.m->ops->deadline(s.m) <= s.now && s.m->ops->tick(s.m, s.now) < 0) break;
    assert_int_equal(side_feed(&s, p2p__bytes("x", 1)), 0);
    side_drain(&s, 65519);
  }
  assert_int_equal(s.m->ops->recv(s.m, &(p2p__span){ 0 }, &s.ev[0], s.now), P2P_ETIMEOUT);
  assert_true(s.now - began <= 200 * P2P_SECOND);
}

static void yx05_syn_flood_is_refused_and_memory_stays_flat(void **state) {
  (void)state;
  size_t used = 0;
  uint32_t sid = 1, most = (uint32_t)s.limits.streams_per_conn;
  for (uint32_t i = 0; i < most; i++, sid += 2) {
    assert_int_equal(side_frame(&s, WINDOW, SYN, sid, 0, 0), 0);
    assert_int_equal(s.n_ev, 1);
  }
  side_drain(&s, 65519);
  for (uint32_t i = 0; i < 20000; i++, sid += 2) {
    assert_int_equal(side_frame(&s, DATA, SYN, sid, 10, 10), 0);
    assert_int_equal(s.n_ev, 0);
    side_drain(&s, 65519);
    const p2p__yamux_frame *rst = side_sent(&s, WINDOW, sid, 0);
    assert_non_null(rst);
    assert_int_equal(rst->flags, RST);
    if (!used) used = p2p__mem_used(&s.mem);
    assert_int_equal(p2p__mem_used(&s.mem), used);
  }
}

static void yx05_refusals_that_the_peer_does_not_read_end_the_session(void **state) {
  (void)state;
  s.limits.streams_per_conn = 4;
  s.limits.yamux_resets_queued = 8;
  uint32_t sid = 1;
  int err = 0, n = 0;
  for (; !err && n < 1000; sid += 2, n++) err = side_frame(&s, WINDOW, SYN, sid, 0, 0);
  assert_int_equal(n, 4 + 12 + 1);
  assert_dies(err, P2P_ELIMIT, 1);
}

static void yx06_ping_flood_ends_the_session(void **state) {
  (void)state;
  uint32_t n = (uint32_t)s.limits.yamux_pings_queued;
  for (uint32_t i = 0; i < n; i++) assert_int_equal(side_frame(&s, PING, SYN, 0, i, 0), 0);
  side_drain(&s, 65519); /* all answered, in order: then it may ask again */
  assert_int_equal(s.n_out, n);
  for (uint32_t i = 0; i < n; i++) {
    assert_int_equal(s.out[i].len, i);
    assert_int_equal(s.out[i].flags, ACK);
  }
  for (uint32_t i = 0; i < n; i++) assert_int_equal(side_frame(&s, PING, SYN, 0, i, 0), 0);
  assert_dies(side_frame(&s, PING, SYN, 0, 0, 0), P2P_ELIMIT, 1);
}

static void yx07_streams_opened_and_closed_leave_nothing(void **state) {
  (void)state;
  size_t used = 0;
  for (uint32_t sid = 1; sid < 400000; sid += 2) {
    assert_int_equal(side_frame(&s, DATA, SYN | FIN, sid, 0, 0), 0);
    s.m->ops->finish(s.m, sid);
    side_drain(&s, 65519);
    if (sid == 101) used = p2p__mem_used(&s.mem);
    if (sid > 101) assert_int_equal(p2p__mem_used(&s.mem), used);
  }
  p2p__mux_stats stats;
  s.m->ops->stats(s.m, &stats);
  assert_int_equal(stats.streams, 0);
}

static void yx08_syn_never_acknowledged_times_out_and_frees_its_place(void **state) {
  (void)state;
  s.limits.yamux_inflight = 1;
  assert_int_equal(side_frame(&s, PING, ACK, 0, 0, 0), 0);
  assert_int_equal(s.m->ops->open(s.m, 2, s.now), 0);
  assert_int_equal(s.m->ops->open(s.m, 4, s.now), 0);
  side_drain(&s, 65519);
  assert_non_null(side_sent(&s, WINDOW, 2, 0));
  assert_null(side_sent(&s, WINDOW, 4, 0)); /* held back */
  s.limits.yamux_keepalive = 0;
  p2p_time due = s.m->ops->deadline(s.m);
  assert_int_equal(due, s.now + s.limits.yamux_ack_timeout);
  s.now = due;
  assert_int_equal(s.m->ops->tick(s.m, s.now), 0);
  assert_int_equal(side_feed(&s, p2p__bytes(NULL, 0)), 0);
  assert_int_equal(side_event(&s, P2P__MUX_RESET, 2)->err, P2P_ETIMEOUT);
  side_drain(&s, 65519);
  assert_int_equal(side_sent(&s, WINDOW, 2, 0)->flags, RST);
  assert_int_equal(side_sent(&s, WINDOW, 4, 0)->flags, SYN);
}

typedef struct wrong {
  const char *what;
  uint8_t bytes[12];
} wrong;

static const wrong yx09[] = {
  { "version 1", { 1, 0, 0, 1, 0, 0, 0, 1 } },
  { "unknown type", { 0, 9, 0, 1, 0, 0, 0, 1 } },
  { "unknown flag", { 0, 0, 0, 0x11, 0, 0, 0, 1 } },
  { "data on stream 0", { 0, 0, 0, 0, 0, 0, 0, 0 } },
  { "window of stream 0", { 0, 1, 0, 0, 0, 0, 0, 0 } },
  { "SYN with our parity", { 0, 1, 0, 1, 0, 0, 0, 2 } },
  { "frame for a stream we never opened", { 0, 1, 0, 0, 0, 0, 0, 2 } },
  { "data for a stream we never opened", { 0, 0, 0, 0, 0, 0, 0, 2 } },
  { "SYN for a live stream", { 0, 1, 0, 1, 0, 0, 0, 7 } },
  { "ping on a stream", { 0, 2, 0, 1, 0, 0, 0, 1 } },
};

static void yx09_wrong_headers_are_protocol_errors(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(yx09); i++) {
    assert_int_equal(side_frame(&s, WINDOW, SYN, 7, 0, 0), 0);
    side_drain(&s, 65519);
    if (side_feed(&s, p2p__bytes(yx09[i].bytes, 12)) != P2P_EPROTO) fail_msg("%s", yx09[i].what);
    assert_dies(s.err, P2P_EPROTO, 1);
    side_fini(&s);
    start(NULL);
  }
}

static void yx09_frame_for_a_stream_whose_syn_has_not_left_is_a_protocol_error(void **state) {
  (void)state;
  assert_int_equal(s.m->ops->open(s.m, 2, s.now), 0);
  assert_dies(side_frame(&s, WINDOW, ACK, 2, 0, 0), P2P_EPROTO, 1);
}

static void yx09_ids_end_without_wrapping(void **state) {
  (void)state;
  assert_int_equal(s.m->ops->open(s.m, UINT32_MAX - 1, s.now), 0);
  assert_int_equal(s.m->ops->open(s.m, (uint64_t)UINT32_MAX + 1, s.now), P2P_ELIMIT);
  assert_int_equal(side_feed(&s, p2p__bytes(NULL, 0)), 0);
}

static void yx10_free_with_everything_waiting_leaks_nothing(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, DATA, SYN, 1, 1000, 10), 0); /* a body half read */
  assert_int_equal(s.m->ops->open(s.m, 2, s.now), 0);
  side_write(&s, 1, 300000); /* more than the window */
  side_write(&s, 2, 100);
  p2p_bytes v[32];
  assert_true(s.m->ops->pull(s.m, 1400, v, 32, s.now) > 0); /* a record not sent; end() frees */
}

static void yx11_reset_reaches_a_reader_and_a_writer(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, WINDOW, SYN, 1, 0, 0), 0);
  side_write(&s, 1, 300000);
  side_drain(&s, 65519);
  assert_int_equal(side_frame(&s, WINDOW, RST, 1, 77, 0), 0);
  const p2p__mux_event *ev = side_event(&s, P2P__MUX_RESET, 1);
  assert_int_equal(ev->code, 77); /* go-libp2p puts its error code there */
  assert_int_equal(ev->err, P2P_ERESET);
  assert_null(s.m->ops->sendq(s.m, 1));
  assert_int_equal(s.budget.used, 0);
}

static void yx12_pongs_and_credit_pass_a_big_write(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, WINDOW, SYN, 1, 16777216, 0), 0);
  side_write(&s, 1, 4000000);
  p2p_bytes v[32];
  assert_true(s.m->ops->pull(s.m, 65519, v, 32, s.now) > 0);
  s.m->ops->sent(s.m);
  assert_int_equal(side_frame(&s, PING, SYN, 0, 5, 0), 0);
  side_drain(&s, 65519);
  assert_int_equal(s.out[0].type, PING);
  assert_int_equal(s.out[0].len, 5);
}

typedef struct ends {
  const char *what;
  uint8_t type;
  uint16_t flags;
  uint32_t len;
  size_t body, opened, fins, resets, data;
} ends;

static const ends yx13[] = {
  { "SYN and FIN", DATA, SYN | FIN, 0, 0, 1, 1, 0, 0 },
  { "SYN, FIN and bytes", DATA, SYN | FIN, 9, 9, 1, 1, 0, 9 },
  { "SYN and RST open nothing", DATA, SYN | RST, 9, 9, 0, 0, 0, 0 },
  { "SYN and RST on a window", WINDOW, SYN | RST, 9, 0, 0, 0, 0, 0 },
  { "SYN and ACK", WINDOW, SYN | ACK, 0, 0, 1, 0, 0, 0 },
};

static void yx13_flags_together_mean_what_they_mean_alone(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(yx13); i++) {
    const ends *t = &yx13[i];
    uint32_t sid = (uint32_t)(2 * i + 1);
    assert_int_equal(side_frame(&s, (p2p__yamux_type)t->type, t->flags, sid, t->len, t->body), 0);
    if (side_events(&s, P2P__MUX_OPENED, sid) != t->opened ||
        side_events(&s, P2P__MUX_FIN, sid) != t->fins ||
        side_events(&s, P2P__MUX_RESET, sid) != t->resets || s.data_bytes != t->data) {
      fail_msg("%s", t->what);
    }
  }
}

static void yx13_fin_and_rst_is_one_reset(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, WINDOW, SYN, 1, 0, 0), 0);
  assert_int_equal(side_frame(&s, DATA, FIN | RST, 1, 5, 5), 0);
  assert_int_equal(s.n_ev, 1);
  assert_int_equal(s.ev[0].kind, P2P__MUX_RESET);
}

static void yx13_data_after_fin_resets_that_stream_only(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, DATA, SYN | FIN, 1, 0, 0), 0);
  assert_int_equal(side_frame(&s, DATA, 0, 1, 0, 0), 0); /* empty: says nothing */
  assert_int_equal(s.n_ev, 0);
  assert_int_equal(side_frame(&s, DATA, FIN, 1, 0, 0), 0); /* twice: says nothing new */
  assert_int_equal(s.n_ev, 0);
  assert_int_equal(side_frame(&s, DATA, 0, 1, 3, 3), 0);
  assert_int_equal(s.n_ev, 1);
  assert_int_equal(side_event(&s, P2P__MUX_RESET, 1)->err, P2P_EPROTO);
  side_drain(&s, 65519);
  assert_int_equal(side_sent(&s, WINDOW, 1, 0)->flags, RST);
  assert_int_equal(side_frame(&s, PING, SYN, 0, 1, 0), 0); /* the session lives */
}

static void yx13_frames_after_a_reset_are_ignored(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, WINDOW, SYN, 1, 0, 0), 0);
  assert_int_equal(side_frame(&s, WINDOW, RST, 1, 3, 0), 0);
  assert_int_equal(side_frame(&s, WINDOW, RST, 1, 3, 0), 0);
  assert_int_equal(s.n_ev, 0);
  assert_int_equal(side_frame(&s, WINDOW, 0, 1, UINT32_MAX, 0), 0);
  assert_int_equal(side_frame(&s, DATA, FIN, 1, 100, 100), 0);
  assert_int_equal(s.n_ev, 0);
}

static void yx13_zero_length_frames_cost_nothing(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, WINDOW, SYN, 1, 0, 0), 0);
  side_drain(&s, 65519);
  size_t used = p2p__mem_used(&s.mem);
  for (int i = 0; i < 10000; i++) {
    assert_int_equal(side_frame(&s, DATA, 0, 1, 0, 0), 0);
    assert_int_equal(side_frame(&s, WINDOW, 0, 1, 0, 0), 0);
    assert_int_equal(side_frame(&s, GOAWAY, 0, 0, 0, 0), 0);
    assert_int_equal(s.n_ev, i == 0); /* told once */
  }
  side_drain(&s, 65519);
  assert_int_equal(s.n_out, 0);
  assert_int_equal(p2p__mem_used(&s.mem), used);
}

/* A frame of an empty body leaves no trace: the next body is not its stream's. */
static void body_of_an_unknown_stream_is_nobodys(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, DATA, SYN, 1, 0, 0), 0);
  assert_int_equal(side_frame(&s, DATA, 0, 9, 50, 50), 0);
  assert_int_equal(s.data_bytes, 0);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void) {
  const struct CMUnitTest tests[] = {
    ROW(yx01_first_frame_larger_than_the_window_is_a_protocol_error),
    ROW(yx01_first_frame_of_exactly_the_window_is_fine),
    ROW(yx02_credit_above_32_bits_is_a_protocol_error),
    ROW(yx03_credit_above_32_bits_with_syn_is_a_protocol_error),
    ROW(yx04_length_is_checked_before_the_body_comes),
    ROW(yx04_length_for_a_stream_that_is_gone_is_bounded),
    ROW(yx04_body_that_trickles_does_not_outlive_a_ping),
    ROW(yx05_syn_flood_is_refused_and_memory_stays_flat),
    ROW(yx05_refusals_that_the_peer_does_not_read_end_the_session),
    ROW(yx06_ping_flood_ends_the_session),
    ROW(yx07_streams_opened_and_closed_leave_nothing),
    ROW(yx08_syn_never_acknowledged_times_out_and_frees_its_place),
    ROW(yx09_wrong_headers_are_protocol_errors),
    ROW(yx09_frame_for_a_stream_whose_syn_has_not_left_is_a_protocol_error),
    ROW(yx09_ids_end_without_wrapping),
    ROW(yx10_free_with_everything_waiting_leaks_nothing),
    ROW(yx11_reset_reaches_a_reader_and_a_writer),
    ROW(yx12_pongs_and_credit_pass_a_big_write),
    ROW(yx13_flags_together_mean_what_they_mean_alone),
    ROW(yx13_fin_and_rst_is_one_reset),
    ROW(yx13_data_after_fin_resets_that_stream_only),
    ROW(yx13_frames_after_a_reset_are_ignored),
    ROW(yx13_zero_length_frames_cost_nothing),
    ROW(body_of_an_unknown_stream_is_nobodys),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
