/* Header protection of QUIC, over libcrypto: AES-ECB or ChaCha20 of a sample of the ciphertext.
 * Spec: RFC 9001, sections 5.4.3 and 5.4.4. */
#include "crypto/hpmask.h"
#include "crypto/contexts.h"

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
  p2p__crypto_give(h->crypto, cipher_of(h), h->ctx);
  h->ctx = NULL;
}

void p2p__hpmask_fini(p2p__hpmask *h) {
  if (!h) return;
  p2p__hpmask_idle(h);
  p2p__wipe(h->key, sizeof h->key);
}

static int take_context(p2p__hpmask *h) {
  h->ctx = p2p__crypto_take(h->crypto, cipher_of(h));
  if (!h->ctx) return P2P_ENOMEM;
  if (EVP_CipherInit_ex(h->ctx, NULL, NULL, h->key, NULL, 1) == 1) return 0;
  p2p__hpmask_idle(h);
  return P2P_EIO;
}

int p2p__hpmask_of(p2p__hpmask *h, const uint8_t sample[P2P__HP_SAMPLE],
                   uint8_t mask[P2P__HP_MASK]) {
  uint8_t block[P2P__HP_SAMPLE] = { 0 };
  int len, err = h->ctx ? 0 : take_context(h);
  if (err) return err;
  /* ChaCha20: the sample is counter and nonce, in libcrypto's order, and zeros are encrypted. */
  bool chacha = h->kind == P2P__CHACHA20_POLY1305;
  if (chacha && EVP_CipherInit_ex(h->ctx, NULL, NULL, NULL, sample, 1) != 1) return P2P_EIO;
  const uint8_t *in = chacha ? block : sample;
  int n = chacha ? P2P__HP_MASK : P2P__HP_SAMPLE;
  if (EVP_CipherUpdate(h->ctx, block, &len, in, n) != 1) return P2P_EIO;
  memcpy(mask, block, P2P__HP_MASK);
  return 0;
}
