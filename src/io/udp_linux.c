/* UDP with all that Linux offers: batches by recvmmsg and sendmmsg, split (GSO) and joined (GRO) by
 * the kernel, the local address and the ECN bits of every datagram. What an older kernel refuses is
 * noticed when it does and done by hand from then on. */
#include "io/uv.h"
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

enum {
  BATCH = 16,    /* messages of one system call */
  CONTROL = 128, /* bytes of ancillary data: pktinfo, traffic class, segment size */
  ECN_BITS = 3   /* RFC 3168, section 5 */
};

typedef union control {
  size_t align; /* of struct cmsghdr */
  uint8_t b[CONTROL];
} control;

typedef struct batch {
  struct mmsghdr m[BATCH];
  struct iovec v[BATCH];
  struct sockaddr_storage addr[BATCH];
  control c[BATCH];
} batch;

/* ---- open ---- */

static bool set_flag(int fd, int level, int name) {
  int one = 1;
  return setsockopt(fd, level, name, &one, sizeof one) == 0;
}

/* RFC 9000, section 14: never in fragments, which the kernel would make by itself of what is longer than
 * the path takes by the word of some ICMP message. Who sends finds out by probes what it takes. An adopted
 * socket of both families has the rules of either; one of IPv6 alone needs no others. */
static bool never_fragment(int fd, uint8_t family) {
  int v4 = IP_PMTUDISC_PROBE, v6 = IPV6_PMTUDISC_PROBE;
  bool done = setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4) == 0;
  if (family == 4) return done;
  return setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6) == 0;
}

static bool udp_prepare(int fd, uint8_t family) {
  if (!never_fragment(fd, family)) return false;
  /* ICMP's word as a hint (udp_errors); without it nobody is told */
  if (family == 4)
    (void)set_flag(fd, IPPROTO_IP, IP_RECVERR);
  else
    (void)set_flag(fd, IPPROTO_IPV6, IPV6_RECVERR);
  if (family == 4)
    return set_flag(fd, IPPROTO_IP, IP_PKTINFO) && set_flag(fd, IPPROTO_IP, IP_RECVTOS);
  return set_flag(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO) &&
         set_flag(fd, IPPROTO_IPV6, IPV6_RECVTCLASS);
}

/* Takes fd, which is bound. */
static int udp_new(p2p_io *base, int fd, uint64_t token, p2p_endpoint *bound) {
  p2p_endpoint real;
  p2p__uv_sock *s;
  int err = p2p__uv_local(fd, &real);
  if (!err && !udp_prepare(fd, real.family)) err = p2p__uv_error(errno);
  if (err) {
    close(fd);
    return err;
  }
  int sock = p2p__uv_sock_new(p2p__uv_of(base), fd, P2P__UV_UDP, token, P2P_IO_READABLE, &s);
  if (sock < 0) return sock;
  int size = 0;
  socklen_t size_len = sizeof size;
  s->gro = set_flag(fd, SOL_UDP, UDP_GRO);
  s->gso = getsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, &size_len) == 0;
  s->port = real.port;
  if (bound) *bound = real;
  return sock;
}

int p2p__uv_udp_open(p2p_io *base, const p2p_endpoint *at, uint64_t token, p2p_endpoint *bound) {
  struct sockaddr_storage a;
  socklen_t len = at ? p2p__uv_to_sockaddr(at, &a) : 0;
  if (!len) return P2P_EINVAL;
  int fd = p2p__uv_socket(a.ss_family, SOCK_DGRAM);
  if (fd < 0) return p2p__uv_error(errno);
  bool alone = at->family == 4 || set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY);
  if (!alone || bind(fd, (struct sockaddr *)&a, len) != 0) {
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

/* ---- receive ---- */

static void recv_prepare(batch *b, p2p_dgrams *d, size_t n) {
  for (size_t i = 0; i < n; i++) {
    b->v[i] = (struct iovec){ .iov_base = d[i].data, .iov_len = d[i].cap };
    b->m[i] = (struct mmsghdr){ .msg_hdr = { .msg_name = &b->addr[i],
                                             .msg_namelen = sizeof b->addr[i],
                                             .msg_iov = &b->v[i],
                                             .msg_iovlen = 1,
                                             .msg_control = b->c[i].b,
                                             .msg_controllen = CONTROL } };
  }
}

static void read_control(const struct cmsghdr *c, p2p_dgrams *d) {
  const void *data = CMSG_DATA(c);
  if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
    struct in_pktinfo info;
    memcpy(&info, data, sizeof info);
    d->local.family = 4;
    memcpy(d->local.ip, &info.ipi_addr, 4);
  } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
    struct in6_pktinfo info;
    memcpy(&info, data, sizeof info);
    d->local.family = 6;
    memcpy(d->local.ip, &info.ipi6_addr, 16);
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) d->local.scope = info.ipi6_ifindex;
  } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
    d->ecn = *(const uint8_t *)data & ECN_BITS;
  } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
    int class;
    memcpy(&class, data, sizeof class);
    d->ecn = (uint8_t)(class & ECN_BITS);
  } else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
    int size;
    memcpy(&size, data, sizeof size);
    d->segment = (uint16_t)size;
  }
}

