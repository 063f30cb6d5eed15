/* Pipes and listeners over the sockets of a loop's io. See socket.h. */
#include "transport/socket.h"

/* Out of descriptors: wait so long before accepting again, instead of spinning (SW-01). */
#define ACCEPT_PAUSE (100 * P2P_MS)
/* A few a turn, so that a flood of connections does not starve those that are up; and no more than there are
 * steps of handshakes taken while those wait: or newcomers would push them out unheard. */
enum { ACCEPTS = 16, ACCEPTS_BEHIND = 1 };

struct p2p__listening {
  p2p__source source;
  p2p__timer timer;
  const p2p__upgrades *upgrades;
  const p2p__sock_kind *kind;
  p2p__acceptor *acceptor;
  int sock;
};

/* ---- the pipe ---- */
static p2p__sock_pipe *pipe_of(p2p__pipe *base) {
  return P2P_CONTAINER(base, p2p__sock_pipe, base);
}

static p2p_io *pipe_io(const p2p__sock_pipe *p) { return p->loop->io; }

static ptrdiff_t pipe_recv(p2p__pipe *base, void *buf, size_t cap) {
  p2p__sock_pipe *p = pipe_of(base);
  return pipe_io(p)->ops->recv(pipe_io(p), p->sock, buf, cap);
}

static ptrdiff_t pipe_send(p2p__pipe *base, const p2p_bytes *v, size_t n) {
  p2p__sock_pipe *p = pipe_of(base);
  return pipe_io(p)->ops->send(pipe_io(p), p->sock, v, n);
}

static void pipe_want(p2p__pipe *base, uint32_t what) {
  p2p__sock_pipe *p = pipe_of(base);
  (void)pipe_io(p)->ops->want(pipe_io(p), p->sock, what);
}

static void pipe_lowat(p2p__pipe *base, size_t unsent) {
  p2p__sock_pipe *p = pipe_of(base);
  if (!p->kind->lowat) return;
  (void)pipe_io(p)->ops->option(pipe_io(p), p->sock, P2P_IO_NOTSENT_LOWAT, unsent);
}

static void pipe_shutdown(p2p__pipe *base) {
  p2p__sock_pipe *p = pipe_of(base);
  (void)pipe_io(p)->ops->shutdown(pipe_io(p), p->sock);
}

static void pipe_costly(p2p__pipe *base, bool on) { pipe_of(base)->source.costly = on; }

static int pipe_local(const p2p__pipe *base, p2p__wr *out) {
  const p2p__sock_pipe *p = P2P_CONST_CONTAINER(base, p2p__sock_pipe, base);
  return p->kind->local ? p->kind->local(pipe_io(p), p->sock, out) : P2P_ENOTFOUND;
}

static void pipe_free(p2p__pipe *base) {
  p2p__sock_pipe *p = pipe_of(base);
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
  .costly = pipe_costly,
  .local = pipe_local,
  .free = pipe_free,
};

static void pipe_ready(p2p__source *s, const p2p_io_fact *fact, p2p_time now) {
  p2p__sock_pipe *p = P2P_CONTAINER(s, p2p__sock_pipe, source);
  p->base.user->ready(p->base.user, fact->what, fact->error, now);
}

int p2p__sock_pipe_new(p2p__loop *loop, const p2p__sock_kind *kind, p2p__sock_pipe **out) {
  p2p__sock_pipe *p = p2p__alloc(loop->mem, P2P__MEM_LINK, sizeof *p);
  if (!p) return P2P_ENOMEM;
  *p = (p2p__sock_pipe){
    .base.ops = &pipe_ops, .source.ready = pipe_ready, .loop = loop, .kind = kind, .sock = -1
  };
  if (p2p__loop_add(loop, &p->source) < 0) {
    p2p__release(loop->mem, P2P__MEM_LINK, p, sizeof *p);
    return P2P_ENOMEM;
  }
  *out = p;
  return 0;
}

int p2p__sock_dial(const p2p__upgrades *upgrades, p2p__sock_pipe *p, const p2p__link_spec *spec,
                   p2p_time now, p2p__link **out) {
  *out = NULL;
  int err = p->sock;
  if (err >= 0) err = p2p__byte_link_new(upgrades, &p->base, false, true, spec, now, out);
  if (err < 0) pipe_free(&p->base);
  return err < 0 ? err : 0;
}

/* ---- descriptors of others ---- */
bool p2p__sock_adopts(const p2p_io *io) {
  bool has = io->ops->size >= offsetof(p2p_io_ops, adopt) + sizeof io->ops->adopt;
  return has && io->ops->adopt;
}

