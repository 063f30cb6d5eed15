/* A row of the weather, from birth to the last claim. */
#include "sim/weather.h"
#include "sim/world.h"
#include <stdarg.h>
#include <stdio.h>

/* After so long everybody knows who is gone: keep-alive and its answer, a dial, a ping; and TCP has tried
 * again, which waits up to two minutes. */
#define SETTLE (130 * P2P_SECOND)
#define BACKOFF_MAX (300 * P2P_SECOND)
#define QUIET (600 * P2P_SECOND) /* everything must be over by then */

uint64_t weather_dice(weather *w, uint64_t n) { return p2p_sim_random(w->r->sim, n); }

void weather_say(weather *w, uint32_t node, const char *format, ...) {
  enum { LINE = 1024 };
  char line[LINE];
  if (!w->r->say) return;
  int n = snprintf(line, sizeof line,
                   "%14.6f node %u: ", (double)p2p_sim_now(w->r->sim) / (double)P2P_SECOND, node);
  va_list args;
  va_start(args, format);
  vsnprintf(line + n, sizeof line - (size_t)n, format, args);
  va_end(args);
  w->r->say(line);
}

/* To `until` or until it is done, ending spells on the way. */
bool weather_go(weather *w, p2p_time until, bool (*done)(void *user)) {
  for (;;) {
    p2p_time stop = p2p__time_min(until, weather_next_spell(w));
    int r = p2p_sim_run(w->r->sim, stop, done, w);
    if (!scenario_claim(w->r, r >= 0, "somebody spins: %s", p2p_error_name(r)) || r == 1)
      return true;
    if (stop == until && weather_next_spell(w) > until) return false;
    weather_end_spells(w, false);
  }
}

static void count_event(void *user, p2p_time at, uint32_t node, p2p_sim_kind kind, p2p_bytes data) {
  weather *w = user;
  (void)at;
  (void)kind;
  (void)data;
  if (node >= w->n_boxes && node - w->n_boxes < w->n) w->nodes[node - w->n_boxes].events++;
}

/* ---- the parts of the story ---- */

static bool begin(weather *w) {
  int err = w->row->ways & WEATHER_MEMORY ? p2p_memory_new(&w->hub) : 0;
  if (err >= 0) err = weather_boxes(w);
  for (uint32_t i = 0; i < w->n && err >= 0; i++) err = weather_node_place(w, i);
  for (uint32_t i = 0; i < w->n && err >= 0; i++) err = weather_node_start(&w->nodes[i]);
  p2p_sim_trace(w->r->sim, count_event, w);
  return scenario_claim(w->r, err >= 0, "no hosts: %s", p2p_error_name(err));
}

static void storm(weather *w) {
  p2p_time pause = w->row->seconds * P2P_SECOND / w->row->deeds;
  for (uint32_t i = 0; i < w->row->deeds && !w->r->n_failures; i++) {
    weather_deed(w);
    p2p_time wait = weather_dice(w, 3) ? weather_dice(w, 3 * pause) : 0;
    weather_go(w, p2p_sim_now(w->r->sim) + wait, NULL);
  }
}

static bool flows_over(void *user) {
  const weather *w = user;
  for (uint32_t i = 0; i < w->n; i++)
    if (flow_alive(&w->nodes[i].n)) return false;
  return true;
}

static void calm_down(weather *w) {
  weather_end_spells(w, true);
  p2p_sim_path calm = { .latency = 5 * P2P_MS, .bits_per_second = 100000000, .tcp = w->tcp };
  p2p_sim_calm(w->r->sim, &calm);
  for (uint32_t i = 0; i < w->n; i++) {
    flow_resume_all(&w->nodes[i].n);
    flow_end_stopped(&w->nodes[i].n);
  }
  p2p_time now = p2p_sim_now(w->r->sim);
  weather_go(w, now + QUIET, flows_over);
  weather_go(w, p2p_sim_now(w->r->sim) + SETTLE, NULL);
}

static bool should_reach(const weather *w, uint32_t i, uint32_t k) {
  return !w->nodes[weather_friend(&w->nodes[i], k)].hidden;
}

