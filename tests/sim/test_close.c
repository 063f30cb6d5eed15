/* How connections and hosts end: what was written leaves first, everybody is told before it is over,
 * and nothing waits longer than it was told to. */
#include "troupe.h"
#include "unit/base/test.h"

enum { MUCH = 500000 }; /* more than a new stream's window, less than its send queue */

static troupe t;
static told x, served; /* a stream of a's, and b's end of it */
static uint8_t bytes[MUCH];

static const p2p_setting patient[] = { { "close_timeout", 60 * P2P_SECOND } };

static int start(void **state) {
  (void)state;
  x = served = (told){ 0 };
  troupe_begin(&t, 31);
  troupe_join_limited(&t, &t.a, patient, 1);
  troupe_join(&t, &t.b, NULL);
  told_serve(&t, &t.b, "/x", &served);
  return 0;
}

static int end(void **state) {
  (void)state;
  assert_int_equal(x.late + served.late, 0);
  troupe_end(&t);
  return 0;
}

/* a and b are connected, and x is open between them. */
static void open_x(void) {
  troupe_meet(&t, &t.a, &t.b);
  told_open(&t, &t.a, "/x", &x);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_open, &served));
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(x.opened, 1);
}

static void close_soon(p2p_host *h, void *arg) { (void)p2p_host_close(h, *(p2p_time *)arg); }

/* Steps a sleeping player until its host is closed; the turns that took. */
static unsigned step_until_closed(player *p) {
  unsigned n = 1;
  while (p2p_host_step(p->host, 0) == 0) {
    troupe_wait(&t, P2P_MS);
    assert_true(n++ < 20000);
  }
  assert_int_equal(p2p_host_step(p->host, 0), P2P_ECLOSED);
  return n;
}

static unsigned ends_that_come_out(player *p, int err) {
  unsigned n = 0;
  for (const p2p_event *e; (e = p2p_next_event(p->host)) != NULL;) {
    if (e->kind != P2P_EV_CONN_CLOSED) continue;
    assert_int_equal(e->err, err);
    n++;
  }
  return n;
}

/* ---- hosts ---- */

static void host_that_closes_inside_a_turn_tells_of_its_dials_first(void **state) {
  (void)state;
  p2p_time within = 5 * P2P_SECOND;
  troupe_wait(&t, P2P_SECOND);
  player_sleep(&t.a);
  p2p_conn c = player_dial(&t.a, &t.b);
  told_open_on(&t, &t.a, c, (const char *[]){ "/x" }, 1, &x);
  assert_int_equal(p2p_host_post(t.a.host, close_soon, &within), 0);
  (void)step_until_closed(&t.a);
  assert_int_equal(x.closed, 1);
  assert_int_equal(x.err, P2P_ECANCELED);
  assert_int_equal(ends_that_come_out(&t.a, P2P_ECANCELED), 1);
}

static void host_is_closed_when_its_streams_were_told(void **state) {
  (void)state;
  open_x();
  player_sleep(&t.a);
  assert_int_equal(p2p_host_close(t.a.host, 5 * P2P_SECOND), 0);
  assert_true(step_until_closed(&t.a) < 20); /* milliseconds: two round trips and some */
  assert_int_equal(x.closed, 1);
  assert_int_equal(ends_that_come_out(&t.a, 0), 1);
  assert_int_equal(served.closed, 1);
  assert_int_equal(t.b.n[P2P_EV_CONN_CLOSED], 1);
  assert_int_equal(t.b.last[P2P_EV_CONN_CLOSED].err, 0);
}

static void host_whose_peer_is_silent_is_closed_at_its_deadline_and_tells(void **state) {
  (void)state;
  open_x();
  p2p_sim_cut(t.sim, t.a.node.io, t.b.node.io, true);
  p2p_time from = p2p_sim_now(t.sim);
  assert_int_equal(p2p_host_close(t.a.host, 50 * P2P_MS), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  assert_int_equal(p2p_sim_now(t.sim) - from, 50 * P2P_MS);
  assert_int_equal(x.err, P2P_ETIMEOUT);
  troupe_wait(&t, P2P_MS);
  assert_int_equal(p2p_host_step(t.a.host, 0), P2P_ECLOSED);
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], 1);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ETIMEOUT);
}

static void host_without_connections_is_closed_at_once(void **state) {
  (void)state;
  troupe_wait(&t, P2P_SECOND);
  player_sleep(&t.a);
  assert_int_equal(p2p_host_deadline(t.a.host), P2P_NEVER);
  assert_int_equal(p2p_host_close(t.a.host, 2 * P2P_SECOND), 0);
  assert_int_equal(p2p_host_deadline(t.a.host), 0);
  assert_int_equal(p2p_host_step(t.a.host, 0), P2P_ECLOSED);
}

