/* The host's side of the ring. See near.h. */
#include "threads/near.h"

#include <assert.h>
#include <stdlib.h>

struct near {
  p2p__transport base;
  p2p_host *host;
  p2p__loop *loop;
  ring down, up;
  far far;
  p2p__u64map links;
  p2p__list listeners;
  p2p__list filled; /* links told something of streams in this batch */
  p2p__task task;   /* hears a batch */
  uint64_t next_id; /* even: of what begins here */
  near_report *report;
};

typedef struct near_link {
  p2p__link base; /* owner NULL: its end was told */
  near *near;
  p2p__list filled;
  uint64_t id;
  p2p__budget *budget; /* the owner's, which pays for … */
  size_t lent;         /* … so much on the far side */
  p2p_stage stage;
  p2p__link_stats stats;
} near_link;

struct p2p__listening {
  p2p__list node;
  p2p__acceptor *acceptor;
  uint64_t id;
};

/* ---- links ---- */
static void say(near *n, const ring_value *v) { ring_push(&n->down, v); }

static void link_settle_lease(near_link *l) {
  p2p__budget_refund(l->budget, l->lent);
  l->lent = 0;
}

static void link_release(near_link *l) {
  near *n = l->near;
  p2p__list_del(&l->filled);
  (void)p2p__u64map_del(&n->links, l->id);
  p2p__release(n->loop->mem, P2P__MEM_LINK, l, sizeof *l);
}

/* The last value. The owner may be gone when this returns; the proxy stays for the far side's. */
static void link_end(near_link *l, const p2p__up_down *down, p2p_time now) {
  p2p__link_owner *owner = l->base.owner;
  if (!owner) return;
  l->base.owner = NULL;
  link_settle_lease(l);
  owner->up(owner, &(p2p__up){ .kind = P2P__UP_DOWN, .down = down }, now);
}

/* The blocks go, their charge stays with the owner's budget until LEASE says they left. */
static void lend(near_link *l, ring_value *v, p2p__queue *blocks) {
  p2p__queue_init(&v->cargo, NULL, l->budget);
  if (p2p__queue_move(&v->cargo, blocks) < 0) abort(); /* from a budget to itself */
  v->cargo.budget = NULL;
  v->n = p2p__queue_charged(&v->cargo);
  l->lent += v->n;
}

static void link_down(p2p__link *base, const p2p__down *d, p2p_time now) {
  near_link *l = P2P_CONTAINER(base, near_link, base);
  if (!l->base.owner) return;
  ring_value v = { .kind = RING_DOWN, .port = l->id, .down = *d };
  v.down.blocks = NULL;
  if (d->kind == P2P__DOWN_WRITE) lend(l, &v, d->blocks);
  if (d->kind == P2P__DOWN_ADMIT) l->stage = P2P_STAGE_MUXER;
  say(l->near, &v);
  if (d->kind != P2P__DOWN_CLOSE || !d->err) return;
  p2p__up_down down = { .err = d->err, .code = d->code, .stage = l->stage };
  link_end(l, &down, now);
}

static void link_stats(const p2p__link *base, p2p__link_stats *out) {
  *out = P2P_CONST_CONTAINER(base, near_link, base)->stats;
}

static void link_free(p2p__link *base) {
  near_link *l = P2P_CONTAINER(base, near_link, base);
  if (l->base.owner) link_settle_lease(l);
  say(l->near, &(ring_value){ .kind = RING_FREE, .port = l->id });
  link_release(l);
}

static const p2p__link_ops near_link_ops = {
  .down = link_down,
  .stats = link_stats,
  .free = link_free,
};

static int link_new(near *n, uint64_t id, const p2p__link_spec *spec, p2p_stage stage,
                    near_link **out) {
  if (!p2p__budget_charge(spec->budget, FAR_LEASE)) return P2P_ELIMIT;
  near_link *l = p2p__alloc(n->loop->mem, P2P__MEM_LINK, sizeof *l);
  if (!l || p2p__u64map_add(&n->links, id, l) < 0) {
    p2p__budget_refund(spec->budget, FAR_LEASE);
    p2p__release(n->loop->mem, P2P__MEM_LINK, l, sizeof *l);
    return P2P_ENOMEM;
  }
  l->base = (p2p__link){ .ops = &near_link_ops, .owner = spec->owner };
  l->near = n;
  l->id = id;
  l->budget = spec->budget;
  l->lent = FAR_LEASE;
  l->stage = stage;
  p2p__list_init(&l->filled);
  *out = l;
  return 0;
}

/* ---- from the far side ---- */
static void hear_secured(near_link *l, ring_value *v, p2p__up *u, p2p_time now) {
  p2p__up_secured secured = v->told.secured;
  secured.pubkey = p2p__queue_peek(&v->cargo);
  u->secured = &secured;
  l->stage = P2P_STAGE_GATER;
  l->base.owner->up(l->base.owner, u, now);
}

