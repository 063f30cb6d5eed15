/* Salsa20 of one library, or our own. Each is one file; backend.c has the table of those built, the
 * preferred first, and every entry is tested against the others. */
#ifndef P2P_CRYPTO_SALSA20_BACKEND_H
#define P2P_CRYPTO_SALSA20_BACKEND_H

#include "base/bytes.h"

enum { P2P__SALSA20_BLOCK = 64 };

typedef struct p2p__salsa20_backend {
  const char *name;
  void (*hsalsa20)(const uint8_t key[32], const uint8_t nonce[16], uint8_t out[32]);
  /* out = in xor the key stream from block `block` on; out may be in; in may be empty. */
  void (*xor_from)(const uint8_t key[32], const uint8_t nonce[8], uint64_t block, p2p_bytes in,
                   uint8_t *out);
} p2p__salsa20_backend;

extern const p2p__salsa20_backend p2p__salsa20_own;
extern const p2p__salsa20_backend p2p__salsa20_sodium; /* where libsodium was found */

/* The i-th one built, NULL past the last. The first is the one in use. */
const p2p__salsa20_backend *p2p__salsa20_backend_at(size_t i);

#endif
