/* Salsa20 as its specification has it, for builds without libsodium: additions, rotations and xors of
 * 32-bit words, so no table and no branch depends on a secret.
 * Spec: "Salsa20 specification", sections 3 to 10; "Extending the Salsa20 nonce", section 2. */
#include "crypto/salsa20_backend.h"

enum { WORDS = 16, ROUNDS = 20 };

static uint32_t rotl(uint32_t v, unsigned by) { return v << by | v >> (32 - by); }

static uint32_t load(const uint8_t *p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void store(uint8_t *p, uint32_t v) {
  for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

/* Section 3: quarterround. */
static void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d) {
  *b ^= rotl(*a + *d, 7);
  *c ^= rotl(*b + *a, 9);
  *d ^= rotl(*c + *b, 13);
  *a ^= rotl(*d + *c, 18);
}

/* Sections 4 to 6: doubleround, a column round and a row round, ten times. */
static void rounds(uint32_t x[WORDS]) {
  for (int i = 0; i < ROUNDS; i += 2) {
    quarter(&x[0], &x[4], &x[8], &x[12]);
    quarter(&x[5], &x[9], &x[13], &x[1]);
    quarter(&x[10], &x[14], &x[2], &x[6]);
    quarter(&x[15], &x[3], &x[7], &x[11]);
    quarter(&x[0], &x[1], &x[2], &x[3]);
    quarter(&x[5], &x[6], &x[7], &x[4]);
    quarter(&x[10], &x[11], &x[8], &x[9]);
    quarter(&x[15], &x[12], &x[13], &x[14]);
  }
}

/* Section 9: the matrix of "expand 32-byte k", the key, and 16 bytes of nonce and counter. */
static void expand(uint32_t x[WORDS], const uint8_t key[32], const uint8_t in[16]) {
  static const uint32_t sigma[4] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
  for (size_t i = 0; i < 4; i++) {
    x[5 * i] = sigma[i];
    x[1 + i] = load(key + 4 * i);
    x[6 + i] = load(in + 4 * i);
    x[11 + i] = load(key + 16 + 4 * i);
  }
}

static void hsalsa20(const uint8_t key[32], const uint8_t nonce[16], uint8_t out[32]) {
  uint32_t x[WORDS];
  expand(x, key, nonce);
  rounds(x);
  for (size_t i = 0; i < 4; i++) {
    store(out + 4 * i, x[5 * i]);
    store(out + 16 + 4 * i, x[6 + i]);
  }
  p2p__wipe(x, sizeof x);
}

static void block_of(const uint8_t key[32], const uint8_t in[16], uint8_t out[P2P__SALSA20_BLOCK]) {
  uint32_t x[WORDS], y[WORDS];
  expand(x, key, in);
  memcpy(y, x, sizeof y);
  rounds(y);
  for (size_t i = 0; i < WORDS; i++) store(out + 4 * i, x[i] + y[i]);
  p2p__wipe(x, sizeof x);
  p2p__wipe(y, sizeof y);
}

/* Section 10. */
static void xor_from(const uint8_t key[32], const uint8_t nonce[8], uint64_t block, p2p_bytes in,
                     uint8_t *out) {
  uint8_t place[16], stream[P2P__SALSA20_BLOCK];
  memcpy(place, nonce, 8);
  for (size_t at = 0; at < in.len; at += sizeof stream, block++) {
    store(place + 8, (uint32_t)block);
    store(place + 12, (uint32_t)(block >> 32));
    block_of(key, place, stream);
    size_t n = p2p__min(in.len - at, sizeof stream);
    for (size_t i = 0; i < n; i++) out[at + i] = in.p[at + i] ^ stream[i];
  }
  p2p__wipe(stream, sizeof stream);
}

const p2p__salsa20_backend p2p__salsa20_own = {
  .name = "own",
  .hsalsa20 = hsalsa20,
  .xor_from = xor_from,
};
