/* Events: in order, never lost to who takes them, and few when nobody does. */
#include "troupe.h"
#include "unit/base/test.h"

enum { EVENTS_MAX = 16, MANY = 60 };

static const p2p_setting few[] = { { "events_max", EVENTS_MAX } };
static const char *const plaintext[] = { "plaintext" };

static troupe t;
static told x, served;

static int start(void **state) {
  (void)state;
  x = served = (told){ 0 };
  p2p_host_opts opts = {
    .size = sizeof opts, .limits = few, .n_limits = 1, .security = plaintext, .n_security = 1
  };
  troupe_begin(&t, 33);
  troupe_join(&t, &t.a, &opts);
  troupe_join(&t, &t.b, &opts);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

/* The next event of a stream or a connection of a deaf player; NULL: none. */
static const p2p_event *next(const player *p) {
  const p2p_event *e;
  do {
    e = p2p_next_event(p->host);
  } while (e && e->kind > P2P_EV_STREAM_CLOSED);
  return e;
}

static void expect(const player *p, p2p_event_kind kind, uint64_t id) {
  const p2p_event *e = next(p);
  assert_non_null(e);
  assert_int_equal(e->kind, kind);
  assert_int_equal(kind <= P2P_EV_CONN_CLOSED ? e->conn.id : e->stream.id, id);
}

/* ---- connections ---- */

static void come_and_go(void) {
  unsigned opened = t.a.n[P2P_EV_CONN_OPEN];
  p2p_conn c = player_dial(&t.a, &t.b);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], opened + 1); /* b does not run out of room for it */
  assert_int_equal(p2p_conn_close(t.a.host, c, 0), 0);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
}

static void ended_connections_that_nobody_takes_events_of_stay_few(void **state) {
  (void)state;
  player_deafen(&t.b);
  for (int i = 0; i < MANY; i++) come_and_go();
  assert_int_equal(player_stats(&t.b).conns_in, MANY);
  assert_in_range(player_stats(&t.b).conns, 1, EVENTS_MAX);
  assert_int_equal(player_stats(&t.a).conns, 0);
}

static void open_comes_out_before_closed(void **state) {
  (void)state;
  player_deafen(&t.b);
  for (int i = 0; i < 3; i++) come_and_go();
  (void)player_dial(&t.a, &t.b);
  troupe_wait(&t, P2P_SECOND);
  uint64_t living = 0, ended[3] = { 0 };
  size_t opened = 0, closed = 0;
  for (const p2p_event *e; (e = next(&t.b)) != NULL;) {
    if (e->kind == P2P_EV_CONN_OPEN && opened++ == 0) living = e->conn.id;
    if (e->kind == P2P_EV_CONN_OPEN && e->conn.id != living) ended[opened - 2] = e->conn.id;
    if (e->kind != P2P_EV_CONN_CLOSED) continue;
    assert_int_equal(e->conn.id, ended[closed++]); /* opened, and in the order of their ends */
    assert_int_equal(e->err, 0);
  }
  assert_int_equal(opened, 4);
  assert_int_equal(closed, 3);
  assert_int_equal(player_stats(&t.b).conns, 1);
}

/* Nobody takes their events. The connections are forgotten when others have ended, their streams,
 * which are few, are not: they go when the host goes. */
static void host_is_freed_with_forgotten_connections_that_have_streams(void **state) {
  (void)state;
  player_sleep(&t.b); /* dials end in time */
  player_deafen(&t.a);
  const char *ids[] = { "/x" };
  for (int i = 0; i < 2 * EVENTS_MAX; i++) {
    p2p_stream s;
    p2p_conn c = player_dial(&t.a, &t.b);
    if (i < EVENTS_MAX / 2) assert_int_equal(p2p_stream_open_on(t.a.host, c, ids, 1, NULL, &s), 0);
    assert_int_equal(p2p_conn_close(t.a.host, c, 0), 0);
    player_poke(&t.a);
    troupe_wait(&t, P2P_MS);
  }
  assert_int_equal(player_stats(&t.a).streams, EVENTS_MAX / 2);
  assert_int_equal(player_stats(&t.a).conns, EVENTS_MAX + EVENTS_MAX / 2);
}

