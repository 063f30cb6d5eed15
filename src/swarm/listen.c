/* Listeners: admission of what arrives, and the addresses at which we can be reached. */
#include "swarm/internal.h"

typedef struct listener {
  p2p__acceptor acceptor;
  p2p__swarm *swarm;
  p2p__transport *transport;
  p2p__listening *listening; /* NULL: ended */
  uint64_t handle;
  uint8_t *addr; /* bound, packed */
  uint16_t addr_len;
} listener;

/* ---- arrivals ---- */

static bool is_full(p2p__swarm *w) {
  return w->half_open.n >= p2p__swarm_env(w)->limits->conns_pending_in;
}

/* Too many are half open: one makes room, so that a crowd cannot keep an honest peer out (HS-04). */
static void make_room(p2p__swarm *w) {
  p2p__sconn *c = is_full(w) ? p2p__half_open_victim(w) : NULL;
  if (c) p2p__conn_close(c, 0, P2P_ELIMIT);
}

static int inbound_new(p2p__swarm *w, p2p_bytes remote, p2p__link_spec *spec, p2p_time now,
                       p2p__sconn **out) {
  const p2p__limits *limits = p2p__swarm_env(w)->limits;
  make_room(w);
  p2p__sconn *c;
  int err = p2p__conn_new(w, true, remote, &c);
  if (err < 0) return err;
  *spec = (p2p__link_spec){ .owner = &c->owner,
                            .budget = &c->tx,
                            .deadline = p2p__time_add(now, limits->handshake_timeout) };
  if (w->host.trace) {
    spec->trace = p2p__conn_trace;
    spec->trace_ctx = c;
  }
  *out = c;
  return 0;
}

static bool listener_must_prove(p2p__acceptor *base, p2p_bytes remote) {
  p2p__swarm *w = P2P_CONTAINER(base, listener, acceptor)->swarm;
  return is_full(w) || p2p__arrivals_enough(&w->arrivals, remote, false);
}

static int listener_arrived(p2p__acceptor *base, p2p_bytes remote, bool proven,
                            p2p__link_spec *spec, p2p_time now) {
  p2p__swarm *w = P2P_CONTAINER(base, listener, acceptor)->swarm;
  if (w->closing) return P2P_ECLOSED;
  p2p__gate g = { .point = P2P__GATE_ACCEPT, .addr = remote, .dir = P2P_INBOUND };
  if (!p2p__swarm_gate(w, g)) return P2P_EGATED;
  int err = p2p__arrivals_enter(&w->arrivals, remote, proven);
  if (err < 0) return err;
  p2p__sconn *c;
  err = inbound_new(w, remote, spec, now, &c);
  if (err < 0) {
    p2p__arrivals_leave(&w->arrivals, remote, proven);
    return err;
  }
  c->arrived = true;
  c->unproven = !proven;
  return 0;
}

static void listener_made(p2p__acceptor *base, p2p__link *link, const p2p__link_spec *spec) {
  (void)base;
  p2p__sconn *c = P2P_CONTAINER(spec->owner, p2p__sconn, owner);
  c->link = link;
  if (!link) p2p__conn_free(c);
}

static void listener_free(listener *l) {
  p2p__swarm *w = l->swarm;
  if (l->listening) l->transport->ops->unlisten(l->transport, l->listening);
  if (l->handle) p2p__handles_del(&w->listeners, l->handle);
  p2p__release(w->loop->mem, P2P__MEM_HOST, l->addr, l->addr_len);
  p2p__release(w->loop->mem, P2P__MEM_HOST, l, sizeof *l);
}

static void listener_closed(p2p__acceptor *base, int err) {
  listener *l = P2P_CONTAINER(base, listener, acceptor);
  p2p__swarm *w = l->swarm;
  uint64_t handle = l->handle;
  listener_free(l);
  w->host.listener_closed(w->host.ctx, handle, err);
}

