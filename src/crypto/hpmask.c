/* Header protection of QUIC, over libcrypto: AES-ECB or ChaCha20 of a sample of the ciphertext.
 * Spec: RFC 9001, sections 5.4.3 and 5.4.4. */
#include "crypto/hpmask.h"
#include "crypto/contexts.h"
#include <openssl/evp.h>

enum { BATCH = 16 }; /* samples of one call to AES */

static p2p__cipher cipher_of(const p2p__hpmask *h) {
  switch (h->kind) {
  case P2P__AES_128_GCM: return P2P__CIPHER_AES_128_ECB;
  case P2P__AES_256_GCM: return P2P__CIPHER_AES_256_ECB;
  default: return P2P__CIPHER_CHACHA20;
  }
}

void p2p__hpmask_init(p2p__hpmask *h, p2p__crypto *c, p2p__aead_kind kind, const uint8_t *key) {
  *h = (p2p__hpmask){ .crypto = c, .kind = (uint8_t)kind };
  memcpy(h->key, key, p2p__aead_key_len(kind));
}

void p2p__hpmask_idle(p2p__hpmask *h) {
  if (!h->ctx) return;
  p2p__crypto_give(h->crypto, h->backend, cipher_of(h), h->ctx);
  h->ctx = NULL;
}

void p2p__hpmask_fini(p2p__hpmask *h) {
  if (!h) return;
  p2p__hpmask_idle(h);
  p2p__wipe(h->key, sizeof h->key);
}

static int take_context(p2p__hpmask *h) {
  if (!h->backend) {
    int chosen = p2p__crypto_choose(h->crypto, cipher_of(h), true); /* only libcrypto wants to */
    if (chosen < 0) return chosen;
    h->backend = (uint8_t)chosen;
  }
  return p2p__crypto_take(h->crypto, h->backend, cipher_of(h), h->key, true, &h->ctx);
}

/* n blocks of AES at most BATCH. */
static int aes_masks(EVP_CIPHER_CTX *ctx, const uint8_t *samples, size_t n, uint8_t *masks) {
  uint8_t blocks[BATCH * P2P__HP_SAMPLE];
  int len;
  if (EVP_CipherUpdate(ctx, blocks, &len, samples, (int)(n * P2P__HP_SAMPLE)) != 1) return P2P_EIO;
  for (size_t i = 0; i < n; i++)
    memcpy(masks + i * P2P__HP_MASK, blocks + i * P2P__HP_SAMPLE, P2P__HP_MASK);
  return 0;
}

/* The sample is counter and nonce, in libcrypto's order, and zeros are encrypted. */
static int chacha_mask(EVP_CIPHER_CTX *ctx, const uint8_t *sample, uint8_t *mask) {
  static const uint8_t zero[P2P__HP_MASK] = { 0 };
  int len;
  if (EVP_CipherInit_ex(ctx, NULL, NULL, NULL, sample, 1) != 1) return P2P_EIO;
  return EVP_CipherUpdate(ctx, mask, &len, zero, P2P__HP_MASK) == 1 ? 0 : P2P_EIO;
}

int p2p__hpmask_many(p2p__hpmask *h, const uint8_t *samples, size_t n, uint8_t *masks) {
  bool chacha = h->kind == P2P__CHACHA20_POLY1305;
  int err = h->ctx ? 0 : take_context(h);
  for (size_t at = 0, batch; !err && at < n; at += batch) {
    const uint8_t *from = samples + at * P2P__HP_SAMPLE;
    uint8_t *to = masks + at * P2P__HP_MASK;
    batch = chacha ? 1 : p2p__min(n - at, BATCH);
    err = chacha ? chacha_mask(h->ctx, from, to) : aes_masks(h->ctx, from, batch, to);
  }
  return err;
}

int p2p__hpmask_of(p2p__hpmask *h, const uint8_t sample[P2P__HP_SAMPLE],
                   uint8_t mask[P2P__HP_MASK]) {
  return p2p__hpmask_many(h, sample, 1, mask);
}
