/* Multihashes, and the ones among them that name peers. Spec: multiformats/multihash,
 * multiformats/cid, peer-ids/peer-ids.md. */
#ifndef P2P_MULTIFORMATS_MULTIHASH_H
#define P2P_MULTIFORMATS_MULTIHASH_H

#include "base/bytes.h"
#include <p2p/multihash.h>

enum { P2P__MH_IDENTITY = P2P_MH_IDENTITY, P2P__MH_SHA2_256 = P2P_MH_SHA2_256 };
enum {
  P2P__MH_IDENTITY_MAX = 42 /* longest key that is its own peer id */
};

/* Whether b is one multihash and nothing else: minimal varints, as many bytes as it says, no more
 * than the function gives. mh may be NULL. */
bool p2p__multihash_read(p2p_bytes b, p2p_multihash *mh);
/* Bytes a function gives when nobody asks for fewer; 0: not known. */
size_t p2p__multihash_size(uint64_t code);

/* Whether b may be a peer id: sha2-256 of 32 bytes, or identity of 1 to 42. */
bool p2p__multihash_names_peer(p2p_bytes b);
/* The multihash that text names a peer by, appended: base58btc ("Qm…", "1…") or a CIDv1 of codec
 * libp2p-key in any base of multibase.h. false: neither; then w is as it was. */
bool p2p__multihash_parse_peer(p2p_bytes text, p2p__wr *w);

#endif
