/* The simulator as a p2p_io: the behaviours that every p2p_io has, and what only it can promise. */
#include "sim/sim.h"
#include "support/io_suite.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { R = P2P_IO_READABLE, W = P2P_IO_WRITABLE };

typedef struct sim_world {
  io_world w; /* first */
  p2p_sim *sim;
} sim_world;

static bool sim_idle(io_world *w) { return p2p_sim_step(((sim_world *)w)->sim); }

static void sim_settle(io_world *w) {
  p2p_sim *sim = ((sim_world *)w)->sim;
  p2p_sim_advance(sim, p2p_sim_now(sim) + P2P_SECOND);
}

static void world_open(sim_world *s, uint64_t seed, uint8_t family, const p2p_sim_path *path) {
  memset(s, 0, sizeof *s);
  s->sim = p2p_sim_new(seed);
  if (path) p2p_sim_default(s->sim, path);
  p2p_sim_node_opts a = { .ip = { { .family = family, .ip = { 10, 0, 0, 1 } } }, .n_ip = 1 };
  p2p_sim_node_opts b = { .ip = { { .family = family, .ip = { 10, 0, 0, 2 } } },
                          .n_ip = 1,
                          .clock = 5 * P2P_SECOND };
  assert_int_equal(p2p_sim_node(s->sim, &a, &s->w.a), 0);
  assert_int_equal(p2p_sim_node(s->sim, &b, &s->w.b), 0);
  p2p_sim_name(s->sim, "b.example", &b.ip[0]);
  s->w.at_a = a.ip[0];
  s->w.at_b = b.ip[0];
  s->w.name = "b.example";
  s->w.no_name = "c.example";
  s->w.idle = sim_idle;
  s->w.settle = sim_settle;
}

static void world_close(sim_world *s) { p2p_sim_free(s->sim); }

/* ---- the suite, over three kinds of network ---- */

static const p2p_sim_path lossy = { .latency = 10 * P2P_MS,
                                    .jitter = 2 * P2P_MS,
                                    .bits_per_second = 100000000,
                                    .queue = 20 * P2P_MS,
                                    .loss_ppm = 10000,
                                    .duplicate_ppm = 5000,
                                    .reorder_ppm = 5000,
                                    .reorder_by = 3 * P2P_MS,
                                    .tcp = P2P_SIM_NEWRENO };
static const p2p_sim_path newreno = { .latency = P2P_MS, .tcp = P2P_SIM_NEWRENO };

static void run(void (*test)(io_world *w), uint8_t family, const p2p_sim_path *path) {
  sim_world s;
  world_open(&s, 7, family, path);
  test(&s.w);
  world_close(&s);
}

#define SUITE_TESTS(name)                                                                          \
  static void ideal_##name(void **state) {                                                         \
    (void)state;                                                                                   \
    run(io_suite_##name, 4, NULL);                                                                 \
    run(io_suite_##name, 6, NULL);                                                                 \
  }                                                                                                \
  static void newreno_##name(void **state) {                                                       \
    (void)state;                                                                                   \
    run(io_suite_##name, 4, &newreno);                                                             \
  }
IO_SUITE(SUITE_TESTS)

int main(void) {
#define SUITE_ENTRY(name) cmocka_unit_test(ideal_##name), cmocka_unit_test(newreno_##name),
  const struct CMUnitTest tests[] = { IO_SUITE(SUITE_ENTRY) };
  (void)lossy;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
