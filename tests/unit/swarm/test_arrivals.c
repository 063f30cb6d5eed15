/* How many may come from one place at once. */
#include "swarm/arrivals.h"
#include "unit/base/test.h"
#include <p2p/addr.h>

typedef struct world {
  p2p__mem mem;
  p2p__limits limits;
  p2p__env env;
  p2p__arrivals a;
} world;

static void begin(world *w) {
  *w = (world){ 0 };
  p2p__mem_init(&w->mem, NULL);
  p2p__limits_default(&w->limits);
  w->limits.pending_in_per_ip = 3;
  w->limits.pending_in_per_net = 5;
  w->env = (p2p__env){ .mem = &w->mem, .limits = &w->limits };
  p2p__arrivals_init(&w->a, &w->env);
}

static void end(world *w) {
  p2p__arrivals_fini(&w->a);
  assert_int_equal(p2p__mem_used(&w->mem), 0);
}

static p2p_bytes addr(const char *text) {
  static uint8_t bytes[P2P_ADDR_MAX];
  ptrdiff_t len = p2p_addr_parse(text, bytes, sizeof bytes, NULL);
  assert_true(len > 0);
  return p2p__bytes(bytes, (size_t)len);
}

static void enter(world *w, const char *text, int n, int last) {
  for (int i = 0; i < n; i++) {
    int err = p2p__arrivals_enter(&w->a, addr(text), true);
    assert_int_equal(err, i == n - 1 ? last : 0);
  }
}

static void leave(world *w, const char *text) { p2p__arrivals_leave(&w->a, addr(text), true); }

static void address_is_counted_whatever_its_port_and_form(void **state) {
  (void)state;
  world w;
  begin(&w);
  enter(&w, "/ip4/1.2.3.4/tcp/1", 2, 0);
  enter(&w, "/ip6/::ffff:1.2.3.4/tcp/2", 2, P2P_ELIMIT);
  enter(&w, "/ip4/1.2.3.5/tcp/1", 1, 0); /* somebody else */
  leave(&w, "/ip4/1.2.3.4/tcp/9");
  enter(&w, "/ip4/1.2.3.4/udp/3/quic-v1", 2, P2P_ELIMIT);
  end(&w);
}

static void a_whole_56_is_one_place_and_a_48_has_a_bound(void **state) {
  (void)state;
  world w;
  begin(&w);
  enter(&w, "/ip6/2a00:1:2:300::1/tcp/1", 1, 0);
  enter(&w, "/ip6/2a00:1:2:3ff:9::9/tcp/1", 3, P2P_ELIMIT);
  enter(&w, "/ip6/2a00:1:2:400::1/tcp/1", 3, P2P_ELIMIT); /* the /48 is full with five */
  leave(&w, "/ip6/2a00:1:2:3aa::1/tcp/1");
  enter(&w, "/ip6/2a00:1:2:500::1/tcp/1", 2, P2P_ELIMIT);
  enter(&w, "/ip6/2a00:1:3::1/tcp/1", 3, 0); /* another /48 */
  end(&w);
}

static void what_is_here_is_not_counted(void **state) {
  (void)state;
  world w;
  begin(&w);
  enter(&w, "/ip4/127.0.0.1/tcp/1", 100, 0);
  enter(&w, "/ip6/::1/tcp/1", 100, 0);
  enter(&w, "/memory/1", 100, 0);
  assert_int_equal(p2p__mem_used(&w.mem), 0);
  end(&w);
}

static void who_leaves_leaves_nothing(void **state) {
  (void)state;
  world w;
  begin(&w);
  for (int round = 0; round < 3; round++) {
    enter(&w, "/ip6/2a00::1/tcp/1", 3, 0);
    for (int i = 0; i < 3; i++) leave(&w, "/ip6/2a00::1/tcp/1");
    assert_int_equal(p2p__mem_used(&w.mem), 0);
  }
  leave(&w, "/ip6/2a00::1/tcp/1"); /* nobody had entered */
  end(&w);
}