static void host_that_closes_begins_nothing_new(void **state) {
  (void)state;
  open_x();
  assert_int_equal(p2p_host_close(t.a.host, 5 * P2P_SECOND), 0);
  p2p_conn c;
  p2p_listener l;
  p2p_stream s;
  const char *ids[] = { "/x" };
  assert_int_equal(p2p_dial(t.a.host, "/ip4/10.0.0.2/tcp/4001", &c), P2P_ECLOSED);
  assert_int_equal(p2p_listen(t.a.host, "/ip4/10.0.0.1/tcp/4002", &l), P2P_ECLOSED);
  assert_int_equal(p2p_stream_open_on(t.a.host, t.a.node.conn, ids, 1, NULL, &s), P2P_ECLOSED);
}

/* ---- connections ---- */

static bool b_has_all(void *user) {
  (void)user;
  return served.got == MUCH && served.ended;
}

static void write_much_to_who_does_not_read(void) {
  served.paused = true;
  open_x();
  assert_int_equal(p2p_write(t.a.host, x.stream, bytes, MUCH), MUCH);
  assert_int_equal(p2p_finish(t.a.host, x.stream), 0);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 0), 0);
  player_poke(&t.a);
}

static void closing_waits_for_bytes_behind_a_closed_window(void **state) {
  (void)state;
  write_much_to_who_does_not_read();
  troupe_wait(&t, 10 * P2P_SECOND);
  assert_int_equal(x.closed, 0);
  served.paused = false;
  told_read(&served);
  player_poke(&t.b);
  assert_true(troupe_until(&t, P2P_SECOND, b_has_all, NULL));
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], 1);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, 0);
  assert_int_equal(t.b.last[P2P_EV_CONN_CLOSED].err, 0);
}

static void closing_waits_no_longer_than_its_timeout(void **state) {
  (void)state;
  write_much_to_who_does_not_read();
  p2p_time from = p2p_sim_now(t.sim);
  assert_true(troupe_until(&t, 100 * P2P_SECOND, told_is_closed, &x));
  assert_int_equal(p2p_sim_now(t.sim) - from, 60 * P2P_SECOND);
  assert_int_equal(x.err, P2P_ECLOSED);
}

static void closing_connection_takes_no_bytes_and_no_streams(void **state) {
  (void)state;
  open_x();
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 0), 0);
  assert_int_equal(p2p_write(t.a.host, x.stream, bytes, 5), P2P_ECLOSED);
  void *room;
  size_t len;
  assert_int_equal(p2p_reserve(t.a.host, x.stream, 5, &room, &len), P2P_ECLOSED);
  p2p_stream s;
  const char *ids[] = { "/x" };
  assert_int_equal(p2p_stream_open_on(t.a.host, t.a.node.conn, ids, 1, NULL, &s), P2P_ECLOSED);
  player_poke(&t.a);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  assert_int_equal(served.got, 0);
}

/* Its own 60 seconds are not the host's. */
static void connection_that_closes_already_is_cut_off_with_its_host(void **state) {
  (void)state;
  open_x();
  p2p_sim_cut(t.sim, t.a.node.io, t.b.node.io, true);
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 0), 0);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(x.closed, 0);
  assert_int_equal(p2p_host_close(t.a.host, 50 * P2P_MS), 0);
  player_poke(&t.a);
  troupe_wait(&t, 51 * P2P_MS);
  assert_int_equal(x.closed, 1);
  assert_int_equal(p2p_host_step(t.a.host, 0), P2P_ECLOSED);
}

static void peer_is_told_the_code_of_a_close(void **state) {
  (void)state;
  open_x();
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 7), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &served));
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.b.last[P2P_EV_CONN_CLOSED].code, 7);
  assert_int_equal(t.b.last[P2P_EV_CONN_CLOSED].err, P2P_ECLOSED);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(host_that_closes_inside_a_turn_tells_of_its_dials_first),
    TEST(host_is_closed_when_its_streams_were_told),
    TEST(host_whose_peer_is_silent_is_closed_at_its_deadline_and_tells),
    TEST(host_without_connections_is_closed_at_once),
    TEST(host_that_closes_begins_nothing_new),
    TEST(closing_waits_for_bytes_behind_a_closed_window),
    TEST(closing_waits_no_longer_than_its_timeout),
    TEST(closing_connection_takes_no_bytes_and_no_streams),
    TEST(connection_that_closes_already_is_cut_off_with_its_host),
    TEST(peer_is_told_the_code_of_a_close),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