/* By itself, once no address is left alone any more; or at once when it is dialed. */
static void heal(weather *w) {
  for (uint32_t i = 0; i < w->n; i++) { /* as whatever finds peers would */
    int err = weather_node_introduce(&w->nodes[i]);
    scenario_claim(w->r, err >= 0, "node %u learns nothing: %s", i, p2p_error_name(err));
  }
  bool by_itself = w->n <= WEATHER_FRIENDS && weather_dice(w, 2);
  if (by_itself) weather_go(w, p2p_sim_now(w->r->sim) + BACKOFF_MAX, NULL);
  for (uint32_t i = 0; !by_itself && i < w->n; i++)
    for (uint32_t k = 0; k < weather_friends(w); k++) {
      uint32_t to = weather_friend(&w->nodes[i], k);
      if (should_reach(w, i, k) && !weather_node_reaches(&w->nodes[i], to))
        weather_node_dial(&w->nodes[i], to);
    }
  if (!by_itself) weather_go(w, p2p_sim_now(w->r->sim) + 20 * P2P_SECOND, NULL);
  w->calm = true;
  w->answers = 0;
  uint64_t must = 0;
  for (uint32_t i = 0; i < w->n; i++)
    for (uint32_t k = 0; k < weather_friends(w); k++) {
      if (!should_reach(w, i, k)) continue;
      weather_node_ping(&w->nodes[i], k);
      must++;
    }
  weather_go(w, p2p_sim_now(w->r->sim) + 40 * P2P_SECOND, NULL);
  scenario_claim(w->r, w->answers == must, "%llu of %llu pings after the weather were answered",
                 (unsigned long long)w->answers, (unsigned long long)must);
}

static bool conns_over(void *user) {
  const weather *w = user;
  for (uint32_t i = 0; i < w->n; i++) {
    p2p_host_stats s = { .size = sizeof s };
    p2p_host_get(w->nodes[i].n.host, &s);
    if (s.conns || s.half_open) return false;
  }
  return true;
}

static bool hosts_over(void *user) {
  const weather *w = user;
  for (uint32_t i = 0; i < w->n; i++)
    if (p2p_host_deadline(w->nodes[i].n.host) != P2P_NEVER) return false;
  return true;
}

/* First the connections, and hosts without any are looked at; then the hosts. */
static void close_all(weather *w) {
  for (uint32_t i = 0; i < w->n; i++) weather_node_part(&w->nodes[i]);
  weather_go(w, p2p_sim_now(w->r->sim) + QUIET, conns_over);
  weather_go(w, p2p_sim_now(w->r->sim) + SETTLE, NULL);
  for (uint32_t i = 0; i < w->n; i++) weather_claim_idle(&w->nodes[i]);
  for (uint32_t i = 0; i < w->n; i++) {
    p2p_host_close(w->nodes[i].n.host, 30 * P2P_SECOND);
    host_node_poke(&w->nodes[i].n);
  }
  bool over = weather_go(w, p2p_sim_now(w->r->sim) + QUIET, hosts_over);
  scenario_claim(w->r, over, "hosts did not close");
  for (uint32_t i = 0; i < w->n; i++) weather_claim_closed(&w->nodes[i]);
}

static void story(weather *w) {
  weather_sky(w);
  if (!begin(w)) return;
  storm(w);
  if (!w->r->n_failures) calm_down(w);
  if (!w->r->n_failures) heal(w);
  if (!w->r->n_failures) weather_claim_calm(w);
  if (!w->r->n_failures) close_all(w);
}

static void figures(const weather *w) {
  scenario_run *r = w->r;
  scenario_figure(r, "hosts", w->n, "");
  scenario_figure(r, "streams", w->streams, "");
  scenario_figure(r, "whole", w->whole, "of them");
  scenario_figure(r, "connections", w->conns, "ends");
  scenario_figure(r, "pings", w->pings, "answered");
  scenario_figure(r, "crashes", w->crashes, "");
  scenario_figure(r, "sleeps", w->sleeps, "");
  scenario_figure(r, "time", p2p_sim_now(r->sim) / P2P_SECOND, "s");
}

void weather_run(scenario_run *r, const weather_row *row) {
  weather *w = sim_alloc(r->sim, sizeof *w);
  w->r = r;
  w->row = row;
  w->n = row->least + (uint32_t)weather_dice(w, row->most - row->least + 1);
  w->nodes = sim_alloc(r->sim, w->n * sizeof *w->nodes);
  story(w);
  p2p_sim_trace(r->sim, NULL, NULL);
  for (uint32_t i = 0; i < w->n; i++) weather_node_fini(&w->nodes[i]);
  p2p_memory_free(w->hub);
  figures(w);
  sim_release(r->sim, w->nodes, w->n * sizeof *w->nodes);
  sim_release(r->sim, w, sizeof *w);
}
