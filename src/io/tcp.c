/* TCP: listening, accepting, connecting, bytes. */
#include "io/uv.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum { SEND_PIECES = 64 }; /* pieces of one sendmsg */

static bool set_flag(int fd, int level, int name) {
  int one = 1;
  return setsockopt(fd, level, name, &one, sizeof one) == 0;
}

/* A TCP socket bound to `at`; NULL: unbound. Returns the descriptor, or an error of ours. */
static int tcp_socket(uint8_t family, const p2p_endpoint *at) {
  int fd = p2p__uv_socket(family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM);
  if (fd < 0) return p2p__uv_error(errno);
  bool ok = family != 6 || set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY);
  if (ok && at) {
    struct sockaddr_storage a;
    socklen_t len = p2p__uv_to_sockaddr(at, &a);
    ok = set_flag(fd, SOL_SOCKET, SO_REUSEADDR) && bind(fd, (struct sockaddr *)&a, len) == 0;
  }
  if (ok) return fd;
  int err = p2p__uv_error(errno);
  close(fd);
  return err;
}

int p2p__uv_tcp_listen(p2p_io *base, const p2p_endpoint *at, int backlog, uint64_t token,
                       p2p_endpoint *bound) {
  if (!at || (at->family != 4 && at->family != 6)) return P2P_EINVAL;
  int fd = tcp_socket(at->family, at);
  if (fd < 0) return fd;
  p2p_endpoint real = *at;
  int err = listen(fd, backlog) == 0 ? p2p__uv_local(fd, &real) : p2p__uv_error(errno);
  if (err) {
    close(fd);
    return err;
  }
  int sock = p2p__uv_sock_new(p2p__uv_of(base), fd, P2P__UV_LISTENER, token, P2P_IO_READABLE, NULL);
  if (sock >= 0 && bound) *bound = real;
  return sock;
}

/* A connection that died in the backlog is not the listener's error: look at the next one. */
static int accept_next(int fd, struct sockaddr_storage *remote) {
  for (;;) {
    socklen_t len = sizeof *remote;
    int conn = p2p__uv_accept(fd, remote, &len);
    if (conn >= 0) return conn;
    if (errno != ECONNABORTED && errno != EINTR && errno != EPROTO) return p2p__uv_error(errno);
  }
}

int p2p__uv_tcp_accept(p2p_io *base, int listener, uint64_t token, p2p_endpoint *local,
                       p2p_endpoint *remote) {
  p2p__uv *io = p2p__uv_of(base);
  p2p__uv_sock *l = p2p__uv_sock_get(io, listener, P2P__UV_LISTENER);
  if (!l) return P2P_EINVAL;
  struct sockaddr_storage from;
  int fd = accept_next(l->fd, &from);
  if (fd < 0) return fd;
  p2p_endpoint here = { 0 }, there = { 0 };
  int err = p2p__uv_local(fd, &here);
  if (err || !p2p__uv_from_sockaddr((struct sockaddr *)&from, &there)) {
    close(fd);
    return err ? err : P2P_ENOTSUP;
  }
  set_flag(fd, IPPROTO_TCP, TCP_NODELAY); /* latency is all that is lost without it */
  int sock = p2p__uv_sock_new(io, fd, P2P__UV_STREAM, token, 0, NULL);
  if (sock >= 0 && local) *local = here;
  if (sock >= 0 && remote) *remote = there;
  return sock;
}

int p2p__uv_tcp_connect(p2p_io *base, const p2p_endpoint *from, const p2p_endpoint *to,
                        uint64_t token) {
  struct sockaddr_storage a;
  socklen_t len = to ? p2p__uv_to_sockaddr(to, &a) : 0;
  if (!len || (from && from->family != to->family)) return P2P_EINVAL;
  int fd = tcp_socket(to->family, from);
  if (fd < 0) return fd;
  set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
  if (connect(fd, (struct sockaddr *)&a, len) != 0 && errno != EINPROGRESS && errno != EINTR) {
    int err = p2p__uv_error(errno);
    close(fd);
    return err;
  }
  p2p__uv_sock *s;
  int sock = p2p__uv_sock_new(p2p__uv_of(base), fd, P2P__UV_STREAM, token, P2P_IO_WRITABLE, &s);
  if (sock < 0) return sock;
  s->connecting = true;
  s->want = 0;
  return sock;
}

int p2p__uv_tcp_local(p2p_io *base, int sock, p2p_endpoint *local) {
  p2p__uv_sock *s = p2p__uv_sock_get(p2p__uv_of(base), sock, P2P__UV_STREAM);
  return s && local ? p2p__uv_local(s->fd, local) : P2P_EINVAL;
}

/* ---- bytes ---- */

static ptrdiff_t stream_failed(p2p__uv_sock *s) {
  int err = p2p__uv_error(errno);
  if (err == P2P_EAGAIN) return err;
  if (!s->error) s->error = err; /* the first one is the cause, what follows its echo */
  return s->error;
}

ptrdiff_t p2p__uv_recv(p2p_io *base, int sock, void *buf, size_t cap) {
  p2p__uv_sock *s = p2p__uv_sock_get(p2p__uv_of(base), sock, P2P__UV_STREAM);
  if (!s || !buf || cap == 0) return P2P_EINVAL;
  ssize_t n = recv(s->fd, buf, cap, 0);
  if (n > 0) return n;
  return n == 0 ? s->error : stream_failed(s); /* a known error is not a clean end */
}

/* The kernel only reads what it is told to send; struct iovec has no const. */
static struct iovec piece_of(p2p_bytes b) {
  return (struct iovec){ .iov_base = (void *)(uintptr_t)b.p, .iov_len = b.len };
}

ptrdiff_t p2p__uv_send(p2p_io *base, int sock, const p2p_bytes *v, size_t n) {
  p2p__uv_sock *s = p2p__uv_sock_get(p2p__uv_of(base), sock, P2P__UV_STREAM);
  if (!s || !v) return P2P_EINVAL;
  if (s->error) return s->error;
  ssize_t sent;
  if (n == 1) {
    sent = send(s->fd, v[0].p, v[0].len, MSG_NOSIGNAL);
  } else {
    struct iovec pieces[SEND_PIECES];
    size_t count = n < SEND_PIECES ? n : SEND_PIECES;
    for (size_t i = 0; i < count; i++) pieces[i] = piece_of(v[i]);
    struct msghdr m = { .msg_iov = pieces, .msg_iovlen = count };
    sent = sendmsg(s->fd, &m, MSG_NOSIGNAL);
  }
  return sent >= 0 ? sent : stream_failed(s);
}

int p2p__uv_shutdown(p2p_io *base, int sock) {
  p2p__uv_sock *s = p2p__uv_sock_get(p2p__uv_of(base), sock, P2P__UV_STREAM);
  if (!s) return P2P_EINVAL;
  return shutdown(s->fd, SHUT_WR) == 0 ? 0 : p2p__uv_error(errno);
}
