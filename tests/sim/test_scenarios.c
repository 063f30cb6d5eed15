/* Every scenario of p2p-sim keeps its claims under the sanitizers, too; chaos with a few seeds. */
#include "sim/scenarios.h"
#include "unit/base/test.h"
#include <string.h>

enum { SEED = 7, CHAOS_SEEDS = 10 };

static void run(const scenario *s, uint64_t seed) {
  scenario_run r = { .sim = p2p_sim_new(seed), .seed = seed };
  scenario_play(s, &r);
  if (r.n_failures)
    fail_msg("p2p-sim --scenario %s --seed %d: %s", s->name, (int)seed, r.failures[0]);
  p2p_sim_free(r.sim);
}

static void scenarios_keep_their_claims(void **state) {
  (void)state;
  scenario s;
  for (int i = 0; scenario_at(i, &s); i++)
    if (!s.weather) run(&s, SEED);
}

static void chaos_leaves_nothing(void **state) {
  (void)state;
  scenario s;
  for (int i = 0; scenario_at(i, &s); i++)
    for (int k = 1; strcmp(s.name, "chaos") == 0 && k <= CHAOS_SEEDS; k++) run(&s, (uint64_t)k);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(scenarios_keep_their_claims),
    cmocka_unit_test(chaos_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