/* ---- listening ---- */
/* At an address, or (fd >= 0) with a descriptor. */
static int listener_begin(listener *l, p2p_bytes addr, int fd) {
  uint8_t space[P2P_ADDR_MAX];
  p2p__wr bound = p2p__wr_of(space, sizeof space);
  p2p__mem *mem = l->swarm->loop->mem;
  p2p__transport *t = l->transport;
  int err = fd < 0 ? t->ops->listen(t, addr, &l->acceptor, &l->listening, &bound)
                   : t->ops->adopt_listener(t, fd, &l->acceptor, &l->listening, &bound);
  if (err < 0) return err;
  l->addr = p2p__alloc_raw(mem, P2P__MEM_HOST, bound.len);
  if (!l->addr) return P2P_ENOMEM;
  memcpy(l->addr, bound.p, bound.len);
  l->addr_len = (uint16_t)bound.len;
  return p2p__handles_add(&l->swarm->listeners, l, &l->handle);
}

static int listener_new(p2p__swarm *w, p2p__transport *t, p2p_bytes addr, int fd,
                        uint64_t *handle) {
  if (w->closing) return P2P_ECLOSED;
  if (!t) return P2P_ENOTSUP;
  listener *l = p2p__alloc(w->loop->mem, P2P__MEM_HOST, sizeof *l);
  if (!l) return P2P_ENOMEM;
  l->acceptor = (p2p__acceptor){ .must_prove = listener_must_prove,
                                 .arrived = listener_arrived,
                                 .made = listener_made,
                                 .closed = listener_closed };
  l->swarm = w;
  l->transport = t;
  int err = listener_begin(l, addr, fd);
  if (err < 0) {
    listener_free(l);
    return err;
  }
  *handle = l->handle;
  p2p__interfaces_tell(w);
  return 0;
}

int p2p__swarm_listen(p2p__swarm *w, p2p_bytes addr, uint64_t *handle) {
  return listener_new(w, p2p__swarm_transport(w, addr, true), addr, -1, handle);
}

/* ---- descriptors of others ---- */
static p2p__transport *adopter(const p2p__swarm *w) {
  for (size_t i = 0; i < w->n_transports; i++)
    if (w->transports[i]->ops->adopt) return w->transports[i];
  return NULL;
}

/* Whoever knows what it is takes it; that nobody does is no fault of an io that could. */
int p2p__swarm_listen_fd(p2p__swarm *w, int fd, uint64_t *handle) {
  int result = P2P_ENOTSUP;
  for (size_t i = 0; i < w->n_transports; i++) {
    if (!w->transports[i]->ops->adopt_listener) continue;
    int err = listener_new(w, w->transports[i], p2p__bytes(NULL, 0), fd, handle);
    if (err != P2P_EINVAL && err != P2P_ENOTSUP) return err;
    if (err == P2P_EINVAL) result = err;
  }
  return result;
}

static int adopt_inbound(p2p__swarm *w, p2p__transport *t, int fd, p2p__sconn **out) {
  uint8_t space[P2P_ADDR_MAX];
  p2p__wr remote = p2p__wr_of(space, sizeof space);
  p2p_time now = p2p__swarm_now(w);
  p2p__link_spec spec;
  p2p__sconn *c;
  int err = inbound_new(w, p2p__bytes(NULL, 0), &spec, now, &c);
  if (err < 0) return err;
  err = t->ops->adopt(t, fd, false, &spec, now, &c->link, &remote);
  if (err < 0) {
    p2p__conn_free(c);
    return err;
  }
  err = p2p__conn_set_addr(c, p2p__wr_bytes(&remote));
  c->adopted = true;
  if (err < 0) p2p__conn_close(c, 0, err);
  *out = c;
  return 0;
}

int p2p__swarm_adopt(p2p__swarm *w, int fd, p2p_direction dir, const p2p_peer_id *expected,
                     p2p__sconn **out) {
  p2p__transport *t = adopter(w);
  *out = NULL;
  if (w->closing) return P2P_ECLOSED;
  if (!t) return P2P_ENOTSUP;
  p2p__loop_refresh(w->loop);
  return dir == P2P_INBOUND ? adopt_inbound(w, t, fd, out)
                            : p2p__dial_adopt(w, t, fd, expected, out);
}

int p2p__swarm_unlisten(p2p__swarm *w, uint64_t handle) {
  listener *l = p2p__handles_get(&w->listeners, handle);
  if (!l) return P2P_ESTALE;
  listener_free(l);
  p2p__interfaces_tell(w);
  return 0;
}

