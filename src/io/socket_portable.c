/* Descriptors as we want them, where neither accept4 nor SOCK_CLOEXEC can be relied on. */
#include "io/uv.h"
#include <fcntl.h>
#include <unistd.h>

static int fd_prepare(int fd) {
  if (fd < 0) return fd;
  int flags = fcntl(fd, F_GETFL);
  bool ok = flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
            fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
#ifdef SO_NOSIGPIPE /* where MSG_NOSIGNAL is not enough */
  int one = 1;
  ok = ok && setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &one, sizeof one) == 0;
#endif
  if (ok) return fd;
  close(fd);
  return -1;
}

int p2p__uv_socket(int family, int type) { return fd_prepare(socket(family, type, 0)); }

int p2p__uv_accept(int fd, struct sockaddr_storage *remote, socklen_t *len) {
  return fd_prepare(accept(fd, (struct sockaddr *)remote, len));
}
