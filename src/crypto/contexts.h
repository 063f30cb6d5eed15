/* The cipher contexts of a loop: crypto.c keeps them, aead.c and hpmask.c use them. */
#ifndef P2P_CRYPTO_CONTEXTS_H
#define P2P_CRYPTO_CONTEXTS_H

#include "crypto/aead_backend.h"

/* The backend for this use on this processor, as a number from 1; P2P_ENOMEM when its library cannot
 * be loaded for lack of memory. */
P2P_MUST_USE int p2p__crypto_choose(p2p__crypto *c, p2p__cipher cipher, bool packets);
/* A keyed context of that backend. 0, P2P_ENOMEM, P2P_EIO, P2P_ENOTSUP. */
P2P_MUST_USE int p2p__crypto_take(p2p__crypto *c, unsigned backend, p2p__cipher cipher,
                                  const uint8_t *key, bool seals, void **ctx);
/* Takes ctx back, without a secret in it; the oldest goes when there are spares enough. */
void p2p__crypto_give(p2p__crypto *c, unsigned backend, p2p__cipher cipher, void *ctx);

#endif
