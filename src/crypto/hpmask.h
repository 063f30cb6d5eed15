/* The masks that hide the headers of QUIC packets. Spec: RFC 9001, section 5.4. */
#ifndef P2P_CRYPTO_HPMASK_H
#define P2P_CRYPTO_HPMASK_H

#include "crypto/crypto.h"

enum { P2P__HP_SAMPLE = 16, P2P__HP_MASK = 5 };

/* One direction of one connection, keyed once; embedded by value. Its cipher context comes from the
 * loop's spares, as a p2p__aead's does. */
typedef struct p2p__hpmask {
  p2p__crypto *crypto;
  void *ctx;             /* NULL while idle */
  uint8_t kind, backend; /* backend: 0 before the first use */
  uint8_t key[P2P__AEAD_KEY];
} p2p__hpmask;

/* kind: the AEAD of the packets; key: p2p__aead_key_len bytes of it. */
void p2p__hpmask_init(p2p__hpmask *h, p2p__crypto *c, p2p__aead_kind kind, const uint8_t *key);
void p2p__hpmask_fini(p2p__hpmask *h); /* wipes the key */
void p2p__hpmask_idle(p2p__hpmask *h); /* gives the context back; the next use takes one again */
/* The mask of a packet's sample. 0; P2P_ENOMEM when no context can be had; P2P_EIO. */
P2P_MUST_USE int p2p__hpmask_of(p2p__hpmask *h, const uint8_t sample[P2P__HP_SAMPLE],
                                uint8_t mask[P2P__HP_MASK]);
/* The masks of n samples, which lie one behind the other, as the masks then do: of all packets of a
 * batch at once, AES takes a fraction of the time for each. */
P2P_MUST_USE int p2p__hpmask_many(p2p__hpmask *h, const uint8_t *samples, size_t n, uint8_t *masks);

#endif
