/* Names: a table, and lookups that take their time. */
#include "sim/world.h"
#include <string.h>

enum { HOST_MAX = 253 };

typedef struct sim_name {
  p2p__list link;
  char host[HOST_MAX + 1];
  p2p_endpoint address;
} sim_name;

typedef struct sim_lookup {
  p2p__list link;
  p2p__timer timer;
  sim_node *node;
  uint64_t token;
  int family;
  bool done;
  char host[HOST_MAX + 1];
} sim_lookup;

void p2p_sim_name_latency(p2p_sim *sim, p2p_time latency) { sim->name_latency = latency; }

void p2p_sim_name(p2p_sim *sim, const char *host, const p2p_endpoint *address) {
  size_t len = strlen(host);
  if (len > HOST_MAX) return;
  sim_name *n = sim_alloc(sim, sizeof *n);
  memcpy(n->host, host, len);
  if (address) n->address = *address; /* else of no family: nobody answers */
  n->address.port = 0;
  p2p__list_add(&sim->names, &n->link);
}

void sim_names_fini(p2p_sim *sim) {
  while (!p2p__list_empty(&sim->names))
    sim_release(sim, P2P_CONTAINER(p2p__list_pop(&sim->names), sim_name, link), sizeof(sim_name));
}

static sim_lookup *lookup_find(sim_node *node, uint64_t token) {
  for (p2p__list *l = node->lookups.next; l != &node->lookups; l = l->next)
    if (P2P_CONTAINER(l, sim_lookup, link)->token == token)
      return P2P_CONTAINER(l, sim_lookup, link);
  return NULL;
}

static int lookup_addresses(const sim_lookup *q, p2p_endpoint *out, int n) {
  const p2p__list *names = &q->node->sim->names;
  int count = 0;
  for (p2p__list *l = names->next; l != names && count < n; l = l->next) {
    const sim_name *name = P2P_CONTAINER(l, sim_name, link);
    if (strcmp(name->host, q->host) != 0) continue;
    if (!name->address.family) return P2P_ERESOLVE;
    if (!q->family || name->address.family == q->family) out[count++] = name->address;
  }
  return count ? count : P2P_ENAME;
}

static void lookup_free(sim_lookup *q) {
  p2p_sim *sim = q->node->sim;
  p2p__list_del(&q->link);
  sim_timer_fini(sim, &q->timer);
  sim_release(sim, q, sizeof *q);
}

static void lookup_fire(p2p__timer *t, p2p_time now) {
  (void)now;
  sim_lookup *q = P2P_CONTAINER(t, sim_lookup, timer);
  p2p_endpoint one;
  int found = lookup_addresses(q, &one, 1);
  q->done = true;
  sim_note(q->node->sim, q->node->number, P2P_SIM_LOOKUP,
           (p2p_bytes){ (const uint8_t *)q->host, strlen(q->host) });
  sim_fact_add(q->node, q->token, P2P_IO_RESOLVED, found < 0 ? found : 0);
}

int sim_resolve(p2p_io *io, const char *host, int family, uint64_t token) {
  sim_node *node = sim_node_of(io);
  if (!host || !*host || strlen(host) > HOST_MAX || (family && family != 4 && family != 6))
    return P2P_EINVAL;
  if (lookup_find(node, token)) return P2P_EEXIST;
  sim_lookup *q = sim_alloc(node->sim, sizeof *q);
  q->node = node;
  q->token = token;
  q->family = family;
  memcpy(q->host, host, strlen(host));
  sim_timer_init(node->sim, &q->timer, lookup_fire);
  p2p__list_add(&node->lookups, &q->link);
  p2p__timer_set(&node->sim->events, &q->timer, node->sim->now + node->sim->name_latency);
  return 0;
}

int sim_resolved(p2p_io *io, uint64_t token, p2p_endpoint *out, int n) {
  sim_lookup *q = lookup_find(sim_node_of(io), token);
  if (!out || n <= 0) return P2P_EINVAL;
  if (!q) return P2P_ENOTFOUND;
  if (!q->done) return P2P_EAGAIN;
  int count = lookup_addresses(q, out, n);
  lookup_free(q);
  return count;
}

static void fact_withdraw(sim_node *node, uint64_t token) {
  p2p__list *l = node->facts.next, *next;
  for (; l != &node->facts; l = next) {
    next = l->next;
    sim_fact *f = P2P_CONTAINER(l, sim_fact, link);
    if (f->fact.what != P2P_IO_RESOLVED || f->fact.token != token) continue;
    p2p__list_del(l);
    sim_release(node->sim, f, sizeof *f);
  }
}

void sim_resolve_cancel(p2p_io *io, uint64_t token) {
  sim_node *node = sim_node_of(io);
  sim_lookup *q = lookup_find(node, token);
  if (!q) return;
  fact_withdraw(node, token);
  lookup_free(q);
}

void sim_resolve_close(sim_node *node) {
  while (!p2p__list_empty(&node->lookups))
    lookup_free(P2P_CONTAINER(node->lookups.next, sim_lookup, link));
}
