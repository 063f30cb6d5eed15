/* XSalsa20, for private networks, and the Salsa20 that it stands on.
 * Spec: D. J. Bernstein, "Extending the Salsa20 nonce" (2011); "Salsa20 specification" (2005). */
#ifndef P2P_CRYPTO_SALSA20_H
#define P2P_CRYPTO_SALSA20_H

#include "base/bytes.h"

enum { P2P__XSALSA20_KEY = 32, P2P__XSALSA20_NONCE = 24, P2P__SALSA20_NONCE = 8 };

/* One direction of one channel: a position in it names a byte of key stream. */
typedef struct p2p__xsalsa20 {
  uint8_t key[P2P__XSALSA20_KEY]; /* of the Salsa20 below */
  uint8_t nonce[P2P__SALSA20_NONCE];
} p2p__xsalsa20;

void p2p__xsalsa20_init(p2p__xsalsa20 *x, const uint8_t key[P2P__XSALSA20_KEY],
                        const uint8_t nonce[P2P__XSALSA20_NONCE]);
void p2p__xsalsa20_fini(p2p__xsalsa20 *x); /* wipes the key */
/* out = in xor the key stream from byte `at` on; out has in.len bytes and may be in. */
void p2p__xsalsa20_xor(const p2p__xsalsa20 *x, uint64_t at, p2p_bytes in, uint8_t *out);

/* n bytes of Salsa20's key stream from its beginning. */
void p2p__salsa20_stream(const uint8_t key[P2P__XSALSA20_KEY],
                         const uint8_t nonce[P2P__SALSA20_NONCE], uint8_t *out, size_t n);

#endif
