/* UDP in its plain form: one datagram a call, the local address as bound, no ECN. */
#include "io/uv.h"
#include <errno.h>
#include <unistd.h>

static bool stands_alone(int fd, uint8_t family) {
  int one = 1;
  return family == 4 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) == 0;
}

/* Takes fd, which is bound. */
static int udp_new(p2p_io *base, int fd, uint64_t token, p2p_endpoint *bound) {
  p2p_endpoint real;
  int err = p2p__uv_local(fd, &real);
  if (err) {
    close(fd);
    return err;
  }
  int sock = p2p__uv_sock_new(p2p__uv_of(base), fd, P2P__UV_UDP, token, P2P_IO_READABLE, NULL);
  if (sock >= 0 && bound) *bound = real;
  return sock;
}

int p2p__uv_udp_open(p2p_io *base, const p2p_endpoint *at, uint64_t token, p2p_endpoint *bound) {
  struct sockaddr_storage a;
  socklen_t len = at ? p2p__uv_to_sockaddr(at, &a) : 0;
  if (!len) return P2P_EINVAL;
  int fd = p2p__uv_socket(a.ss_family, SOCK_DGRAM);
  if (fd < 0) return p2p__uv_error(errno);
  if (!stands_alone(fd, at->family) || bind(fd, (struct sockaddr *)&a, len) != 0) {
    int err = p2p__uv_error(errno);
    close(fd);
    return err;
  }
  return udp_new(base, fd, token, bound);
}

int p2p__uv_udp_adopt(p2p_io *base, int fd, uint64_t token, p2p_endpoint *bound) {
  if (!p2p__uv_is_datagram(fd)) return P2P_EINVAL;
  int own = p2p__uv_duplicate(fd);
  return own < 0 ? own : udp_new(base, own, token, bound);
}

/* 1: one datagram; 0: it was of no use; < 0: none. */
static int recv_one(p2p__uv_sock *s, p2p_dgrams *d) {
  struct sockaddr_storage from;
  struct iovec v = { .iov_base = d->data, .iov_len = d->cap };
  struct msghdr h = {
    .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &v, .msg_iovlen = 1
  };
  ssize_t n = recvmsg(s->fd, &h, 0);
  if (n < 0) return p2p__uv_error(errno);
  if ((h.msg_flags & MSG_TRUNC) || !p2p__uv_from_sockaddr((struct sockaddr *)&from, &d->remote))
    return 0;
  d->len = (size_t)n;
  d->segment = 0;
  d->ecn = 0;
  int err = p2p__uv_local(s->fd, &d->local);
  return err ? err : 1;
}

int p2p__uv_udp_recv(p2p_io *base, int sock, p2p_dgrams *d, int n) {
  p2p__uv_sock *s = p2p__uv_sock_get(p2p__uv_of(base), sock, P2P__UV_UDP);
  if (!s || !d || n <= 0) return P2P_EINVAL;
  int got = 0;
  while (got < n) {
    int one = recv_one(s, &d[got]);
    if (one < 0) return got ? got : one;
    got += one;
  }
  return got;
}

/* What does not fit behind the first datagram is lost, as the network may lose it. */
static int send_one(p2p__uv_sock *s, const p2p_dgrams *d) {
  struct sockaddr_storage to;
  socklen_t len = p2p__uv_to_sockaddr(&d->remote, &to);
  if (!len) return P2P_EINVAL;
  size_t step = d->segment ? d->segment : d->len, at = 0;
  do {
    size_t size = d->len - at < step ? d->len - at : step;
    if (sendto(s->fd, d->data + at, size, MSG_NOSIGNAL, (struct sockaddr *)&to, len) < 0)
      return at ? 0 : p2p__uv_error(errno);
    at += size;
  } while (at < d->len);
  return 0;
}

int p2p__uv_udp_send(p2p_io *base, int sock, const p2p_dgrams *d, int n) {
  p2p__uv_sock *s = p2p__uv_sock_get(p2p__uv_of(base), sock, P2P__UV_UDP);
  if (!s || !d || n <= 0) return P2P_EINVAL;
  int sent = 0;
  while (sent < n) {
    int err = send_one(s, &d[sent]);
    if (err) return sent ? sent : err;
    sent++;
  }
  return sent;
}

/* What such systems know of ICMP they do not tell of sockets that are not connected. */
int p2p__uv_udp_errors(p2p_io *base, int sock, p2p_udp_error *out, int n) {
  const p2p__uv_sock *s = p2p__uv_sock_get(p2p__uv_of(base), sock, P2P__UV_UDP);
  return s && out && n > 0 ? 0 : P2P_EINVAL;
}
