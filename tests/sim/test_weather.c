/* Every row of the weather, cut short, keeps its claims under the sanitizers; and it would not with a
 * network that changes bytes: the claims can fail. The whole of it: make sim SCENARIOS=weather. */
#include "sim/weather.h"
#include "unit/base/test.h"
#include <string.h>

enum { SEED = 3, CROWD = 40, HOSTS_MAX = 5, SHORTER = 3 };

static void run(const weather_row *whole, uint64_t seed) {
  scenario_run r = { .sim = p2p_sim_new(seed), .seed = seed };
  weather_row row = *whole;
  row.deeds /= SHORTER;
  row.seconds /= SHORTER;
  if (row.most > HOSTS_MAX) row.most = HOSTS_MAX;
  weather_run(&r, &row);
  if (r.n_failures) fail_msg("%s, cut short, seed %d: %s", row.name, (int)seed, r.failures[0]);
  p2p_sim_free(r.sim);
}

static bool is_small(const weather_row *row) {
  return row->most <= CROWD && weather_is_possible(row);
}

static void weather_keeps_its_claims(void **state) {
  (void)state;
  for (int i = 0; i < n_weather_rows; i++)
    if (is_small(&weather_rows[i])) run(&weather_rows[i], SEED + (uint64_t)i);
}

static bool is_named(const weather_row *row, const char *name) {
  return strcmp(row->name, name) == 0;
}

static uint64_t hash_of(const weather_row *row) {
  scenario_run r = { .sim = p2p_sim_new(SEED), .seed = SEED };
  weather_run(&r, row);
  uint64_t hash = scenario_hash(&r);
  p2p_sim_free(r.sim);
  return hash;
}

static void weather_is_decided_by_its_seed(void **state) {
  (void)state;
  for (int i = 0; i < n_weather_rows; i++)
    if (is_named(&weather_rows[i], "weather-all"))
      assert_int_equal(hash_of(&weather_rows[i]), hash_of(&weather_rows[i]));
}

/* One byte of a stream in plaintext, or of a record that is sealed: each is found. */
static void weather_finds_a_byte_that_the_network_changed(void **state) {
  (void)state;
  enum { FAULT_AT = 40000 };
  static const p2p_sim_fault_kind kinds[] = { P2P_SIM_DROP, P2P_SIM_DOUBLE, P2P_SIM_FLIP };
  for (int i = 0; i < n_weather_rows; i++) {
    const weather_row *row = &weather_rows[i];
    bool tried = is_named(row, "weather-plain") || is_named(row, "weather-pair");
    for (size_t k = 0; tried && k < P2P_COUNT(kinds); k++) {
      scenario_run r = { .sim = p2p_sim_new(SEED), .seed = SEED };
      p2p_sim_fault(r.sim, kinds[k], FAULT_AT);
      weather_run(&r, row);
      if (!r.n_failures) fail_msg("%s does not find fault %d", row->name, (int)kinds[k]);
      p2p_sim_free(r.sim);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(weather_keeps_its_claims),
    cmocka_unit_test(weather_is_decided_by_its_seed),
    cmocka_unit_test(weather_finds_a_byte_that_the_network_changed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
