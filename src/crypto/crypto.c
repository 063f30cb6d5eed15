/* What a loop keeps for its ciphers: the algorithm fetched by name once, and spare contexts.
 * A fetch costs a microsecond and a lock, a new context an allocation or three. */
#include "crypto/crypto.h"
#include "crypto/backend.h"
#include "crypto/contexts.h"

enum {
  SPARES_MAX = 32 /* contexts kept; about 1 KiB each, libcrypto's memory */
};

struct p2p__crypto {
  p2p__mem *mem;
  EVP_CIPHER *chacha20_poly1305;
  EVP_CIPHER_CTX *spares[SPARES_MAX];
  size_t n_spares;
};

int p2p__crypto_new(p2p__mem *mem, p2p__crypto **out) {
  *out = NULL;
  for (size_t i = 0; p2p__backend_at(i); i++) {
    int err = p2p__backend_at(i)->init();
    if (err) return err;
  }
  p2p__crypto *c = p2p__alloc(mem, P2P__MEM_LOOP, sizeof *c);
  if (!c) return P2P_ENOMEM;
  c->mem = mem;
  c->chacha20_poly1305 = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
  if (!c->chacha20_poly1305) {
    p2p__crypto_free(c);
    return P2P_ENOTSUP;
  }
  *out = c;
  return 0;
}

void p2p__crypto_free(p2p__crypto *c) {
  if (!c) return;
  while (c->n_spares > 0) EVP_CIPHER_CTX_free(c->spares[--c->n_spares]);
  EVP_CIPHER_free(c->chacha20_poly1305);
  p2p__release(c->mem, P2P__MEM_LOOP, c, sizeof *c);
}

EVP_CIPHER_CTX *p2p__crypto_take(p2p__crypto *c) {
  if (c->n_spares > 0) return c->spares[--c->n_spares];
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  if (ctx && EVP_CipherInit_ex(ctx, c->chacha20_poly1305, NULL, NULL, NULL, 1) == 1) return ctx;
  EVP_CIPHER_CTX_free(ctx);
  return NULL;
}

/* Overwrites key, one-time key and key stream with those of a key everybody knows. */
static bool forget(EVP_CIPHER_CTX *ctx) {
  static const uint8_t zero[P2P__AEAD_KEY] = { 0 };
  uint8_t byte = 0;
  int len;
  return EVP_CipherInit_ex(ctx, NULL, NULL, zero, zero, 1) == 1 &&
         EVP_CipherUpdate(ctx, &byte, &len, &byte, 1) == 1;
}

void p2p__crypto_give(p2p__crypto *c, EVP_CIPHER_CTX *ctx) {
  if (!ctx) return;
  if (c->n_spares < SPARES_MAX && forget(ctx))
    c->spares[c->n_spares++] = ctx;
  else
    EVP_CIPHER_CTX_free(ctx); /* wipes what it held */
}
