/* The swarm's life, and dispatch: the one place from which streams, connections and behaviours are
 * told anything. See swarm.h. */
#include "swarm/internal.h"

static void mark_dispatch(p2p__swarm *w, bool later) {
  if (later || w->dispatching)
    p2p__loop_mark_later(w->loop, &w->dispatch_task);
  else
    p2p__loop_mark(w->loop, &w->dispatch_task);
}

void p2p__stream_due(p2p__sstream *s, unsigned bits, bool later) {
  s->due |= (uint8_t)bits;
  if (!p2p__list_linked(&s->due_node)) p2p__list_add(&s->swarm->due, &s->due_node);
  mark_dispatch(s->swarm, later);
}

void p2p__conn_due(p2p__sconn *c, unsigned bits) {
  c->due |= (uint8_t)bits;
  if (!p2p__list_linked(&c->due_node)) p2p__list_add(&c->swarm->due_conns, &c->due_node);
  mark_dispatch(c->swarm, false);
}

void p2p__stream_dirty(p2p__sstream *s) {
  if (!p2p__list_linked(&s->dirty_node)) p2p__list_add(&s->swarm->dirty, &s->dirty_node);
  p2p__loop_mark(s->swarm->loop, &s->swarm->flush_task);
}

/* ---- dispatch ---- */
static void tell_behaviours(p2p__sconn *c, unsigned due) {
  p2p__fact f = { .peer = c->peer ? c->peer->index : 0,
                  .conn = c->handle,
                  .inbound = c->inbound,
                  .addr = p2p__bytes(c->addr, c->addr_len) };
  if (due & P2P__DUE_OPEN) {
    c->was_up = true;
    f.kind = P2P__FACT_PEER_UP;
    if (c->peer->n_told++ == 0) p2p__drive_fact(c->swarm, &f);
    f.kind = P2P__FACT_CONN_UP;
    p2p__drive_fact(c->swarm, &f);
  }
  if (!(due & P2P__DUE_CLOSED) || !c->was_up) return;
  f.kind = P2P__FACT_CONN_DOWN;
  p2p__drive_fact(c->swarm, &f);
  f.kind = P2P__FACT_PEER_DOWN;
  if (--c->peer->n_told == 0) p2p__drive_fact(c->swarm, &f);
}

static void dispatch_conns(p2p__swarm *w) {
  for (p2p__list *node; (node = p2p__list_pop(&w->due_conns)) != NULL;) {
    p2p__sconn *c = P2P_CONTAINER(node, p2p__sconn, due_node);
    unsigned due = c->due;
    c->due = 0;
    tell_behaviours(c, due);
    w->host.conn_due(w->host.ctx, c, due); /* may release c, with CLOSED only */
  }
}

/* News that comes up meanwhile waits for the next turn, so that two users who answer each other
 * cannot keep the loop here. */
static void dispatch(p2p__swarm *w, p2p_time now) {
  if (w->dispatching) return;
  w->dispatching = true;
  dispatch_conns(w);
  p2p__list due;
  p2p__list_init(&due);
  p2p__list_splice(&due, &w->due);
  for (p2p__list *node; (node = p2p__list_pop(&due)) != NULL;)
    p2p__stream_tell(P2P_CONTAINER(node, p2p__sstream, due_node), now);
  w->dispatching = false;
}

void p2p__swarm_filled(p2p__swarm *w, p2p_time now) {
  dispatch(w, now);
  for (p2p__list *node; (node = p2p__list_pop(&w->sliced)) != NULL;)
    p2p__stream_keep(P2P_CONTAINER(node, p2p__sstream, slice_node));
  w->n_slices = 0;
}

static void dispatch_run(p2p__task *t, p2p_time now) {
  dispatch(P2P_CONTAINER(t, p2p__swarm, dispatch_task), now);
}

static void flush_run(p2p__task *t, p2p_time now) {
  p2p__swarm *w = P2P_CONTAINER(t, p2p__swarm, flush_task);
  for (p2p__list *node; (node = p2p__list_pop(&w->dirty)) != NULL;)
    p2p__stream_flush(P2P_CONTAINER(node, p2p__sstream, dirty_node), now);
}

/* ---- life ---- */
static void init_lists(p2p__swarm *w) {
  p2p__list_init(&w->served);
  p2p__list_init(&w->due);
  p2p__list_init(&w->due_conns);
  p2p__list_init(&w->dirty);
  p2p__list_init(&w->sliced);
  p2p__list_init(&w->negotiating);
  p2p__list_init(&w->dialing);
  p2p__list_init(&w->starving);
}

static int random_seed(p2p__env *env, uint64_t *seed) {
  return p2p__random(env, seed, sizeof *seed);
}

static int init_tables(p2p__swarm *w, p2p__env *env) {
  uint64_t seeds[3];
  for (size_t i = 0; i < P2P_COUNT(seeds); i++) {
    int err = random_seed(env, &seeds[i]);
    if (err < 0) return err;
  }
  const p2p__limits *limits = env->limits;
  p2p__handles_init(&w->conns, env->mem, seeds[0], (uint32_t)limits->conns_max);
  p2p__handles_init(&w->streams, env->mem, seeds[1], (uint32_t)limits->streams_max);
  p2p__handles_init(&w->listeners, env->mem, seeds[2], 1024);
  p2p__slab_init(&w->stream_slab, env->mem, P2P__MEM_STREAM, sizeof(p2p__sstream));
  p2p__slab_init(&w->nego_slab, env->mem, P2P__MEM_STREAM, sizeof(p2p__negotiation));
  return 0;
}

