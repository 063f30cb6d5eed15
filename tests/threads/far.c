/* The links' thread. See far.h. */
#include "threads/far.h"

#include "muxer/yamux.h"
#include "transport/tcp.h"

#include <assert.h>
#include <stdlib.h>

typedef struct port {
  p2p__link_owner owner;
  p2p__list node;
  far *far;
  p2p__link *link;
  uint64_t id;
  p2p__budget tx; /* lent by the host */
  p2p__budget rx; /* bytes on their way to the host */
} port;

typedef struct far_listener {
  p2p__acceptor acceptor;
  p2p__list node;
  far *far;
  p2p__listening *listening;
  uint64_t id;
  bool closed; /* told */
} far_listener;

static void port_up(p2p__link_owner *owner, const p2p__up *u, p2p_time now);

/* ---- to the host ---- */
static void held_ship(far *f) {
  ring_value *v = &f->held;
  if (!v->kind) return;
  v->n = p2p__queue_charged(&v->cargo);
  v->cargo.pool = NULL;
  v->cargo.budget = NULL;
  ring_push(f->config.up, v);
  v->kind = 0;
}

static void tell(far *f, const ring_value *v) {
  held_ship(f); /* the order of what a link says is the order of what the host hears */
  ring_push(f->config.up, v);
}

/* Copies b into the value's cargo. */
static int cargo_put(far *f, ring_value *v, p2p_bytes b) {
  p2p__queue_init(&v->cargo, &f->loop.pool, NULL);
  if (p2p__queue_put(&v->cargo, b) < b.len) {
    p2p__queue_fini(&v->cargo);
    return P2P_ENOMEM;
  }
  v->cargo.pool = NULL;
  return 0;
}

/* ---- ports ---- */
static port *port_new(far *f, uint64_t id) {
  port *p = p2p__alloc(&f->mem, P2P__MEM_LINK, sizeof *p);
  if (!p) return NULL;
  p->owner.up = port_up;
  p->far = f;
  p->id = id;
  p->tx.max = FAR_LEASE;
  p->rx.max = f->limits.conn_recv_queue;
  if (p2p__u64map_add(&f->by_id, id, p) < 0) {
    p2p__release(&f->mem, P2P__MEM_LINK, p, sizeof *p);
    return NULL;
  }
  p2p__list_add(&f->ports, &p->node);
  return p;
}

static void port_free(port *p) {
  far *f = p->far;
  held_ship(f);
  p2p__list_del(&p->node);
  (void)p2p__u64map_del(&f->by_id, p->id);
  p2p__release(&f->mem, P2P__MEM_LINK, p, sizeof *p);
}

/* A reader too slow for what its peer may send: the same end as on one thread. */
static void port_overflow(port *p, uint64_t sid, p2p_time now) {
  p2p__link_down(p->link, now, (p2p__down){ .kind = P2P__DOWN_RESET, .sid = sid });
  p2p__up reset = { .kind = P2P__UP_RESET, .sid = sid, .err = P2P_ELIMIT };
  tell(p->far, &(ring_value){ .kind = RING_UP, .port = p->id, .up = reset });
}

static void port_data(port *p, const p2p__up *u, p2p_time now) {
  far *f = p->far;
  ring_value *held = &f->held;
  if (!held->kind || held->port != p->id || held->up.sid != u->sid) {
    held_ship(f);
    *held = (ring_value){ .kind = RING_UP, .port = p->id };
    held->up = (p2p__up){ .kind = P2P__UP_DATA, .sid = u->sid };
    p2p__queue_init(&held->cargo, &f->loop.pool, &p->rx);
  }
  if (p2p__queue_put(&held->cargo, p2p__span_bytes(u->data)) < u->data.len)
    port_overflow(p, u->sid, now);
}

static void port_secured(port *p, const p2p__up *u, p2p_time now) {
  ring_value v = { .kind = RING_UP, .port = p->id, .up = { .kind = u->kind } };
  v.told.secured = *u->secured;
  v.told.secured.pubkey = (p2p_bytes){ 0 };
  int err = cargo_put(p->far, &v, u->secured->pubkey);
  if (err < 0)
    p2p__link_down(p->link, now, (p2p__down){ .kind = P2P__DOWN_REFUSE, .err = err });
  else
    tell(p->far, &v);
}

/* Gives back what the host lent and nobody needs any more. */
static void port_return(port *p) {
  size_t unused = p->tx.max - p->tx.used;
  if (unused <= FAR_LEASE) return;
  ring_value v = { .kind = RING_LEASE, .port = p->id, .n = unused - FAR_LEASE };
  p->tx.max -= v.n;
  p->link->ops->stats(p->link, &v.stats);
  tell(p->far, &v);
}

