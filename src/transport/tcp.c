/* TCP as a transport: sockets of the loop's io as pipes. See tcp.h. */
#include "transport/tcp.h"
#include "transport/byte_link.h"

enum { TCP_BACKLOG = 1024 };
/* Out of descriptors: wait so long before accepting again, instead of spinning (SW-01). */
#define TCP_ACCEPT_PAUSE (100 * P2P_MS)

typedef struct tcp {
  p2p__transport base;
  const p2p__upgrades *upgrades;
  p2p__list listeners;
} tcp;

typedef struct tcp_pipe {
  p2p__pipe base;
  p2p__source source;
  p2p__loop *loop;
  int sock;
} tcp_pipe;

struct p2p__listening {
  p2p__list node;
  p2p__source source;
  p2p__timer timer;
  tcp *tcp;
  p2p__acceptor *acceptor;
  int sock;
};

/* ---- the pipe ---- */
static p2p_io *pipe_io(const tcp_pipe *p) { return p->loop->io; }

static ptrdiff_t pipe_recv(p2p__pipe *base, void *buf, size_t cap) {
  tcp_pipe *p = P2P_CONTAINER(base, tcp_pipe, base);
  return pipe_io(p)->ops->recv(pipe_io(p), p->sock, buf, cap);
}

static ptrdiff_t pipe_send(p2p__pipe *base, const p2p_bytes *v, size_t n) {
  tcp_pipe *p = P2P_CONTAINER(base, tcp_pipe, base);
  return pipe_io(p)->ops->send(pipe_io(p), p->sock, v, n);
}

static void pipe_want(p2p__pipe *base, uint32_t what) {
  tcp_pipe *p = P2P_CONTAINER(base, tcp_pipe, base);
  (void)pipe_io(p)->ops->want(pipe_io(p), p->sock, what);
}

static void pipe_lowat(p2p__pipe *base, size_t unsent) {
  tcp_pipe *p = P2P_CONTAINER(base, tcp_pipe, base);
  (void)pipe_io(p)->ops->option(pipe_io(p), p->sock, P2P_IO_NOTSENT_LOWAT, unsent);
}

static void pipe_shutdown(p2p__pipe *base) {
  tcp_pipe *p = P2P_CONTAINER(base, tcp_pipe, base);
  (void)pipe_io(p)->ops->shutdown(pipe_io(p), p->sock);
}

static int pipe_local(const p2p__pipe *base, p2p__wr *out) {
  const tcp_pipe *p = P2P_CONST_CONTAINER(base, tcp_pipe, base);
  p2p_endpoint local;
  int err = pipe_io(p)->ops->tcp_local(pipe_io(p), p->sock, &local);
  if (err < 0) return P2P_ENOTFOUND; /* adopted, and no IP */
  p2p__endpoint_canonical(&local);
  p2p__ma_add_endpoint(out, &local, P2P__MA_TCP);
  return out->err;
}

static void pipe_free(p2p__pipe *base) {
  tcp_pipe *p = P2P_CONTAINER(base, tcp_pipe, base);
  if (p->sock >= 0) pipe_io(p)->ops->close(pipe_io(p), p->sock);
  p2p__loop_del(p->loop, &p->source);
  p2p__release(p->loop->mem, P2P__MEM_LINK, p, sizeof *p);
}

static const p2p__pipe_ops pipe_ops = {
  .recv = pipe_recv,
  .send = pipe_send,
  .want = pipe_want,
  .lowat = pipe_lowat,
  .shutdown = pipe_shutdown,
  .local = pipe_local,
  .free = pipe_free,
};

static void pipe_ready(p2p__source *s, const p2p_io_fact *fact, p2p_time now) {
  tcp_pipe *p = P2P_CONTAINER(s, tcp_pipe, source);
  p->base.user->ready(p->base.user, fact->what, fact->error, now);
}