/* ---- streams ---- */

/* A stream of a's for which b has no handler, answered and ended by both when `ends`. */
static void open_evented(bool ends) {
  x = (told){ .answers = true };
  told_open(&t, &t.a, "/x", &x);
  assert_int_equal(p2p_write(t.a.host, x.stream, "hello", 5), 5);
  if (ends) assert_int_equal(p2p_finish(t.a.host, x.stream), 0);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(x.opened, 1);
}

static void meet_deaf(void) {
  assert_int_equal(p2p_protocol_add(t.b.host, "/x", NULL), 0);
  troupe_meet(&t, &t.a, &t.b);
  player_deafen(&t.b);
}

static void ended_streams_that_nobody_takes_events_of_stay_few(void **state) {
  (void)state;
  meet_deaf();
  for (int i = 0; i < MANY; i++) {
    open_evented(false);
    assert_int_equal(p2p_reset(t.a.host, x.stream, 0), 0);
    player_poke(&t.a);
    troupe_wait(&t, P2P_SECOND);
    assert_int_equal(x.closed, 1);
  }
  assert_in_range(player_stats(&t.b).streams, 1, EVENTS_MAX);
}

static void events_of_a_stream_come_out_in_order(void **state) {
  (void)state;
  meet_deaf();
  open_evented(true);
  const p2p_event *e = next(&t.b);
  assert_true(e && e->kind == P2P_EV_STREAM_OPEN && e->direction == P2P_INBOUND);
  assert_string_equal(e->protocol, "/x");
  p2p_stream s = e->stream;
  expect(&t.b, P2P_EV_STREAM_READABLE, s.id);
  assert_null(next(&t.b));
  char buf[8];
  assert_int_equal(p2p_read(t.b.host, s, buf, sizeof buf), 5);
  assert_int_equal(p2p_read(t.b.host, s, buf, sizeof buf), P2P_EEOF);
  assert_int_equal(p2p_finish(t.b.host, s), 0);
  player_poke(&t.b);
  troupe_wait(&t, P2P_SECOND);
  expect(&t.b, P2P_EV_STREAM_CLOSED, s.id);
  assert_int_equal(p2p_finish(t.b.host, s), P2P_ECLOSED); /* it lives until the next is taken */
  assert_null(next(&t.b));
  assert_int_equal(p2p_finish(t.b.host, s), P2P_ESTALE);
}

static void events_of_a_stream_that_has_ended_meanwhile_come_out_in_order(void **state) {
  (void)state;
  meet_deaf();
  open_evented(false);
  assert_int_equal(p2p_reset(t.a.host, x.stream, 9), 0);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
  const p2p_event *e = next(&t.b);
  assert_true(e && e->kind == P2P_EV_STREAM_OPEN);
  p2p_stream s = e->stream;
  expect(&t.b, P2P_EV_STREAM_READABLE, s.id);
  expect(&t.b, P2P_EV_STREAM_CLOSED, s.id);
  assert_null(next(&t.b));
}

/* A handler given while events wait is told of what they would have said, once. */
static void handler_takes_over_what_events_had_to_say(void **state) {
  (void)state;
  meet_deaf();
  open_evented(false);
  const p2p_event *e = next(&t.b);
  assert_true(e && e->kind == P2P_EV_STREAM_OPEN);
  served = (told){ .sim = t.sim, .host = t.b.host, .stream = e->stream };
  p2p_handler handler = told_handler(&served);
  assert_int_equal(p2p_stream_set_handler(t.b.host, served.stream, &handler), 0);
  player_poke(&t.b);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(served.got, 5);
  assert_null(next(&t.b));
  assert_int_equal(p2p_reset(t.a.host, x.stream, 9), 0);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(served.closed, 1);
  assert_int_equal(served.code, 9);
  assert_null(next(&t.b));
}

