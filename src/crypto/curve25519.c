/* X25519 (RFC 7748) and Ed25519 (RFC 8032) over whichever backend comes first. What an encoding is
 * worth is judged here, so that every backend accepts exactly the same keys and signatures. */
#include "crypto/backend.h"
#include "crypto/crypto.h"

int p2p__x25519_public(const uint8_t secret[32], uint8_t pub[32]) {
  int err = p2p__backend_at(0)->x25519_public(secret, pub);
  if (err) memset(pub, 0, 32);
  return err;
}

int p2p__x25519(const uint8_t secret[32], const uint8_t pub[32], uint8_t shared[32]) {
  static const uint8_t zero[32] = { 0 };
  uint8_t result[32] = { 0 };
  int err = p2p__backend_at(0)->x25519(secret, pub, result);
  if (!err && p2p__ct_eq(result, zero, 32)) err = P2P_EAUTH; /* RFC 7748, section 6.1 */
  if (!err) memcpy(shared, result, 32);
  p2p__wipe(result, sizeof result);
  return err;
}

/* ---- Ed25519 ---- */

int p2p__ed25519_from_seed(p2p__ed25519 *key, const uint8_t seed[32]) {
  memcpy(key->seed, seed, 32);
  int err = p2p__backend_at(0)->ed25519_public(seed, key->pub);
  if (err) memset(key->pub, 0, 32);
  return err;
}

int p2p__ed25519_sign(const p2p__ed25519 *key, p2p_bytes msg, uint8_t sig[64]) {
  return p2p__backend_at(0)->ed25519_sign(key->seed, key->pub, msg, sig);
}

/* a < b, both 32 bytes, little-endian, public. */
static bool le_less(const uint8_t a[32], const uint8_t b[32]) {
  for (size_t i = 32; i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i];
  }
  return false;
}

/* S below the group's order: otherwise S + L makes a second signature of the same message.
 * RFC 8032, section 5.1.7. */
static bool is_scalar(const uint8_t s[32]) {
  static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                     0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                     0,    0,    0,    0,    0,    0,    0,    0,
                                     0,    0,    0,    0,    0,    0,    0,    0x10 };
  return le_less(s, order);
}

/* y below 2^255 - 19: otherwise one point has two encodings, one key two peer ids. */
static bool is_canonical(const uint8_t y[32]) {
  static const uint8_t prime[32] = { 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f };
  return le_less(y, prime);
}

/* The y of the eight points whose order divides 8, sign bit clear: 0, 1, -1 and the two of order 8.
 * Under such a key one signature fits many messages. */
static bool is_small_order(const uint8_t y[32]) {
  static const uint8_t small[][32] = {
    { 0 },
    { 1 },
    { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
    { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
      0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
      0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
    { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
      0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
      0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
  };
  for (size_t i = 0; i < P2P_COUNT(small); i++) {
    if (memcmp(y, small[i], 32) == 0) return true;
  }
  return false;
}

/* An encoding that may be a key or the R of a signature; whether it is on the curve, the backend
 * finds out. */
static bool is_sound_point(const uint8_t point[32]) {
  uint8_t y[32];
  memcpy(y, point, 32);
  y[31] &= 0x7f; /* the sign of x */
  return is_canonical(y) && !is_small_order(y);
}

bool p2p__ed25519_is_key(p2p_bytes pub) { return pub.len == 32 && is_sound_point(pub.p); }

int p2p__ed25519_verify_with(const p2p__backend *backend, const uint8_t pub[32], p2p_bytes msg,
                             p2p_bytes sig) {
  if (sig.len != 64 || !is_scalar(sig.p + 32)) return P2P_ESIG;
  if (!is_sound_point(pub) || !is_sound_point(sig.p)) return P2P_ESIG;
  return backend->ed25519_verify(pub, msg, sig.p);
}

int p2p__ed25519_verify(const uint8_t pub[32], p2p_bytes msg, p2p_bytes sig) {
  return p2p__ed25519_verify_with(p2p__backend_at(0), pub, msg, sig);
}
