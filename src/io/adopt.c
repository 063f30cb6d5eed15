/* Descriptors that somebody else made: of systemd's socket activation, of a program's own connecting,
 * of a pair of Unix sockets. */
#include "io/uv.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

static bool option_is(int fd, int name, int value) {
  int got = 0;
  socklen_t len = sizeof got;
  return getsockopt(fd, SOL_SOCKET, name, &got, &len) == 0 && got == value;
}

bool p2p__uv_is_stream(int fd, bool listens) {
  return option_is(fd, SO_TYPE, SOCK_STREAM) && option_is(fd, SO_ACCEPTCONN, listens);
}

bool p2p__uv_is_datagram(int fd) {
  struct sockaddr_storage peer;
  socklen_t len = sizeof peer;
  p2p_endpoint at;
  if (!option_is(fd, SO_TYPE, SOCK_DGRAM)) return false;
  if (p2p__uv_local(fd, &at) < 0 || !at.port) return false;
  return getpeername(fd, (struct sockaddr *)&peer, &len) != 0 && errno == ENOTCONN;
}

int p2p__uv_duplicate(int fd) {
  int own = fcntl(fd, F_DUPFD_CLOEXEC, 0), status = own >= 0 ? fcntl(own, F_GETFL) : -1;
  if (status >= 0 && fcntl(own, F_SETFL, status | O_NONBLOCK) == 0) return own;
  int err = p2p__uv_error(errno);
  if (own >= 0) close(own);
  return err;
}

static void nodelay(int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* refused by what is not TCP */
}

/* The address told by `ask` (getsockname, getpeername); family 0: no IP. False: there is none. */
static bool address_of(int fd, int (*ask)(int, struct sockaddr *, socklen_t *), p2p_endpoint *out) {
  struct sockaddr_storage a = { 0 };
  socklen_t len = sizeof a;
  *out = (p2p_endpoint){ 0 };
  if (ask(fd, (struct sockaddr *)&a, &len) != 0) return false;
  (void)!p2p__uv_from_sockaddr((struct sockaddr *)&a, out);
  return true;
}

static int adopt_check(int fd, bool listens, p2p_endpoint *local, p2p_endpoint *remote) {
  if (!p2p__uv_is_stream(fd, listens)) return P2P_EINVAL;
  if (!address_of(fd, getsockname, local)) return P2P_EINVAL;
  if (listens) return local->family ? 0 : P2P_ENOTSUP;
  return address_of(fd, getpeername, remote) ? 0 : P2P_EINVAL;
}

int p2p__uv_adopt(p2p_io *base, int fd, bool listens, uint64_t token, p2p_endpoint *local,
                  p2p_endpoint *remote) {
  p2p_endpoint here, there = { 0 };
  int err = adopt_check(fd, listens, &here, &there);
  if (err < 0) return err;
  int own = p2p__uv_duplicate(fd);
  if (own < 0) return own;
  if (!listens) nodelay(own);
  p2p__uv_kind kind = listens ? P2P__UV_LISTENER : P2P__UV_STREAM;
  uint32_t watch = listens ? P2P_IO_READABLE : 0;
  int sock = p2p__uv_sock_new(p2p__uv_of(base), own, kind, token, watch, NULL);
  if (sock >= 0 && local) *local = here;
  if (sock >= 0 && remote) *remote = there;
  return sock;
}
