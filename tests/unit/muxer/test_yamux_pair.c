/* yamux against itself; pair.h has the model. */
#include "pair.h"
#include "yamux_check.h"

static void configure(p2p__limits *limits, uint64_t seed) {
  if (seed & 1) limits->yamux_inflight = 2;
  if (seed & 2) limits->yamux_window = 300000;
}

static uint64_t same(uint64_t sid) { return sid; }

/* With nothing on the wire the writer's credit is what the reader has left. */
static void check_credit(p2p__mux *a, uint64_t sid_a, p2p__mux *b, uint64_t sid_b) {
  p2p__yamux_stream *s = p2p__yamux_find(p2p__yamux_of(a), sid_a);
  p2p__yamux_stream *t = p2p__yamux_find(p2p__yamux_of(b), sid_b);
  if (!s || !t) return;
  assert_int_equal(s->credit, t->recv_left);
  assert_int_equal(t->credit, s->recv_left);
}

static void yamux_carries_every_byte_in_order_exactly_once(void **state) {
  static const pair_muxer yamux = { .configure = configure,
                                    .start = side_start,
                                    .sid_there = same,
                                    .check = yamux_check,
                                    .check_quiet = check_credit };
  (void)state;
  for (uint64_t seed = 0; seed < 40; seed++) pair_run(&yamux, seed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(yamux_carries_every_byte_in_order_exactly_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
