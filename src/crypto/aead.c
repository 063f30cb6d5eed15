/* ChaCha20-Poly1305 (RFC 8439) over libcrypto's EVP: a context is keyed when it is taken, a record
 * sets the nonce only. */
#include "crypto/contexts.h"
#include <limits.h>

void p2p__aead_init(p2p__aead *a, p2p__crypto *c, p2p__aead_kind kind, bool seals,
                    const uint8_t key[P2P__AEAD_KEY]) {
  *a = (p2p__aead){ .crypto = c, .kind = (uint8_t)kind, .seals = seals };
  memcpy(a->key, key, sizeof a->key);
}

void p2p__aead_idle(p2p__aead *a) {
  if (!a->ctx) return;
  p2p__crypto_give(a->crypto, a->ctx);
  a->ctx = NULL;
}

void p2p__aead_fini(p2p__aead *a) {
  if (!a) return;
  p2p__aead_idle(a);
  p2p__wipe(a->key, sizeof a->key);
}

static int take_context(p2p__aead *a) {
  a->ctx = p2p__crypto_take(a->crypto);
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
  int len; /* a stream cipher keeps nothing back: Final writes no byte, so any pointer serves */
  if (EVP_CipherFinal_ex(a->ctx, tag, &len) != 1) return P2P_EIO;
  return EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, P2P__AEAD_TAG, tag) == 1 ? 0 : P2P_EIO;
}

int p2p__aead_open(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE], p2p_bytes aad, uint8_t *text,
                   size_t n, const uint8_t tag[P2P__AEAD_TAG]) {
  uint8_t expected[P2P__AEAD_TAG];
  int len, err = p2p__aead_start(a, nonce, aad);
  memcpy(expected, tag, sizeof expected);
  if (!err && EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, P2P__AEAD_TAG, expected) != 1)
    err = P2P_EIO;
  if (!err) err = p2p__aead_add(a, p2p__bytes(text, n), text);
  if (!err && EVP_CipherFinal_ex(a->ctx, expected, &len) != 1) err = P2P_EAUTH;
  if (err) p2p__wipe(text, n); /* nobody sees what was not authentic */
  return err;
}
