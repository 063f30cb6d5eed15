/* IDENTIFY, /ipfs/id/1.0.0 and /ipfs/id/push/1.0.0: tells peers who we are, asks every connection who
 * is there and keeps the answer in the peerstore, tells peers when our addresses or protocols change.
 * Spec: identify/README.md. Emits P2P_EV_IDENTIFIED {peer, err}.
 *
 * What is believed: only of the peer at the other end of the connection, only after the connection
 * proved its id; a message with another peer's key is refused whole; a signed record counts when it
 * is that peer's own and newer than what is known, and then replaces all its addresses. */
#ifndef P2P_PROTOCOL_IDENTIFY_IDENTIFY_H
#define P2P_PROTOCOL_IDENTIFY_IDENTIFY_H

#include "swarm/behaviour.h"
#include "swarm/peers.h"

/* What identify tells of us, and where it keeps what it hears. All borrowed until it is freed. */
typedef struct p2p__identify_config {
  p2p__peers *peers;
  const p2p_identity *identity;
  const char *agent; /* "libp2p-c/0.1.0" */
  void *ctx;         /* of the three functions */
  /* Our i-th address, packed, without /p2p: 1 and *w; 0: no more. */
  int (*addr)(void *ctx, size_t i, p2p__wr *w);
  const char *(*protocol)(void *ctx, size_t i); /* the i-th id served; NULL: no more */
  int64_t (*unix_ns)(void *ctx);                /* wall clock: the sequence number of our record */
} p2p__identify_config;

/* config: copied. P2P_ENOMEM. */
P2P_MUST_USE int p2p__identify_new(p2p__env *env, const p2p__identify_config *config,
                                   p2p__behaviour **out);

#endif