static void hear_data(near_link *l, ring_value *v, p2p__up *u, p2p_time now) {
  u->blocks = &v->cargo;
  l->base.owner->up(l->base.owner, u, now);
  ring_drop(v, &l->near->loop->pool);
  say(l->near, &(ring_value){ .kind = RING_TAKEN, .port = l->id, .n = v->n });
}

static void hear_up(near_link *l, ring_value *v, p2p_time now) {
  p2p__up u = v->up;
  if (u.kind == P2P__UP_DOWN) {
    link_end(l, &v->told.down, now);
    link_release(l);
    return;
  }
  if (!l->base.owner) return;
  v->cargo.pool = &l->near->loop->pool;
  if (u.kind == P2P__UP_SECURED) {
    hear_secured(l, v, &u, now);
    return;
  }
  if (u.kind == P2P__UP_UP) {
    u.up = &v->told.up;
    l->stage = P2P_STAGE_UP;
  }
  if (!p2p__list_linked(&l->filled)) p2p__list_add(&l->near->filled, &l->filled);
  if (u.kind == P2P__UP_DATA)
    hear_data(l, v, &u, now);
  else
    l->base.owner->up(l->base.owner, &u, now);
}

static p2p__listening *listening_find(near *n, uint64_t id) {
  for (p2p__list *x = n->listeners.next; x != &n->listeners; x = x->next) {
    p2p__listening *l = P2P_CONTAINER(x, p2p__listening, node);
    if (l->id == id) return l;
  }
  return NULL;
}

/* The link exists already over there; who is not wanted is freed without having been told of. */
static void hear_arrived(near *n, ring_value *v, p2p_time now) {
  p2p__listening *l = listening_find(n, v->listener);
  p2p__link_spec spec = { 0 };
  near_link *link = NULL;
  v->cargo.pool = &n->loop->pool;
  if (l && l->acceptor->arrived(l->acceptor, p2p__queue_peek(&v->cargo), true, &spec, now) >= 0) {
    if (link_new(n, v->port, &spec, P2P_STAGE_SECURITY, &link) < 0) link = NULL;
    l->acceptor->made(l->acceptor, link ? &link->base : NULL, &spec);
  }
  if (!link) say(n, &(ring_value){ .kind = RING_FREE, .port = v->port });
}

static void hear_lease(near_link *l, const ring_value *v) {
  l->stats = v->stats;
  if (!l->base.owner) return;
  l->lent -= v->n;
  p2p__budget_refund(l->budget, v->n);
}

static void hear(near *n, ring_value *v, p2p_time now) {
  near_link *l = p2p__u64map_find(&n->links, v->port);
  p2p__listening *listening;
  switch (v->kind) {
  case RING_ARRIVED: hear_arrived(n, v, now); break;
  case RING_CLOSED:
    listening = listening_find(n, v->listener);
    if (listening) listening->acceptor->closed(listening->acceptor, v->up.err);
    break;
  case RING_UP:
    if (l) hear_up(l, v, now);
    break;
  case RING_LEASE:
    if (l) hear_lease(l, v);
    break;
  default: assert(0); break;
  }
  ring_drop(v, &n->loop->pool);
}

/* A batch, then its readers. */
static void near_hear_all(near *n, p2p_time now) {
  ring_value v;
  ring_begin(&n->up);
  for (size_t i = 0; i < n->up.n_slots && ring_pop(&n->up, &v); i++) hear(n, &v, now);
  if (ring_end(&n->up)) p2p__loop_mark_later(n->loop, &n->task);
  for (p2p__list *x; (x = p2p__list_pop(&n->filled)) != NULL;) {
    near_link *l = P2P_CONTAINER(x, near_link, filled);
    if (l->base.owner) l->base.owner->up(l->base.owner, &(p2p__up){ .kind = P2P__UP_FILLED }, now);
  }
  ring_flush(&n->down);
}

static void near_run(p2p__task *t, p2p_time now) {
  near_hear_all(P2P_CONTAINER(t, near, task), now);
}

/* Values are heard inside a turn, so that what comes of them is told at its end. */
static void near_posted(p2p_host *h, void *arg) {
  near *n = arg;
  p2p__loop_mark(&h->loop, &n->task);
}

/* On the far thread. Of both rings' bells at most one each is out, so the host's posts suffice. */
static void near_wake(void *ctx) {
  near *n = ctx;
  if (p2p_host_post(n->host, near_posted, n) < 0) abort();
}

/* ---- the transport ---- */
static bool near_claims(const p2p__transport *t, p2p_bytes addr, bool listen) {
  const near *n = P2P_CONST_CONTAINER(t, near, base);
  return n->far.tcp->ops->claims(n->far.tcp, addr, listen);
}

