/* A door with a fault. */
#include "support/faulty_io.h"
#include <string.h>

enum { STORM = 12 };

#define CALL(x) (1u << FAULTY_##x)

/* EINTR and spurious wake-ups end in "again", ENOBUFS in ENOMEM: src/io/error.c. */
const faulty_way faulty_ways[] = {
  { "woken for nothing", CALL(WAIT), 0, STORM, false, true },
  { "again, once", CALL(RECV) | CALL(SEND) | CALL(ACCEPT) | CALL(UDP_RECV) | CALL(UDP_SEND),
    P2P_EAGAIN, 1, false, true },
  { "again and again", CALL(RECV) | CALL(SEND) | CALL(ACCEPT) | CALL(UDP_RECV) | CALL(UDP_SEND),
    P2P_EAGAIN, STORM, false, true },
  { "short", CALL(RECV) | CALL(SEND) | CALL(UDP_RECV) | CALL(UDP_SEND), 0, STORM, false, true },
  { "reset", CALL(RECV) | CALL(SEND), P2P_ERESET, 1, true, false },
  { "unknown error", CALL(RECV) | CALL(SEND), P2P_EIO, 1, true, false },
  { "aborted", CALL(ACCEPT), P2P_ERESET, 1, false, false },
  { "unreachable", CALL(CONNECT) | CALL(UDP_SEND) | CALL(UDP_RECV) | CALL(SOURCE), P2P_EUNREACH, 1,
    false, false },
  { "nothing is known", CALL(UDP_ERRORS), 0, STORM, false, false },
  { "files", CALL(LISTEN) | CALL(ACCEPT) | CALL(CONNECT) | CALL(UDP_OPEN), P2P_EFILES, 1, false,
    false },
  { "files for a while", CALL(ACCEPT), P2P_EFILES, STORM, false, false },
  { "in use", CALL(LISTEN) | CALL(UDP_OPEN), P2P_EADDRINUSE, 1, false, false },
  { "memory",
    CALL(LISTEN) | CALL(ACCEPT) | CALL(CONNECT) | CALL(RECV) | CALL(SEND) | CALL(SHUTDOWN) |
        CALL(UDP_OPEN) | CALL(UDP_RECV) | CALL(UDP_SEND) | CALL(RESOLVE) | CALL(IFADDRS) |
        CALL(IFWATCH) | CALL(SOURCE),
    P2P_ENOMEM, 1, false, false },
  { "memory for a while", CALL(SEND) | CALL(UDP_SEND), P2P_ENOMEM, STORM, false, false },
  { "unsupported", CALL(OPTION), P2P_ENOTSUP, STORM, false, true },
  { "no name", CALL(RESOLVED), P2P_ENAME, 1, false, false },
  { "no randomness", CALL(RANDOM), P2P_EIO, 1, false, false },
};
const int n_faulty_ways = sizeof faulty_ways / sizeof *faulty_ways;

static faulty_io *of(p2p_io *io) { return (faulty_io *)io; }

/* Whether this call of `kind` fails. */
static bool fails(faulty_io *f, faulty_call kind) {
  if (f->kinds && f->calls < f->n_kinds) f->kinds[f->calls] = (uint8_t)kind;
  f->calls++;
  if (!f->way || !(f->way->calls & 1u << kind)) return false;
  if (!f->begun && f->calls >= f->fail_at) {
    f->begun = true;
    f->kind = kind;
    f->left = f->way->times;
  }
  if (!f->begun || kind != f->kind || f->left == 0) return false;
  f->left--;
  return true;
}

/* ---- what always works ---- */

static p2p_time now(p2p_io *io) { return of(io)->of->ops->now(of(io)->of); }
static int64_t unix_ns(p2p_io *io) { return of(io)->of->ops->unix_ns(of(io)->of); }
static void wake(p2p_io *io) { of(io)->of->ops->wake(of(io)->of); }
static int fd(p2p_io *io) { return of(io)->of->ops->fd(of(io)->of); }
static void free_io(p2p_io *io) { of(io)->of->ops->free(of(io)->of); }

static void close_sock(p2p_io *io, int sock) {
  if (sock >= 0 && sock < FAULTY_SOCKETS) of(io)->broken[sock] = 0;
  of(io)->of->ops->close(of(io)->of, sock);
}

static void resolve_cancel(p2p_io *io, uint64_t token) {
  of(io)->of->ops->resolve_cancel(of(io)->of, token);
}