/* False: cut off (the caller's buffer is too small) or from no IP address; nobody can use it. */
static bool read_message(struct mmsghdr *m, uint16_t port, p2p_dgrams *d) {
  struct msghdr *h = &m->msg_hdr;
  d->local = (p2p_endpoint){ .port = port };
  d->segment = 0;
  d->ecn = 0;
  d->len = m->msg_len;
  if ((h->msg_flags & MSG_TRUNC) || !p2p__uv_from_sockaddr(h->msg_name, &d->remote)) return false;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) read_control(c, d);
  if (d->segment >= d->len) d->segment = 0; /* joined of one */
  return true;
}

/* A message that is of no use leaves a hole, which the caller's next free buffer fills. */
static void swap(p2p_dgrams *a, p2p_dgrams *b) {
  p2p_dgrams t = *a;
  *a = *b;
  *b = t;
}

int p2p__uv_udp_recv(p2p_io *base, int sock, p2p_dgrams *d, int n) {
  p2p__uv_sock *s = p2p__uv_sock_get(p2p__uv_of(base), sock, P2P__UV_UDP);
  if (!s || !d || n <= 0) return P2P_EINVAL;
  batch b;
  int got = 0;
  while (got < n) {
    unsigned ask = n - got < BATCH ? (unsigned)(n - got) : BATCH;
    recv_prepare(&b, d + got, ask);
    int k = recvmmsg(s->fd, b.m, ask, 0, NULL);
    if (k < 0) return got ? got : p2p__uv_error(errno);
    int base_at = got;
    for (int i = 0; i < k; i++) {
      if (!read_message(&b.m[i], s->port, &d[base_at + i])) continue;
      if (base_at + i != got) swap(&d[got], &d[base_at + i]);
      got++;
    }
    if ((unsigned)k < ask) break;
  }
  return got ? got : P2P_EAGAIN;
}

/* ---- what the network says ---- */

/* The word of a router or of the other side; this machine's own are no news to whoever sends. That a
 * datagram was too long is never believed: RFC 9000, section 14.2.1, and QC-07. */
static int icmp_error(struct msghdr *h) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
    bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
    bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
    if (!v4 && !v6) continue;
    struct sock_extended_err e;
    memcpy(&e, CMSG_DATA(c), sizeof e);
    if (e.ee_origin != SO_EE_ORIGIN_ICMP && e.ee_origin != SO_EE_ORIGIN_ICMP6) return 0;
    int err = p2p__uv_error((int)e.ee_errno);
    return err == P2P_EREFUSED || err == P2P_EUNREACH || err == P2P_EACCES ? err : 0;
  }
  return 0;
}

/* 1: *out; 0: of no use; < 0: no more. The datagram itself is what is read. */
static int error_one(int fd, p2p_udp_error *out) {
  struct sockaddr_storage to = { 0 };
  control c[2]; /* the error, and who said it */
  struct iovec v = { .iov_base = out->quote, .iov_len = sizeof out->quote };
  struct msghdr h = { .msg_name = &to,
                      .msg_namelen = sizeof to,
                      .msg_iov = &v,
                      .msg_iovlen = 1,
                      .msg_control = c,
                      .msg_controllen = sizeof c };
  ssize_t n = recvmsg(fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT);
  if (n < 0) return P2P_EAGAIN;
  out->quote_len = (uint8_t)n;
  out->error = icmp_error(&h);
  return out->error && p2p__uv_from_sockaddr((struct sockaddr *)&to, &out->remote);
}

int p2p__uv_udp_errors(p2p_io *base, int sock, p2p_udp_error *out, int n) {
  p2p__uv_sock *s = p2p__uv_sock_get(p2p__uv_of(base), sock, P2P__UV_UDP);
  if (!s || !out || n <= 0) return P2P_EINVAL;
  int got = 0, one = 0;
  s->errors = false;
  while (got < n && one >= 0) {
    one = error_one(s->fd, &out[got]);
    if (one > 0) got++;
  }
  return got;
}

/* ---- send ---- */

