/* AEADs over whichever backend is best at a kind and use on this processor. */
#include "crypto/contexts.h"
#include <assert.h>

size_t p2p__aead_key_len(p2p__aead_kind kind) { return kind == P2P__AES_128_GCM ? 16 : 32; }

static p2p__cipher cipher_of(const p2p__aead *a) {
  switch (a->kind) {
  case P2P__AES_128_GCM: return P2P__CIPHER_AES_128_GCM;
  case P2P__AES_256_GCM: return P2P__CIPHER_AES_256_GCM;
  default: return P2P__CIPHER_CHACHA20_POLY1305;
  }
}

static const p2p__aead_backend *backend_of(const p2p__aead *a) {
  return p2p__aead_backend_at(a->backend - 1u);
}

void p2p__aead_init(p2p__aead *a, p2p__crypto *c, p2p__aead_kind kind, bool seals,
                    const uint8_t *key) {
  *a = (p2p__aead){ .crypto = c, .kind = (uint8_t)kind, .seals = seals };
  memcpy(a->key, key, p2p__aead_key_len(kind));
}

void p2p__aead_init_packets(p2p__aead *a, p2p__crypto *c, p2p__aead_kind kind, bool seals,
                            const uint8_t *key) {
  p2p__aead_init(a, c, kind, seals, key);
  a->packets = true;
}

void p2p__aead_idle(p2p__aead *a) {
  if (!a->ctx) return;
  p2p__crypto_give(a->crypto, a->backend, cipher_of(a), a->ctx);
  a->ctx = NULL;
}

void p2p__aead_fini(p2p__aead *a) {
  if (!a) return;
  p2p__aead_idle(a);
  p2p__wipe(a->key, sizeof a->key);
}

static int take_context(p2p__aead *a) {
  if (!a->backend) {
    int chosen = p2p__crypto_choose(a->crypto, cipher_of(a), a->packets);
    if (chosen < 0) return chosen;
    a->backend = (uint8_t)chosen;
  }
  return p2p__crypto_take(a->crypto, a->backend, cipher_of(a), a->key, a->seals, &a->ctx);
}

int p2p__aead_start(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE], p2p_bytes aad) {
  assert(!a->packets);
  int err = a->ctx ? 0 : take_context(a);
  return err ? err : backend_of(a)->start(a->ctx, nonce, aad);
}

int p2p__aead_add(p2p__aead *a, p2p_bytes in, uint8_t *out) {
  return backend_of(a)->add(a->ctx, in, out);
}

int p2p__aead_finish(p2p__aead *a, uint8_t tag[P2P__AEAD_TAG]) {
  return backend_of(a)->finish(a->ctx, tag);
}

int p2p__aead_seal(p2p__aead *a, const uint8_t nonce[P2P__AEAD_NONCE], p2p_bytes aad, p2p_bytes in,
                   uint8_t *out) {
  int err = a->ctx ? 0 : take_context(a);
  return err ? err : backend_of(a)->seal(a->ctx, nonce, aad, in, out);
}

static int open_to(p2p__aead *a, const uint8_t *nonce, p2p_bytes aad, p2p_bytes in,
                   const uint8_t *tag, uint8_t *out) {
  int err = a->ctx ? 0 : take_context(a);
  if (!err) err = backend_of(a)->open(a->ctx, nonce, aad, in, tag, out);
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