int p2p__sock_adopt(const p2p__upgrades *upgrades, const p2p__sock_kind *kind, int fd,
                    bool initiator, const p2p__link_spec *spec, p2p_time now, p2p__link **out,
                    p2p_endpoint *remote) {
  p2p__loop *loop = upgrades->loop;
  p2p__sock_pipe *p;
  *out = NULL;
  if (!p2p__sock_adopts(loop->io)) return P2P_ENOTSUP;
  int err = p2p__sock_pipe_new(loop, kind, &p);
  if (err < 0) return err;
  p->sock = err = loop->io->ops->adopt(loop->io, fd, false, p->source.token, NULL, remote);
  if (err >= 0) err = p2p__byte_link_new(upgrades, &p->base, true, initiator, spec, now, out);
  if (err < 0) pipe_free(&p->base);
  return err < 0 ? err : 0;
}

/* ---- listening ---- */
static int accept_one(p2p__listening *l, p2p_time now) {
  p2p__loop *loop = l->upgrades->loop;
  uint8_t space[P2P_ADDR_MAX];
  p2p__wr remote = p2p__wr_of(space, sizeof space);
  p2p__sock_pipe *p;
  int err = p2p__sock_pipe_new(loop, l->kind, &p);
  if (err < 0) return err;
  p->sock = l->kind->accept(loop->io, l->sock, p->source.token, &remote);
  if (p->sock < 0) {
    err = p->sock;
    pipe_free(&p->base);
    return err;
  }
  p2p__byte_link_accept(l->upgrades, &p->base, l->acceptor, p2p__wr_bytes(&remote), now);
  return 0;
}

static void listener_ready(p2p__source *s, const p2p_io_fact *fact, p2p_time now) {
  p2p__listening *l = P2P_CONTAINER(s, p2p__listening, source);
  p2p__loop *loop = l->upgrades->loop;
  if (fact->error) {
    l->acceptor->closed(l->acceptor, fact->error);
    return;
  }
  int most = loop->behind ? ACCEPTS_BEHIND : ACCEPTS;
  for (int i = 0; i < most; i++) {
    int err = accept_one(l, now);
    if (err == P2P_EAGAIN) return;
    if (err == P2P_EFILES || err == P2P_ENOMEM) {
      (void)loop->io->ops->want(loop->io, l->sock, 0);
      p2p__timer_set(&loop->timers, &l->timer, p2p__time_add(now, ACCEPT_PAUSE));
      return;
    }
  }
}

static void listener_resume(p2p__timer *timer, p2p_time now) {
  p2p__listening *l = P2P_CONTAINER(timer, p2p__listening, timer);
  p2p_io *io = l->upgrades->loop->io;
  (void)now;
  (void)io->ops->want(io, l->sock, P2P_IO_READABLE);
}

void p2p__sock_unlisten(p2p__transport *t, p2p__listening *l) {
  (void)t;
  p2p__loop *loop = l->upgrades->loop;
  if (l->sock >= 0) loop->io->ops->close(loop->io, l->sock);
  p2p__loop_del(loop, &l->source);
  p2p__timer_clear(&loop->timers, &l->timer);
  p2p__timers_unreserve(&loop->timers);
  p2p__release(loop->mem, P2P__MEM_LINK, l, sizeof *l);
}

int p2p__sock_listener_new(const p2p__upgrades *upgrades, const p2p__sock_kind *kind,
                           p2p__acceptor *acceptor, p2p__listening **out, uint64_t *token) {
  p2p__loop *loop = upgrades->loop;
  *out = NULL;
  p2p__listening *l = p2p__alloc(loop->mem, P2P__MEM_LINK, sizeof *l);
  if (!l) return P2P_ENOMEM;
  *l = (p2p__listening){ .upgrades = upgrades, .kind = kind, .acceptor = acceptor, .sock = -1 };
  l->source.ready = listener_ready;
  l->timer.fire = listener_resume;
  if (p2p__timers_reserve(&loop->timers) < 0) {
    p2p__release(loop->mem, P2P__MEM_LINK, l, sizeof *l);
    return P2P_ENOMEM;
  }
  int err = p2p__loop_add(loop, &l->source);
  if (err < 0) {
    p2p__sock_unlisten(NULL, l);
    return err;
  }
  *token = l->source.token;
  *out = l;
  return 0;
}

int p2p__sock_listener_open(p2p__listening *l, int sock) {
  l->sock = sock;
  if (sock < 0) p2p__sock_unlisten(NULL, l);
  return sock < 0 ? sock : 0;
}
