/* ECDSA on secp256k1: what an encoding is worth is judged here, and which half of the order S is in,
 * so that every backend takes and makes exactly the same signatures. */
#include "crypto/secp256k1.h"
#include "crypto/crypto.h"
#include "crypto/der.h"

enum { SCALAR = P2P__SECP256K1_SCALAR, PLAIN = 2 * SCALAR };

bool p2p__secp256k1_is_key(p2p_bytes key) {
  return key.len == P2P__SECP256K1_POINT && (key.p[0] == 2 || key.p[0] == 3);
}

int p2p__secp256k1_public(const uint8_t secret[P2P__SECP256K1_SCALAR],
                          uint8_t pub[P2P__SECP256K1_POINT]) {
  if (!p2p__curve_is_scalar(&p2p__secp256k1, secret)) return P2P_EKEY;
  return p2p__secp256k1_backend_at(0)->public_of(secret, pub);
}

/* ---- signing ---- */

/* s <= n / 2. */
static bool is_low(const uint8_t s[SCALAR]) {
  static const uint8_t half[SCALAR] = { 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d,
                                        0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0 };
  return memcmp(s, half, sizeof half) <= 0;
}

/* s = n - s: the other signature of the same message. */
static void flip(uint8_t s[SCALAR]) {
  unsigned borrow = 0;
  for (size_t i = SCALAR; i-- > 0;) {
    unsigned diff = 0x100U + p2p__secp256k1.order[i] - s[i] - borrow;
    borrow = (diff >> 8) ^ 1;
    s[i] = (uint8_t)diff;
  }
}

static size_t write_der(const uint8_t plain[PLAIN], uint8_t sig[P2P__SECP256K1_SIG_MAX]) {
  p2p__der d = p2p__der_of(sig, P2P__SECP256K1_SIG_MAX);
  p2p__der_integer(&d, p2p__bytes(plain + SCALAR, SCALAR));
  p2p__der_integer(&d, p2p__bytes(plain, SCALAR));
  p2p__der_wrap(&d, P2P__DER_SEQUENCE, d.cap);
  p2p_bytes der = p2p__der_bytes(&d);
  memmove(sig, der.p, der.len);
  return der.len;
}

int p2p__secp256k1_sign_with(const p2p__secp256k1_backend *backend,
                             const uint8_t secret[P2P__SECP256K1_SCALAR], p2p_bytes msg,
                             uint8_t sig[P2P__SECP256K1_SIG_MAX], size_t *len) {
  uint8_t hash[P2P__SHA256], plain[PLAIN];
  if (!p2p__curve_is_scalar(&p2p__secp256k1, secret)) return P2P_EKEY;
  p2p__sha256(&msg, 1, hash);
  int err = backend->sign(secret, hash, plain);
  if (err) return err;
  if (!is_low(plain + SCALAR)) flip(plain + SCALAR);
  *len = write_der(plain, sig);
  return 0;
}

int p2p__secp256k1_sign(const uint8_t secret[P2P__SECP256K1_SCALAR], p2p_bytes msg,
                        uint8_t sig[P2P__SECP256K1_SIG_MAX], size_t *len) {
  return p2p__secp256k1_sign_with(p2p__secp256k1_backend_at(0), secret, msg, sig, len);
}

/* ---- verifying ---- */

/* A number of at most 32 bytes, right-aligned; false: longer. */
static bool put_scalar(p2p_bytes magnitude, uint8_t out[SCALAR]) {
  if (magnitude.len == 0 || magnitude.len > SCALAR) return false;
  memset(out, 0, SCALAR);
  memcpy(out + SCALAR - magnitude.len, magnitude.p, magnitude.len);
  return true;
}

/* ECDSA-Sig-Value ::= SEQUENCE { r, s } as r ‖ s. */
static bool open_der(p2p_bytes sig, uint8_t plain[PLAIN]) {
  p2p__rd r = p2p__rd_of(sig);
  p2p__rd pair = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p2p_bytes first = p2p__der_positive(&pair), second = p2p__der_positive(&pair);
  if (!p2p__rd_done(&r) || !p2p__rd_done(&pair)) return false;
  return put_scalar(first, plain) && put_scalar(second, plain + SCALAR);
}

int p2p__secp256k1_verify_with(const p2p__secp256k1_backend *backend, p2p_bytes key, p2p_bytes msg,
                               p2p_bytes sig) {
  uint8_t hash[P2P__SHA256], plain[PLAIN];
  if (!p2p__secp256k1_is_key(key)) return P2P_EKEY;
  if (!open_der(sig, plain) || !is_low(plain + SCALAR)) return P2P_ESIG;
  if (!p2p__curve_is_scalar(&p2p__secp256k1, plain)) return P2P_ESIG;
  p2p__sha256(&msg, 1, hash);
  return backend->verify(key.p, hash, plain);
}

int p2p__secp256k1_verify(p2p_bytes key, p2p_bytes msg, p2p_bytes sig) {
  return p2p__secp256k1_verify_with(p2p__secp256k1_backend_at(0), key, msg, sig);
}
