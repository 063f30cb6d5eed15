/* Datagrams between hosts, as their users see them. */
#include "troupe.h"
#include "unit/base/test.h"
#include <p2p/addr.h>
#include <stdio.h>
#include <string.h>

static troupe t;

static void join(player *p, const char *at, const p2p_setting *limits, size_t n) {
  troupe_join(&t, p,
              &(p2p_host_opts){ .size = sizeof(p2p_host_opts),
                                .listen = &at,
                                .n_listen = 1,
                                .limits = limits,
                                .n_limits = n });
}

static int start(void **state) {
  (void)state;
  troupe_begin(&t, 43);
  join(&t.a, "/ip4/10.0.0.1/udp/4001/quic-v1", NULL, 0);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static void join_b(const p2p_setting *limits, size_t n) {
  join(&t.b, "/ip4/10.0.0.2/udp/4001/quic-v1", limits, n);
}

static bool both_know(void *user) {
  (void)user;
  return t.a.n[P2P_EV_IDENTIFIED] && t.b.n[P2P_EV_IDENTIFIED];
}

static void meet(void) {
  char addr[P2P_ADDR_TEXT_MAX];
  assert_true(p2p_host_addr(t.b.host, 0, addr, sizeof addr) > 0);
  assert_int_equal(p2p_dial(t.a.host, addr, &t.a.node.conn), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, both_know, NULL));
}

static p2p_conn_info info_of(const player *p, p2p_conn c) {
  p2p_conn_info info = { .size = sizeof info };
  assert_int_equal(p2p_conn_get(p->host, c, &info), 0);
  return info;
}

static int send_one(size_t len) {
  static uint8_t bytes[2000];
  return p2p_datagram_send(t.a.host, t.a.node.conn, p2p__bytes(bytes, len));
}

static unsigned target;
static bool b_got(void *user) {
  (void)user;
  return t.b.n[P2P_EV_DATAGRAM] >= target;
}

static void datagrams_come_as_events_of_their_connection(void **state) {
  (void)state;
  join_b(NULL, 0);
  meet();
  size_t max = info_of(&t.a, t.a.node.conn).datagram_max;
  assert_true(max >= 1100);
  assert_int_equal(send_one(max + 1), P2P_ELIMIT);
  assert_int_equal(send_one(max), 0);
  assert_int_equal(send_one(0), 0);
  player_poke(&t.a);
  target = 2;
  assert_true(troupe_until(&t, P2P_SECOND, b_got, NULL));
  const p2p_event *e = &t.b.last[P2P_EV_DATAGRAM];
  assert_int_equal(e->conn.id, t.b.last[P2P_EV_CONN_OPEN].conn.id);
  assert_true(p2p_peer_id_eq(&e->peer, p2p_host_peer(t.a.host)));
  assert_int_equal(e->datagram.len, 0);
}

static void an_event_shows_the_bytes_until_the_next(void **state) {
  (void)state;
  join_b(NULL, 0);
  meet();
  player_deafen(&t.b);
  uint8_t hello[] = "hello";
  assert_int_equal(p2p_datagram_send(t.a.host, t.a.node.conn, p2p__bytes(hello, 5)), 0);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
  const p2p_event *e;
  while ((e = p2p_next_event(t.b.host)) && e->kind != P2P_EV_DATAGRAM) {}
  assert_non_null(e);
  assert_int_equal(e->datagram.len, 5);
  assert_memory_equal(e->datagram.p, hello, 5);
}

