/* A host's life: made, turned, closed, freed. */
#include "host/internal.h"
#include <assert.h>
#include <p2p/version.h>

enum { RANDOM_SEED = 8 };

/* ---- making ---- */
static int host_random(void *ctx, void *buf, size_t len) {
  p2p_io *io = ctx;
  return io->ops->random(io, buf, len);
}

static int host_limits(p2p_host *h, const p2p_host_opts *o) {
  p2p__limits_default(&h->limits);
  for (size_t i = 0; i < o->n_limits; i++) {
    int err = p2p__limits_set(&h->limits, o->limits[i].name, o->limits[i].value);
    if (err < 0) return err;
  }
  return 0;
}

static int host_io(p2p_host *h, const p2p_host_opts *o) {
  h->io = o->io;
  if (h->io) return 0;
  h->own_io = true;
  return p2p_io_uv_new(&h->io);
}

static int host_env(p2p_host *h, const p2p_host_opts *o) {
  h->env = (p2p__env){ .mem = &h->mem,
                       .limits = &h->limits,
                       .log = { .fn = o->log, .user = o->log_user, .level = o->log_level },
                       .random = host_random,
                       .random_ctx = h->io };
  int err = p2p__random(&h->env, h->env.hash_key, sizeof h->env.hash_key);
  if (err < 0) return err;
  err = p2p__crypto_new(&h->mem, &h->crypto);
  h->env.crypto = h->crypto;
  return err;
}

static int host_identity(p2p_host *h, const p2p_host_opts *o) {
  h->identity = o->identity ? o->identity : &h->own_identity;
  if (o->identity) return 0;
  return p2p_identity_generate(&h->own_identity, P2P_KEY_ED25519, h->io);
}

static bool gate_passes(const p2p_host *h, const p2p__gate *q) {
  const p2p_gater *g = &h->gater;
  p2p_conn conn = { q->conn };
  switch (q->point) {
  case P2P__GATE_PEER_DIAL: return !g->peer_dial || g->peer_dial(g->user, q->peer);
  case P2P__GATE_ADDR_DIAL: return !g->addr_dial || g->addr_dial(g->user, q->peer, q->addr);
  case P2P__GATE_ACCEPT: return !g->accept || g->accept(g->user, q->addr);
  case P2P__GATE_SECURED:
    if (h->gate && !h->gate(h->gate_user, q->peer, q->addr, q->dir)) return false;
    return !g->secured || g->secured(g->user, q->peer, q->addr, q->dir);
  case P2P__GATE_UPGRADED:
    return !g->upgraded || g->upgraded(g->user, conn, q->peer, q->addr, q->dir);
  }
  return true;
}

static bool gate_open(void *host, const p2p__gate *g) {
  p2p_host *h = host;
  bool before = h->guarded;
  h->guarded = true;
  bool pass = gate_passes(h, g);
  h->guarded = before;
  return pass;
}

static void trace_line(void *host, uint64_t conn, uint64_t stream, bool in, p2p_bytes line) {
  p2p_host *h = host;
  bool before = h->guarded;
  h->guarded = true;
  h->trace(h->trace_user, (p2p_conn){ conn }, (p2p_stream){ stream }, in, line);
  h->guarded = before;
}

static void addrs_changed(void *host) { ((p2p_host *)host)->addrs_dirty = true; }

static void listener_closed(void *host, uint64_t handle, int err) {
  p2p_event e = { .kind = P2P_EV_LISTENER_CLOSED, .listener.id = handle, .err = err };
  p2p__host_emit(host, &e);
  addrs_changed(host);
}

static int host_swarm(p2p_host *h) {
  uint64_t seed;
  int err = p2p__random(&h->env, &seed, RANDOM_SEED);
  if (err < 0) return err;
  err = p2p__loop_init(&h->loop, h->io, &h->env, seed, p2p__host_mux_stream_size());
  if (err < 0) return err;
  h->has_loop = true;
  p2p__swarm_host up = { .conn_due = p2p__host_conn_due,
                         .emit = p2p__host_emit,
                         .gate = gate_open,
                         .trace = h->trace ? trace_line : NULL,
                         .addrs_changed = addrs_changed,
                         .listener_closed = listener_closed,
                         .ctx = h };
  return p2p__swarm_init(&h->swarm, &h->loop, h->identity, &h->upgrades, &up);
}