static int work(p2p_io *io, void (*fn)(void *arg), void *arg, uint64_t token) {
  return of(io)->of->ops->work(of(io)->of, fn, arg, token);
}

/* ---- what fails ---- */

static int wait_facts(p2p_io *io, p2p_time until, p2p_io_fact *out, int n) {
  if (fails(of(io), FAULTY_WAIT)) return 0; /* what is true stays true: the next wait tells it */
  return of(io)->of->ops->wait(of(io)->of, until, out, n);
}

static int random_bytes(p2p_io *io, void *buf, size_t len) {
  if (fails(of(io), FAULTY_RANDOM)) return of(io)->way->error;
  return of(io)->of->ops->random(of(io)->of, buf, len);
}

static int tcp_listen(p2p_io *io, const p2p_endpoint *at, int backlog, uint64_t token,
                      p2p_endpoint *bound) {
  if (fails(of(io), FAULTY_LISTEN)) return of(io)->way->error;
  return of(io)->of->ops->tcp_listen(of(io)->of, at, backlog, token, bound);
}

/* One that was aborted is gone; else it waits on. */
static int tcp_accept(p2p_io *io, int listener, uint64_t token, p2p_endpoint *local,
                      p2p_endpoint *remote) {
  p2p_io *real = of(io)->of;
  bool failed = fails(of(io), FAULTY_ACCEPT);
  if (failed && of(io)->way->error != P2P_ERESET) return of(io)->way->error;
  int sock = real->ops->tcp_accept(real, listener, token, local, remote);
  if (!failed || sock < 0) return sock;
  real->ops->close(real, sock);
  return P2P_ERESET;
}

static int tcp_connect(p2p_io *io, const p2p_endpoint *from, const p2p_endpoint *to,
                       uint64_t token) {
  if (fails(of(io), FAULTY_CONNECT)) return of(io)->way->error;
  return of(io)->of->ops->tcp_connect(of(io)->of, from, to, token);
}

static int tcp_local(p2p_io *io, int sock, p2p_endpoint *local) {
  return of(io)->of->ops->tcp_local(of(io)->of, sock, local);
}

/* What a call of a socket has to return: < 0; 0: go on; 1: go on, but take one. */
static int verdict(faulty_io *f, faulty_call kind, int sock) {
  bool known = sock >= 0 && sock < FAULTY_SOCKETS;
  if (known && f->broken[sock]) return f->broken[sock];
  if (!fails(f, kind)) return 0;
  if (known && f->way->lasts) f->broken[sock] = f->way->error;
  return f->way->error ? f->way->error : 1;
}

static ptrdiff_t recv_bytes(p2p_io *io, int sock, void *buf, size_t cap) {
  int v = verdict(of(io), FAULTY_RECV, sock);
  if (v < 0) return v;
  return of(io)->of->ops->recv(of(io)->of, sock, buf, v ? 1 : cap);
}

static ptrdiff_t send_bytes(p2p_io *io, int sock, const p2p_bytes *v, size_t n) {
  int verdict_ = verdict(of(io), FAULTY_SEND, sock);
  if (verdict_ < 0) return verdict_;
  p2p_bytes one = { n ? v[0].p : NULL, 1 };
  if (verdict_ && n && v[0].len) return of(io)->of->ops->send(of(io)->of, sock, &one, 1);
  return of(io)->of->ops->send(of(io)->of, sock, v, n);
}

static int shutdown_sock(p2p_io *io, int sock) {
  if (fails(of(io), FAULTY_SHUTDOWN)) return of(io)->way->error;
  return of(io)->of->ops->shutdown(of(io)->of, sock);
}

static int want(p2p_io *io, int sock, uint32_t what) {
  return of(io)->of->ops->want(of(io)->of, sock, what);
}

static int option(p2p_io *io, int sock, p2p_io_option option, uint64_t value) {
  if (fails(of(io), FAULTY_OPTION)) return of(io)->way->error;
  return of(io)->of->ops->option(of(io)->of, sock, option, value);
}

static int udp_open(p2p_io *io, const p2p_endpoint *at, uint64_t token, p2p_endpoint *bound) {
  if (fails(of(io), FAULTY_UDP_OPEN)) return of(io)->way->error;
  return of(io)->of->ops->udp_open(of(io)->of, at, token, bound);
}

