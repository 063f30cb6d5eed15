/* RANK: in which order the addresses of a peer are dialed, and when each begins. Pure: an address is
 * judged by its bytes alone, so no transport is asked.
 *
 * Groups (local, public, relayed) run beside each other. Within a group those over UDP begin at
 * once and the others a stagger later; each of the two rows alternates between IPv6 and IPv4,
 * IPv6 first, with a stagger from one to the next. Spec: RFC 8305, sections 4 and 5. */
#ifndef P2P_SWARM_RANK_H
#define P2P_SWARM_RANK_H

#include <p2p/types.h>

typedef enum p2p__rank_group {
  P2P__RANK_LOCAL, /* this machine, this network */
  P2P__RANK_PUBLIC,
  P2P__RANK_RELAYED, /* through another peer: after all that is direct */
  P2P__RANK_GROUPS
} p2p__rank_group;

typedef struct p2p__rank {
  uint8_t group;
  uint8_t family; /* 4, 6; 0: no IP address */
  bool udp;       /* QUIC and what is built on it, WebRTC */
  bool loopback;  /* this machine: before what is only near */
} p2p__rank;

p2p__rank p2p__rank_of(p2p_bytes addr);

typedef struct p2p__ranked {
  p2p__rank rank;
  p2p_time start; /* after the dial's */
} p2p__ranked;

/* Puts n entries in the order in which they begin and sets their starts. near: the stagger of local
 * addresses. Equals keep their order. */
void p2p__rank_sort(p2p__ranked **v, size_t n, p2p_time near, p2p_time stagger);

#endif
