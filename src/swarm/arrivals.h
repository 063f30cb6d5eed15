/* ARRIVALS: how many connections are half open from one place: an IPv4 address, an IPv6 /56 (about one
 * customer), an IPv6 /48. So one machine cannot fill the table of half-open connections, nor push
 * honest ones out of it. An IPv4 /24 has no bound, since it may be many honest people, but is known to be
 * crowded. Whose address is not proven (QUIC, before a round trip) is counted apart: or who lies about
 * it would take the places of whom it belongs to. Loopback and what has no IP address are not counted.
 * The prefixes and numbers are those of go-libp2p's connection limiter, which counts those that are up,
 * too: we do not, since many peers may be behind one address. Rows SW-07, QC-13 of the attack catalogue. */
#ifndef P2P_SWARM_ARRIVALS_H
#define P2P_SWARM_ARRIVALS_H

#include "base/env.h"
#include "base/map.h"

typedef struct p2p__arrivals {
  p2p__mem *mem;
  const p2p__limits *limits;
  p2p__u64map counts; /* prefix -> uint64_t of its own, never zero */
} p2p__arrivals;

void p2p__arrivals_init(p2p__arrivals *c, p2p__env *env);
void p2p__arrivals_fini(p2p__arrivals *c);
/* One more from addr (packed). P2P_ELIMIT: there are enough; P2P_ENOMEM. */
P2P_MUST_USE int p2p__arrivals_enter(p2p__arrivals *c, p2p_bytes addr, bool proven);
void p2p__arrivals_leave(p2p__arrivals *c, p2p_bytes addr, bool proven); /* who had entered */
bool p2p__arrivals_enough(const p2p__arrivals *c, p2p_bytes addr,
                          bool proven); /* enter says P2P_ELIMIT */
/* More than an eighth of those who may be half open come from the IPv4 /24 or IPv6 /48 of addr. */
bool p2p__arrivals_crowded(const p2p__arrivals *c, p2p_bytes addr);

#endif