static int near_dial(p2p__transport *t, p2p_bytes addr, const p2p__link_spec *spec, p2p_time now,
                     p2p__link **out) {
  near *n = P2P_CONTAINER(t, near, base);
  near_link *l;
  (void)now;
  *out = NULL;
  int err = link_new(n, n->next_id, spec, P2P_STAGE_CONNECT, &l);
  if (err < 0) return err;
  n->next_id += 2;
  ring_value v = { .kind = RING_DIAL, .port = l->id, .spec = *spec };
  v.spec.owner = NULL;
  v.spec.budget = NULL;
  v.spec.trace = NULL; /* would be called on the far thread */
  v.spec.trace_ctx = NULL;
  p2p__queue_init(&v.cargo, &n->loop->pool, NULL);
  if (p2p__queue_put(&v.cargo, addr) < addr.len) {
    p2p__queue_fini(&v.cargo);
    link_settle_lease(l);
    link_release(l);
    return P2P_ENOMEM;
  }
  say(n, &v);
  *out = &l->base;
  return 0;
}

static int near_listen(p2p__transport *t, p2p_bytes addr, p2p__acceptor *acceptor,
                       p2p__listening **out, p2p__wr *bound) {
  near *n = P2P_CONTAINER(t, near, base);
  *out = NULL;
  if (n->far.running) return P2P_ENOTSUP;
  p2p__listening *l = p2p__alloc(n->loop->mem, P2P__MEM_LINK, sizeof *l);
  if (!l) return P2P_ENOMEM;
  int err = far_listen(&n->far, n->next_id, addr, bound);
  if (err < 0) {
    p2p__release(n->loop->mem, P2P__MEM_LINK, l, sizeof *l);
    return err;
  }
  l->acceptor = acceptor;
  l->id = n->next_id;
  n->next_id += 2;
  p2p__list_add(&n->listeners, &l->node);
  *out = l;
  return 0;
}

static void near_unlisten(p2p__transport *t, p2p__listening *l) {
  near *n = P2P_CONTAINER(t, near, base);
  say(n, &(ring_value){ .kind = RING_UNLISTEN, .listener = l->id });
  p2p__list_del(&l->node);
  p2p__release(n->loop->mem, P2P__MEM_LINK, l, sizeof *l);
}

static void near_make_report(near *n) {
  near_report *r = n->report;
  memcpy(r->far_used, n->far.mem.used, sizeof r->far_used);
  r->far_total = n->far.mem.total;
  r->spills_up = n->up.spills;
  r->spills_down = n->down.spills;
}

/* A proxy that is left was told its end and waited for the far side's, which has gone. */
static void near_free(p2p__transport *t) {
  near *n = P2P_CONTAINER(t, near, base);
  far_join(&n->far);
  p2p__loop_unmark(&n->task);
  ring_fini(&n->down, &n->loop->pool);
  ring_fini(&n->up, &n->loop->pool);
  size_t i = 0;
  for (near_link *l; (l = p2p__u64map_next(&n->links, &i)) != NULL; i = 0) link_release(l);
  p2p__u64map_fini(&n->links);
  far_fini(&n->far);
  near_make_report(n);
  p2p__release(n->loop->mem, P2P__MEM_HOST, n, sizeof *n);
}

static const p2p__transport_ops near_ops = {
  .name = "tcp",
  .claims = near_claims,
  .dial = near_dial,
  .listen = near_listen,
  .unlisten = near_unlisten,
  .free = near_free,
};

/* ---- making ---- */
static int near_init(near *n, size_t slots, const p2p_allocator *far_allocator) {
  p2p_host *h = n->host;
  far_config config = { .down = &n->down,
                        .up = &n->up,
                        .allocator = far_allocator,
                        .identity = h->identity,
                        .limits = &h->limits,
                        .security = h->security_ids[0],
                        .muxer = h->muxer_ids[0] };
  int err = far_init(&n->far, &config);
  ring_bell to_far = { far_wake, &n->far }, to_near = { near_wake, n };
  if (err >= 0) err = ring_init(&n->down, slots, n->loop->mem, n->loop->mem, to_far, to_near);
  if (err >= 0) err = ring_init(&n->up, slots, n->loop->mem, &n->far.mem, to_near, to_far);
  return err;
}

int near_install(p2p_host *h, size_t slots, const p2p_allocator *far_allocator, near_report *report,
                 near **out) {
  near *n = p2p__alloc(&h->mem, P2P__MEM_HOST, sizeof *n);
  *out = NULL;
  if (!n) return P2P_ENOMEM;
  n->base.ops = &near_ops;
  n->host = h;
  n->loop = &h->loop;
  n->task.run = near_run;
  n->next_id = 2;
  n->report = report;
  p2p__list_init(&n->listeners);
  p2p__list_init(&n->filled);
  p2p__u64map_init(&n->links, &h->mem, P2P__MEM_LINK, h->env.hash_key);
  int err = near_init(n, slots, far_allocator);
  if (err < 0) {
    near_free(&n->base);
    return err;
  }
  p2p__transport **tcp = &h->swarm.transports[0];
  (*tcp)->ops->free(*tcp);
  *tcp = &n->base;
  *out = n;
  return 0;
}

int near_start(near *n) { return far_start(&n->far); }
