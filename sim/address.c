/* Addresses of a node that come and go: what an interface that goes away does to those who use it. */
#include "sim/world.h"

enum { ADDRESSES = 4 };

bool sim_is_home(sim_node *node, const p2p_endpoint *ip) {
  return !node->readdressed || sim_is_loopback(ip) || sim_net_find(node, ip) == node;
}

int sim_ifwatch(p2p_io *io, uint64_t token) {
  sim_node_of(io)->ifwatch = token;
  return 0;
}

int sim_source(p2p_io *io, const p2p_endpoint *to, p2p_endpoint *from) {
  const p2p_sim_node_opts *opts = &sim_node_of(io)->opts;
  if (!to || !from) return P2P_EINVAL;
  if (sim_is_loopback(to)) {
    *from = *to;
    from->port = 0;
    return 0;
  }
  for (int i = 0; i < opts->n_ip; i++) {
    if (opts->ip[i].family != to->family) continue;
    *from = opts->ip[i];
    from->port = 0;
    return 0;
  }
  return P2P_EUNREACH;
}

int p2p_sim_readdress(p2p_io *io, const p2p_endpoint *ip, int n) {
  sim_node *node = sim_node_of(io);
  if (n < 0 || n > ADDRESSES) return P2P_EINVAL;
  for (int i = 0; i < n; i++) {
    const sim_node *owner = sim_net_find(node, &ip[i]);
    if (owner && owner != node) return P2P_EADDRINUSE;
  }
  for (int i = 0; i < node->opts.n_ip; i++) sim_net_del(node, &node->opts.ip[i]);
  node->opts.n_ip = n;
  node->readdressed = true;
  for (int i = 0; i < n; i++) {
    node->opts.ip[i] = ip[i];
    if (sim_net_add(node, &ip[i]) < 0) sim_need(NULL); /* given twice */
  }
  if (node->ifwatch) sim_fact_add(node, node->ifwatch, P2P_IO_IFCHANGE, 0);
  return 0;
}

void p2p_sim_refuse(p2p_io *io, bool refuses) { sim_node_of(io)->refuses = refuses; }