static int pipe_new(p2p__loop *loop, tcp_pipe **out) {
  tcp_pipe *p = p2p__alloc(loop->mem, P2P__MEM_LINK, sizeof *p);
  if (!p) return P2P_ENOMEM;
  *p = (tcp_pipe){ .base.ops = &pipe_ops, .source.ready = pipe_ready, .loop = loop, .sock = -1 };
  if (p2p__loop_add(loop, &p->source) < 0) {
    p2p__release(loop->mem, P2P__MEM_LINK, p, sizeof *p);
    return P2P_ENOMEM;
  }
  *out = p;
  return 0;
}

/* ---- dialing ---- */
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

static int tcp_dial(p2p__transport *base, p2p_bytes addr, const p2p__link_spec *spec, p2p_time now,
                    p2p__link **out) {
  tcp *t = P2P_CONTAINER(base, tcp, base);
  p2p__loop *loop = t->upgrades->loop;
  p2p_endpoint to;
  tcp_pipe *p;
  *out = NULL;
  int err = tcp_endpoint(addr, &to);
  if (err < 0 || (err = pipe_new(loop, &p)) < 0) return err;
  p->sock = err = loop->io->ops->tcp_connect(loop->io, NULL, &to, p->source.token);
  if (err >= 0) err = p2p__byte_link_new(t->upgrades, &p->base, false, true, spec, now, out);
  if (err < 0) pipe_free(&p->base);
  return err < 0 ? err : 0;
}

/* ---- listening ---- */
static void accept_link(p2p__listening *l, tcp_pipe *p, const p2p_endpoint *remote, p2p_time now) {
  uint8_t space[64];
  p2p__wr addr = p2p__wr_of(space, sizeof space);
  p2p__ma_add_endpoint(&addr, remote, P2P__MA_TCP);
  p2p__byte_link_accept(l->tcp->upgrades, &p->base, l->acceptor, p2p__wr_bytes(&addr), now);
}

static int accept_one(p2p__listening *l, p2p_time now) {
  p2p__loop *loop = l->tcp->upgrades->loop;
  tcp_pipe *p;
  int err = pipe_new(loop, &p);
  if (err < 0) return err;
  p2p_endpoint local, remote;
  p->sock = loop->io->ops->tcp_accept(loop->io, l->sock, p->source.token, &local, &remote);
  if (p->sock < 0) {
    err = p->sock;
    pipe_free(&p->base);
    return err;
  }
  p2p__endpoint_canonical(&remote);
  accept_link(l, p, &remote, now);
  return 0;
}

/* A few a turn, so that a flood of connections does not starve those that are up. */
enum { TCP_ACCEPTS = 16 };

static void listener_ready(p2p__source *s, const p2p_io_fact *fact, p2p_time now) {
  p2p__listening *l = P2P_CONTAINER(s, p2p__listening, source);
  p2p__loop *loop = l->tcp->upgrades->loop;
  if (fact->error) {
    l->acceptor->closed(l->acceptor, fact->error);
    return;
  }
  for (int i = 0; i < TCP_ACCEPTS; i++) {
    int err = accept_one(l, now);
    if (err == P2P_EAGAIN) return;
    if (err == P2P_EFILES || err == P2P_ENOMEM) {
      (void)loop->io->ops->want(loop->io, l->sock, 0);
      p2p__timer_set(&loop->timers, &l->timer, p2p__time_add(now, TCP_ACCEPT_PAUSE));
      return;
    }
  }
}

static void listener_resume(p2p__timer *timer, p2p_time now) {
  p2p__listening *l = P2P_CONTAINER(timer, p2p__listening, timer);
  p2p_io *io = l->tcp->upgrades->loop->io;
  (void)now;
  (void)io->ops->want(io, l->sock, P2P_IO_READABLE);
}

static void tcp_unlisten(p2p__transport *base, p2p__listening *l) {
  (void)base;
  p2p__loop *loop = l->tcp->upgrades->loop;
  if (l->sock >= 0) loop->io->ops->close(loop->io, l->sock);
  p2p__loop_del(loop, &l->source);
  p2p__timer_clear(&loop->timers, &l->timer);
  p2p__timers_unreserve(&loop->timers);
  p2p__list_del(&l->node);
  p2p__release(loop->mem, P2P__MEM_LINK, l, sizeof *l);
}

