/* Chance out of a seed: xoshiro256**, seeded by splitmix64. Published by Blackman and Vigna. */
#ifndef P2P_SIM_RNG_H
#define P2P_SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sim_rng {
  uint64_t s[4];
} sim_rng;

static inline uint64_t sim_splitmix(uint64_t *x) {
  uint64_t z = *x += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline void sim_rng_init(sim_rng *r, uint64_t seed) {
  for (int i = 0; i < 4; i++) r->s[i] = sim_splitmix(&seed);
}

static inline uint64_t sim_rng_next(sim_rng *r) {
  uint64_t *s = r->s, m = s[1] * 5, out = ((m << 7) | (m >> 57)) * 9, t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = (s[3] << 45) | (s[3] >> 19);
  return out;
}

/* Below n > 0. The bias of the remainder is below what a scenario could see. */
static inline uint64_t sim_rng_below(sim_rng *r, uint64_t n) { return sim_rng_next(r) % n; }

static inline bool sim_rng_chance(sim_rng *r, uint32_t ppm) {
  return ppm && sim_rng_below(r, 1000000) < ppm;
}

#endif
