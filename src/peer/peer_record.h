/* Peer records: the addresses of a peer, in an envelope that it signed. Spec: RFC 0003, in the form
 * deployed: domain "libp2p-peer-record", payload type 0x0301. */
#ifndef P2P_PEER_PEER_RECORD_H
#define P2P_PEER_PEER_RECORD_H

#include "peer/envelope.h"

/* Writes the envelope of id's peer record (seq, n addresses) to w. scratch: cap bytes used while
 * working. P2P_ELIMIT (also w's sticky error), and what id->sign returns. */
P2P_MUST_USE int p2p__peer_record_seal(const p2p_identity *id, uint64_t seq, const p2p_bytes *addrs,
                                       size_t n, p2p__span scratch, p2p__wr *w);

typedef struct p2p__peer_record {
  p2p_peer_id peer; /* verified: the envelope's key signed it and hashes to it */
  uint64_t seq;
  p2p_bytes record; /* protobuf PeerRecord inside the input: addresses by p2p__peer_record_addr */
} p2p__peer_record;

/* Opens an envelope, its signature first; record.peer_id must be the id of the signing key. P2P_EPEER
 * when it is another's, P2P_EPROTO, and the errors of p2p__envelope_open. */
P2P_MUST_USE int p2p__peer_record_open(p2p_bytes envelope, p2p__span scratch,
                                       p2p__peer_record *out);
/* The same, and takes the form of before 2021, too: domain "libp2p-routing-state", payload type
 * "/libp2p/routing-state-record". rust-libp2p still seals with it (libp2p-core 0.44, PeerRecord::new)
 * where it sends records: in identify and to rendezvous servers. So those two ask for it, and nobody
 * else: gossip's peer exchange, relays and imports see records of go-libp2p's form only. */
P2P_MUST_USE int p2p__peer_record_open_any(p2p_bytes envelope, p2p__span scratch,
                                           p2p__peer_record *out);
/* Walks the record's addresses: 1, 0, P2P_EPROTO. *r starts as p2p__rd_of(record). Empty and invalid
 * addresses are skipped. */
P2P_MUST_USE int p2p__peer_record_addr(p2p__rd *r, p2p_bytes *addr);

#endif
