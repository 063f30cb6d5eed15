/* mplex against itself; pair.h has the model. */
#include "mplex_check.h"
#include "mplex_side.h"
#include "pair.h"

/* Readers of the model may be slow: a test of its own has what becomes of them. */
static void configure(p2p__limits *limits, uint64_t seed) {
  (void)seed;
  limits->mplex_recv_queue = 268435456;
}

static uint64_t other(uint64_t sid) { return sid ^ 1; }

static void mplex_carries_every_byte_in_order_exactly_once(void **state) {
  static const pair_muxer mplex = {
    .configure = configure, .start = mplex_side_start, .sid_there = other, .check = mplex_check
  };
  (void)state;
  for (uint64_t seed = 0; seed < 40; seed++) pair_run(&mplex, seed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(mplex_carries_every_byte_in_order_exactly_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
