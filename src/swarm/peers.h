/* PEERSTORE, in memory: what is known of other peers, each interned once under a 32-bit index.
 * Compact, because an idle connection pays for it: names are interned, addresses are packed into
 * one allocation. Peers that nobody refers to are forgotten, the longest unused first, beyond
 * limits.peers_max peers or limits.peers_memory bytes of the whole store. */
#ifndef P2P_SWARM_PEERS_H
#define P2P_SWARM_PEERS_H

#include "base/env.h"
#include "base/handle.h"
#include "base/list.h"
#include "base/map.h"
#include <p2p/addr.h>
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
  size_t max; /* names that peers may bring */
  size_t longest;
} p2p__names;
void p2p__names_init(p2p__names *n, p2p__env *env);
void p2p__names_fini(p2p__names *n); /* frees all, whatever their references */
/* One more reference to the name of that text, made when there is none. For names of ours: a full
 * table does not refuse them. NULL: not a name (see learn), or out of memory. */
p2p__name *p2p__name_ref(p2p__names *n, p2p_bytes text);
/* The same for a name that a peer sent. P2P_EINVAL: empty, too long, not UTF-8, or with characters
 * that hide or reorder text; P2P_ELIMIT: the table is full; P2P_ENOMEM. */
P2P_MUST_USE int p2p__name_learn(p2p__names *n, p2p_bytes text, p2p__name **out);
p2p__name *p2p__name_find(const p2p__names *n, p2p_bytes text); /* no reference; NULL: unknown */
void p2p__name_unref(p2p__names *n, p2p__name *name);           /* NULL accepted */

typedef struct p2p__peer {
  p2p_peer_id id;
  uint8_t security; /* 1 + index of the security protocol it is known to speak; 0: unknown */
  bool no_optimism; /* an optimistic proposal killed a connection once: never again */
  bool identified;  /* identify told the following */
  bool certified;   /* addrs came in a record that it signed */
  uint16_t addrs_len, n_addrs, n_protocols, pubkey_len, observed_len;
  uint32_t index;
  uint32_t refs;       /* connections, dials and behaviours that name it */
  uint32_t n_admitted; /* connections that may be used, up or not yet */
  uint32_t n_told;     /* connections that behaviours were told of */
  p2p__list conns;     /* the swarm's connections to it (p2p__sconn.of_peer) */
  p2p__list lru;       /* linked while refs is 0 */
  p2p__list starving;  /* streams that wait for this budget, of all its connections */
  p2p__budget budget;  /* of its connections; its parent is the host's */
  uint8_t *addrs;      /* packed: 2-byte length, address, …; without /p2p */
  p2p__name **protocols;
  p2p__name *agent, *version;
  uint8_t *pubkey; /* protobuf, when it is not inlined in the id */
  uint64_t record_seq;
  p2p_time pushes_paid; /* identify: its pushes so far are paid for by then, at the rate allowed */
  uint8_t *observed;    /* our address as it sees us, packed, NULL: unknown */
} p2p__peer;

typedef struct p2p__peer_slot {
  p2p__peer *peer; /* NULL: free */
  uint32_t next_free;
} p2p__peer_slot;

typedef struct p2p__peers {
  p2p__env *env;
  p2p__names names;
  p2p__map by_id;
  p2p__peer_slot *by_index; /* by_index[i].peer->index == i */
  uint32_t n, cap;          /* slots ever used, slots allocated */
  uint32_t free_index;      /* first free one among the used; UINT32_MAX: none */
  uint32_t n_idle;          /* peers in lru */
  p2p__list lru;            /* oldest first */
} p2p__peers;

P2P_MUST_USE int p2p__peers_init(p2p__peers *p, p2p__env *env);
void p2p__peers_fini(p2p__peers *p);
/* The peer of that id, made when there is none, with one more reference. NULL: no memory. */
p2p__peer *p2p__peer_ref(p2p__peers *p, const p2p_peer_id *id);
void p2p__peer_unref(p2p__peers *p, p2p__peer *peer); /* NULL accepted; the last may forget it */
p2p__peer *p2p__peer_find(const p2p__peers *p, const p2p_peer_id *id); /* no reference; or NULL */
p2p__peer *p2p__peer_at(const p2p__peers *p, uint32_t index); /* no reference; NULL: free index */

/* What follows changes a peer to which the caller holds a reference: making room for one may forget
 * any other. */

/* Adds one packed address (without /p2p); known ones and those beyond limits.peer_addrs are ignored.
 * P2P_ENOMEM, P2P_EADDR. */
P2P_MUST_USE int p2p__peer_add_addr(p2p__peers *p, p2p__peer *peer, p2p_bytes addr);
/* Replaces all addresses; invalid and repeated ones and those beyond limits.peer_addrs are skipped.
 * P2P_ENOMEM leaves the old ones. */
P2P_MUST_USE int p2p__peer_set_addrs(p2p__peers *p, p2p__peer *peer, const p2p_bytes *addrs,
                                     size_t n);
/* Walks: 1 and *addr, or 0. *pos starts at 0. */
int p2p__peer_addr(const p2p__peer *peer, size_t *pos, p2p_bytes *addr);
/* Replaces the protocol list; repeated, unprintable and overlong ids and those beyond
 * limits.identify_protocols are skipped. P2P_ENOMEM leaves the old list. */
P2P_MUST_USE int p2p__peer_set_protocols(p2p__peers *p, p2p__peer *peer, const p2p_bytes *ids,
                                         size_t n);
bool p2p__peer_speaks(const p2p__peer *peer, const char *id); /* known to; false: not known */
/* What it calls itself and its protocol family. Empty forgets it; P2P_EINVAL, P2P_ELIMIT, P2P_ENOMEM
 * (see p2p__name_learn) leave the old. */
P2P_MUST_USE int p2p__peer_set_agent(p2p__peers *p, p2p__peer *peer, p2p_bytes agent);
P2P_MUST_USE int p2p__peer_set_version(p2p__peers *p, p2p__peer *peer, p2p_bytes version);
P2P_MUST_USE int p2p__peer_set_observed(p2p__peers *p, p2p__peer *peer, p2p_bytes addr);
/* Keeps the key when the id does not contain it. P2P_ENOMEM, P2P_EKEY, P2P_EPEER: another's. */
P2P_MUST_USE int p2p__peer_set_pubkey(p2p__peers *p, p2p__peer *peer, p2p_bytes pubkey);

#endif
