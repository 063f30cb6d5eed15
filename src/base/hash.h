/* SipHash, the hash of every table whose keys a peer can choose. Spec: siphash, appendix A. */
#ifndef P2P_BASE_HASH_H
#define P2P_BASE_HASH_H

#include "base/bytes.h"

/* SipHash-2-4. */
uint64_t p2p__siphash(const uint8_t key[16], p2p_bytes in);
/* SipHash-1-3 of the number's 8 little-endian bytes: a table needs slots that nobody can foresee, no
 * code that nobody can forge, and streams are looked up often (Rust's and Python's tables do the same). */
uint64_t p2p__siphash_u64(const uint8_t key[16], uint64_t v);

#endif
