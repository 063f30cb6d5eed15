/* PEERSTORE, in memory: what is known of other peers, each interned once under a 32-bit index.
 * Compact, because an idle connection pays for it: names are interned, addresses are packed into
 * one allocation. Peers without connection are forgotten oldest first beyond limits.peers_max. */
#ifndef P2P_SWARM_PEERS_H
#define P2P_SWARM_PEERS_H

#include "base/env.h"
#include "base/handle.h"
#include "base/list.h"
#include "base/map.h"
#include <p2p/key.h>

/* A string that peers send again and again (protocol id, agent), kept once, counted. */
typedef struct p2p__name {
  uint32_t refs;
  uint16_t len;
  char text[]; /* zero-terminated */
} p2p__name;

typedef struct p2p__names {
  p2p__map map;
  p2p__mem *mem;
  uint64_t max;
} p2p__names;
void p2p__names_init(p2p__names *n, p2p__env *env);
void p2p__names_fini(p2p__names *n);
/* NULL: table full, text not printable or too long, or out of memory. */
p2p__name *p2p__name_ref(p2p__names *n, p2p_bytes text);
p2p__name *p2p__name_find(p2p__names *n, p2p_bytes text); /* no reference taken; NULL: unknown */
void p2p__name_unref(p2p__names *n, p2p__name *name);

typedef struct p2p__peer {
  p2p_peer_id id;
  uint32_t index;
  uint32_t refs;    /* connections, dials and behaviours that name it */
  p2p__list conns;  /* the swarm's connections to it (p2p__sconn.of_peer) */
  p2p__list lru;    /* linked while refs is 0 */
  uint8_t *addrs;   /* packed: 2-byte length, address, …; without /p2p */
  uint16_t addrs_len, n_addrs;
  uint16_t n_protocols;
  p2p__name **protocols;
  p2p__name *agent, *version;
  uint8_t *pubkey; /* protobuf, when it is not inlined in the id */
  uint16_t pubkey_len;
  uint8_t security; /* 1 + index of the security protocol it is known to speak; 0: unknown */
  bool no_optimism; /* an optimistic proposal killed a connection once: never again */
  bool identified;  /* identify told the following */
  bool certified;   /* addrs came in a record that it signed */
  uint64_t record_seq;
  uint8_t *observed; /* our address as it sees us, packed, NULL: unknown */
  uint16_t observed_len;
} p2p__peer;

typedef struct p2p__peers {
  p2p__env *env;
  p2p__names names;
  p2p__map by_id;
  p2p__peer **by_index; /* by_index[i]->index == i */
  uint32_t n, cap, free_index;
  p2p__list lru;
} p2p__peers;

P2P_MUST_USE int p2p__peers_init(p2p__peers *p, p2p__env *env);
void p2p__peers_fini(p2p__peers *p);
/* The peer of that id, made when there is none, with one more reference. NULL: no memory, or every
 * slot is held by a reference. */
p2p__peer *p2p__peer_ref(p2p__peers *p, const p2p_peer_id *id);
void p2p__peer_unref(p2p__peers *p, p2p__peer *peer); /* NULL accepted */
p2p__peer *p2p__peer_find(p2p__peers *p, const p2p_peer_id *id); /* no reference; NULL: unknown */
p2p__peer *p2p__peer_at(p2p__peers *p, uint32_t index);          /* no reference; NULL: free index */

/* Adds one packed address (without /p2p); known ones and those beyond limits.peer_addrs are ignored.
 * P2P_ENOMEM, P2P_EADDR. */
P2P_MUST_USE int p2p__peer_add_addr(p2p__peers *p, p2p__peer *peer, p2p_bytes addr);
/* Replaces all addresses. */
P2P_MUST_USE int p2p__peer_set_addrs(p2p__peers *p, p2p__peer *peer, const p2p_bytes *addrs,
                                     size_t n);
/* Walks: 1 and *addr, or 0. *pos starts at 0. */
int p2p__peer_addr(const p2p__peer *peer, size_t *pos, p2p_bytes *addr);
/* Replaces the protocol list; repeated, empty and overlong ids are skipped. P2P_ENOMEM. */
P2P_MUST_USE int p2p__peer_set_protocols(p2p__peers *p, p2p__peer *peer, const p2p_bytes *ids,
                                         size_t n);
bool p2p__peer_speaks(const p2p__peer *peer, const char *id); /* known to; false: not known */
P2P_MUST_USE int p2p__peer_set_observed(p2p__peers *p, p2p__peer *peer, p2p_bytes addr);
/* Keeps the key when the id does not contain it. P2P_ENOMEM, P2P_EPEER: not this peer's. */
P2P_MUST_USE int p2p__peer_set_pubkey(p2p__peers *p, p2p__peer *peer, p2p_bytes pubkey);

#endif
