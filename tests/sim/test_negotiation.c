/* Agreeing on the protocol of a stream, as its user sees it: refused is told as refused whatever was
 * sent ahead, and what is asked of a stream before there is an agreement is done after it. */
#include "troupe.h"
#include "unit/base/test.h"

static troupe t;
static told x, served;

static int start(void **state) {
  (void)state;
  x = served = (told){ 0 };
  troupe_begin(&t, 35);
  troupe_join(&t, &t.a, NULL);
  troupe_join(&t, &t.b, NULL);
  told_serve(&t, &t.b, "/x", &served);
  return 0;
}

static int start_connected(void **state) {
  (void)start(state);
  troupe_meet(&t, &t.a, &t.b);
  troupe_wait(&t, P2P_SECOND); /* pushes */
  return 0;
}

/* Whatever happened, nothing of it stays. */
static int end(void **state) {
  (void)state;
  assert_int_equal(x.late + served.late, 0);
  assert_true(x.closed <= 1 && served.closed <= 1);
  troupe_end(&t);
  return 0;
}

static void nothing_is_left_of_streams(void) {
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(player_stats(&t.a).streams, 0);
  assert_int_equal(player_stats(&t.b).streams, 0);
  assert_int_equal(t.a.host->swarm.budget.used, 0);
  assert_int_equal(t.b.host->swarm.budget.used, 0);
}

static void say(const char *text) {
  assert_int_equal(p2p_write(t.a.host, x.stream, text, strlen(text)), strlen(text));
  player_poke(&t.a);
}

static void finish(void) {
  assert_int_equal(p2p_finish(t.a.host, x.stream), 0);
  player_poke(&t.a);
}

static void stop(uint32_t code) {
  assert_int_equal(p2p_stop(t.a.host, x.stream, code), 0);
  player_poke(&t.a);
}

static void reset(uint32_t code) {
  assert_int_equal(p2p_reset(t.a.host, x.stream, code), 0);
  player_poke(&t.a);
}

/* ---- refused ---- */

enum { DATA = 1, MUCH = 2, FINISH = 4, STOP = 8 };

static void ask_for_what_nobody_speaks(p2p_conn c, unsigned what) {
  static uint8_t much[300000];
  static const char *const id = "/unknown";
  x = (told){ 0 };
  told_open_on(&t, &t.a, c, &id, 1, &x);
  if (what & DATA) say("hello");
  if (what & MUCH) assert_true(p2p_write(t.a.host, x.stream, much, sizeof much) > 0);
  if (what & FINISH) finish();
  if (what & STOP) stop(0);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, P2P_ENOPROTO);
  assert_int_equal(x.opened, 0);
}

static void unknown_protocol_is_told_whatever_was_sent_ahead(void **state) {
  (void)state;
  for (unsigned what = 0; what < 2 * STOP; what++) ask_for_what_nobody_speaks(t.a.node.conn, what);
  nothing_is_left_of_streams();
}

static void unknown_protocol_is_told_in_the_first_flight_too(void **state) {
  (void)state;
  for (unsigned what = 0; what < 2 * STOP; what++) {
    p2p_conn c = player_dial(&t.a, &t.b);
    ask_for_what_nobody_speaks(c, what);
    assert_int_equal(p2p_conn_close(t.a.host, c, 0), 0);
    player_poke(&t.a);
    troupe_wait(&t, P2P_SECOND);
  }
  nothing_is_left_of_streams();
}

static void none_of_several_protocols_is_told_as_unknown(void **state) {
  (void)state;
  static const char *const ids[] = { "/u", "/v", "/w" };
  told_open_on(&t, &t.a, t.a.node.conn, ids, 3, &x);
  say("hello");
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, P2P_ENOPROTO);
  nothing_is_left_of_streams();
}

/* Both arrive in one read: js-libp2p does so. */
static void refusal_with_a_reset_on_its_heels_is_told_as_unknown(void **state) {
  (void)state;
  told_open(&t, &t.a, "/unknown", &x);
  troupe_wait(&t, 0);
  player_sleep(&t.a);
  troupe_wait(&t, P2P_SECOND);
  uint32_t i = 0;
  p2p__sstream *s = p2p__handles_next(&t.b.host->swarm.streams, &i); /* waits for another id */
  assert_true(s && s->state == P2P__STREAM_NEGOTIATING && s->inbound);
  assert_int_equal(p2p__stream_reset(s, 0, p2p_host_now(t.b.host)), 0);
  player_poke(&t.b);
  troupe_wait(&t, P2P_SECOND);
  player_wake(&t.a);
  troupe_wait(&t, 0);
  assert_int_equal(x.closed, 1);
  assert_int_equal(x.err, P2P_ENOPROTO);
}

static void ids_that_are_no_lines_are_refused(void **state) {
  (void)state;
  static const char *const bad[] = { "", " ", "/x y", "/x\n", "/x\x7f", "\t" };
  for (size_t i = 0; i < P2P_COUNT(bad); i++) {
    p2p_stream s;
    const char *ids[] = { "/x", bad[i] };
    assert_int_equal(p2p_protocol_add(t.b.host, bad[i], NULL), P2P_EINVAL);
    assert_int_equal(p2p_stream_open_on(t.a.host, t.a.node.conn, ids, 2, NULL, &s), P2P_EINVAL);
  }
}

/* ---- agreed ---- */

