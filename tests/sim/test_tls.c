/* Hosts that speak TLS, in virtual time. GnuTLS brings randomness of its own, so that no two runs are
 * alike: what is claimed here holds for every one. */
#include "troupe.h"
#include "unit/base/test.h"

enum { MUCH = 400000 }; /* less than a send queue, more than a window */

static const char *const tls_only[] = { "tls" };
static const char *const noise_only[] = { "noise" };
static const char *const tls_first[] = { "tls", "noise" };

static troupe t;
static told x, served;
static uint8_t bytes[MUCH];

static void join(player *p, const char *const *security, size_t n) {
  troupe_join(
      &t, p,
      &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .security = security, .n_security = n });
}

static void begin(uint64_t seed) {
  x = served = (told){ 0 };
  troupe_begin(&t, seed);
}

static void assert_spoken(player *p, const char *security) {
  p2p_conn_info info = { .size = sizeof info };
  assert_int_equal(p2p_conn_get(p->host, p->node.conn, &info), 0);
  assert_string_equal(info.security, security);
  assert_true(info.early_muxer);
}

static bool all_served(void *user) { return ((told *)user)->ended; }

/* b serves, a sends it MUCH and finishes. */
static void send_much(void) {
  told_serve(&t, &t.b, "/x", &served);
  troupe_meet(&t, &t.a, &t.b);
  told_open(&t, &t.a, "/x", &x);
  assert_int_equal(p2p_write(t.a.host, x.stream, bytes, MUCH), MUCH);
  assert_int_equal(p2p_finish(t.a.host, x.stream), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 60 * P2P_SECOND, all_served, &served));
  assert_int_equal(served.got, MUCH);
}

static void hosts_speak_tls_and_leave_in_peace(void **state) {
  (void)state;
  begin(41);
  join(&t.a, tls_only, 1);
  join(&t.b, tls_only, 1);
  send_much();
  assert_spoken(&t.a, "/tls/1.0.0");
  assert_spoken(&t.b, "/tls/1.0.0");
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 0), 0);
  player_poke(&t.a);
  troupe_wait(&t, 5 * P2P_SECOND);
  assert_int_equal(t.a.node.conns_closed, 1);
  assert_int_equal(t.b.node.conns_closed, 1);
  assert_int_equal(t.a.node.conn_err, 0);
  assert_int_equal(t.b.node.conn_err, 0);
  troupe_end(&t);
}

static void bytes_arrive_over_bad_paths(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 4; seed++) {
    begin(seed);
    p2p_sim_default(t.sim, &(p2p_sim_path){ .latency = 20 * P2P_MS,
                                            .jitter = 5 * P2P_MS,
                                            .bits_per_second = 20000000,
                                            .queue = 30 * P2P_MS,
                                            .loss_ppm = 10000,
                                            .tcp = P2P_SIM_NEWRENO });
    join(&t.a, tls_only, 1);
    join(&t.b, tls_only, 1);
    send_much();
    troupe_end(&t);
  }
}

/* What both prefer is spoken; and Noise is what a stranger is proposed. */
static void order_decides_between_two(void **state) {
  (void)state;
  begin(42);
  troupe_join(&t, &t.a, NULL);
  troupe_join(&t, &t.b, NULL);
  troupe_meet(&t, &t.a, &t.b);
  assert_spoken(&t.a, "/noise");
  troupe_end(&t);
  begin(43);
  join(&t.a, tls_first, 2);
  troupe_join(&t, &t.b, NULL);
  troupe_meet(&t, &t.a, &t.b);
  assert_spoken(&t.a, "/tls/1.0.0");
  troupe_end(&t);
}

/* The proposal that came with a handshake behind it is refused: another connection finds out what is
 * spoken, and the next one knows. */