static void add_control(struct msghdr *h, int level, int type, const void *data, size_t len) {
  struct cmsghdr *c = (struct cmsghdr *)(void *)((uint8_t *)h->msg_control + h->msg_controllen);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(len);
  memcpy(CMSG_DATA(c), data, len);
  h->msg_controllen += CMSG_SPACE(len);
}

static void add_local(struct msghdr *h, const p2p_endpoint *local) {
  if (local->family == 4) {
    struct in_pktinfo info = { 0 };
    memcpy(&info.ipi_spec_dst, local->ip, 4);
    if (info.ipi_spec_dst.s_addr) add_control(h, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
  } else if (local->family == 6) {
    struct in6_pktinfo info = { .ipi6_ifindex = local->scope };
    memcpy(&info.ipi6_addr, local->ip, 16);
    if (!IN6_IS_ADDR_UNSPECIFIED(&info.ipi6_addr))
      add_control(h, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
  }
}

static bool send_prepare(struct msghdr *h, struct iovec *v, struct sockaddr_storage *to, control *c,
                         const p2p_dgrams *d, size_t at, size_t len) {
  *v = (struct iovec){ .iov_base = d->data + at, .iov_len = len };
  *h = (struct msghdr){ .msg_name = to,
                        .msg_namelen = p2p__uv_to_sockaddr(&d->remote, to),
                        .msg_iov = v,
                        .msg_iovlen = 1,
                        .msg_control = c->b };
  memset(c, 0, sizeof *c);
  add_local(h, &d->local);
  int ecn = d->ecn & ECN_BITS;
  if (ecn && d->remote.family == 4) add_control(h, IPPROTO_IP, IP_TOS, &ecn, sizeof ecn);
  if (ecn && d->remote.family == 6) add_control(h, IPPROTO_IPV6, IPV6_TCLASS, &ecn, sizeof ecn);
  if (d->segment && len > d->segment)
    add_control(h, SOL_UDP, UDP_SEGMENT, &d->segment, sizeof d->segment);
  if (!h->msg_controllen) h->msg_control = NULL;
  return h->msg_namelen != 0;
}

/* Datagram by datagram. What does not fit behind the first is lost, as the network may lose it. */
static int send_apart(p2p__uv_sock *s, const p2p_dgrams *d) {
  size_t step = d->segment ? d->segment : d->len, at = 0;
  do {
    struct msghdr h;
    struct iovec v;
    struct sockaddr_storage to;
    control c;
    size_t len = d->len - at < step ? d->len - at : step;
    if (!send_prepare(&h, &v, &to, &c, d, at, len)) return P2P_EINVAL;
    if (sendmsg(s->fd, &h, MSG_NOSIGNAL) < 0) return at ? 0 : p2p__uv_error(errno);
    at += len;
  } while (at < d->len);
  return 0;
}

static int send_together(p2p__uv_sock *s, const p2p_dgrams *d, int n) {
  batch b;
  unsigned ask = n < BATCH ? (unsigned)n : BATCH;
  for (unsigned i = 0; i < ask; i++)
    if (!send_prepare(&b.m[i].msg_hdr, &b.v[i], &b.addr[i], &b.c[i], &d[i], 0, d[i].len))
      return P2P_EINVAL;
  int k = sendmmsg(s->fd, b.m, ask, MSG_NOSIGNAL);
  if (k >= 0) return k;
  /* EIO: the interface cannot checksum, EINVAL: the route's MTU is below the segment */
  if (!d->segment || (errno != EIO && errno != EINVAL)) return p2p__uv_error(errno);
  if (errno == EIO) s->gso = false;
  int err = send_apart(s, d);
  return err ? err : 1;
}

static int send_some(p2p__uv_sock *s, const p2p_dgrams *d, int n) {
  if (s->gso || !d->segment) return send_together(s, d, s->gso ? n : 1);
  int err = send_apart(s, d);
  return err ? err : 1;
}

/* The kernel tells what the network said of an earlier datagram by failing to send the next one, whoever
 * that is for: once. */
static bool may_be_of_another(int err) {
  return err == P2P_EREFUSED || err == P2P_EUNREACH || err == P2P_EACCES || err == P2P_ELIMIT ||
         err == P2P_ENOTSUP || err == P2P_EIO;
}

int p2p__uv_udp_send(p2p_io *base, int sock, const p2p_dgrams *d, int n) {
  p2p__uv_sock *s = p2p__uv_sock_get(p2p__uv_of(base), sock, P2P__UV_UDP);
  if (!s || !d || n <= 0) return P2P_EINVAL;
  int sent = 0;
  while (sent < n) {
    int k = send_some(s, d + sent, n - sent);
    if (may_be_of_another(k)) k = send_some(s, d + sent, n - sent);
    if (k < 0) return sent ? sent : k;
    sent += k;
  }
  return sent;
}
