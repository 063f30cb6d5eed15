/* A bounded line of datagrams. See dgrams.h. */
#include "base/dgrams.h"

void p2p__dgrams_init(p2p__dgrams *d, p2p__mem *mem, p2p__tag tag, p2p__budget *budget,
                      size_t max) {
  *d = (p2p__dgrams){ .mem = mem, .tag = tag, .budget = budget, .max = max };
  p2p__list_init(&d->list);
}

void p2p__dgram_free(p2p__mem *mem, p2p__tag tag, p2p__dgram *g) {
  if (g) p2p__release(mem, tag, g, p2p__dgram_cost(g->len));
}

p2p__dgram *p2p__dgrams_first(const p2p__dgrams *d) {
  return p2p__dgrams_empty(d) ? NULL : P2P_CONTAINER(d->list.next, p2p__dgram, node);
}

p2p__dgram *p2p__dgrams_take(p2p__dgrams *d) {
  p2p__dgram *g = p2p__dgrams_first(d);
  if (!g) return NULL;
  p2p__list_del(&g->node);
  d->cost -= p2p__dgram_cost(g->len);
  p2p__budget_refund(d->budget, p2p__dgram_cost(g->len));
  return g;
}

void p2p__dgrams_fini(p2p__dgrams *d) {
  for (p2p__dgram *g; (g = p2p__dgrams_take(d)) != NULL;) p2p__dgram_free(d->mem, d->tag, g);
}

int p2p__dgrams_put(p2p__dgrams *d, p2p_bytes datagram) {
  size_t cost = p2p__dgram_cost(datagram.len);
  if (cost > d->max - d->cost || !p2p__budget_charge(d->budget, cost)) return P2P_EAGAIN;
  p2p__dgram *g = p2p__alloc_raw(d->mem, d->tag, cost);
  if (!g) {
    p2p__budget_refund(d->budget, cost);
    return P2P_ENOMEM;
  }
  g->len = datagram.len;
  if (datagram.len) memcpy(g->data, datagram.p, datagram.len);
  p2p__list_add(&d->list, &g->node);
  d->cost += cost;
  return 0;
}

void p2p__dgrams_push(p2p__dgrams *d, p2p_bytes datagram) {
  size_t cost = p2p__dgram_cost(datagram.len);
  while (cost <= d->max && cost > d->max - d->cost) {
    p2p__dgram_free(d->mem, d->tag, p2p__dgrams_take(d));
    d->dropped++;
  }
  if (p2p__dgrams_put(d, datagram) < 0) d->dropped++;
}
