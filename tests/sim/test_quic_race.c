/* QUIC and TCP of one peer at a public address: who is dialed first, and what is learned when UDP is
 * dropped on the way. */
#include "troupe.h"
#include "unit/base/test.h"
#include <p2p/addr.h>
#include <stdio.h>
#include <string.h>

enum { STAGGER_MS = 250, AGREED_MS = 500 };

static troupe t;
static p2p_io *far_io;
static p2p_host *far_host; /* at 9.9.9.2 */
static char tcp[P2P_ADDR_TEXT_MAX], quic[P2P_ADDR_TEXT_MAX];

static int far_step(void *user) {
  int err = p2p_host_step(user, 0);
  while (p2p_next_event(user)) {}
  return err;
}
static p2p_time far_deadline(void *user) { return p2p_host_deadline(user); }

static void far_begin(const char *const *listen, size_t n) {
  p2p_sim_node_opts node = { .ip = { { .family = 4, .ip = { 9, 9, 9, 2 } } }, .n_ip = 1 };
  char id[P2P_PEER_ID_TEXT_MAX];
  assert_int_equal(p2p_sim_node(t.sim, &node, &far_io), 0);
  p2p_host_opts opts = { .size = sizeof opts, .io = far_io, .listen = listen, .n_listen = n };
  assert_int_equal(p2p_host_new(&far_host, &opts), 0);
  p2p_sim_actor actor = { .step = far_step, .deadline = far_deadline, .user = far_host };
  p2p_sim_attach(far_io, &actor);
  assert_true(p2p_peer_id_print(p2p_host_peer(far_host), id, sizeof id) > 0);
  snprintf(tcp, sizeof tcp, "/ip4/9.9.9.2/tcp/4001/p2p/%s", id);
  snprintf(quic, sizeof quic, "/ip4/9.9.9.2/udp/4001/quic-v1/p2p/%s", id);
}

static int start(void **state) {
  (void)state;
  troupe_begin(&t, 47);
  troupe_join(&t, &t.a, NULL);
  return 0;
}

static int end(void **state) {
  (void)state;
  p2p_host_free(far_host);
  far_host = NULL;
  troupe_end(&t);
  return 0;
}

static bool is_over(void *user) {
  (void)user;
  return t.a.n[P2P_EV_CONN_OPEN] + t.a.n[P2P_EV_CONN_CLOSED] > 0;
}

static p2p_conn race(void) {
  const char *list[] = { tcp, quic };
  p2p_conn c;
  t.a.n[P2P_EV_CONN_OPEN] = t.a.n[P2P_EV_CONN_CLOSED] = 0;
  assert_int_equal(p2p_dial_addrs(t.a.host, list, 2, &c), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 20 * P2P_SECOND, is_over, NULL));
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 1);
  return c;
}

static p2p_report_entry entry(p2p_conn c, size_t i) {
  p2p_report_entry e = { .size = sizeof e };
  assert_int_equal(p2p_conn_report(t.a.host, c, i, &e), 0);
  return e;
}

/* The one of the entries that is, or is not, QUIC's. */
static p2p_report_entry entry_of(p2p_conn c, bool want_quic) {
  char text[P2P_ADDR_TEXT_MAX];
  p2p_report_entry e = entry(c, 0);
  assert_true(p2p_addr_print(e.addr, text, sizeof text) > 0);
  return (strstr(text, "quic") != NULL) == want_quic ? e : entry(c, 1);
}

static void quic_is_dialed_first_and_tcp_not_at_all(void **state) {
  (void)state;
  static const char *const both[] = { "/ip4/9.9.9.2/tcp/4001", "/ip4/9.9.9.2/udp/4001/quic-v1" };
  far_begin(both, 2);
  p2p_conn c = race();
  assert_int_equal(entry_of(c, true).err, 0);
  assert_int_equal(entry_of(c, true).began, 0);
  assert_int_equal(entry_of(c, false).stage, P2P_STAGE_NONE);
}

static const char *const tcp_only[] = { "/ip4/9.9.9.2/tcp/4001" };

static void tcp_wins_where_udp_is_dropped(void **state) {
  (void)state;
  far_begin(tcp_only, 1);
  p2p_time from = p2p_sim_now(t.sim);
  p2p_conn c = race();
  assert_true(p2p_sim_now(t.sim) - from < AGREED_MS * P2P_MS);
  p2p_report_entry dropped = entry_of(c, true), up = entry_of(c, false);
  assert_int_equal(dropped.began, 0);
  assert_true(dropped.err == P2P_ECANCELED && dropped.stage == P2P_STAGE_CONNECT);
  assert_int_equal(up.began, STAGGER_MS * P2P_MS);
  assert_int_equal(up.err, 0);
}

static bool a_has_no_conns(void *user) {
  (void)user;
  return player_stats(&t.a).conns == 0;
}

/* SW-06: the hole is remembered, the report says so, and TCP need not wait any more. */
static void dropped_udp_is_remembered(void **state) {
  (void)state;
  far_begin(tcp_only, 1);
  p2p_conn c;
  for (int i = 0; i < P2P__BLACKHOLE_WINDOW; i++) {
    c = race();
    assert_int_equal(p2p_conn_close(t.a.host, c, 0), 0);
    player_poke(&t.a);
    assert_true(troupe_until(&t, 20 * P2P_SECOND, a_has_no_conns, NULL));
  }
  assert_true(player_stats(&t.a).udp_blackhole);
  assert_int_equal(p2p_peer_add_addr(t.a.host, tcp), 0);
  assert_int_equal(p2p_peer_add_addr(t.a.host, quic), 0);
  troupe_wait(&t, 400 * P2P_SECOND); /* what failed lately is not what holds it back */
  t.a.n[P2P_EV_CONN_OPEN] = t.a.n[P2P_EV_CONN_CLOSED] = 0;
  p2p_time from = p2p_sim_now(t.sim);
  assert_int_equal(p2p_dial_peer(t.a.host, p2p_host_peer(far_host), &c), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 20 * P2P_SECOND, is_over, NULL));
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 1);
  assert_true(p2p_sim_now(t.sim) - from < STAGGER_MS * P2P_MS);
  assert_int_equal(entry_of(c, true).err, P2P_EBLACKHOLE);
  assert_int_equal(entry_of(c, false).began, 0);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, start, end)
  const struct CMUnitTest tests[] = {
    T(quic_is_dialed_first_and_tcp_not_at_all),
    T(tcp_wins_where_udp_is_dropped),
    T(dropped_udp_is_remembered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
