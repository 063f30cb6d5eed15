/* SipHash-2-4, the hash of every table whose keys a peer can choose. Spec: siphash, appendix A. */
#ifndef P2P_BASE_HASH_H
#define P2P_BASE_HASH_H

#include "base/bytes.h"

uint64_t p2p__siphash(const uint8_t key[16], p2p_bytes in);
uint64_t p2p__siphash_u64(const uint8_t key[16], uint64_t v); /* of its 8 little-endian bytes */

#endif
