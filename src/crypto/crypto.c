/* What a loop keeps for its ciphers: the algorithms fetched by name once, and spare contexts.
 * A fetch costs a microsecond and a lock, a new context an allocation or three. */
#include "crypto/crypto.h"
#include "crypto/backend.h"
#include "crypto/contexts.h"

enum {
  SPARES_MAX = 32 /* contexts kept of a cipher; about 1 KiB each, libcrypto's memory */
};

typedef struct spares {
  EVP_CIPHER *cipher;
  EVP_CIPHER_CTX *ctx[SPARES_MAX];
  size_t n;
} spares;

struct p2p__crypto {
  p2p__mem *mem;
  spares spares[P2P__CIPHERS];
};

static const char *const names[P2P__CIPHERS] = {
  [P2P__CIPHER_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
  [P2P__CIPHER_AES_128_GCM] = "AES-128-GCM",
  [P2P__CIPHER_AES_256_GCM] = "AES-256-GCM",
  [P2P__CIPHER_CHACHA20] = "ChaCha20",
  [P2P__CIPHER_AES_128_ECB] = "AES-128-ECB",
  [P2P__CIPHER_AES_256_ECB] = "AES-256-ECB",
};

static int fetch(p2p__crypto *c) {
  for (size_t i = 0; i < P2P__CIPHERS; i++) {
    c->spares[i].cipher = EVP_CIPHER_fetch(NULL, names[i], NULL);
    if (!c->spares[i].cipher) return P2P_ENOTSUP;
  }
  return 0;
}

int p2p__crypto_new(p2p__mem *mem, p2p__crypto **out) {
  *out = NULL;
  for (size_t i = 0; p2p__backend_at(i); i++) {
    int err = p2p__backend_at(i)->init();
    if (err) return err;
  }
  p2p__crypto *c = p2p__alloc(mem, P2P__MEM_LOOP, sizeof *c);
  if (!c) return P2P_ENOMEM;
  c->mem = mem;
  int err = fetch(c);
  if (err) {
    p2p__crypto_free(c);
    return err;
  }
  *out = c;
  return 0;
}

void p2p__crypto_free(p2p__crypto *c) {
  if (!c) return;
  for (size_t i = 0; i < P2P__CIPHERS; i++) {
    spares *s = &c->spares[i];
    while (s->n > 0) EVP_CIPHER_CTX_free(s->ctx[--s->n]);
    EVP_CIPHER_free(s->cipher);
  }
  p2p__release(c->mem, P2P__MEM_LOOP, c, sizeof *c);
}

EVP_CIPHER_CTX *p2p__crypto_take(p2p__crypto *c, p2p__cipher cipher) {
  spares *s = &c->spares[cipher];
  if (s->n > 0) return s->ctx[--s->n];
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  if (ctx && EVP_CipherInit_ex(ctx, s->cipher, NULL, NULL, NULL, 1) == 1) return ctx;
  EVP_CIPHER_CTX_free(ctx);
  return NULL;
}

/* Overwrites key, one-time key and key stream with those of a key everybody knows. */
static bool forget(EVP_CIPHER_CTX *ctx) {
  static const uint8_t zero[P2P__AEAD_KEY] = { 0 };
  uint8_t block[16] = { 0 };
  int len;
  return EVP_CipherInit_ex(ctx, NULL, NULL, zero, zero, 1) == 1 &&
         EVP_CipherUpdate(ctx, block, &len, block, sizeof block) == 1;
}

void p2p__crypto_give(p2p__crypto *c, p2p__cipher cipher, EVP_CIPHER_CTX *ctx) {
  spares *s = &c->spares[cipher];
  if (!ctx) return;
  if (s->n < SPARES_MAX && forget(ctx))
    s->ctx[s->n++] = ctx;
  else
    EVP_CIPHER_CTX_free(ctx); /* wipes what it held */
}
