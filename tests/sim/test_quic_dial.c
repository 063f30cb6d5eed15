/* A peer that is reached by QUIC and by TCP: who wins, and that nothing is left of who lost. */
#include "golden.h"
#include "troupe.h"
#include "unit/base/test.h"
#include <stdio.h>

static const char tcp[] = "/ip4/10.0.0.2/tcp/4001", quic[] = "/ip4/10.0.0.2/udp/4001/quic-v1";
static troupe t;
static golden said;

static int start(void **state) {
  (void)state;
  troupe_begin(&t, 47);
  troupe_join(&t, &t.a, NULL);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static void join_b(const char *const *listen, size_t n) {
  troupe_join(&t, &t.b,
              &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .listen = listen, .n_listen = n });
}

static void join_b_with_both(p2p_time latency) {
  const char *const both[] = { tcp, quic };
  p2p_sim_default(t.sim, &(p2p_sim_path){ .latency = latency });
  join_b(both, 2);
}

/* TCP is named first: that it comes second is the ranking's doing. */
static p2p_conn dial_both(void) {
  const char *const both[] = { tcp, quic };
  p2p_conn c;
  assert_int_equal(p2p_dial_addrs(t.a.host, both, 2, &c), 0);
  player_poke(&t.a);
  troupe_wait(&t, 10 * P2P_SECOND);
  golden_collect(&said, t.a.host, c);
  return c;
}

static void assert_spoken(p2p_conn c, const char *muxer) {
  p2p_conn_info info = { .size = sizeof info };
  assert_int_equal(p2p_conn_get(t.a.host, c, &info), 0);
  assert_true(info.up);
  assert_string_equal(info.muxer, muxer);
}

/* One connection, on both sides; when it is closed nothing of any attempt is left. */
static void assert_nothing_is_left_but(p2p_conn c) {
  assert_int_equal(player_stats(&t.a).conns, 1);
  assert_int_equal(player_stats(&t.b).conns, 1);
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 1);
  assert_int_equal(t.b.n[P2P_EV_CONN_OPEN], 1);
  assert_int_equal(p2p_conn_close(t.a.host, c, 0), 0);
  player_poke(&t.a);
  troupe_wait(&t, 60 * P2P_SECOND);
  assert_true(player_knows_nothing(&t.a) && player_knows_nothing(&t.b));
}

static void near_peer_is_reached_by_quic_and_tcp_is_not_tried(void **state) {
  (void)state;
  join_b_with_both(2 * P2P_MS);
  p2p_conn c = dial_both();
  assert_spoken(c, "/quic-v1");
  golden_check(&said,
               "/ip4/10.0.0.2/tcp/4001: not needed\n"
               "/ip4/10.0.0.2/udp/4001/quic-v1: connected after T ms",
               NULL);
  assert_nothing_is_left_but(c);
}

static void far_peer_is_reached_by_quic_while_tcp_is_under_way(void **state) {
  (void)state;
  join_b_with_both(60 * P2P_MS);
  p2p_conn c = dial_both();
  assert_spoken(c, "/quic-v1");
  golden_check(&said,
               "/ip4/10.0.0.2/tcp/4001: given up (connect after T ms)\n"
               "/ip4/10.0.0.2/udp/4001/quic-v1: connected after T ms",
               NULL);
  assert_nothing_is_left_but(c);
}

static void peer_without_quic_is_reached_by_tcp_a_stagger_later(void **state) {
  (void)state;
  const char *const listen[] = { tcp };
  p2p_sim_default(t.sim, &(p2p_sim_path){ .latency = 2 * P2P_MS });
  join_b(listen, 1);
  p2p_conn c = dial_both();
  p2p_report_entry e = { .size = sizeof e };
  assert_spoken(c, "/yamux/1.0.0");
  assert_int_equal(p2p_conn_report(t.a.host, c, 0, &e), 0);
  assert_int_equal(e.began, t.a.host->limits.dial_stagger_near);
  golden_check(&said,
               "/ip4/10.0.0.2/tcp/4001: connected after T ms\n"
               "/ip4/10.0.0.2/udp/4001/quic-v1: given up (connect after T ms)",
               NULL);
  assert_nothing_is_left_but(c);
}

/* Streams that were opened to the peer go over whatever wins. */
static void stream_goes_over_what_wins(void **state) {
  (void)state;
  told x = { .sim = t.sim }, served = { 0 };
  char addr[P2P_ADDR_TEXT_MAX], id[P2P_PEER_ID_TEXT_MAX];
  static const char *const ids[] = { "/x" };
  join_b_with_both(60 * P2P_MS);
  told_serve(&t, &t.b, "/x", &served);
  const p2p_peer_id *b = p2p_host_peer(t.b.host);
  assert_true(p2p_peer_id_print(b, id, sizeof id) > 0);
  for (int i = 0; i < 2; i++) {
    assert_true(snprintf(addr, sizeof addr, "%s/p2p/%s", i ? tcp : quic, id) > 0);
    assert_int_equal(p2p_peer_add_addr(t.a.host, addr), 0);
  }
  p2p_handler handler = told_handler(&x);
  x.host = t.a.host;
  assert_int_equal(p2p_stream_open(t.a.host, b, ids, 1, &handler, &x.stream), 0);
  assert_int_equal(p2p_write(t.a.host, x.stream, "hello", 5), 5);
  assert_int_equal(p2p_finish(t.a.host, x.stream), 0);
  player_poke(&t.a);
  troupe_wait(&t, 5 * P2P_SECOND);
  assert_true(x.opened == 1 && served.got == 5 && served.ended);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(near_peer_is_reached_by_quic_and_tcp_is_not_tried),
    TEST(far_peer_is_reached_by_quic_while_tcp_is_under_way),
    TEST(peer_without_quic_is_reached_by_tcp_a_stagger_later),
    TEST(stream_goes_over_what_wins),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
