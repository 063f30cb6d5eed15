/* Every scenario of p2p-sim keeps its claims under the sanitizers, too; chaos with a few seeds. */
#include "sim/scenarios.h"
#include "unit/base/test.h"
#include <string.h>

enum { SEED = 7, CHAOS_SEEDS = 10 };

static void run(const scenario *s, uint64_t seed) {
  scenario_run r = { .sim = p2p_sim_new(seed), .seed = seed };
  s->run(&r);
  if (r.n_failures)
    fail_msg("p2p-sim --scenario %s --seed %d: %s", s->name, (int)seed, r.failures[0]);
  p2p_sim_free(r.sim);
}

static void scenarios_keep_their_claims(void **state) {
  (void)state;
  for (int i = 0; i < n_scenarios; i++) run(&scenarios[i], SEED);
}

static void chaos_leaves_nothing(void **state) {
  (void)state;
  for (int i = 0; i < n_scenarios; i++)
    for (int k = 1; strcmp(scenarios[i].name, "chaos") == 0 && k <= CHAOS_SEEDS; k++)
      run(&scenarios[i], (uint64_t)k);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(scenarios_keep_their_claims),
    cmocka_unit_test(chaos_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
