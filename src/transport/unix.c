/* Unix sockets as a transport. See unix.h.
 *
 * A path names the listener only: who dials has no name, so that inbound connections show the address
 * they arrived at. */
#include "transport/unix.h"
#include "transport/socket.h"

enum { UNIX_BACKLOG = 1024 };

typedef struct unix_transport {
  p2p__transport base;
  const p2p__upgrades *upgrades;
} unix_transport;

/* The path of an address that is nothing else, with a zero behind it. P2P_EADDR. */
static int unix_path(p2p_bytes addr, char path[P2P_IO_PATH_MAX]) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  if (p2p__ma_next(&r, &part) != 1 || part.code != P2P__MA_UNIX || !p2p__rd_done(&r))
    return P2P_EADDR;
  bool fits = part.value.len > 0 && part.value.len < P2P_IO_PATH_MAX;
  if (!fits || memchr(part.value.p, 0, part.value.len)) return P2P_EADDR;
  memcpy(path, part.value.p, part.value.len);
  path[part.value.len] = '\0';
  return 0;
}

static bool unix_claims(const p2p__transport *t, p2p_bytes addr, bool listen) {
  char path[P2P_IO_PATH_MAX];
  (void)t;
  (void)listen;
  return unix_path(addr, path) == 0;
}

static int unix_accept(p2p_io *io, int listener, uint64_t token, p2p__wr *remote) {
  char path[P2P_IO_PATH_MAX];
  int sock = io->ops->unix_accept(io, listener, token, path, sizeof path);
  if (sock >= 0) p2p__ma_add(remote, P2P__MA_UNIX, p2p__cstr(path));
  return sock;
}

static const p2p__sock_kind unix_kind = { .accept = unix_accept };

static int unix_dial(p2p__transport *base, p2p_bytes addr, const p2p__link_spec *spec, p2p_time now,
                     p2p__link **out) {
  unix_transport *t = P2P_CONTAINER(base, unix_transport, base);
  p2p__loop *loop = t->upgrades->loop;
  char path[P2P_IO_PATH_MAX];
  p2p__sock_pipe *p;
  *out = NULL;
  int err = unix_path(addr, path);
  if (err < 0 || (err = p2p__sock_pipe_new(loop, &unix_kind, &p)) < 0) return err;
  p->sock = loop->io->ops->unix_connect(loop->io, path, p->source.token);
  return p2p__sock_dial(t->upgrades, p, spec, now, out);
}

static int unix_listen(p2p__transport *base, p2p_bytes addr, p2p__acceptor *acceptor,
                       p2p__listening **out, p2p__wr *bound) {
  unix_transport *t = P2P_CONTAINER(base, unix_transport, base);
  p2p_io *io = t->upgrades->loop->io;
  char path[P2P_IO_PATH_MAX];
  p2p__listening *l;
  uint64_t token;
  *out = NULL;
  int err = unix_path(addr, path);
  if (err >= 0) err = p2p__sock_listener_new(t->upgrades, &unix_kind, acceptor, &l, &token);
  if (err < 0) return err;
  err = p2p__sock_listener_open(l, io->ops->unix_listen(io, path, UNIX_BACKLOG, token));
  if (err < 0) return err;
  p2p__wr_bytes_in(bound, addr);
  *out = l;
  return 0;
}

static int unix_adopt_listener(p2p__transport *base, int fd, p2p__acceptor *acceptor,
                               p2p__listening **out, p2p__wr *bound) {
  unix_transport *t = P2P_CONTAINER(base, unix_transport, base);
  p2p_io *io = t->upgrades->loop->io;
  const p2p_io_ops *ops = io->ops;
  char path[P2P_IO_PATH_MAX];
  p2p__listening *l;
  uint64_t token;
  *out = NULL;
  bool has = ops->size >= offsetof(p2p_io_ops, unix_adopt) + sizeof ops->unix_adopt;
  if (!has || !ops->unix_adopt) return P2P_ENOTSUP;
  int err = p2p__sock_listener_new(t->upgrades, &unix_kind, acceptor, &l, &token);
  if (err < 0) return err;
  err = p2p__sock_listener_open(l, ops->unix_adopt(io, fd, token, path, sizeof path));
  if (err < 0) return err;
  p2p__ma_add(bound, P2P__MA_UNIX, p2p__cstr(path));
  *out = l;
  return 0;
}

static void unix_free(p2p__transport *base) {
  unix_transport *t = P2P_CONTAINER(base, unix_transport, base);
  p2p__release(t->upgrades->loop->mem, P2P__MEM_HOST, t, sizeof *t);
}

static const p2p__transport_ops unix_ops = {
  .name = "unix",
  .claims = unix_claims,
  .dial = unix_dial,
  .listen = unix_listen,
  .unlisten = p2p__sock_unlisten,
  .adopt_listener = unix_adopt_listener,
  .free = unix_free,
};

int p2p__unix_new(const p2p__upgrades *upgrades, p2p__transport **out) {
  *out = NULL;
  const p2p_io_ops *ops = upgrades->loop->io->ops;
  if (ops->size < offsetof(p2p_io_ops, unix_connect) + sizeof ops->unix_connect) return 0;
  if (!ops->unix_listen || !ops->unix_accept || !ops->unix_connect) return 0;
  unix_transport *t = p2p__alloc(upgrades->loop->mem, P2P__MEM_HOST, sizeof *t);
  if (!t) return P2P_ENOMEM;
  t->base.ops = &unix_ops;
  t->upgrades = upgrades;
  *out = &t->base;
  return 0;
}