static void first_protocol_that_the_peer_speaks_is_agreed(void **state) {
  (void)state;
  static const char *const ids[] = { "/u", "/v", "/x", "/w" };
  told_open_on(&t, &t.a, t.a.node.conn, ids, 4, &x);
  say("hello");
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(x.opened, 1);
  assert_int_equal(served.got, 5);
  p2p_stream_info info = { .size = sizeof info };
  assert_int_equal(p2p_stream_get(t.a.host, x.stream, &info), 0);
  assert_string_equal(info.protocol, "/x");
}

/* The same before identify has told what b speaks: every proposal is refused but the last. */
static void several_protocols_are_proposed_to_a_stranger_in_turn(void **state) {
  (void)state;
  static const char *const ids[] = { "/u", "/v", "/x", "/w" };
  told_open_on(&t, &t.a, player_dial(&t.a, &t.b), ids, 4, &x);
  say("hello");
  finish();
  served.answers = true;
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, 0);
  assert_int_equal(served.got, 5);
  nothing_is_left_of_streams();
}

/* ---- ends before the agreement ---- */

static void stop_before_the_agreement_is_done_after_it(void **state) {
  (void)state;
  told_open(&t, &t.a, "/x", &x);
  say("hello");
  stop(3);
  char buf[8];
  assert_int_equal(p2p_read(t.a.host, x.stream, buf, sizeof buf), P2P_ECLOSED);
  troupe_wait(&t, 20 * P2P_SECOND); /* longer than a negotiation may take */
  assert_int_equal(x.opened, 1);
  assert_int_equal(x.closed, 0);
  assert_int_equal(served.got, 5);
  assert_int_equal(p2p_write(t.b.host, served.stream, "no", 2), 2); /* yamux has no word for it */
  player_poke(&t.b);
  say("more");
  finish();
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, 0);
  assert_int_equal(x.got, 0);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(served.got, 9);
}

static void reset_before_the_stream_is_known_to_anybody_is_told_once(void **state) {
  (void)state;
  told_open(&t, &t.a, "/x", &x);
  say("hello");
  reset(5);
  nothing_is_left_of_streams();
  assert_int_equal(x.closed, 1);
  assert_int_equal(x.err, P2P_ECANCELED);
  assert_int_equal(x.opened, 0);
  assert_int_equal(served.opened, 0);
}

/* At every millisecond of it: with b's answer nowhere, under way, or there. */
static void reset_during_the_agreement_leaves_nothing(void **state) {
  (void)state;
  for (p2p_time after = 0; after < 4 * P2P_MS; after += P2P_MS / 4) {
    x = served = (told){ .sim = t.sim };
    told_open(&t, &t.a, "/x", &x);
    say("hello");
    troupe_wait(&t, after);
    reset(5);
    nothing_is_left_of_streams();
    assert_int_equal(x.closed, 1);
    assert_int_equal(x.err, P2P_ECANCELED);
    assert_int_equal(served.closed, served.opened);
    if (served.closed) assert_int_equal(served.code, 5);
  }
}

static void peer_that_does_not_answer_is_given_up_in_time(void **state) {
  (void)state;
  p2p_sim_cut(t.sim, t.a.node.io, t.b.node.io, true);
  told_open(&t, &t.a, "/x", &x);
  p2p_time from = p2p_sim_now(t.sim);
  assert_true(troupe_until(&t, 60 * P2P_SECOND, told_is_closed, &x));
  assert_int_equal(p2p_sim_now(t.sim) - from, 10 * P2P_SECOND); /* negotiate_timeout */
  assert_int_equal(x.err, P2P_ETIMEOUT);
}

/* ---- the end in the first flight ---- */

static void hello_and_finish(p2p_conn c) {
  static const char *const id = "/x";
  x = served = (told){ .sim = t.sim };
  served.answers = true;
  told_open_on(&t, &t.a, c, &id, 1, &x);
  say("hello");
  finish();
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, 0);
  assert_int_equal(served.got, 5);
}

/* js-libp2p resets a stream whose end arrives before its connection object is there. */
static void end_of_a_stream_waits_for_the_first_word_of_the_peer(void **state) {
  (void)state;
  hello_and_finish(player_dial(&t.a, &t.b));
  assert_in_range(served.ended_at - served.first_at, 2 * P2P_MS, 3 * P2P_MS);
}

static void end_of_a_later_stream_comes_with_its_bytes(void **state) {
  (void)state;
  hello_and_finish(t.a.node.conn);
  assert_int_equal(served.ended_at, served.first_at);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start_connected, end)
#define TEST_FIRST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(unknown_protocol_is_told_whatever_was_sent_ahead),
    TEST_FIRST(unknown_protocol_is_told_in_the_first_flight_too),
    TEST(none_of_several_protocols_is_told_as_unknown),
    TEST(refusal_with_a_reset_on_its_heels_is_told_as_unknown),
    TEST(ids_that_are_no_lines_are_refused),
    TEST(first_protocol_that_the_peer_speaks_is_agreed),
    TEST_FIRST(several_protocols_are_proposed_to_a_stranger_in_turn),
    TEST(stop_before_the_agreement_is_done_after_it),
    TEST(reset_before_the_stream_is_known_to_anybody_is_told_once),
    TEST(reset_during_the_agreement_leaves_nothing),
    TEST(peer_that_does_not_answer_is_given_up_in_time),
    TEST_FIRST(end_of_a_stream_waits_for_the_first_word_of_the_peer),
    TEST(end_of_a_later_stream_comes_with_its_bytes),
#undef TEST_FIRST
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
