/* QUIC through a NAT box that forgets, in mid-transfer, who was who: the connection goes on at the new
 * port, and at a new address of the box, and no byte is lost. */
#include "sim/flow.h"
#include "sim/nat.h"
#include "troupe.h"
#include "unit/base/test.h"
#include <p2p/addr.h>
#include <stdio.h>
#include <string.h>

enum { BYTES = 12000000, REBINDINGS = 4 };

static p2p_sim *sim;
static p2p_io *box;
static host_node a, b; /* a is behind the box */

static void join(host_node *n, uint32_t number, const p2p_sim_node_opts *at, const char *listen) {
  p2p_host_opts opts = { .size = sizeof opts, .listen = &listen, .n_listen = listen != NULL };
  static const char *const nowhere[1];
  if (!listen) opts.listen = nowhere;
  assert_int_equal(host_node_place(n, sim, number, at), 0);
  assert_int_equal(host_node_start(n, &opts), 0);
  assert_int_equal(flow_serve(n), 0);
}

static int start(void **state) {
  (void)state;
  sim = p2p_sim_new(61);
  p2p_sim_path path = { .latency = 20 * P2P_MS, .bits_per_second = 20000000, .queue = 50 * P2P_MS };
  p2p_sim_default(sim, &path);
  p2p_sim_nat_opts opts = { .ip = { .family = 4, .ip = { 8, 0, 0, 1 } },
                            .filter = P2P_SIM_PORT_DEPENDENT };
  assert_int_equal(p2p_sim_nat(sim, &opts, &box), 0);
  p2p_sim_node_opts inside = { .ip = { { .family = 4, .ip = { 192, 168, 0, 2 } } },
                               .n_ip = 1,
                               .gateway = box };
  join(&a, 1, &inside, NULL);
  join(&b, 2, NULL, "/ip4/10.0.0.2/udp/4001/quic-v1");
  return 0;
}

static int end(void **state) {
  (void)state;
  host_node_fini(&a);
  host_node_fini(&b);
  p2p_sim_free(sim);
  return 0;
}

static bool known(void *user) {
  (void)user;
  return a.identified && b.identified;
}

static void meet(void) {
  char addr[P2P_ADDR_TEXT_MAX], id[P2P_PEER_ID_TEXT_MAX];
  p2p_conn c;
  assert_true(p2p_peer_id_print(p2p_host_peer(b.host), id, sizeof id) > 0);
  snprintf(addr, sizeof addr, "/ip4/10.0.0.2/udp/4001/quic-v1/p2p/%s", id);
  assert_int_equal(p2p_dial(a.host, addr, &c), 0);
  host_node_poke(&a);
  assert_int_equal(p2p_sim_run(sim, 30 * P2P_SECOND, known, NULL), 1);
}

static char before[P2P_ADDR_TEXT_MAX]; /* where b saw a */

static void see(void) { assert_true(p2p_conn_addr(b.host, b.conn, before, sizeof before) > 0); }

static bool is_elsewhere(void *user) {
  char now[P2P_ADDR_TEXT_MAX];
  (void)user;
  assert_true(p2p_conn_addr(b.host, b.conn, now, sizeof now) > 0);
  return strcmp(now, before) != 0;
}

static bool over(void *user) { return ((flow *)user)->closed > 0; }

/* In the middle of it the box rebinds; or is given another address. */
static void transfer(const char *protocol, bool readdress) {
  flow *f;
  meet();
  assert_int_equal(flow_open(&a, p2p_host_peer(b.host), &a.conn, protocol, BYTES, 3, &f), 0);
  for (uint8_t i = 0; i < REBINDINGS; i++) {
    see();
    assert_int_equal(p2p_sim_run(sim, p2p_sim_now(sim) + 300 * P2P_MS, over, f), 0);
    p2p_endpoint ip = { .family = 4, .ip = { 8, 0, 1, i } };
    if (readdress) assert_int_equal(p2p_sim_readdress(box, &ip, 1), 0);
    p2p_sim_nat_rebind(box);
    assert_int_equal(p2p_sim_run(sim, p2p_sim_now(sim) + 5 * P2P_SECOND, is_elsewhere, f), 1);
    assert_false(over(f));
  }
  assert_int_equal(p2p_sim_run(sim, p2p_sim_now(sim) + 60 * P2P_SECOND, over, f), 1);
  assert_true(flow_is_whole(f));
  assert_int_equal(a.conns_opened + b.conns_opened, 2);
  assert_int_equal(a.conns_closed + b.conns_closed, 0);
}

static void upload_goes_on_when_the_box_rebinds(void **state) {
  (void)state;
  transfer(FLOW_SINK, false);
}

static void echo_goes_on_when_the_box_rebinds(void **state) {
  (void)state;
  transfer(FLOW_ECHO, false);
}

static void upload_goes_on_when_the_box_has_another_address(void **state) {
  (void)state;
  transfer(FLOW_SINK, true);
}

/* What b sends reaches nobody until a sends again: its keep-alive does. */
static void idle_connection_is_found_again_by_its_keep_alive(void **state) {
  (void)state;
  flow *f;
  meet();
  p2p_sim_nat_rebind(box);
  assert_int_equal(p2p_sim_run(sim, p2p_sim_now(sim) + 60 * P2P_SECOND, NULL, NULL), 0);
  assert_int_equal(flow_open(&b, p2p_host_peer(a.host), &b.conn, FLOW_ECHO, 1000, 5, &f), 0);
  assert_int_equal(p2p_sim_run(sim, p2p_sim_now(sim) + 5 * P2P_SECOND, over, f), 1);
  assert_true(flow_is_whole(f));
  assert_int_equal(b.conns_opened, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(upload_goes_on_when_the_box_rebinds),
    TEST(echo_goes_on_when_the_box_rebinds),
    TEST(upload_goes_on_when_the_box_has_another_address),
    TEST(idle_connection_is_found_again_by_its_keep_alive),
  };
  return p2p_has("quic-v1") ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
