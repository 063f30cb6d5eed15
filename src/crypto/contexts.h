/* The cipher contexts of a loop: crypto.c keeps them, aead.c uses them. */
#ifndef P2P_CRYPTO_CONTEXTS_H
#define P2P_CRYPTO_CONTEXTS_H

#include "crypto/crypto.h"
#include <openssl/evp.h>

/* A context with the ChaCha20-Poly1305 cipher set and no key; NULL when memory is out. */
EVP_CIPHER_CTX *p2p__crypto_take(p2p__crypto *c);
/* Takes ctx back, without a secret in it; frees it when there are spares enough. */
void p2p__crypto_give(p2p__crypto *c, EVP_CIPHER_CTX *ctx);

#endif