void p2p__listeners_stop(p2p__swarm *w) {
  uint32_t i = 0;
  for (listener *l; (l = p2p__handles_next(&w->listeners, &i)) != NULL;) listener_free(l);
}

/* ---- our addresses ---- */
/* The interfaces' addresses, at most as many as are kept. They are asked for once in a turn: whoever lists
 * our addresses comes here for each of them, and the question is a dialogue with the kernel. */
static int ifaddrs(p2p__swarm *w) {
  p2p__ifaddrs *a = &w->ifaddrs;
  const p2p__loop *loop = w->loop;
  if (a->known && loop->turning && a->at == loop->now) return a->n;
  int n = loop->io->ops->ifaddrs(loop->io, a->all, P2P__IFADDRS);
  a->n = n < P2P__IFADDRS ? n : P2P__IFADDRS;
  a->at = loop->now;
  a->known = true;
  return a->n;
}

/* One of those that a listener on all addresses of the family is reached at. */
static bool is_of(const p2p_endpoint *at, uint8_t family) {
  return at->family == family && p2p__ip_classify(at) != P2P__IP_LINK_LOCAL;
}

/* The interface addresses an unspecified endpoint stands for. */
static int expand(p2p__swarm *w, const p2p_endpoint *ep, uint32_t code, size_t *i, p2p__wr *out,
                  p2p_bytes rest) {
  int n = ifaddrs(w);
  for (int k = 0; k < n; k++) {
    p2p_endpoint at = w->ifaddrs.all[k];
    if (!is_of(&at, ep->family) || (*i)-- > 0) continue;
    at.port = ep->port;
    p2p__ma_add_endpoint(out, &at, code);
    p2p__wr_bytes_in(out, rest);
    return 1;
  }
  return 0;
}

static int listener_addr(const listener *l, size_t *i, p2p__wr *out) {
  p2p_bytes addr = p2p__bytes(l->addr, l->addr_len);
  p2p__rd r = p2p__rd_of(addr);
  p2p_endpoint ep;
  uint32_t code = P2P__MA_TCP;
  bool ip = p2p__ma_endpoint(&r, &ep, code) == 0;
  if (!ip) ip = p2p__ma_endpoint(&r, &ep, code = P2P__MA_UDP) == 0;
  if (ip && p2p__ip_classify(&ep) == P2P__IP_UNSPECIFIED)
    return expand(l->swarm, &ep, code, i, out, p2p__rd_rest(&r));
  if ((*i)-- > 0) return 0;
  p2p__wr_bytes_in(out, addr);
  return 1;
}

int p2p__swarm_addr(p2p__swarm *w, size_t i, p2p__wr *out) {
  uint32_t slot = 0;
  for (listener *l; (l = p2p__handles_next(&w->listeners, &slot)) != NULL;)
    if (listener_addr(l, &i, out)) return out->err ? out->err : 1;
  return 0;
}

/* The family of a listener on all addresses; 0: it listens on one, or on none of IP. */
static uint8_t family_of_all(const listener *l) {
  p2p_bytes addr = p2p__bytes(l->addr, l->addr_len);
  p2p__rd tcp = p2p__rd_of(addr), udp = p2p__rd_of(addr);
  p2p_endpoint ep;
  bool ip = p2p__ma_endpoint(&tcp, &ep, P2P__MA_TCP) == 0 ||
            p2p__ma_endpoint(&udp, &ep, P2P__MA_UDP) == 0;
  return ip && p2p__ip_classify(&ep) == P2P__IP_UNSPECIFIED ? ep.family : 0;
}

uint64_t p2p__listeners_sum(p2p__swarm *w) {
  const uint8_t *key = p2p__swarm_env(w)->hash_key;
  const p2p_endpoint *all = w->ifaddrs.all;
  uint64_t sum = 0;
  uint32_t slot = 0;
  int n = ifaddrs(w);
  for (listener *l; (l = p2p__handles_next(&w->listeners, &slot)) != NULL;) {
    uint8_t family = family_of_all(l);
    sum += p2p__siphash(key, p2p__bytes(l->addr, l->addr_len));
    for (int i = 0; family && i < n; i++)
      if (is_of(&all[i], family)) sum += p2p__siphash(key, p2p__bytes(all[i].ip, sizeof all[i].ip));
  }
  return sum;
}
