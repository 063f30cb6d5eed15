/* TCP as a transport: addresses of IP and port, and descriptors of others. See tcp.h. */
#include "transport/tcp.h"
#include "transport/socket.h"

/* Connections that wait to be accepted: what Linux allows at most by default. Beyond it a newcomer is asked
 * to come again after a second: a storm must find room there while a turn is busy. */
enum { TCP_BACKLOG = 4096 };

typedef struct tcp {
  p2p__transport base;
  const p2p__upgrades *upgrades;
} tcp;

static bool tcp_claims(const p2p__transport *t, p2p_bytes addr, bool listen) {
  (void)t;
  (void)listen;
  p2p__rd r = p2p__rd_of(addr);
  p2p_endpoint ep;
  return p2p__ma_endpoint(&r, &ep, P2P__MA_TCP) == 0 && p2p__rd_done(&r);
}

static int tcp_endpoint(p2p_bytes addr, p2p_endpoint *ep) {
  p2p__rd r = p2p__rd_of(addr);
  return p2p__ma_endpoint(&r, ep, P2P__MA_TCP);
}

/* ---- what is TCP's of a socket ---- */
static int tcp_accept(p2p_io *io, int listener, uint64_t token, p2p__wr *remote) {
  p2p_endpoint here, there;
  int sock = io->ops->tcp_accept(io, listener, token, &here, &there);
  if (sock < 0) return sock;
  p2p__endpoint_canonical(&there);
  p2p__ma_add_endpoint(remote, &there, P2P__MA_TCP);
  return sock;
}

static int tcp_local(p2p_io *io, int sock, p2p__wr *out) {
  p2p_endpoint local;
  int err = io->ops->tcp_local(io, sock, &local);
  if (err < 0) return P2P_ENOTFOUND; /* adopted, and no IP */
  p2p__endpoint_canonical(&local);
  p2p__ma_add_endpoint(out, &local, P2P__MA_TCP);
  return out->err;
}

static const p2p__sock_kind tcp_kind = { .lowat = true, .accept = tcp_accept, .local = tcp_local };

/* ---- dialing ---- */
static int tcp_dial(p2p__transport *base, p2p_bytes addr, const p2p__link_spec *spec, p2p_time now,
                    p2p__link **out) {
  tcp *t = P2P_CONTAINER(base, tcp, base);
  p2p__loop *loop = t->upgrades->loop;
  p2p_endpoint to;
  p2p__sock_pipe *p;
  *out = NULL;
  int err = tcp_endpoint(addr, &to);
  if (err < 0 || (err = p2p__sock_pipe_new(loop, &tcp_kind, &p)) < 0) return err;
  p->sock = loop->io->ops->tcp_connect(loop->io, NULL, &to, p->source.token);
  return p2p__sock_dial(t->upgrades, p, spec, now, out);
}

/* ---- listening ---- */
/* Listens at an address, or (NULL) with a descriptor. */
static int tcp_open(p2p_io *io, const p2p_endpoint *at, int fd, uint64_t token,
                    p2p_endpoint *real) {
  return at ? io->ops->tcp_listen(io, at, TCP_BACKLOG, token, real)
            : io->ops->adopt(io, fd, true, token, real, NULL);
}

static int listener_new(const tcp *t, const p2p_endpoint *at, int fd, p2p__acceptor *acceptor,
                        p2p__listening **out, p2p__wr *bound) {
  p2p__listening *l;
  uint64_t token;
  p2p_endpoint real;
  int err = p2p__sock_listener_new(t->upgrades, &tcp_kind, acceptor, &l, &token);
  if (err < 0) return err;
  err = p2p__sock_listener_open(l, tcp_open(t->upgrades->loop->io, at, fd, token, &real));
  if (err < 0) return err;
  p2p__ma_add_endpoint(bound, &real, P2P__MA_TCP);
  *out = l;
  return 0;
}

static int tcp_listen(p2p__transport *base, p2p_bytes addr, p2p__acceptor *acceptor,
                      p2p__listening **out, p2p__wr *bound) {
  p2p_endpoint at;
  *out = NULL;
  int err = tcp_endpoint(addr, &at);
  return err < 0 ? err
                 : listener_new(P2P_CONTAINER(base, tcp, base), &at, -1, acceptor, out, bound);
}

/* ---- descriptors of others ---- */
static int tcp_adopt_listener(p2p__transport *base, int fd, p2p__acceptor *acceptor,
                              p2p__listening **out, p2p__wr *bound) {
  tcp *t = P2P_CONTAINER(base, tcp, base);
  *out = NULL;
  if (!p2p__sock_adopts(t->upgrades->loop->io)) return P2P_ENOTSUP;
  return listener_new(t, NULL, fd, acceptor, out, bound);
}

static int tcp_adopt(p2p__transport *base, int fd, bool initiator, const p2p__link_spec *spec,
                     p2p_time now, p2p__link **out, p2p__wr *remote) {
  tcp *t = P2P_CONTAINER(base, tcp, base);
  p2p_endpoint there;
  int err = p2p__sock_adopt(t->upgrades, &tcp_kind, fd, initiator, spec, now, out, &there);
  if (err < 0) return err;
  p2p__endpoint_canonical(&there);
  if (there.family) p2p__ma_add_endpoint(remote, &there, P2P__MA_TCP);
  return 0;
}

static void tcp_free(p2p__transport *base) {
  tcp *t = P2P_CONTAINER(base, tcp, base);
  p2p__release(t->upgrades->loop->mem, P2P__MEM_HOST, t, sizeof *t);
}

static const p2p__transport_ops tcp_ops = {
  .name = "tcp",
  .claims = tcp_claims,
  .dial = tcp_dial,
  .listen = tcp_listen,
  .unlisten = p2p__sock_unlisten,
  .adopt = tcp_adopt,
  .adopt_listener = tcp_adopt_listener,
  .free = tcp_free,
};

int p2p__tcp_new(const p2p__upgrades *upgrades, p2p__transport **out) {
  tcp *t = p2p__alloc(upgrades->loop->mem, P2P__MEM_HOST, sizeof *t);
  if (!t) return P2P_ENOMEM;
  t->base.ops = &tcp_ops;
  t->upgrades = upgrades;
  *out = &t->base;
  return 0;
}