/* Nothing asked for: everything there is; a machine may lack IPv4 or IPv6. */
static int listen_defaults(p2p_host *h) {
  int result = P2P_ENOTSUP;
  bool any = false;
  const char *addr;
  for (size_t i = 0; (addr = p2p__host_listen_at(i)) != NULL; i++) {
    p2p_listener l;
    int err = p2p_listen(h, addr, &l);
    if (err == P2P_ENOMEM) return err;
    any |= err >= 0;
    if (i == 0) result = err;
  }
  return any ? 0 : result;
}

static int host_listen(p2p_host *h, const p2p_host_opts *o) {
  if (!o->listen && !o->n_listen) return listen_defaults(h);
  for (size_t i = 0; i < o->n_listen; i++) {
    p2p_listener l;
    int err = p2p_listen(h, o->listen[i], &l);
    if (err < 0) return err;
  }
  return 0;
}

static int host_build(p2p_host *h, const p2p_host_opts *o) {
  int err = host_limits(h, o);
  if (err >= 0) err = p2p__host_events_init(h);
  if (err >= 0) err = host_io(h, o);
  if (err >= 0) err = host_env(h, o);
  if (err >= 0) err = host_identity(h, o);
  if (err >= 0) err = p2p__host_engines_new(h);
  if (err >= 0) err = p2p__host_upgrades(h, o);
  if (err >= 0) err = host_swarm(h);
  if (err >= 0) err = p2p__host_transports(h);
  if (err >= 0) err = p2p__host_behaviours(h);
  return err < 0 ? err : host_listen(h, o);
}

static void host_basics(p2p_host *h, const p2p_host_opts *o) {
  h->memory = o->memory;
  h->serve_perf = o->serve_perf;
  h->gate = o->gate;
  h->gate_user = o->gate_user;
  if (o->gater) memcpy(&h->gater, o->gater, o->gater->size);
  h->trace = o->trace;
  h->trace_user = o->trace_user;
  h->close_by = P2P_NEVER;
  p2p__list_init(&h->protocols);
  p2p__list_init(&h->opened);
  p2p__list_init(&h->datagrams);
  p2p__list_init(&h->flown);
  p2p__list_init(&h->closed);
  p2p__list_init(&h->stream_events);
  p2p__list_init(&h->stream_ends);
  p2p__host_posts_init(&h->posts);
  p2p_bytes agent = p2p__cstr(o->agent ? o->agent : "libp2p-c/" P2P_VERSION);
  memcpy(h->agent, agent.p, p2p__min(agent.len, sizeof h->agent - 1));
}

/* ---- who may call ---- */
static uint64_t thread_of(const p2p_host *h) {
  const p2p_io_ops *ops = h->io->ops;
  bool has = ops->size >= offsetof(p2p_io_ops, thread) + sizeof ops->thread;
  return has && ops->thread ? ops->thread(h->io) : 0;
}

bool p2p__host_may_call(const p2p_host *h) {
  if (!h || h->guarded) return !h;
  uint64_t turning = atomic_load_explicit(&h->turning, memory_order_relaxed);
  return turning == 0 || turning == thread_of(h);
}

/* A gater of which we know not every question would let through what it means to refuse. */
static int take_opts(p2p_host_opts *o, const p2p_host_opts *opts) {
  *o = (p2p_host_opts){ .size = sizeof *o };
  if (!opts) return 0;
  if (!opts->size || opts->size > sizeof *o) return P2P_EINVAL;
  memcpy(o, opts, opts->size);
  if ((o->n_listen && !o->listen) || (o->n_limits && !o->limits)) return P2P_EINVAL;
  if ((o->n_security && !o->security) || (o->n_muxers && !o->muxers)) return P2P_EINVAL;
  const p2p_gater *g = o->gater;
  return g && (!g->size || g->size > sizeof *g) ? P2P_EINVAL : 0;
}

int p2p_host_new(p2p_host **out, const p2p_host_opts *opts) {
  if (!out) return P2P_EINVAL;
  *out = NULL;
  p2p_host_opts o;
  if (take_opts(&o, opts) < 0) return P2P_EINVAL;
  p2p__mem mem;
  p2p__mem_init(&mem, o.allocator);
  p2p_host *h = p2p__alloc(&mem, P2P__MEM_HOST, sizeof *h);
  if (!h) return P2P_ENOMEM;
  h->mem = mem;
  host_basics(h, &o);
  int err = host_build(h, &o);
  if (err < 0) {
    p2p_host_free(h);
    return err;
  }
  *out = h;
  return 0;
}

