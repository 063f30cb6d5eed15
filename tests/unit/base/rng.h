/* Numbers for model-based tests: splitmix64, the same on every machine for one seed. */
#ifndef TESTS_UNIT_BASE_RNG_H
#define TESTS_UNIT_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct rng {
  uint64_t state;
} rng;

static inline uint64_t rng_next(rng *r) {
  uint64_t z = r->state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

/* 0 … n - 1, n > 0. */
static inline size_t rng_below(rng *r, size_t n) { return (size_t)(rng_next(r) % n); }

#endif