/* Nobody takes them: memory stays within the limit, the oldest are dropped, and counted. */
static void a_host_that_does_not_listen_keeps_the_newest(void **state) {
  (void)state;
  join_b((const p2p_setting[]){ { "datagrams_in", 20000 } }, 1);
  meet();
  player_deafen(&t.b);
  for (int i = 0; i < 200; i++) {
    assert_int_equal(send_one(1000), 0);
    player_poke(&t.a);
    troupe_wait(&t, 20 * P2P_MS);
  }
  p2p_conn at = t.b.last[P2P_EV_CONN_OPEN].conn;
  assert_in_range(info_of(&t.b, at).datagrams_dropped, 150, 199);
  player_wake(&t.b);
  player_poke(&t.b);
  troupe_wait(&t, P2P_SECOND);
  assert_in_range(t.b.n[P2P_EV_DATAGRAM], 15, 20);
  assert_int_equal(t.b.n[P2P_EV_DATAGRAM] + info_of(&t.b, at).datagrams_dropped, 200);
}

static bool a_has_room(void *user) {
  (void)user;
  return t.a.n[P2P_EV_DATAGRAM_ROOM] > 0;
}

static void who_sends_too_many_is_told_of_room(void **state) {
  (void)state;
  join_b(NULL, 0);
  meet();
  int err, n = 0;
  while ((err = send_one(1000)) == 0) n++;
  assert_int_equal(err, P2P_EAGAIN);
  assert_in_range(n, 60, 66);
  assert_int_equal(t.a.n[P2P_EV_DATAGRAM_ROOM], 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, P2P_SECOND, a_has_room, NULL));
  assert_int_equal(send_one(1000), 0);
}

static void a_peer_that_takes_none_is_sent_none(void **state) {
  (void)state;
  join_b((const p2p_setting[]){ { "datagrams_in", 0 } }, 1);
  meet();
  assert_int_equal(info_of(&t.a, t.a.node.conn).datagram_max, 0);
  assert_int_equal(send_one(1), P2P_ENOTSUP);
}

static void a_connection_over_tcp_carries_none(void **state) {
  (void)state;
  join(&t.b, "/ip4/10.0.0.2/tcp/4001", NULL, 0);
  meet();
  assert_int_equal(info_of(&t.a, t.a.node.conn).datagram_max, 0);
  assert_int_equal(send_one(1), P2P_ENOTSUP);
  assert_int_equal(p2p_datagram_send(t.a.host, (p2p_conn){ 1 }, p2p__bytes(NULL, 0)), P2P_ESTALE);
}

static bool b_is_down(void *user) {
  (void)user;
  return t.b.n[P2P_EV_CONN_CLOSED] > 0;
}

/* What was sent leaves before the goodbye; the end of a connection with datagrams that nobody took frees
 * them. */
static void closing_lets_them_leave(void **state) {
  (void)state;
  join_b(NULL, 0);
  meet();
  for (int i = 0; i < 20; i++) assert_int_equal(send_one(1000), 0);
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 0), 0);
  assert_int_equal(send_one(1), P2P_ECLOSED);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 5 * P2P_SECOND, b_is_down, NULL));
  assert_int_equal(t.b.n[P2P_EV_DATAGRAM], 20);
}

static void both_ends_know_their_own_address(void **state) {
  (void)state;
  join_b(NULL, 0);
  meet();
  char addr[P2P_ADDR_TEXT_MAX];
  assert_true(p2p_conn_local_addr(t.a.host, t.a.node.conn, addr, sizeof addr) > 0);
  assert_string_equal(addr, "/ip4/10.0.0.1/udp/4001/quic-v1");
  p2p_conn at = t.b.last[P2P_EV_CONN_OPEN].conn;
  assert_true(p2p_conn_local_addr(t.b.host, at, addr, sizeof addr) > 0);
  assert_string_equal(addr, "/ip4/10.0.0.2/udp/4001/quic-v1");
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, start, end)
  const struct CMUnitTest tests[] = {
    T(datagrams_come_as_events_of_their_connection),
    T(an_event_shows_the_bytes_until_the_next),
    T(a_host_that_does_not_listen_keeps_the_newest),
    T(who_sends_too_many_is_told_of_room),
    T(a_peer_that_takes_none_is_sent_none),
    T(a_connection_over_tcp_carries_none),
    T(closing_lets_them_leave),
    T(both_ends_know_their_own_address),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