void p2p_host_free(p2p_host *h) {
  if (!h) return;
  assert(!h->io || p2p__host_may_call(h));
  p2p__host_protocols_fini(h);
  p2p__swarm_fini(&h->swarm);
  p2p__host_events_fini(h);
  if (h->has_loop) p2p__loop_fini(&h->loop);
  p2p__host_engines_free(h);
  p2p_identity_fini(&h->own_identity);
  p2p__crypto_free(h->crypto);
  if (h->own_io && h->io) h->io->ops->free(h->io);
  p2p__mem mem = h->mem;
  p2p__release(&mem, P2P__MEM_HOST, h, sizeof *h);
}

/* ---- turning ---- */
static void tell_addrs(p2p_host *h) {
  if (!h->addrs_dirty) return;
  h->addrs_dirty = false;
  p2p__drive_fact(&h->swarm, &(p2p__fact){ .kind = P2P__FACT_ADDRS });
  p2p__host_emit(h, &(p2p_event){ .kind = P2P_EV_ADDRS });
}

/* Closing is over when nothing is left and everybody was told; what has not gone in time is cut off. */
static bool host_done(p2p_host *h) {
  if (!h->closing) return false;
  if (h->loop.now >= h->close_by && !h->forced) {
    h->forced = true;
    h->close_by = P2P_NEVER;
    p2p__swarm_close(&h->swarm, P2P_ETIMEOUT);
  }
  h->is_closed = p2p__swarm_closed(&h->swarm);
  return h->is_closed;
}

/* Something is to be done at once, outside of what the loop knows. */
static bool host_is_due(const p2p_host *h) {
  return h->addrs_dirty || h->news || (h->closing && p2p__swarm_closed(&h->swarm));
}

static int host_turn_once(p2p_host *h, p2p_time until) {
  if (h->is_closed) return P2P_ECLOSED;
  if (host_is_due(h)) until = 0;
  h->news = false;
  int n = p2p__loop_turn(&h->loop, p2p__time_min(until, h->close_by));
  if (n < 0) return n;
  p2p__host_posts_run(h);
  tell_addrs(h);
  return host_done(h) ? P2P_ECLOSED : 0;
}

/* A turn belongs to one thread; a callback that turns its own host would find it half changed. */
static int host_turn(p2p_host *h, p2p_time until) {
  p2p__host_assert(h);
  assert(!h->loop.turning);
  atomic_store_explicit(&h->turning, thread_of(h), memory_order_relaxed);
  int err = host_turn_once(h, until);
  atomic_store_explicit(&h->turning, 0, memory_order_relaxed);
  return err;
}

int p2p_host_step(p2p_host *h, p2p_time max_wait) {
  if (!h) return P2P_EINVAL;
  p2p_time until = max_wait ? p2p__time_add(p2p_host_now(h), max_wait) : 0;
  return host_turn(h, atomic_exchange(&h->stop, false) ? 0 : until);
}

int p2p_host_run(p2p_host *h) {
  if (!h) return P2P_EINVAL;
  while (!atomic_exchange(&h->stop, false)) {
    int err = host_turn(h, P2P_NEVER);
    if (err < 0) return err == P2P_ECLOSED ? 0 : err;
    while (p2p_next_event(h)) continue; /* who runs a host so lives in callbacks */
  }
  return 0;
}

int p2p_host_close(p2p_host *h, p2p_time within) {
  if (!h) return P2P_EINVAL;
  p2p__host_assert(h);
  h->closing = true;
  h->close_by = p2p__time_add(p2p_host_now(h), within);
  p2p__swarm_close(&h->swarm, 0);
  return 0;
}

/* ---- for a loop of the user's ---- */
int p2p_host_fd(const p2p_host *h) { return h ? h->io->ops->fd(h->io) : P2P_EINVAL; }

p2p_time p2p_host_deadline(const p2p_host *h) {
  p2p__host_assert(h);
  if (!h) return 0;
  if (h->is_closed) return P2P_NEVER; /* nothing is left to do, and p2p_host_step does nothing */
  if (host_is_due(h)) return 0;
  return p2p__time_min(p2p__loop_deadline(&h->loop), h->close_by);
}

p2p_time p2p_host_now(const p2p_host *h) { return h ? h->io->ops->now(h->io) : 0; }

const p2p_peer_id *p2p_host_peer(const p2p_host *h) { return h ? &h->identity->peer : NULL; }

p2p_io *p2p_host_io(p2p_host *h) { return h ? h->io : NULL; }
