/* The cipher contexts of a loop: crypto.c keeps them, aead.c and hpmask.c use them. */
#ifndef P2P_CRYPTO_CONTEXTS_H
#define P2P_CRYPTO_CONTEXTS_H

#include "crypto/crypto.h"
#include <openssl/evp.h>

typedef enum p2p__cipher {
  P2P__CIPHER_CHACHA20_POLY1305,
  P2P__CIPHER_AES_128_GCM,
  P2P__CIPHER_AES_256_GCM,
  P2P__CIPHER_CHACHA20, /* header protection from here */
  P2P__CIPHER_AES_128_ECB,
  P2P__CIPHER_AES_256_ECB,
  P2P__CIPHERS
} p2p__cipher;

/* A context with the cipher set and no key; NULL when memory is out. */
EVP_CIPHER_CTX *p2p__crypto_take(p2p__crypto *c, p2p__cipher cipher);
/* Takes ctx back, without a secret in it; frees it when there are spares enough. */
void p2p__crypto_give(p2p__crypto *c, p2p__cipher cipher, EVP_CIPHER_CTX *ctx);

#endif