int p2p__swarm_init(p2p__swarm *w, p2p__loop *loop, const p2p_identity *identity,
                    const p2p__upgrades *upgrades, const p2p__swarm_host *host) {
  *w = (p2p__swarm){ .loop = loop, .identity = identity, .upgrades = upgrades, .host = *host };
  w->budget = (p2p__budget){ .max = loop->env.limits->host_buffers };
  w->dispatch_task.run = dispatch_run;
  w->flush_task.run = flush_run;
  p2p__backoffs_init(&w->backoffs, &loop->env);
  p2p__arrivals_init(&w->arrivals, &loop->env);
  w->negotiate_timer.fire = p2p__nego_timer;
  init_lists(w);
  int err = init_tables(w, &loop->env);
  if (err < 0) return err;
  err = p2p__timers_reserve(&loop->timers);
  if (err < 0) return err;
  err = p2p__peers_init(&w->peers, &loop->env);
  if (err >= 0 && (err = p2p__interfaces_init(w)) < 0) p2p__peers_fini(&w->peers);
  if (err < 0) p2p__timers_unreserve(&loop->timers);
  w->ready = err >= 0;
  return err;
}

/* Cuts a connection off: its link is freed, its streams end without being told. */
static void cut_off(p2p__sconn *c) {
  if (c->dial) p2p__dial_cancel(c, p2p__swarm_now(c->swarm));
  if (c->link) c->link->ops->free(c->link);
  c->link = NULL;
  c->released = false; /* swarm_fini frees it, not its last stream */
  while (!p2p__list_empty(&c->streams)) {
    p2p__sstream *s = P2P_CONTAINER(c->streams.next, p2p__sstream, of_conn);
    if (s->ops && s->ops->drop) s->ops->drop(s);
    p2p__stream_free(s);
  }
}

void p2p__swarm_fini(p2p__swarm *w) {
  if (!w->ready) return;
  w->ready = false;
  w->dispatching = true; /* nobody is told anything any more */
  p2p__drive_fini(w);
  p2p__interfaces_fini(w);
  p2p__listeners_stop(w);
  uint32_t i = 0;
  for (p2p__sconn *c; (c = p2p__handles_next(&w->conns, &i)) != NULL;) cut_off(c);
  i = 0;
  for (p2p__sconn *c; (c = p2p__handles_next(&w->conns, &i)) != NULL;) p2p__conn_free(c);
  p2p__loop_unmark(&w->dispatch_task);
  p2p__loop_unmark(&w->flush_task);
  p2p__loop_settle(w->loop);
  for (size_t t = 0; t < w->n_transports; t++) w->transports[t]->ops->free(w->transports[t]);
  p2p__peers_fini(&w->peers);
  p2p__backoffs_fini(&w->backoffs);
  p2p__half_open_fini(w);
  p2p__arrivals_fini(&w->arrivals);
  p2p__handles_fini(&w->conns);
  p2p__handles_fini(&w->streams);
  p2p__handles_fini(&w->listeners);
  p2p__slab_fini(&w->stream_slab);
  p2p__slab_fini(&w->nego_slab);
  p2p__timer_clear(&w->loop->timers, &w->negotiate_timer);
  p2p__timers_unreserve(&w->loop->timers);
}

void p2p__swarm_close(p2p__swarm *w, int err) {
  w->closing = true;
  p2p__listeners_stop(w);
  uint32_t i = 0;
  for (p2p__sconn *c; (c = p2p__handles_next(&w->conns, &i)) != NULL;) p2p__conn_close(c, 0, err);
}

bool p2p__swarm_closed(const p2p__swarm *w) {
  if (!p2p__list_empty(&w->due) || !p2p__list_empty(&w->due_conns)) return false;
  uint32_t i = 0;
  for (p2p__sconn *c; (c = p2p__handles_next(&w->conns, &i)) != NULL;)
    if (c->state != P2P__CONN_CLOSED) return false;
  return true;
}

/* ---- protocols served ---- */
static p2p__served *served_find(const p2p__swarm *w, const char *id) {
  for (p2p__list *n = w->served.next; n != &w->served; n = n->next) {
    p2p__served *p = P2P_CONTAINER(n, p2p__served, node);
    if (strcmp(p->id, id) == 0) return p;
  }
  return NULL;
}

int p2p__swarm_serve(p2p__swarm *w, p2p__served *p) {
  if (served_find(w, p->id)) return P2P_EEXIST;
  p2p__list_add(&w->served, &p->node);
  return 0;
}

void p2p__swarm_unserve(p2p__served *p) { p2p__list_del(&p->node); }

p2p__transport *p2p__swarm_transport(p2p__swarm *w, p2p_bytes addr, bool listen) {
  for (size_t i = 0; i < w->n_transports; i++)
    if (w->transports[i]->ops->claims(w->transports[i], addr, listen)) return w->transports[i];
  return NULL;
}

const char *p2p__swarm_protocol(const p2p__swarm *w, size_t i) {
  for (p2p__list *n = w->served.next; n != &w->served; n = n->next)
    if (i-- == 0) return P2P_CONTAINER(n, p2p__served, node)->id;
  return NULL;
}
