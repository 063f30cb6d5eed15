/* Hash functions by their multihash code. Spec: multiformats/multicodec, table.csv. */
#ifndef P2P_CRYPTO_DIGEST_H
#define P2P_CRYPTO_DIGEST_H

#include "base/bytes.h"

enum { P2P__DIGEST_MAX = 128 };

/* Writes len bytes of the digest of data: all the function gives, fewer, or, where its output is
 * extendable, more. 0; P2P_ENOTSUP: no backend computes it; P2P_EINVAL: it gives fewer than len,
 * or none were asked for; P2P_ENOMEM. */
P2P_MUST_USE int p2p__digest(uint64_t code, p2p_bytes data, uint8_t *out, size_t len);
/* Whether p2p__digest computes it. */
bool p2p__digest_is_known(uint64_t code);

#endif
