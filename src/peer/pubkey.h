/* The libp2p protobuf of a key, public or private: KeyType and bytes. Spec: peer-ids/peer-ids.md,
 * "Keys". */
#ifndef P2P_PEER_PUBKEY_H
#define P2P_PEER_PUBKEY_H

#include "base/bytes.h"
#include <p2p/key.h>

typedef struct p2p__key {
  p2p_key_type type;
  p2p_bytes data; /* inside the input */
} p2p__key;

/* Reads exactly the deterministic encoding: type, then data, minimal, nothing else. One key has one
 * encoding, else it would have many peer ids. P2P_EKEY; P2P_ENOTSUP: an unknown type. */
P2P_MUST_USE int p2p__key_read(p2p_bytes protobuf, p2p__key *out);
void p2p__key_write(p2p__wr *w, p2p_key_type type, p2p_bytes data);

/* Reads a public key and judges its data, too: P2P_EKEY when no such key can exist. */
P2P_MUST_USE int p2p__pubkey_read(p2p_bytes protobuf, p2p__key *out);

#endif