static void who_may_lie_is_counted_apart(void **state) {
  (void)state;
  world w;
  begin(&w);
  p2p_bytes quic = addr("/ip4/1.2.3.4/udp/1/quic-v1");
  for (int i = 0; i < 3; i++) {
    assert_false(p2p__arrivals_enough(&w.a, quic, false));
    assert_int_equal(p2p__arrivals_enter(&w.a, quic, false), 0);
  }
  assert_true(p2p__arrivals_enough(&w.a, quic, false));
  assert_int_equal(p2p__arrivals_enter(&w.a, quic, false), P2P_ELIMIT);
  enter(&w, "/ip4/1.2.3.4/udp/1/quic-v1", 4,
        P2P_ELIMIT); /* who has proven it has places of his own */
  for (int i = 0; i < 3; i++) p2p__arrivals_leave(&w.a, addr("/ip4/1.2.3.4/udp/1/quic-v1"), false);
  assert_false(p2p__arrivals_enough(&w.a, addr("/ip4/1.2.3.4/udp/1/quic-v1"), false));
  assert_true(p2p__arrivals_enough(&w.a, addr("/ip4/1.2.3.4/tcp/1"), true));
  end(&w);
}

static void network_is_crowded_with_an_eighth_of_all(void **state) {
  (void)state;
  world w;
  begin(&w);
  w.limits.conns_pending_in = 16;
  assert_false(p2p__arrivals_crowded(&w.a, addr("/ip4/1.2.3.4/tcp/1")));
  enter(&w, "/ip4/1.2.3.4/tcp/1", 1, 0);
  enter(&w, "/ip4/1.2.3.99/tcp/1", 1, 0);
  assert_false(p2p__arrivals_crowded(&w.a, addr("/ip4/1.2.3.4/tcp/1")));
  assert_int_equal(p2p__arrivals_enter(&w.a, addr("/ip4/1.2.3.5/udp/1/quic-v1"), false), 0);
  assert_false(p2p__arrivals_crowded(&w.a, addr("/ip4/1.2.3.4/tcp/1"))); /* a lie crowds nobody */
  enter(&w, "/ip4/1.2.3.7/tcp/1", 1, 0);
  assert_true(p2p__arrivals_crowded(&w.a, addr("/ip4/1.2.3.200/tcp/1")));
  assert_false(p2p__arrivals_crowded(&w.a, addr("/ip4/1.2.4.4/tcp/1")));
  enter(&w, "/ip6/2a00:1:2:300::1/tcp/1", 2, 0);
  enter(&w, "/ip6/2a00:1:2:400::1/tcp/1", 1, 0);
  assert_true(p2p__arrivals_crowded(&w.a, addr("/ip6/2a00:1:2:ffff::1/tcp/1")));
  assert_false(p2p__arrivals_crowded(&w.a, addr("/ip4/127.0.0.1/tcp/1")));
  end(&w);
}

static void failed_allocation_counts_nobody(void **state) {
  (void)state;
  for (uint64_t k = 1; k <= 4; k++) {
    world w;
    begin(&w);
    w.mem.fail_at = k;
    int err = p2p__arrivals_enter(&w.a, addr("/ip6/2a00::1/tcp/1"), true);
    assert_int_equal(err, k <= 3 ? P2P_ENOMEM : 0);
    if (err == 0) leave(&w, "/ip6/2a00::1/tcp/1");
    assert_int_equal(p2p__mem_used(&w.mem), 0);
    end(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(address_is_counted_whatever_its_port_and_form),
    cmocka_unit_test(a_whole_56_is_one_place_and_a_48_has_a_bound),
    cmocka_unit_test(what_is_here_is_not_counted),
    cmocka_unit_test(who_leaves_leaves_nothing),
    cmocka_unit_test(who_may_lie_is_counted_apart),
    cmocka_unit_test(network_is_crowded_with_an_eighth_of_all),
    cmocka_unit_test(failed_allocation_counts_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
