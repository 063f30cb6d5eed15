/* The transport: which addresses are its own, which socket a dial leaves by, listening. See quic.h. */
#include "transport/quic_internal.h"

static quic_transport *quic_of(p2p__transport *t) { return P2P_CONTAINER(t, quic_transport, base); }

/* ---- addresses ---- */
void p2p__quic_addr_write(p2p__wr *w, const p2p_endpoint *ep) {
  p2p__ma_add_endpoint(w, ep, P2P__MA_UDP);
  p2p__ma_add(w, P2P__MA_QUIC_V1, (p2p_bytes){ 0 });
}

/* /quic was the last draft, whose packets say another version: it is not this. */
int p2p__quic_addr_read(p2p_bytes addr, p2p_endpoint *ep) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  int err = p2p__ma_endpoint(&r, ep, P2P__MA_UDP);
  if (err < 0) return err;
  if (p2p__ma_next(&r, &part) != 1 || !p2p__rd_done(&r)) return P2P_EADDR;
  return part.code == P2P__MA_QUIC_V1 ? 0 : part.code == P2P__MA_QUIC ? P2P_ENOTSUP : P2P_EADDR;
}

static bool quic_claims(const p2p__transport *t, p2p_bytes addr, bool listen) {
  p2p_endpoint ep;
  (void)t;
  (void)listen;
  return p2p__quic_addr_read(addr, &ep) == 0;
}

static int ready(quic_transport *t) { return t->shared ? 0 : t->make_shared(t->ctx, &t->shared); }

/* ---- dialing ---- */
static int quic_dial(p2p__transport *base, p2p_bytes addr, const p2p__link_spec *spec, p2p_time now,
                     p2p__link **out) {
  p2p_endpoint to;
  quic_socket *s;
  quic_link *l;
  *out = NULL;
  int err = p2p__quic_addr_read(addr, &to);
  if (err < 0 || (err = ready(quic_of(base))) < 0 ||
      (err = p2p__quic_socket_for(quic_of(base), &to, NULL, &s)) < 0)
    return err;
  err = p2p__quic_link_new(s, spec, NULL, &s->bound, &to, now, &l);
  p2p__quic_socket_unuse(s);
  if (err < 0) return err;
  *out = &l->base;
  return 0;
}

/* ---- listening ---- */
static void quic_unlisten(p2p__transport *base, p2p__listening *l) {
  l->socket->listening = NULL;
  p2p__quic_socket_unuse(l->socket);
  p2p__release(quic_of(base)->loop->mem, P2P__MEM_LINK, l, sizeof *l);
}

/* fd >= 0: on that descriptor. */
static int listen_on(quic_transport *t, const p2p_endpoint *at, int fd, p2p__acceptor *acceptor,
                     p2p__listening **out, p2p__wr *bound) {
  int err = ready(t);
  if (err < 0) return err;
  p2p__listening *l = p2p__alloc(t->loop->mem, P2P__MEM_LINK, sizeof *l);
  if (!l) return P2P_ENOMEM;
  err = fd < 0 ? p2p__quic_socket_open(t, at, &l->socket)
               : p2p__quic_socket_adopt(t, fd, &l->socket);
  if (err < 0) {
    p2p__release(t->loop->mem, P2P__MEM_LINK, l, sizeof *l);
    return err;
  }
  l->acceptor = acceptor;
  l->socket->listening = l;
  p2p__quic_addr_write(bound, &l->socket->bound);
  *out = l;
  return 0;
}

static int quic_listen(p2p__transport *base, p2p_bytes addr, p2p__acceptor *acceptor,
                       p2p__listening **out, p2p__wr *bound) {
  p2p_endpoint at;
  *out = NULL;
  int err = p2p__quic_addr_read(addr, &at);
  return err < 0 ? err : listen_on(quic_of(base), &at, -1, acceptor, out, bound);
}

static int quic_adopt_listener(p2p__transport *base, int fd, p2p__acceptor *acceptor,
                               p2p__listening **out, p2p__wr *bound) {
  *out = NULL;
  return fd < 0 ? P2P_EINVAL : listen_on(quic_of(base), NULL, fd, acceptor, out, bound);
}

static void quic_interfaces(p2p__transport *base, p2p_time now) {
  p2p__quic_interfaces(quic_of(base), now);
}

/* ---- life ---- */
static void quic_free(p2p__transport *base) {
  quic_transport *t = quic_of(base);
  p2p__quic_graves_fini(t);
  p2p__quic_table_fini(&t->table);
  p2p__quic_shared_free(t->shared);
  p2p__release(t->loop->mem, P2P__MEM_HOST, t, sizeof *t);
}

static const p2p__transport_ops quic_ops = {
  .name = "quic-v1",
  .claims = quic_claims,
  .dial = quic_dial,
  .listen = quic_listen,
  .unlisten = quic_unlisten,
  .adopt_listener = quic_adopt_listener,
  .interfaces = quic_interfaces,
  .free = quic_free,
};

int p2p__quic_transport_new(p2p__loop *loop, int (*shared)(void *ctx, p2p__quic_shared **out),
                            void *ctx, p2p__transport **out) {
  quic_transport *t = p2p__alloc(loop->mem, P2P__MEM_HOST, sizeof *t);
  if (!t) return P2P_ENOMEM;
  t->base.ops = &quic_ops;
  t->loop = loop;
  t->make_shared = shared;
  t->ctx = ctx;
  p2p__quic_table_init(&t->table, &loop->env);
  p2p__list_init(&t->sockets);
  p2p__list_init(&t->clients);
  p2p__list_init(&t->graves);
  *out = &t->base;
  return 0;
}
