/* Sessions and streams over time: backlog, keepalive, GoAway, stop, memory that runs out. */
#include "side.h"
#include "yamux_check.h"

enum { RECORD = 65519 };

static side s;

static int start(void **state) {
  (void)state;
  side_init(&s);
  side_start(&s, true);
  side_drain(&s, RECORD);
  assert_int_equal(side_frame(&s, P2P__YAMUX_PING, P2P__YAMUX_ACK, 0, 0, 0), 0);
  return 0;
}

static int end(void **state) {
  (void)state;
  side_fini(&s);
  return 0;
}

static void hear(uint16_t flags, uint32_t sid) {
  assert_int_equal(side_frame(&s, P2P__YAMUX_WINDOW, flags, sid, 0, 0), 0);
}

static size_t live(void) {
  p2p__mux_stats stats;
  s.m->ops->stats(s.m, &stats);
  return stats.streams;
}

static void opens_above_the_backlog_wait_in_order(void **state) {
  (void)state;
  s.limits.yamux_inflight = 3;
  for (uint64_t sid = 1; sid < 20; sid += 2) {
    assert_int_equal(s.m->ops->open(s.m, sid, s.now), 0);
    side_write(&s, sid, 10); /* bytes wait with the stream */
  }
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 3);
  hear(P2P__YAMUX_ACK, 3); /* one place */
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 1);
  assert_int_equal(s.out[0].sid, 7);
  hear(P2P__YAMUX_RST, 1);     /* another */
  s.m->ops->reset(s.m, 11, 0); /* never went out: no frame, no place */
  side_drain(&s, RECORD);
  assert_int_equal(s.n_out, 1);
  assert_int_equal(s.out[0].sid, 9);
  s.m->ops->reset(s.m, 5, 4);
  side_drain(&s, RECORD);
  assert_int_equal(side_sent(&s, P2P__YAMUX_WINDOW, 5, 0)->len, 4);
  assert_non_null(side_sent(&s, P2P__YAMUX_DATA, 13, 0)); /* 11 was skipped */
}

static void data_acknowledges_as_an_ack_does(void **state) {
  (void)state;
  s.limits.yamux_inflight = 1;
  assert_int_equal(s.m->ops->open(s.m, 1, s.now), 0);
  assert_int_equal(s.m->ops->open(s.m, 3, s.now), 0);
  side_drain(&s, RECORD);
  assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, 0, 1, 4, 4), 0);
  side_drain(&s, RECORD);
  assert_int_equal(s.out[0].sid, 3);
}

static void ping_is_answered_and_measured(void **state) {
  (void)state;
  s.now = s.m->ops->deadline(s.m);
  assert_int_equal(s.m->ops->tick(s.m, s.now), 0);
  side_drain(&s, RECORD);
  assert_int_equal(s.out[0].type, P2P__YAMUX_PING);
  uint32_t id = s.out[0].len;
  s.now += 30 * P2P_MS;
  assert_int_equal(side_frame(&s, P2P__YAMUX_PING, P2P__YAMUX_ACK, 0, id + 1, 0), 0); /* not ours */
  assert_int_equal(side_frame(&s, P2P__YAMUX_PING, P2P__YAMUX_ACK, 0, id, 0), 0);
  p2p__mux_stats stats;
  s.m->ops->stats(s.m, &stats);
  assert_int_equal(stats.rtt, 30 * P2P_MS);
}

/* Ticks until the session dies or `until`; returns how often it was woken. */
static int run_idle(p2p_time until, bool answer) {
  int woken = 0;
  while (s.m->ops->deadline(s.m) <= until) {
    s.now = s.m->ops->deadline(s.m);
    woken++;
    if (s.m->ops->tick(s.m, s.now) < 0) break;
    assert_true(s.m->ops->deadline(s.m) > s.now); /* no busy ticking */
    side_drain(&s, RECORD);
    for (size_t i = 0; answer && i < s.n_out; i++) {
      side_frame(&s, P2P__YAMUX_PING, P2P__YAMUX_ACK, 0, s.out[i].len, 0);
    }
  }
  return woken;
}

