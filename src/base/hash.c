/* SipHash-2-4 of bytes, SipHash-1-3 of numbers. Spec: "SipHash: a fast short-input PRF" (Aumasson,
 * Bernstein), sections 2 and A. */
#include "base/hash.h"

typedef struct sip {
  uint64_t v0, v1, v2, v3;
} sip;

static inline uint64_t rotl(uint64_t x, unsigned n) { return x << n | x >> (64 - n); }

static inline void sip_round(sip *s) {
  s->v0 += s->v1;
  s->v2 += s->v3;
  s->v1 = rotl(s->v1, 13) ^ s->v0;
  s->v3 = rotl(s->v3, 16) ^ s->v2;
  s->v0 = rotl(s->v0, 32);
  s->v2 += s->v1;
  s->v0 += s->v3;
  s->v1 = rotl(s->v1, 17) ^ s->v2;
  s->v3 = rotl(s->v3, 21) ^ s->v0;
  s->v2 = rotl(s->v2, 32);
}

static inline void sip_word(sip *s, uint64_t m) {
  s->v3 ^= m;
  sip_round(s);
  sip_round(s);
  s->v0 ^= m;
}

/* Written out, not as a loop: every compiler makes one load of it. */
static inline uint64_t load_le64(const uint8_t *p) {
  return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
         (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static inline sip sip_init(const uint8_t key[16]) {
  uint64_t k0 = load_le64(key), k1 = load_le64(key + 8);
  return (sip){ .v0 = k0 ^ 0x736f6d6570736575, /* "somepseudorandomlygeneratedbytes" */
                .v1 = k1 ^ 0x646f72616e646f6d,
                .v2 = k0 ^ 0x6c7967656e657261,
                .v3 = k1 ^ 0x7465646279746573 };
}

static inline uint64_t sip_done(sip *s) {
  s->v2 ^= 0xff;
  for (int i = 0; i < 4; i++) sip_round(s);
  return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t p2p__siphash(const uint8_t key[16], p2p_bytes in) {
  sip s = sip_init(key);
  size_t whole = in.len - in.len % 8;
  for (size_t i = 0; i < whole; i += 8) sip_word(&s, load_le64(in.p + i));
  uint64_t last = (uint64_t)in.len << 56;
  for (size_t i = whole; i < in.len; i++) last |= (uint64_t)in.p[i] << (8 * (i - whole));
  sip_word(&s, last);
  return sip_done(&s);
}

static inline void sip_word_once(sip *s, uint64_t m) {
  s->v3 ^= m;
  sip_round(s);
  s->v0 ^= m;
}

uint64_t p2p__siphash_u64(const uint8_t key[16], uint64_t v) {
  sip s = sip_init(key);
  sip_word_once(&s, v);
  sip_word_once(&s, (uint64_t)8 << 56);
  s.v2 ^= 0xff;
  sip_round(&s);
  sip_round(&s);
  sip_round(&s);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
