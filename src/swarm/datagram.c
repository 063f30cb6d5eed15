/* Datagrams of a connection, for links that carry them. Those that arrive wait in the connection until they
 * are taken, the oldest giving way to the newest: who does not look has the latest. See link.h. */
#include "swarm/internal.h"

void p2p__datagrams_init(p2p__sconn *c) {
  const p2p__limits *limits = p2p__swarm_env(c->swarm)->limits;
  p2p__dgrams_init(&c->datagrams, c->swarm->loop->mem, P2P__MEM_CONN, &c->rx, limits->datagrams_in);
}

void p2p__datagrams_forget(p2p__sconn *c) {
  p2p__list_del(&c->datagram_node);
  p2p__dgrams_fini(&c->datagrams);
}

size_t p2p__datagram_max(const p2p__sconn *c) {
  p2p__link_stats stats = { 0 };
  if (c->state == P2P__CONN_UP && c->link) c->link->ops->stats(c->link, &stats);
  return stats.datagram_max;
}

int p2p__datagram_send(p2p__sconn *c, p2p_bytes datagram) {
  size_t max = p2p__datagram_max(c), cost = p2p__dgram_cost(datagram.len);
  if (c->state < P2P__CONN_UP) return P2P_EAGAIN;
  if (c->state > P2P__CONN_UP) return P2P_ECLOSED;
  if (!max) return P2P_ENOTSUP;
  if (datagram.len > max) return P2P_ELIMIT;
  if (cost > p2p__swarm_env(c->swarm)->limits->datagrams_out - c->datagrams_unsent) {
    c->datagram_waits = true;
    return P2P_EAGAIN;
  }
  p2p__loop_refresh(c->swarm->loop);
  c->datagrams_unsent += cost;
  p2p__link_down(c->link, p2p__swarm_now(c->swarm),
                 (p2p__down){ .kind = P2P__DOWN_DATAGRAM, .datagram = datagram });
  return 0;
}

void p2p__datagram_got(p2p__sconn *c, p2p_bytes datagram) {
  p2p__dgrams_push(&c->datagrams, datagram);
  if (!p2p__dgrams_empty(&c->datagrams)) p2p__conn_due(c, P2P__DUE_DATAGRAM);
}

void p2p__datagram_room(p2p__sconn *c, size_t n) {
  c->datagrams_unsent -= p2p__min(n, c->datagrams_unsent);
  if (!c->datagram_waits) return;
  c->datagram_waits = false;
  c->datagram_room = true;
  p2p__conn_due(c, P2P__DUE_DATAGRAM);
}