static void idle_session_wakes_once_per_keepalive(void **state) {
  (void)state;
  assert_int_equal(run_idle(s.now + 300 * P2P_SECOND, true), 10);
}

static void unanswered_ping_is_a_dead_peer(void **state) {
  (void)state;
  p2p_time began = s.now;
  assert_int_equal(run_idle(P2P_NEVER - 1, false), 2); /* the ping, the end */
  assert_int_equal(s.now - began, 50 * P2P_SECOND);
  assert_int_equal(side_feed(&s, p2p__bytes(NULL, 0)), P2P_ETIMEOUT);
  assert_int_equal(s.m->ops->deadline(s.m), P2P_NEVER);
}

static void short_keepalive_does_not_tick_while_a_ping_is_out(void **state) {
  (void)state;
  s.limits.yamux_keepalive = P2P_SECOND;
  assert_int_equal(run_idle(P2P_NEVER - 1, false), 2);
}

static void ping_that_cannot_leave_is_a_dead_peer_too(void **state) {
  (void)state;
  s.now = s.m->ops->deadline(s.m);
  assert_int_equal(s.m->ops->tick(s.m, s.now), 0); /* and nobody pulls */
  s.now = s.m->ops->deadline(s.m);
  assert_int_equal(s.m->ops->tick(s.m, s.now), P2P_ETIMEOUT);
}

static void without_keepalive_an_idle_session_has_no_deadline(void **state) {
  (void)state;
  s.limits.yamux_keepalive = 0;
  assert_int_equal(s.m->ops->deadline(s.m), P2P_NEVER);
}

static void goaway_of_the_peer_ends_what_has_not_left(void **state) {
  (void)state;
  s.limits.yamux_inflight = 2;
  assert_int_equal(s.m->ops->open(s.m, 1, s.now), 0);
  side_drain(&s, RECORD);
  assert_int_equal(s.m->ops->open(s.m, 3, s.now), 0); /* SYN waits for the next pull */
  assert_int_equal(s.m->ops->open(s.m, 5, s.now), 0); /* held back */
  assert_int_equal(side_frame(&s, P2P__YAMUX_GOAWAY, 0, 0, 2, 0), 0);
  assert_int_equal(side_event(&s, P2P__MUX_GOAWAY, 0)->code, 2);
  assert_int_equal(side_event(&s, P2P__MUX_RESET, 3)->err, P2P_EGOAWAY);
  assert_int_equal(side_event(&s, P2P__MUX_RESET, 5)->err, P2P_EGOAWAY);
  assert_int_equal(side_events(&s, P2P__MUX_RESET, 1), 0);
  assert_int_equal(s.m->ops->open(s.m, 7, s.now), P2P_EGOAWAY);
  assert_int_equal(live(), 1);
  side_write(&s, 1, 10); /* goes on */
  side_drain(&s, RECORD);
  assert_non_null(side_sent(&s, P2P__YAMUX_DATA, 1, 0));
}

static void after_our_goaway_the_peer_opens_nothing(void **state) {
  (void)state;
  hear(P2P__YAMUX_SYN, 2);
  s.m->ops->goaway(s.m, 0);
  side_drain(&s, RECORD);
  assert_int_equal(s.out[0].type, P2P__YAMUX_GOAWAY);
  hear(P2P__YAMUX_SYN, 4);
  assert_int_equal(s.n_ev, 0);
  side_drain(&s, RECORD);
  assert_int_equal(side_sent(&s, P2P__YAMUX_WINDOW, 4, 0)->flags, P2P__YAMUX_RST);
  assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, 0, 2, 5, 5), 0); /* those open go on */
  assert_int_equal(s.data_bytes, 5);
}