/* Listens at an address, or (NULL) with a descriptor. */
static int listener_open(p2p__loop *loop, const p2p_endpoint *at, int fd, uint64_t token,
                         p2p_endpoint *real) {
  const p2p_io_ops *ops = loop->io->ops;
  return at ? ops->tcp_listen(loop->io, at, TCP_BACKLOG, token, real)
            : ops->adopt(loop->io, fd, true, token, real, NULL);
}

static int listener_new(tcp *t, const p2p_endpoint *at, int fd, p2p__acceptor *acceptor,
                        p2p__listening **out, p2p__wr *bound) {
  p2p__loop *loop = t->upgrades->loop;
  p2p_endpoint real;
  int err;
  p2p__listening *l = p2p__alloc(loop->mem, P2P__MEM_LINK, sizeof *l);
  if (!l) return P2P_ENOMEM;
  *l = (p2p__listening){ .tcp = t, .acceptor = acceptor, .sock = -1 };
  l->source.ready = listener_ready;
  l->timer.fire = listener_resume;
  p2p__list_init(&l->node);
  if (p2p__timers_reserve(&loop->timers) < 0) {
    p2p__release(loop->mem, P2P__MEM_LINK, l, sizeof *l);
    return P2P_ENOMEM;
  }
  err = p2p__loop_add(loop, &l->source);
  if (err < 0) goto fail;
  l->sock = err = listener_open(loop, at, fd, l->source.token, &real);
  if (err < 0) goto fail;
  p2p__ma_add_endpoint(bound, &real, P2P__MA_TCP);
  p2p__list_add(&t->listeners, &l->node);
  *out = l;
  return 0;
fail:
  tcp_unlisten(&t->base, l);
  return err;
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
static bool io_adopts(const p2p_io *io) {
  bool has = io->ops->size >= offsetof(p2p_io_ops, adopt) + sizeof io->ops->adopt;
  return has && io->ops->adopt;
}

static int tcp_adopt_listener(p2p__transport *base, int fd, p2p__acceptor *acceptor,
                              p2p__listening **out, p2p__wr *bound) {
  tcp *t = P2P_CONTAINER(base, tcp, base);
  *out = NULL;
  if (!io_adopts(t->upgrades->loop->io)) return P2P_ENOTSUP;
  return listener_new(t, NULL, fd, acceptor, out, bound);
}

static int tcp_adopt(p2p__transport *base, int fd, bool initiator, const p2p__link_spec *spec,
                     p2p_time now, p2p__link **out, p2p__wr *remote) {
  tcp *t = P2P_CONTAINER(base, tcp, base);
  p2p__loop *loop = t->upgrades->loop;
  tcp_pipe *p;
  p2p_endpoint there;
  *out = NULL;
  if (!io_adopts(loop->io)) return P2P_ENOTSUP;
  int err = pipe_new(loop, &p);
  if (err < 0) return err;
  p->sock = err = loop->io->ops->adopt(loop->io, fd, false, p->source.token, NULL, &there);
  if (err >= 0) err = p2p__byte_link_new(t->upgrades, &p->base, true, initiator, spec, now, out);
  if (err < 0) {
    pipe_free(&p->base);
    return err;
  }
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
  .unlisten = tcp_unlisten,
  .adopt = tcp_adopt,
  .adopt_listener = tcp_adopt_listener,
  .free = tcp_free,
};

int p2p__tcp_new(const p2p__upgrades *upgrades, p2p__transport **out) {
  tcp *t = p2p__alloc(upgrades->loop->mem, P2P__MEM_HOST, sizeof *t);
  if (!t) return P2P_ENOMEM;
  t->base.ops = &tcp_ops;
  t->upgrades = upgrades;
  p2p__list_init(&t->listeners);
  *out = &t->base;
  return 0;
}
