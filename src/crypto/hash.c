/* SHA-256 (FIPS 180-4), HMAC (RFC 2104) and Noise's HKDF (noise rev 34, section 4.3).
 *
 * Over libcrypto's low-level SHA-256 on purpose: it works on the stack, so that it cannot fail and
 * a hash needs no error path, and it uses the CPU's SHA instructions, which libsodium does not. The
 * EVP way allocates a context for every hash. */
#define OPENSSL_API_COMPAT                                                                         \
  0x10101000L /* since 3.0 SHA256_* is called deprecated in favour of EVP */

#include "crypto/crypto.h"
#include <openssl/sha.h>

enum {
  HMAC_BLOCK = 64 /* bytes of SHA-256's block */
};

static void update(SHA256_CTX *ctx, const p2p_bytes *v, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (v[i].len) SHA256_Update(ctx, v[i].p, v[i].len);
  }
}

static void finish(SHA256_CTX *ctx, uint8_t out[P2P__SHA256]) {
  SHA256_Final(out, ctx);
  p2p__wipe(ctx, sizeof *ctx);
}

void p2p__sha256(const p2p_bytes *v, size_t n, uint8_t out[P2P__SHA256]) {
  SHA256_CTX ctx;
  SHA256_Init(&ctx);
  update(&ctx, v, n);
  finish(&ctx, out);
}

/* Starts a hash with the key, padded to a block and masked. */
static void hmac_start(SHA256_CTX *ctx, const uint8_t key[HMAC_BLOCK], uint8_t mask) {
  uint8_t pad[HMAC_BLOCK];
  for (size_t i = 0; i < HMAC_BLOCK; i++) pad[i] = key[i] ^ mask;
  SHA256_Init(ctx);
  SHA256_Update(ctx, pad, sizeof pad);
  p2p__wipe(pad, sizeof pad);
}

void p2p__hmac_sha256(p2p_bytes key, const p2p_bytes *v, size_t n, uint8_t out[P2P__SHA256]) {
  uint8_t block[HMAC_BLOCK] = { 0 }, inner[P2P__SHA256];
  SHA256_CTX ctx;
  if (key.len > HMAC_BLOCK)
    p2p__sha256(&key, 1, block);
  else if (key.len)
    memcpy(block, key.p, key.len);
  hmac_start(&ctx, block, 0x36);
  update(&ctx, v, n);
  finish(&ctx, inner);
  hmac_start(&ctx, block, 0x5c);
  SHA256_Update(&ctx, inner, sizeof inner);
  finish(&ctx, out);
  p2p__wipe(block, sizeof block);
  p2p__wipe(inner, sizeof inner);
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