/* ---- stop ---- */
static void stopped_stream_drops_what_comes_until_the_fin(void **state) {
  (void)state;
  hear(P2P__YAMUX_SYN, 2);
  s.m->ops->stop(s.m, 2, 7);
  assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, 0, 2, 200000, 200000), 0);
  assert_int_equal(s.n_ev, 0);
  side_drain(&s, RECORD);
  assert_int_equal(side_sent(&s, P2P__YAMUX_WINDOW, 2, 0)->len, 200000); /* it may end */
  s.m->ops->finish(s.m, 2);
  side_drain(&s, RECORD);
  assert_int_equal(live(), 1);
  assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, P2P__YAMUX_FIN, 2, 10, 10), 0);
  assert_int_equal(s.n_ev, 1);
  assert_int_equal(s.ev[0].kind, P2P__MUX_FIN);
  assert_int_equal(live(), 0);
}

/* However fast they come: nobody wants more of them. */
static void window_of_a_stopped_stream_does_not_grow(void **state) {
  (void)state;
  s.now = s.m->ops->deadline(s.m);
  assert_int_equal(s.m->ops->tick(s.m, s.now), 0);
  side_drain(&s, RECORD);
  s.now += P2P_SECOND; /* a slow round trip: anything is fast */
  assert_int_equal(side_frame(&s, P2P__YAMUX_PING, P2P__YAMUX_ACK, 0, s.out[0].len, 0), 0);
  hear(P2P__YAMUX_SYN, 2);
  s.m->ops->stop(s.m, 2, 7);
  s.now += P2P_MS;
  assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, 0, 2, 200000, 200000), 0);
  p2p__mux_stats stats;
  s.m->ops->stats(s.m, &stats);
  assert_int_equal(stats.window, P2P__YAMUX_INITIAL);
}

static void pushing_at_a_stopped_stream_is_denied_credit_then_reset(void **state) {
  (void)state;
  hear(P2P__YAMUX_SYN, 2);
  s.m->ops->stop(s.m, 2, 7);
  side_drain(&s, RECORD);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, 0, 2, 200000, 200000), 0);
    side_drain(&s, RECORD);
    assert_true((side_sent(&s, P2P__YAMUX_WINDOW, 2, 0) != NULL) == (i == 0));
  }
  assert_int_equal(live(), 1); /* we may be writing */
  s.m->ops->finish(s.m, 2);
  side_drain(&s, RECORD);
  assert_int_equal(side_sent(&s, P2P__YAMUX_DATA, 2, 0)->flags, P2P__YAMUX_FIN);
  assert_int_equal(side_sent(&s, P2P__YAMUX_WINDOW, 2, 0)->flags, P2P__YAMUX_RST);
  assert_int_equal(side_sent(&s, P2P__YAMUX_WINDOW, 2, 0)->len, 7);
  assert_int_equal(live(), 0);
  assert_int_equal(side_feed(&s, p2p__bytes(NULL, 0)), 0);
  assert_int_equal(side_event(&s, P2P__MUX_RESET, 2)->err, P2P_ELIMIT);
}

static void stopped_and_finished_stream_does_not_linger_for_ever(void **state) {
  (void)state;
  s.limits.yamux_keepalive = 0;
  hear(P2P__YAMUX_SYN, 2);
  s.m->ops->finish(s.m, 2);
  s.m->ops->stop(s.m, 2, 7);
  side_drain(&s, RECORD);
  s.now = s.m->ops->deadline(s.m);
  assert_true(s.now < P2P_NEVER);
  assert_int_equal(s.m->ops->tick(s.m, s.now), 0);
  assert_int_equal(live(), 0);
  side_drain(&s, RECORD);
  assert_int_equal(side_sent(&s, P2P__YAMUX_WINDOW, 2, 0)->flags, P2P__YAMUX_RST);
}

static void stop_in_the_middle_of_a_body_drops_its_rest(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, P2P__YAMUX_SYN, 2, 1000, 400), 0);
  assert_int_equal(s.data_bytes, 400);
  s.m->ops->stop(s.m, 2, 0);
  uint8_t rest[600] = { 0 };
  assert_int_equal(side_feed(&s, p2p__bytes(rest, 600)), 0);
  assert_int_equal(s.n_ev, 0);
  assert_null(yamux_check(s.m));
  p2p__yamux_stream *t = p2p__yamux_find(p2p__yamux_of(s.m), 2);
  assert_int_equal(t->recv_left + t->owed + t->grant, t->window); /* nothing is lost */
}