static void refused_proposal_is_followed_by_another(void **state) {
  (void)state;
  begin(44);
  troupe_join(&t, &t.a, NULL);
  join(&t.b, tls_only, 1);
  troupe_meet(&t, &t.a, &t.b);
  assert_spoken(&t.a, "/tls/1.0.0");
  assert_int_equal(p2p_conn_close(t.a.host, t.a.node.conn, 0), 0);
  player_poke(&t.a);
  troupe_wait(&t, 5 * P2P_SECOND);
  const p2p__peer *b = p2p__peer_find(&t.a.host->swarm.peers, p2p_host_peer(t.b.host));
  assert_true(b && b->security == 2 && !b->no_optimism);
  p2p_time start = p2p_sim_now(t.sim);
  p2p_conn c = player_dial(&t.a, &t.b);
  p2p_conn_info info = { .size = sizeof info };
  while (p2p_conn_get(t.a.host, c, &info) == 0 && !info.up) troupe_wait(&t, P2P_MS / 2);
  assert_true(info.up);
  assert_true(p2p_sim_now(t.sim) - start < 6 * P2P_MS); /* TCP and TLS: two round trips of 2 ms */
  troupe_end(&t);
}

static bool closed(void *user) { return ((player *)user)->node.conns_closed > 0; }

static void nothing_in_common_is_told(void **state) {
  (void)state;
  begin(45);
  join(&t.a, tls_only, 1);
  join(&t.b, noise_only, 1);
  (void)player_dial(&t.a, &t.b);
  assert_true(troupe_until(&t, 20 * P2P_SECOND, closed, &t.a));
  assert_int_equal(t.a.node.conn_err, P2P_ENOSEC);
  assert_int_equal(t.a.node.conn_stage, P2P_STAGE_SECURITY);
  troupe_end(&t);
}

static void another_peer_is_not_taken_for_the_one_dialed(void **state) {
  (void)state;
  char addr[256];
  p2p_conn c;
  begin(46);
  join(&t.a, tls_only, 1);
  join(&t.b, tls_only, 1);
  join(&t.c, tls_only, 1);
  host_node_addr(2, p2p_host_peer(t.c.host), addr, sizeof addr);
  assert_int_equal(p2p_dial(t.a.host, addr, &c), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 20 * P2P_SECOND, closed, &t.a));
  assert_int_equal(t.a.node.conn_err, P2P_EPEER);
  assert_int_equal(t.a.node.conn_stage, P2P_STAGE_IDENTITY);
  assert_int_equal(t.b.node.conns_opened, 0);
  troupe_end(&t);
}

/* For a clock of before 1970 our certificate is one of the future. The dialer learns it from the first
 * record: after it was up. */
static void late_refusal_is_an_authentication_failure(void **state) {
  (void)state;
  begin(47);
  join(&t.a, tls_only, 1);
  p2p_io *io;
  const int64_t years = 60LL * 366 * 86400 * (int64_t)P2P_SECOND;
  p2p_sim_node_opts node = { .ip = { host_node_ip(9) }, .n_ip = 1, .wall = -years };
  assert_int_equal(p2p_sim_node(t.sim, &node, &io), 0);
  const char *listen = "/ip4/10.0.0.9/tcp/4001";
  p2p_host_opts opts = { .size = sizeof opts,
                         .io = io,
                         .listen = &listen,
                         .n_listen = 1,
                         .security = tls_only,
                         .n_security = 1 };
  p2p_host *slow;
  p2p_conn c;
  assert_int_equal(p2p_host_new(&slow, &opts), 0);
  player p = { .host = slow, .node.io = io };
  player_deafen(&p);
  p2p_sim_poke(io);
  assert_int_equal(p2p_dial(t.a.host, listen, &c), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 20 * P2P_SECOND, closed, &t.a));
  assert_int_equal(t.a.node.conn_err, P2P_EAUTH);
  p2p_host_free(slow);
  troupe_end(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(hosts_speak_tls_and_leave_in_peace),
    cmocka_unit_test(bytes_arrive_over_bad_paths),
    cmocka_unit_test(order_decides_between_two),
    cmocka_unit_test(refused_proposal_is_followed_by_another),
    cmocka_unit_test(nothing_in_common_is_told),
    cmocka_unit_test(another_peer_is_not_taken_for_the_one_dialed),
    cmocka_unit_test(late_refusal_is_an_authentication_failure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