static void port_up(p2p__link_owner *owner, const p2p__up *u, p2p_time now) {
  port *p = P2P_CONTAINER(owner, port, owner);
  ring_value v = { .kind = RING_UP, .port = p->id, .up = *u };
  v.up.data = (p2p__span){ 0 };
  switch (u->kind) {
  case P2P__UP_SECURED: port_secured(p, u, now); return;
  case P2P__UP_DATA: port_data(p, u, now); return;
  case P2P__UP_FILLED: held_ship(p->far); return;
  case P2P__UP_UP: v.told.up = *u->up; break;
  case P2P__UP_ROOM: port_return(p); break; /* who waits for room shall find it */
  case P2P__UP_DOWN: v.told.down = *u->down; break;
  default: break;
  }
  v.up.up = NULL;
  v.up.down = NULL;
  tell(p->far, &v);
  if (u->kind == P2P__UP_DOWN) port_free(p);
}

static void return_all(far *f) {
  for (p2p__list *n = f->ports.next; n != &f->ports; n = n->next)
    port_return(P2P_CONTAINER(n, port, node));
}

/* ---- listeners ---- */
static int on_arrived(p2p__acceptor *a, p2p_bytes remote, bool proven, p2p__link_spec *spec,
                      p2p_time now) {
  (void)proven;
  far_listener *l = P2P_CONTAINER(a, far_listener, acceptor);
  far *f = l->far;
  f->arriving = (ring_value){ .kind = RING_ARRIVED, .port = f->next_id, .listener = l->id };
  if (cargo_put(f, &f->arriving, remote) < 0) return P2P_ENOMEM;
  port *p = port_new(f, f->next_id);
  if (!p) {
    ring_drop(&f->arriving, &f->loop.pool);
    return P2P_ENOMEM;
  }
  f->next_id += 2;
  *spec = (p2p__link_spec){ .owner = &p->owner,
                            .budget = &p->tx,
                            .deadline = p2p__time_add(now, f->limits.handshake_timeout) };
  return 0;
}

static void on_made(p2p__acceptor *a, p2p__link *link, const p2p__link_spec *spec) {
  far *f = P2P_CONTAINER(a, far_listener, acceptor)->far;
  port *p = P2P_CONTAINER(spec->owner, port, owner);
  p->link = link;
  if (link) {
    tell(f, &f->arriving);
    return;
  }
  ring_drop(&f->arriving, &f->loop.pool);
  port_free(p);
}

static void on_closed(p2p__acceptor *a, int err) {
  far_listener *l = P2P_CONTAINER(a, far_listener, acceptor);
  if (l->closed) return;
  l->closed = true;
  tell(l->far, &(ring_value){ .kind = RING_CLOSED, .listener = l->id, .up.err = err });
}

static void listener_free(far_listener *l) {
  far *f = l->far;
  if (l->listening) f->tcp->ops->unlisten(f->tcp, l->listening);
  p2p__list_del(&l->node);
  p2p__release(&f->mem, P2P__MEM_LINK, l, sizeof *l);
}

int far_listen(far *f, uint64_t id, p2p_bytes addr, p2p__wr *bound) {
  far_listener *l = p2p__alloc(&f->mem, P2P__MEM_LINK, sizeof *l);
  if (!l) return P2P_ENOMEM;
  l->acceptor = (p2p__acceptor){ .arrived = on_arrived, .made = on_made, .closed = on_closed };
  l->far = f;
  l->id = id;
  p2p__list_add(&f->listeners, &l->node);
  int err = f->tcp->ops->listen(f->tcp, addr, &l->acceptor, &l->listening, bound);
  if (err < 0) listener_free(l);
  return err;
}

static void unlisten(far *f, uint64_t id) {
  for (p2p__list *n = f->listeners.next; n != &f->listeners; n = n->next) {
    far_listener *l = P2P_CONTAINER(n, far_listener, node);
    if (l->id != id) continue;
    listener_free(l);
    return;
  }
}

/* ---- from the host ---- */
static void dial(far *f, const ring_value *v, p2p_time now) {
  port *p = port_new(f, v->port);
  int err = p ? 0 : P2P_ENOMEM;
  if (p) {
    p2p__link_spec spec = v->spec;
    spec.owner = &p->owner;
    spec.budget = &p->tx;
    err = f->tcp->ops->dial(f->tcp, p2p__queue_peek(&v->cargo), &spec, now, &p->link);
  }
  if (err >= 0) return;
  if (p) port_free(p);
  ring_value down = { .kind = RING_UP, .port = v->port, .up = { .kind = P2P__UP_DOWN } };
  down.told.down = (p2p__up_down){ .err = err, .stage = P2P_STAGE_CONNECT };
  tell(f, &down);
}

/* May free the port. */
static void port_down(port *p, ring_value *v, p2p_time now) {
  p2p__down d = v->down;
  if (d.kind == P2P__DOWN_WRITE) {
    p->tx.max += v->n;
    v->cargo.pool = &p->far->loop.pool;
    d.blocks = &v->cargo;
  }
  p2p__link_down(p->link, now, d);
}

