/* SHA-256 and SHA-384 (FIPS 180-4), HMAC (RFC 2104), HKDF (RFC 5869) in the shapes of Noise (noise
 * rev 34, section 4.3) and TLS 1.3 (RFC 8446, section 7.1).
 *
 * Over libcrypto's low-level functions on purpose: they work on the stack, so that a hash cannot
 * fail and needs no error path, and they use the CPU's SHA instructions, which libsodium does not.
 * The EVP way allocates a context for every hash. */
#define OPENSSL_API_COMPAT                                                                         \
  0x10101000L /* since 3.0 SHA256_* is called deprecated in favour of EVP */

#include "crypto/crypto.h"
#include <assert.h>
#include <openssl/sha.h>

enum {
  BLOCK_MAX = SHA512_CBLOCK,       /* bytes of a block of SHA-384; SHA-256 has half of it */
  INFO_MAX = 2 + 1 + 255 + 1 + 255 /* RFC 8446's HkdfLabel */
};

typedef struct hasher {
  p2p__hash hash;
  union {
    SHA256_CTX small;
    SHA512_CTX large;
  } state;
} hasher;

static size_t block_of(p2p__hash hash) { return hash == P2P__SHA256 ? SHA256_CBLOCK : BLOCK_MAX; }

static void start(hasher *h, p2p__hash hash) {
  h->hash = hash;
  if (hash == P2P__SHA256)
    SHA256_Init(&h->state.small);
  else
    SHA384_Init(&h->state.large);
}

static void update(hasher *h, p2p_bytes b) {
  if (b.len == 0) return;
  if (h->hash == P2P__SHA256)
    SHA256_Update(&h->state.small, b.p, b.len);
  else
    SHA384_Update(&h->state.large, b.p, b.len);
}

static void finish(hasher *h, uint8_t *out) {
  if (h->hash == P2P__SHA256) {
    SHA256_Final(out, &h->state.small);
    p2p__wipe(&h->state.small, sizeof h->state.small);
  } else {
    SHA384_Final(out, &h->state.large);
    p2p__wipe(&h->state.large, sizeof h->state.large);
  }
}

void p2p__hash_of(p2p__hash hash, const p2p_bytes *v, size_t n, uint8_t *out) {
  hasher h;
  start(&h, hash);
  for (size_t i = 0; i < n; i++) update(&h, v[i]);
  finish(&h, out);
}

void p2p__sha256(const p2p_bytes *v, size_t n, uint8_t out[P2P__SHA256]) {
  p2p__hash_of(P2P__SHA256, v, n, out);
}

/* Starts a hash with the key, padded to a block and masked. */
static void hmac_start(hasher *h, p2p__hash hash, const uint8_t key[BLOCK_MAX], uint8_t mask) {
  uint8_t pad[BLOCK_MAX];
  for (size_t i = 0; i < block_of(hash); i++) pad[i] = key[i] ^ mask;
  start(h, hash);
  update(h, p2p__bytes(pad, block_of(hash)));
  p2p__wipe(pad, sizeof pad);
}

void p2p__hmac(p2p__hash hash, p2p_bytes key, const p2p_bytes *v, size_t n, uint8_t *out) {
  uint8_t block[BLOCK_MAX] = { 0 }, inner[P2P__HASH_MAX];
  hasher h;
  if (key.len > block_of(hash))
    p2p__hash_of(hash, &key, 1, block);
  else if (key.len)
    memcpy(block, key.p, key.len);
  hmac_start(&h, hash, block, 0x36);
  for (size_t i = 0; i < n; i++) update(&h, v[i]);
  finish(&h, inner);
  hmac_start(&h, hash, block, 0x5c);
  update(&h, p2p__bytes(inner, hash));
  finish(&h, out);
  p2p__wipe(block, sizeof block);
  p2p__wipe(inner, sizeof inner);
}

void p2p__hmac_sha256(p2p_bytes key, const p2p_bytes *v, size_t n, uint8_t out[P2P__SHA256]) {
  p2p__hmac(P2P__SHA256, key, v, n, out);
}

/* ---- HKDF ---- */

void p2p__hkdf_extract(p2p__hash hash, p2p_bytes salt, p2p_bytes ikm, uint8_t *prk) {
  p2p__hmac(hash, salt, &ikm, 1, prk); /* HMAC pads the key with zeros: an empty salt is one */
}

void p2p__hkdf_expand(p2p__hash hash, const uint8_t *secret, p2p_bytes info, uint8_t *out,
                      size_t len) {
  uint8_t block[P2P__HASH_MAX], counter = 0;
  assert(len <= 255 * (size_t)hash);
  for (size_t at = 0; at < len; at += hash) {
    p2p_bytes v[3] = { p2p__bytes(block, counter++ ? hash : 0), info, p2p__bytes(&counter, 1) };
    p2p__hmac(hash, p2p__bytes(secret, hash), v, P2P_COUNT(v), block);
    memcpy(out + at, block, p2p__min(hash, len - at));
  }
  p2p__wipe(block, sizeof block);
}

void p2p__hkdf_expand_label(p2p__hash hash, const uint8_t *secret, const char *label,
                            p2p_bytes context, uint8_t *out, size_t len) {
  static const char prefix[] = "tls13 ";
  uint8_t info[INFO_MAX];
  p2p__wr w = p2p__wr_of(info, sizeof info);
  size_t prefix_len = sizeof prefix - 1, label_len = strlen(label);
  assert(len <= UINT16_MAX && prefix_len + label_len <= UINT8_MAX && context.len <= UINT8_MAX);
  p2p__wr_be16(&w, (uint16_t)len);
  p2p__wr_u8(&w, (uint8_t)(prefix_len + label_len));
  p2p__wr_bytes_in(&w, p2p__bytes(prefix, prefix_len));
  p2p__wr_bytes_in(&w, p2p__bytes(label, label_len));
  p2p__wr_u8(&w, (uint8_t)context.len);
  p2p__wr_bytes_in(&w, context);
  p2p__hkdf_expand(hash, secret, p2p__bytes(info, w.len), out, len);
}

void p2p__hkdf_noise(const uint8_t ck[32], p2p_bytes ikm, size_t n, uint8_t out[][32]) {
  uint8_t secret[P2P__SHA256]; /* RFC 5869's PRK */
  p2p__hmac_sha256(p2p__bytes(ck, 32), &ikm, 1, secret);
  for (size_t i = 0; i < n; i++) {
    uint8_t counter = (uint8_t)(i + 1);
    p2p_bytes v[2] = { p2p__bytes(i ? out[i - 1] : NULL, i ? 32 : 0), p2p__bytes(&counter, 1) };
    p2p__hmac_sha256(p2p__bytes(secret, sizeof secret), v, 2, out[i]);
  }
  p2p__wipe(secret, sizeof secret);
}
