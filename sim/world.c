/* The world: memory, events in the order of (time, sequence), what is remembered of them. */
#include "sim/world.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

void *sim_need(void *p) {
  if (!p) abort();
  return p;
}

void *sim_alloc(p2p_sim *sim, size_t size) {
  return sim_need(p2p__alloc(&sim->mem, P2P__MEM_LOOP, size));
}

void sim_release(p2p_sim *sim, void *p, size_t size) {
  p2p__release(&sim->mem, P2P__MEM_LOOP, p, size);
}

/* ---- events ---- */

void sim_timer_init(p2p_sim *sim, p2p__timer *t, void (*fire)(p2p__timer *t, p2p_time now)) {
  *t = (p2p__timer){ .fire = fire };
  if (p2p__timers_reserve(&sim->events) < 0) abort();
}

void sim_timer_fini(p2p_sim *sim, p2p__timer *t) {
  p2p__timer_clear(&sim->events, t);
  p2p__timers_unreserve(&sim->events);
}

p2p_time p2p_sim_now(const p2p_sim *sim) { return sim->now; }

p2p_time p2p_sim_next_event_time(const p2p_sim *sim) { return p2p__timers_next(&sim->events); }

bool p2p_sim_step(p2p_sim *sim) {
  p2p_time at = p2p__timers_next(&sim->events);
  if (at == P2P_NEVER) return false;
  if (at > sim->now) sim->now = at;
  p2p__timer *t = p2p__timers_due(&sim->events, sim->now);
  t->fire(t, sim->now);
  sim_tcp_reap(sim);
  return true;
}

void p2p_sim_advance(p2p_sim *sim, p2p_time t) {
  while (p2p__timers_next(&sim->events) <= t && p2p_sim_step(sim)) {}
  if (t > sim->now && t != P2P_NEVER) sim->now = t;
}

/* ---- what happened ---- */

static uint64_t mix(uint64_t h, uint64_t v) {
  h = (h ^ v) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 29);
}

/* In a shape that compilers turn into one load. */
static uint64_t read_le64(const uint8_t *p) {
  return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
         (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static uint64_t mix_bytes(uint64_t h, p2p_bytes data) {
  uint8_t rest[8] = { 0 };
  size_t i = 0;
  for (; data.len - i >= 8; i += 8) h = mix(h, read_le64(data.p + i));
  if (i == data.len) return h;
  memcpy(rest, data.p + i, data.len - i);
  return mix(h, read_le64(rest));
}

void sim_note(p2p_sim *sim, uint32_t node, p2p_sim_kind kind, p2p_bytes data) {
  uint64_t h = mix(mix(sim->hash, sim->now), (uint64_t)node << 8 | (uint64_t)kind);
  sim->hash = mix_bytes(mix(h, data.len), data);
  sim->n_events++;
  if (sim->trace) sim->trace(sim->trace_user, sim->now, node, kind, data);
}

void p2p_sim_trace(p2p_sim *sim, p2p_sim_trace_fn fn, void *user) {
  sim->trace = fn;
  sim->trace_user = user;
}

uint64_t p2p_sim_hash(const p2p_sim *sim) { return sim->hash; }

uint64_t p2p_sim_events(const p2p_sim *sim) { return sim->n_events; }

uint64_t p2p_sim_random(p2p_sim *sim, uint64_t n) { return sim_rng_below(&sim->scenario, n); }

void p2p_sim_split(p2p_sim *sim, uint32_t ppm) { sim->split_ppm = ppm; }

/* ---- life ---- */

p2p_sim *p2p_sim_new(uint64_t seed) {
  static const uint8_t map_key[16] = "p2p simulator"; /* a world has no flood to fear */
  p2p__mem mem;
  p2p__mem_init(&mem, NULL);
  p2p_sim *sim = sim_need(p2p__alloc(&mem, P2P__MEM_LOOP, sizeof *sim));
  sim->mem = mem;
  sim->seed = seed;
  sim->hash = mix(0, seed);
  sim->name_latency = P2P_MS;
  sim->path = (p2p_sim_path){ .latency = P2P_MS };
  sim->split_ppm = 50000;
  uint64_t state = seed;
  sim_rng_init(&sim->rng, sim_splitmix(&state));
  sim_rng_init(&sim->scenario, sim_splitmix(&state));
  p2p__timers_init(&sim->events, &sim->mem);
  p2p__u64map_init(&sim->channels, &sim->mem, P2P__MEM_LOOP, map_key);
  p2p__map_init(&sim->addresses, &sim->mem, P2P__MEM_LOOP, map_key, sim_address_key);
  sim->map_key = map_key;
  p2p__list_init(&sim->names);
  p2p__list_init(&sim->due);
  p2p__list_init(&sim->dead);
  return sim;
}

static void events_clear(p2p_sim *sim) {
  for (p2p__timer *t; (t = p2p__timers_due(&sim->events, P2P_NEVER - 1));)
    if (t->fire == sim_packet_hop) sim_packet_free(P2P_CONTAINER(t, sim_packet, timer));
}

void p2p_sim_free(p2p_sim *sim) {
  if (!sim) return;
  for (uint32_t i = 0; i < sim->n_nodes; i++) sim_node_close(sim->nodes[i]);
  events_clear(sim);
  for (uint32_t i = 0; i < sim->n_nodes; i++) sim_tcp_fini(sim->nodes[i]);
  sim_tcp_reap(sim);
  sim_net_fini(sim);
  sim_names_fini(sim);
  for (uint32_t i = 0; i < sim->n_nodes; i++) sim_node_free(sim->nodes[i]);
  sim_release(sim, sim->nodes, sim->cap_nodes * sizeof(sim_node *));
  p2p__map_fini(&sim->addresses);
  p2p__u64map_fini(&sim->channels);
  p2p__timers_fini(&sim->events);
  p2p__mem mem = sim->mem;
  p2p__release(&mem, P2P__MEM_LOOP, sim, sizeof *sim);
  assert(p2p__mem_used(&mem) == 0);
}
