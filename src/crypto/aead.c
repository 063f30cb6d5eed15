/* ChaCha20-Poly1305 (RFC 8439) and AES-GCM (RFC 5116) over libcrypto's EVP: a context is keyed when
 * it is taken, a record sets the nonce only. */
#include "crypto/contexts.h"
#include <limits.h>

static p2p__cipher cipher_of(const p2p__aead *a) {
  switch (a->kind) {
  case P2P__AES_128_GCM: return P2P__CIPHER_AES_128_GCM;
  case P2P__AES_256_GCM: return P2P__CIPHER_AES_256_GCM;
  default: return P2P__CIPHER_CHACHA20_POLY1305;
  }
}

size_t p2p__aead_key_len(p2p__aead_kind kind) { return kind == P2P__AES_128_GCM ? 16 : 32; }

void p2p__aead_init(p2p__aead *a, p2p__crypto *c, p2p__aead_kind kind, bool seals,
                    const uint8_t *key) {
  *a = (p2p__aead){ .crypto = c, .kind = (uint8_t)kind, .seals = seals };
  memcpy(a->key, key, p2p__aead_key_len(kind));
}

void p2p__aead_idle(p2p__aead *a) {
  if (!a->ctx) return;
  p2p__crypto_give(a->crypto, cipher_of(a), a->ctx);
  a->ctx = NULL;
}

void p2p__aead_fini(p2p__aead *a) {
  if (!a) return;
  p2p__aead_idle(a);
  p2p__wipe(a->key, sizeof a->key);
}

static int take_context(p2p__aead *a) {
  a->ctx = p2p__crypto_take(a->crypto, cipher_of(a));
  if (!a->ctx) return P2P_ENOMEM;
  if (EVP_CipherInit_ex(a->ctx, NULL, NULL, a->key, NULL, a->seals) == 1) return 0;
  p2p__aead_idle(a);
  return P2P_EIO;
}

int p2p__aead_start(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE], p2p_bytes aad) {
  int len, err = a->ctx ? 0 : take_context(a);
  if (err) return err;
  if (EVP_CipherInit_ex(a->ctx, NULL, NULL, NULL, nonce, -1) != 1) return P2P_EIO;
  if (aad.len == 0) return 0;
  if (aad.len > INT_MAX) return P2P_EINVAL;
  return EVP_CipherUpdate(a->ctx, NULL, &len, aad.p, (int)aad.len) == 1 ? 0 : P2P_EIO;
}

int p2p__aead_add(p2p__aead *a, p2p_bytes in, uint8_t *out) {
  int len;
  if (in.len == 0) return 0;
  if (in.len > INT_MAX) return P2P_EINVAL;
  return EVP_CipherUpdate(a->ctx, out, &len, in.p, (int)in.len) == 1 ? 0 : P2P_EIO;
}

int p2p__aead_finish(p2p__aead *a, uint8_t tag[P2P__AEAD_TAG]) {
  int len; /* nothing is kept back: Final writes no byte, so any pointer serves */
  if (EVP_CipherFinal_ex(a->ctx, tag, &len) != 1) return P2P_EIO;
  return EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, P2P__AEAD_TAG, tag) == 1 ? 0 : P2P_EIO;
}

int p2p__aead_seal(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE], p2p_bytes aad, p2p_bytes in,
                   uint8_t *out) {
  int err = p2p__aead_start(a, nonce, aad);
  if (!err) err = p2p__aead_add(a, in, out);
  return err ? err : p2p__aead_finish(a, out + in.len);
}

static int open_to(p2p__aead *a, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in,
                   const uint8_t *tag, uint8_t *out) {
  uint8_t expected[P2P__AEAD_TAG];
  int len, err = p2p__aead_start(a, nonce, aad);
  memcpy(expected, tag, sizeof expected);
  if (!err && EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, P2P__AEAD_TAG, expected) != 1)
    err = P2P_EIO;
  if (!err) err = p2p__aead_add(a, in, out);
  if (!err && EVP_CipherFinal_ex(a->ctx, expected, &len) != 1) err = P2P_EAUTH;
  if (err) p2p__wipe(out, in.len); /* nobody sees what was not authentic */
  return err;
}

int p2p__aead_open(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE], p2p_bytes aad, uint8_t *text,
                   size_t n, const uint8_t tag[P2P__AEAD_TAG]) {
  return open_to(a, nonce, aad, p2p__bytes(text, n), tag, text);
}

int p2p__aead_open_to(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE], p2p_bytes aad,
                      p2p_bytes in, uint8_t *out) {
  if (in.len < P2P__AEAD_TAG) return P2P_EAUTH;
  size_t n = in.len - P2P__AEAD_TAG;
  return open_to(a, nonce, aad, p2p__bytes(in.p, n), in.p + n, out);
}
