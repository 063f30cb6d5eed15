/* Descriptors as we want them, in one call each: non-blocking and closed on exec. */
#include "io/uv.h"

int p2p__uv_socket(int family, int type) {
  return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

int p2p__uv_accept(int fd, struct sockaddr_storage *remote, socklen_t *len) {
  return accept4(fd, (struct sockaddr *)remote, len, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
