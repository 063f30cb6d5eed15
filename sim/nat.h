/* NAT boxes: nodes of the network that nobody acts on, behind which others are. What an insider sends
 * leaves with the box's address and a port of its own; what comes to that port goes to the insider, if
 * the box lets it in. The words are those of RFC 4787 (UDP) and RFC 5382 (TCP).
 *
 * A network behind a box is one of its own: its addresses may be those of other such networks, and are
 * nobody's outside. A box may be behind a box. */
#ifndef P2P_SIM_NAT_H
#define P2P_SIM_NAT_H

#include "sim/sim.h"

typedef enum p2p_sim_nat_kind {
  P2P_SIM_ENDPOINT_INDEPENDENT = 0,
  P2P_SIM_ADDRESS_DEPENDENT,
  P2P_SIM_PORT_DEPENDENT /* on address and port */
} p2p_sim_nat_kind;

typedef struct p2p_sim_nat_opts {
  p2p_endpoint ip;          /* outside; p2p_sim_readdress changes it */
  p2p_io *gateway;          /* the box that it is behind itself; NULL: none */
  p2p_sim_nat_kind mapping; /* to whom a port is the same; PORT_DEPENDENT: "symmetric" */
  p2p_sim_nat_kind
      filter;          /* who may send to it: anybody, or whom (and where) the insider sent to */
  bool hairpin;        /* insiders reach each other at its outside address */
  bool keeps_port;     /* outside the port is the insider's where it is free, else any */
  bool refuses;        /* TCP from outside that is not let in is reset, not dropped */
  p2p_time udp_expiry; /* unused by the insider for so long; 0: 120 s (RFC 4787, REQ-5) */
  p2p_time tcp_expiry; /* the same of a connection; 0: 2 h 4 min (RFC 5382, REQ-5) */
  const p2p_sim_path *up, *down; /* its way out and in, copied; NULL: no limit */
} p2p_sim_nat_opts;

/* A new box; *out names it as a node: for p2p_sim_node_opts.gateway, links, cuts. P2P_EINVAL,
 * P2P_EADDRINUSE. */
P2P_MUST_USE int p2p_sim_nat(p2p_sim *sim, const p2p_sim_nat_opts *opts, p2p_io **out);
/* It forgets everybody, as after a restart: who sends again is given another port. */
void p2p_sim_nat_rebind(p2p_io *box);
int p2p_sim_nat_mappings(p2p_io *box); /* how many live */

#endif
