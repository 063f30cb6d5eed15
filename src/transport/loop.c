/* The turn of a loop. See loop.h. */
#include "transport/loop.h"

enum { SOURCES_MAX = (1 << 24) - 1 };

int p2p__loop_init(p2p__loop *l, p2p_io *io, const p2p__env *env, uint64_t seed,
                   size_t mux_stream_size) {
  *l = (p2p__loop){ .io = io, .env = *env, .mem = env->mem };
  p2p__pool_init(&l->pool, l->mem);
  l->env.pool = &l->pool;
  p2p__timers_init(&l->timers, l->mem);
  p2p__handles_init(&l->sources, l->mem, seed, SOURCES_MAX);
  p2p__slab_init(&l->mux_streams, l->mem, P2P__MEM_MUX, mux_stream_size);
  p2p__list_init(&l->tasks);
  p2p__list_init(&l->later);
  l->now = io->ops->now(io);
  l->rx = p2p__alloc_raw(l->mem, P2P__MEM_LOOP, P2P__RX_SPACE);
  l->tx = p2p__alloc_raw(l->mem, P2P__MEM_LOOP, P2P__TX_SPACE);
  if (l->rx && l->tx) return 0;
  p2p__loop_fini(l);
  return P2P_ENOMEM;
}

void p2p__loop_fini(p2p__loop *l) {
  if (!l->mem) return;
  p2p__release(l->mem, P2P__MEM_LOOP, l->rx, P2P__RX_SPACE);
  p2p__release(l->mem, P2P__MEM_LOOP, l->tx, P2P__TX_SPACE);
  p2p__slab_fini(&l->mux_streams);
  p2p__handles_fini(&l->sources);
  p2p__timers_fini(&l->timers);
  p2p__pool_fini(&l->pool);
  l->mem = NULL;
}

int p2p__loop_add(p2p__loop *l, p2p__source *s) {
  return p2p__handles_add(&l->sources, s, &s->token);
}

void p2p__loop_del(p2p__loop *l, p2p__source *s) {
  if (s->token) p2p__handles_del(&l->sources, s->token);
  s->token = 0;
}

void p2p__loop_mark(p2p__loop *l, p2p__task *t) {
  if (!p2p__list_linked(&t->node)) p2p__list_add(&l->tasks, &t->node);
}

void p2p__loop_mark_later(p2p__loop *l, p2p__task *t) {
  if (!p2p__list_linked(&t->node)) p2p__list_add(&l->later, &t->node);
}

void p2p__loop_unmark(p2p__task *t) { p2p__list_del(&t->node); }

/* Level-triggered: it comes again with the next wait, behind those that were ready before it. */
static bool can_wait(const p2p__source *s, const p2p_io_fact *fact) {
  return s->costly && fact->what == P2P_IO_READABLE && !fact->error;
}

static int loop_facts(p2p__loop *l, const p2p_io_fact *facts, int n) {
  bool taken = false, behind = false;
  l->n_facts = n;
  for (int i = 0; i < n; i++) {
    p2p__source *s = p2p__handles_get(&l->sources, facts[i].token);
    if (!s) continue; /* closed by an earlier fact of this turn */
    bool costly = can_wait(s, &facts[i]);
    behind |= costly && taken;
    if (costly && taken) continue;
    taken |= costly;
    s->ready(s, &facts[i], l->now);
  }
  l->behind = behind;
  return n;
}

static int loop_timers(p2p__loop *l) {
  int n = 0;
  for (p2p__timer *t; (t = p2p__timers_due(&l->timers, l->now)) != NULL; n++) t->fire(t, l->now);
  return n;
}

/* Tasks marked while this runs are run too, except those marked for later. */
static int loop_tasks(p2p__loop *l) {
  int n = 0;
  for (p2p__list *node; (node = p2p__list_pop(&l->tasks)) != NULL; n++) {
    p2p__task *t = P2P_CONTAINER(node, p2p__task, node);
    t->run(t, l->now);
  }
  return n;
}

static void loop_promote(p2p__loop *l) {
  for (p2p__list *node; (node = p2p__list_pop(&l->later)) != NULL;) p2p__list_add(&l->tasks, node);
}

int p2p__loop_turn(p2p__loop *l, p2p_time until) {
  p2p_io_fact facts[P2P__FACTS];
  loop_promote(l);
  until = p2p__time_min(until, p2p__loop_deadline(l));
  int n = l->io->ops->wait(l->io, until, facts, P2P__FACTS);
  if (n < 0) return n;
  p2p__loop_refresh(l);
  l->turning = true;
  int done = loop_facts(l, facts, n);
  done += loop_timers(l);
  done += loop_tasks(l);
  l->turning = false;
  return done;
}

void p2p__loop_refresh(p2p__loop *l) {
  if (!l->turning) l->now = l->io->ops->now(l->io);
}

p2p_time p2p__loop_deadline(const p2p__loop *l) {
  if (!p2p__list_empty(&l->tasks) || !p2p__list_empty(&l->later)) return 0;
  return p2p__timers_next(&l->timers);
}

void p2p__loop_settle(p2p__loop *l) {
  do {
    loop_promote(l);
    (void)loop_tasks(l);
  } while (!p2p__list_empty(&l->later));
}