/* ---- behaviours ---- */

/* A peer that a knows, but no address of it: a ping fails at once. */
static p2p_peer_id unreachable(void) {
  static const char *const nowhere[1];
  p2p_host_opts opts = {
    .size = sizeof opts, .listen = nowhere, .security = plaintext, .n_security = 1
  };
  troupe_join(&t, &t.c, &opts);
  troupe_meet(&t, &t.c, &t.a);
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 0), 0);
  player_poke(&t.a);
  troupe_wait(&t, 60 * P2P_SECOND); /* all timers have run out */
  assert_int_equal(p2p_host_deadline(t.a.host), P2P_NEVER);
  return *p2p_host_peer(t.c.host);
}

/* Whoever waits in a loop of his own must hear of an event that came up between turns. */
static void deadline_is_now_while_an_event_waits(void **state) {
  (void)state;
  p2p_peer_id peer = unreachable();
  assert_int_equal(p2p_ping(t.a.host, &peer), 0);
  assert_int_equal(p2p_host_deadline(t.a.host), 0);
  player_poke(&t.a);
  troupe_wait(&t, 0);
  assert_int_equal(t.a.n[P2P_EV_PING], 1);
  assert_int_equal(t.a.last[P2P_EV_PING].err, P2P_ENOADDR);
  assert_int_equal(p2p_host_deadline(t.a.host), P2P_NEVER);
}

/* … but a deaf host does not turn for ever. */
static void event_that_nobody_takes_wakes_once(void **state) {
  (void)state;
  p2p_peer_id peer = unreachable();
  player_sleep(&t.a);
  assert_int_equal(p2p_ping(t.a.host, &peer), 0);
  assert_int_equal(p2p_host_step(t.a.host, 0), 0);
  assert_int_equal(p2p_host_deadline(t.a.host), P2P_NEVER);
}

static void oldest_events_of_behaviours_give_way(void **state) {
  (void)state;
  p2p_peer_id peer = unreachable();
  player_sleep(&t.a);
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(p2p_ping(t.a.host, &peer), 0);
    assert_int_equal(p2p_host_step(t.a.host, 0), 0);
  }
  unsigned n = 0;
  while (p2p_next_event(t.a.host)) n++;
  assert_int_equal(n, EVENTS_MAX);
}

/* ---- stop ---- */

static p2p_io_ops spied; /* the simulator's, but for wait */
static const p2p_io_ops *real;
static p2p_time waited_until;

static int spy_wait(p2p_io *io, p2p_time until, p2p_io_fact *out, int n) {
  waited_until = until;
  return real->wait(io, until, out, n);
}

static void stop_keeps_one_step_from_waiting(void **state) {
  (void)state;
  troupe_wait(&t, P2P_SECOND);
  player_sleep(&t.a);
  real = t.a.node.io->ops;
  spied = *real;
  spied.wait = spy_wait;
  t.a.node.io->ops = &spied;
  p2p_host_stop(t.a.host);
  assert_int_equal(p2p_host_step(t.a.host, P2P_SECOND), 0);
  assert_int_equal(waited_until, 0);
  assert_int_equal(p2p_host_step(t.a.host, P2P_SECOND), 0);
  assert_int_equal(waited_until, p2p_host_now(t.a.host) + P2P_SECOND);
  t.a.node.io->ops = real;
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(ended_connections_that_nobody_takes_events_of_stay_few),
    TEST(open_comes_out_before_closed),
    TEST(host_is_freed_with_forgotten_connections_that_have_streams),
    TEST(ended_streams_that_nobody_takes_events_of_stay_few),
    TEST(events_of_a_stream_come_out_in_order),
    TEST(events_of_a_stream_that_has_ended_meanwhile_come_out_in_order),
    TEST(handler_takes_over_what_events_had_to_say),
    TEST(deadline_is_now_while_an_event_waits),
    TEST(event_that_nobody_takes_wakes_once),
    TEST(oldest_events_of_behaviours_give_way),
    TEST(stop_keeps_one_step_from_waiting),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