static int udp_recv(p2p_io *io, int sock, p2p_dgrams *d, int n) {
  int v = verdict(of(io), FAULTY_UDP_RECV, sock);
  return v < 0 ? v : of(io)->of->ops->udp_recv(of(io)->of, sock, d, v ? 1 : n);
}

static int udp_send(p2p_io *io, int sock, const p2p_dgrams *d, int n) {
  int v = verdict(of(io), FAULTY_UDP_SEND, sock);
  return v < 0 ? v : of(io)->of->ops->udp_send(of(io)->of, sock, d, v ? 1 : n);
}

static int resolve(p2p_io *io, const char *host, int family, uint64_t token) {
  if (fails(of(io), FAULTY_RESOLVE)) return of(io)->way->error;
  return of(io)->of->ops->resolve(of(io)->of, host, family, token);
}

/* The request is forgotten, too. */
static int resolved(p2p_io *io, uint64_t token, p2p_endpoint *out, int n) {
  bool failed = fails(of(io), FAULTY_RESOLVED);
  int r = of(io)->of->ops->resolved(of(io)->of, token, out, n);
  return failed && r >= 0 ? of(io)->way->error : r;
}

static int ifaddrs(p2p_io *io, p2p_endpoint *out, int n) {
  if (fails(of(io), FAULTY_IFADDRS)) return of(io)->way->error;
  return of(io)->of->ops->ifaddrs(of(io)->of, out, n);
}

/* ---- unix sockets ---- */

static int unix_listen(p2p_io *io, const char *path, int backlog, uint64_t token) {
  if (fails(of(io), FAULTY_LISTEN)) return of(io)->way->error;
  return of(io)->of->ops->unix_listen(of(io)->of, path, backlog, token);
}

static int unix_accept(p2p_io *io, int listener, uint64_t token, char *path, size_t cap) {
  p2p_io *real = of(io)->of;
  bool failed = fails(of(io), FAULTY_ACCEPT);
  if (failed && of(io)->way->error != P2P_ERESET) return of(io)->way->error;
  int sock = real->ops->unix_accept(real, listener, token, path, cap);
  if (!failed || sock < 0) return sock;
  real->ops->close(real, sock);
  return P2P_ERESET;
}

static int unix_connect(p2p_io *io, const char *path, uint64_t token) {
  if (fails(of(io), FAULTY_CONNECT)) return of(io)->way->error;
  return of(io)->of->ops->unix_connect(of(io)->of, path, token);
}

static int ifwatch(p2p_io *io, uint64_t token) {
  if (token && fails(of(io), FAULTY_IFWATCH)) return of(io)->way->error;
  return of(io)->of->ops->ifwatch(of(io)->of, token);
}

static int source(p2p_io *io, const p2p_endpoint *to, p2p_endpoint *from) {
  if (fails(of(io), FAULTY_SOURCE)) return of(io)->way->error;
  return of(io)->of->ops->source(of(io)->of, to, from);
}

static int udp_errors(p2p_io *io, int sock, p2p_udp_error *out, int n) {
  if (fails(of(io), FAULTY_UDP_ERRORS)) return of(io)->way->error;
  return of(io)->of->ops->udp_errors(of(io)->of, sock, out, n);
}

static const p2p_io_ops faulty_ops = {
  .size = sizeof(p2p_io_ops),
  .now = now,
  .unix_ns = unix_ns,
  .random = random_bytes,
  .wait = wait_facts,
  .wake = wake,
  .fd = fd,
  .tcp_listen = tcp_listen,
  .tcp_accept = tcp_accept,
  .tcp_connect = tcp_connect,
  .tcp_local = tcp_local,
  .recv = recv_bytes,
  .send = send_bytes,
  .shutdown = shutdown_sock,
  .want = want,
  .option = option,
  .close = close_sock,
  .udp_open = udp_open,
  .udp_recv = udp_recv,
  .udp_send = udp_send,
  .resolve = resolve,
  .resolved = resolved,
  .resolve_cancel = resolve_cancel,
  .work = work,
  .ifaddrs = ifaddrs,
  .free = free_io,
  .unix_listen = unix_listen,
  .unix_accept = unix_accept,
  .unix_connect = unix_connect,
  .ifwatch = ifwatch,
  .source = source,
  .udp_errors = udp_errors,
};

void faulty_io_init(faulty_io *f, p2p_io *of_) {
  memset(f, 0, sizeof *f);
  f->io.ops = &faulty_ops;
  f->of = of_;
}
