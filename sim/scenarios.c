/* The table of scenarios, and how they speak. */
#include "sim/scenarios.h"
#include "sim/weather.h"
#include <stdarg.h>
#include <stdio.h>

#define SCENARIO_ROW(name, function, about) { name, function, about, NULL },
static const scenario scenarios[] = { SIM_SCENARIOS(SCENARIO_ROW) };

bool scenario_at(int i, scenario *out) {
  if (i < (int)P2P_COUNT(scenarios)) {
    *out = scenarios[i];
    return true;
  }
  i -= (int)P2P_COUNT(scenarios);
  for (int k = 0; k < n_weather_rows; k++) {
    const weather_row *row = &weather_rows[k];
    if (!weather_is_possible(row) || i-- > 0) continue;
    *out = (scenario){ row->name, NULL, row->about, row };
    return true;
  }
  return false;
}

void scenario_play(const scenario *s, scenario_run *r) {
  if (s->weather)
    weather_run(r, s->weather);
  else
    s->run(r);
}

bool scenario_is_exact(const scenario *s) { return !s->weather || weather_is_exact(s->weather); }

uint64_t scenario_share(const scenario *s, uint64_t seeds) {
  uint32_t every = s->weather ? s->weather->every : 1;
  return (seeds + every - 1) / every;
}

uint64_t scenario_hash(const scenario_run *r) {
  return (r->hash ^ p2p_sim_hash(r->sim)) * 0x9e3779b97f4a7c15u;
}

void scenario_fresh_world(scenario_run *r) {
  r->hash = scenario_hash(r);
  r->events += p2p_sim_events(r->sim);
  p2p_sim_free(r->sim);
  r->sim = p2p_sim_new(r->seed);
}

void scenario_figure(scenario_run *r, const char *name, uint64_t value, const char *unit) {
  if (r->n_figures == SCENARIO_FIGURES) return;
  r->figures[r->n_figures].name = name;
  r->figures[r->n_figures].unit = unit;
  r->figures[r->n_figures++].value = value;
}

bool scenario_claim(scenario_run *r, bool ok, const char *format, ...) {
  if (ok) return true;
  if (r->n_failures == SCENARIO_FAILURES) return false;
  va_list args;
  va_start(args, format);
  vsnprintf(r->failures[r->n_failures++], SCENARIO_TEXT, format, args);
  va_end(args);
  return false;
}
