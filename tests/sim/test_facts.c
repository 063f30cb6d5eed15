/* What behaviours hear of peers and connections: each fact once and in order, whatever the user does
 * with his events. */
#include "duet.h"
#include "unit/base/test.h"

static duet d;

static int start(void **state) {
  (void)state;
  duet_begin(&d, 34);
  return 0;
}

static int end(void **state) {
  (void)state;
  duet_end(&d);
  return 0;
}

static p2p_conn dial(void) {
  p2p_conn c;
  assert_int_equal(p2p_dial(d.a.host, "/ip4/10.0.0.2/tcp/4001", &c), 0);
  p2p_sim_poke(d.a.io);
  return c;
}

static void hang_up(p2p_conn c) {
  assert_int_equal(p2p_conn_close(d.a.host, c, 0), 0);
  p2p_sim_poke(d.a.io);
}

static void a_while(void) { (void)duet_run(&d, P2P_SECOND, NULL); }

/* The facts of peers and connections that s wrote down are these. */
static void expect(const duet_side *s, const p2p__fact_kind *kinds, size_t n) {
  size_t seen = 0;
  for (size_t i = 0; i < s->probe.n_facts; i++) {
    const p2p__fact *f = &s->probe.facts[i];
    if (f->kind < P2P__FACT_PEER_UP || f->kind > P2P__FACT_PEER_DOWN) continue;
    assert_true(seen < n);
    assert_int_equal(f->kind, kinds[seen]);
    seen++;
  }
  assert_int_equal(seen, n);
}

#define EXPECT(...)                                                                                \
  do {                                                                                             \
    static const p2p__fact_kind kinds[] = { __VA_ARGS__ };                                         \
    expect(&d.a, kinds, P2P_COUNT(kinds));                                                         \
    expect(&d.b, kinds, P2P_COUNT(kinds));                                                         \
  } while (0)

/* Nobody takes events in between: they are not what behaviours hear by. */
static void one_connection_is_up_once_and_down_once(void **state) {
  (void)state;
  p2p_conn c = dial();
  a_while();
  EXPECT(P2P__FACT_PEER_UP, P2P__FACT_CONN_UP);
  hang_up(c);
  a_while();
  EXPECT(P2P__FACT_PEER_UP, P2P__FACT_CONN_UP, P2P__FACT_CONN_DOWN, P2P__FACT_PEER_DOWN);
}

static void peer_is_up_from_its_first_connection_to_its_last(void **state) {
  (void)state;
  p2p_conn first = dial();
  a_while();
  p2p_conn second = dial();
  a_while();
  EXPECT(P2P__FACT_PEER_UP, P2P__FACT_CONN_UP, P2P__FACT_CONN_UP);
  hang_up(first);
  a_while();
  EXPECT(P2P__FACT_PEER_UP, P2P__FACT_CONN_UP, P2P__FACT_CONN_UP, P2P__FACT_CONN_DOWN);
  hang_up(second);
  a_while();
  EXPECT(P2P__FACT_PEER_UP, P2P__FACT_CONN_UP, P2P__FACT_CONN_UP, P2P__FACT_CONN_DOWN,
         P2P__FACT_CONN_DOWN, P2P__FACT_PEER_DOWN);
}

static void peer_whose_connections_end_in_one_turn_is_down_once(void **state) {
  (void)state;
  p2p_conn first = dial(), second = dial();
  a_while();
  hang_up(first);
  hang_up(second);
  a_while();
  EXPECT(P2P__FACT_PEER_UP, P2P__FACT_CONN_UP, P2P__FACT_CONN_UP, P2P__FACT_CONN_DOWN,
         P2P__FACT_CONN_DOWN, P2P__FACT_PEER_DOWN);
}

static void peer_that_comes_again_is_up_again(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    p2p_conn c = dial();
    a_while();
    hang_up(c);
    a_while();
  }
  EXPECT(P2P__FACT_PEER_UP, P2P__FACT_CONN_UP, P2P__FACT_CONN_DOWN, P2P__FACT_PEER_DOWN,
         P2P__FACT_PEER_UP, P2P__FACT_CONN_UP, P2P__FACT_CONN_DOWN, P2P__FACT_PEER_DOWN);
}

static void connection_that_never_was_up_is_no_fact(void **state) {
  (void)state;
  p2p_sim_cut(d.sim, d.a.io, d.b.io, true);
  p2p_conn c = dial();
  a_while();
  hang_up(c);
  a_while();
  expect(&d.a, NULL, 0);
  expect(&d.b, NULL, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(one_connection_is_up_once_and_down_once),
    TEST(peer_is_up_from_its_first_connection_to_its_last),
    TEST(peer_whose_connections_end_in_one_turn_is_down_once),
    TEST(peer_that_comes_again_is_up_again),
    TEST(connection_that_never_was_up_is_no_fact),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
