/* A host on a simulated node, for scenarios and tests: 10.0.0.`number` (10.0.1.0 is the 256th),
 * listening on TCP port 4001.
 * Its identity and everything else it draws come from the world's seed. The node is the actor: it
 * steps the host when there are facts, when its deadline has come, and when it was poked. */
#ifndef P2P_SIM_HOST_NODE_H
#define P2P_SIM_HOST_NODE_H

#include "base/list.h"
#include "sim/sim.h"
#include <p2p/host.h>

typedef struct host_node host_node;
struct host_node {
  p2p_sim *sim;
  p2p_io *io;
  p2p_host *host; /* NULL: freed */
  uint32_t number;
  /* Told every event after each turn; NULL: they are only counted. */
  void (*on_event)(host_node *n, const p2p_event *e);
  void *user;

  /* What came out so far. */
  p2p_conn conn; /* the last one that opened */
  uint32_t conns_opened, conns_closed, identified;
  int conn_err; /* of the last that closed */
  p2p_stage conn_stage;
  uint64_t pings, ping_errors;
  p2p_time rtt; /* of the last ping */
  uint64_t turns;
  p2p_time late;   /* the most by which a deadline was missed */
  bool woke;       /* it slept: its next turn may be late */
  p2p__list flows; /* flow.h */
};

/* opts: NULL for the defaults; io is the node's own, and listen where it gives none. Fails as
 * p2p_host_new does; the node is then there without a host. */
P2P_MUST_USE int host_node_init(host_node *n, p2p_sim *sim, uint32_t number,
                                const p2p_host_opts *opts);
/* The same, and the host is given what `door` makes of the node's p2p_io. */
P2P_MUST_USE int host_node_init_behind(host_node *n, p2p_sim *sim, uint32_t number,
                                       const p2p_host_opts *opts,
                                       p2p_io *(*door)(p2p_io *io, void *user), void *user);
/* The two halves of it: a place without a host; a host at its place, the first or after a stop. at:
 * NULL: with the number's address alone. */
P2P_MUST_USE int host_node_place(host_node *n, p2p_sim *sim, uint32_t number,
                                 const p2p_sim_node_opts *at);
P2P_MUST_USE int host_node_start(host_node *n, const p2p_host_opts *opts);
void host_node_stop(host_node *n);   /* frees the host, without a word to anybody; flows stay */
void host_node_fini(host_node *n);   /* frees host and flows; the p2p_io is the world's */
void host_node_poke(host_node *n);   /* after every call into its host from outside its turn */
void host_node_attach(host_node *n); /* it is the actor again, after somebody else was */

p2p_endpoint host_node_ip(uint32_t number);
/* "/ip4/10.0.0.N/tcp/4001", with /p2p/ID when peer is not NULL. */
void host_node_addr(uint32_t number, const p2p_peer_id *peer, char *out, size_t cap);
/* a dials b; both are poked. */
P2P_MUST_USE int host_node_dial(host_node *a, const host_node *b, p2p_conn *out);
/* Runs the world until both know each other and what identify asked is done; false: not within 30 s. */
bool host_node_meet(host_node *a, host_node *b);

#endif
