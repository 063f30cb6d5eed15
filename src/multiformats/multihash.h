/* Multihashes, and the ones among them that name peers. Spec: multiformats/multihash,
 * multiformats/cid, peer-ids/peer-ids.md. */
#ifndef P2P_MULTIFORMATS_MULTIHASH_H
#define P2P_MULTIFORMATS_MULTIHASH_H

#include "base/bytes.h"

enum p2p__multihash_code { P2P__MH_IDENTITY = 0x00, P2P__MH_SHA2_256 = 0x12 };
enum {
  P2P__MH_IDENTITY_MAX = 42, /* longest key that is its own peer id */
  P2P__MH_DIGEST_MAX = 64    /* longest digest of any hash function in use */
};

typedef struct p2p__multihash {
  uint64_t code;
  p2p_bytes digest; /* inside the input */
} p2p__multihash;

/* Whether b is one multihash and nothing else: minimal varints, a digest of the length it says. A
 * sha2-256 digest has 32 bytes; of other functions 1 to 64 are taken. mh may be NULL. */
bool p2p__multihash_read(p2p_bytes b, p2p__multihash *mh);
/* Whether b may be a peer id: sha2-256, or identity of 1 to 42 bytes. */
bool p2p__multihash_names_peer(p2p_bytes b);
/* The multihash that text names a peer by, appended: base58btc ("Qm…", "1…") or a CIDv1 of codec
 * libp2p-key in any base of multibase.h. false: neither; then w is as it was. */
bool p2p__multihash_parse_peer(p2p_bytes text, p2p__wr *w);

#endif
