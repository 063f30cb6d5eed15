/* Signed envelopes and peer records. Spec: RFC 0002, RFC 0003, in the form deployed: domain
 * "libp2p-peer-record", payload type 0x0301. */
#ifndef P2P_PEER_ENVELOPE_H
#define P2P_PEER_ENVELOPE_H

#include "base/bytes.h"
#include <p2p/key.h>

/* Writes the envelope of id's peer record (seq, n addresses) to w; w's sticky error when there is
 * no room. scratch: cap bytes used while working. P2P_ELIMIT, and what id->sign returns. */
P2P_MUST_USE int p2p__peer_record_seal(const p2p_identity *id, uint64_t seq, const p2p_bytes *addrs,
                                       size_t n, p2p__span scratch, p2p__wr *w);

typedef struct p2p__peer_record {
  p2p_peer_id peer; /* verified: the envelope's key signed it and hashes to it */
  uint64_t seq;
  p2p_bytes record; /* protobuf PeerRecord inside the input: addresses by p2p__peer_record_addr */
} p2p__peer_record;

/* Verifies an envelope: signature over domain, type, payload; record.peer_id is the id of the
 * signing key. P2P_ESIG, P2P_EPEER, P2P_EPROTO, P2P_EKEY. */
P2P_MUST_USE int p2p__peer_record_open(p2p_bytes envelope, p2p__span scratch,
                                       p2p__peer_record *out);
/* Walks the record's addresses: 1, 0, P2P_EPROTO. *r starts as p2p__rd_of(record). Empty and invalid
 * addresses are skipped. */
P2P_MUST_USE int p2p__peer_record_addr(p2p__rd *r, p2p_bytes *addr);

#endif