static void hear(far *f, ring_value *v, p2p_time now) {
  port *p = p2p__u64map_find(&f->by_id, v->port);
  switch (v->kind) {
  case RING_DIAL: dial(f, v, now); break;
  case RING_UNLISTEN: unlisten(f, v->listener); break;
  case RING_DOWN:
    if (p) port_down(p, v, now);
    break;
  case RING_TAKEN:
    if (p) p2p__budget_refund(&p->rx, v->n);
    break;
  case RING_FREE:
    if (!p) break;
    p->link->ops->free(p->link);
    port_free(p);
    break;
  default: assert(0); break;
  }
  ring_drop(v, &f->loop.pool); /* what nobody took: the link was gone */
}

static void hear_all(far *f) {
  ring_value v;
  ring *down = f->config.down;
  ring_begin(down);
  for (size_t i = 0; i < down->n_slots && ring_pop(down, &v); i++) hear(f, &v, f->loop.now);
  if (ring_end(down)) far_wake(f);
}

/* ---- the thread ---- */
static void end_all(far *f) {
  while (!p2p__list_empty(&f->ports)) {
    port *p = P2P_CONTAINER(f->ports.next, port, node);
    p->link->ops->free(p->link);
    port_free(p);
  }
  while (!p2p__list_empty(&f->listeners))
    listener_free(P2P_CONTAINER(f->listeners.next, far_listener, node));
  p2p__loop_settle(&f->loop);
}

static void *far_main(void *arg) {
  far *f = arg;
  while (!atomic_load(&f->stop)) {
    if (p2p__loop_turn(&f->loop, P2P_NEVER) < 0) abort();
    hear_all(f);
    return_all(f);
    held_ship(f);
    ring_flush(f->config.up);
  }
  end_all(f);
  return NULL;
}

void far_wake(void *ctx) {
  far *f = ctx;
  f->io->ops->wake(f->io);
}

int far_start(far *f) {
  if (pthread_create(&f->thread, NULL, far_main, f) != 0) return P2P_EIO;
  f->running = true;
  return 0;
}

void far_join(far *f) {
  if (f->running) {
    atomic_store(&f->stop, true);
    far_wake(f);
    pthread_join(f->thread, NULL);
    f->running = false;
  } else if (f->has_loop) {
    end_all(f);
  }
}

/* ---- life ---- */
static int far_random(void *ctx, void *buf, size_t len) {
  p2p_io *io = ctx;
  return io->ops->random(io, buf, len);
}

static int make_noise(void *ctx, p2p__env *env, bool initiator, const p2p_peer_id *expected,
                      const char *const *muxers, size_t n_muxers, p2p_time deadline,
                      p2p__step **out) {
  p2p__noise_config config = { .key = ctx,
                               .initiator = initiator,
                               .expected = *expected,
                               .muxers = muxers,
                               .n_muxers = n_muxers,
                               .deadline = deadline };
  return p2p__noise_step(env, &config, out);
}

static int make_yamux(p2p__loop *loop, p2p__budget *send_budget, bool client, p2p_time now,
                      p2p__mux **out) {
  return p2p__yamux_new(&loop->env, &loop->mux_streams, send_budget, client, now, out);
}

static void far_upgrades(far *f) {
  f->security = (p2p__security){ f->config.security, make_noise, &f->noise };
  f->muxer = (p2p__muxer){ f->config.muxer, make_yamux };
  f->upgrades = (p2p__upgrades){ .loop = &f->loop,
                                 .securities = &f->security,
                                 .security_ids = &f->config.security,
                                 .n_securities = 1,
                                 .muxers = &f->muxer,
                                 .muxer_ids = &f->config.muxer,
                                 .n_muxers = 1 };
}

static int far_env(far *f) {
  f->env = (p2p__env){
    .mem = &f->mem, .limits = &f->limits, .random = far_random, .random_ctx = f->io
  };
  int err = p2p__random(&f->env, f->env.hash_key, sizeof f->env.hash_key);
  if (err >= 0) err = p2p__crypto_new(&f->mem, &f->crypto);
  f->env.crypto = f->crypto;
  return err < 0 ? err : p2p__noise_static_init(&f->noise, &f->env, f->config.identity);
}

int far_init(far *f, const far_config *config) {
  *f = (far){ .config = *config, .limits = *config->limits, .next_id = 1 };
  p2p__mem_init(&f->mem, config->allocator);
  atomic_init(&f->stop, false);
  p2p__list_init(&f->ports);
  p2p__list_init(&f->listeners);
  int err = p2p_io_uv_new(&f->io);
  if (err >= 0) err = far_env(f);
  if (err < 0) return err;
  p2p__u64map_init(&f->by_id, &f->mem, P2P__MEM_LINK, f->env.hash_key);
  err = p2p__loop_init(&f->loop, f->io, &f->env, 1, p2p__yamux_stream_size());
  if (err < 0) return err;
  f->has_loop = true;
  far_upgrades(f);
  return p2p__tcp_new(&f->upgrades, &f->tcp);
}

void far_fini(far *f) {
  if (f->tcp) f->tcp->ops->free(f->tcp);
  p2p__u64map_fini(&f->by_id);
  if (f->has_loop) p2p__loop_fini(&f->loop);
  p2p__noise_static_fini(&f->noise);
  p2p__crypto_free(f->crypto);
  if (f->io) f->io->ops->free(f->io);
}