static void reset_in_the_middle_of_a_body_drops_its_rest(void **state) {
  (void)state;
  assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, P2P__YAMUX_SYN | P2P__YAMUX_FIN, 2, 1000, 400),
                   0);
  s.m->ops->reset(s.m, 2, 0);
  uint8_t rest[600] = { 0 };
  assert_int_equal(side_feed(&s, p2p__bytes(rest, 600)), 0);
  assert_int_equal(s.n_ev, 0); /* nor the FIN */
}

/* ---- memory ---- */
/* A bit of everything; every allocation that fails is answered by an error or a refusal. */
static bool a_life(uint64_t fail_at) {
  side t;
  side_init(&t);
  t.mem.fail_at = fail_at;
  t.mem.calls = 0;
  int err = p2p__yamux_new(&t.env, &t.slab, &t.budget, true, t.now, &t.m);
  if (!err) {
    for (uint64_t sid = 1; sid < 60 && !err; sid += 2) {
      err = t.m->ops->open(t.m, sid, t.now);
      p2p__queue *q = t.m->ops->sendq(t.m, sid);
      if (q) p2p__queue_put(q, p2p__bytes("hello", 5));
      t.m->ops->ready(t.m, sid);
    }
    side_drain(&t, RECORD);
    for (uint32_t sid = 2; sid < 60 && t.err == 0; sid += 2) {
      side_frame(&t, P2P__YAMUX_DATA, P2P__YAMUX_SYN, sid, 100, 100);
      side_frame(&t, P2P__YAMUX_PING, P2P__YAMUX_SYN, 0, 1, 0);
      if (sid % 4) t.m->ops->reset(t.m, sid, 1);
    }
    side_drain(&t, RECORD);
    assert_true(t.err == 0 || t.err == P2P_ENOMEM);
    if (!t.err) assert_null(yamux_check(t.m));
  } else {
    assert_int_equal(err, P2P_ENOMEM);
    assert_null(t.m);
  }
  bool failed = t.mem.failed > 0;
  side_fini(&t);
  return failed;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  uint64_t n = 1;
  while (a_life(n)) n++;
  assert_true(n > 6);
}

static void no_allocation_per_frame(void **state) {
  (void)state;
  assert_int_equal(s.m->ops->open(s.m, 1, s.now), 0);
  for (int i = 0; i < 200; i++) {
    uint64_t calls = s.mem.calls;
    side_write(&s, 1, 100000);
    side_drain(&s, RECORD);
    assert_int_equal(side_frame(&s, P2P__YAMUX_WINDOW, 0, 1, 100000, 0), 0);
    assert_int_equal(side_frame(&s, P2P__YAMUX_DATA, 0, 1, 1000, 1000), 0);
    s.m->ops->consumed(s.m, 1, 1000, s.now);
    if (i > 5) assert_int_equal(s.mem.calls, calls);
  }
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void) {
  const struct CMUnitTest tests[] = {
    ROW(opens_above_the_backlog_wait_in_order),
    ROW(data_acknowledges_as_an_ack_does),
    ROW(ping_is_answered_and_measured),
    ROW(idle_session_wakes_once_per_keepalive),
    ROW(unanswered_ping_is_a_dead_peer),
    ROW(short_keepalive_does_not_tick_while_a_ping_is_out),
    ROW(ping_that_cannot_leave_is_a_dead_peer_too),
    ROW(without_keepalive_an_idle_session_has_no_deadline),
    ROW(goaway_of_the_peer_ends_what_has_not_left),
    ROW(after_our_goaway_the_peer_opens_nothing),
    ROW(stopped_stream_drops_what_comes_until_the_fin),
    ROW(window_of_a_stopped_stream_does_not_grow),
    ROW(pushing_at_a_stopped_stream_is_denied_credit_then_reset),
    ROW(stopped_and_finished_stream_does_not_linger_for_ever),
    ROW(stop_in_the_middle_of_a_body_drops_its_rest),
    ROW(reset_in_the_middle_of_a_body_drops_its_rest),
    ROW(every_allocation_may_fail),
    ROW(no_allocation_per_frame),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
