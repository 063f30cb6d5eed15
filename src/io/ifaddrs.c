/* The addresses of this machine's interfaces, and which of them is used for whom. */
#include "io/uv.h"
#include <errno.h>
#include <unistd.h>

int p2p__uv_ifaddrs(p2p_io *base, p2p_endpoint *out, int n) {
  (void)base;
  if (n < 0 || (n > 0 && !out)) return P2P_EINVAL;
  uv_interface_address_t *list;
  int count = 0, err = uv_interface_addresses(&list, &count);
  if (err) return p2p__uv_error(-err);
  int found = 0;
  for (int i = 0; i < count; i++) {
    p2p_endpoint e;
    if (!p2p__uv_from_sockaddr((const struct sockaddr *)&list[i].address, &e)) continue;
    if (found < n) out[found] = e;
    found++;
  }
  uv_free_interface_addresses(list, count);
  return found;
}

/* Connecting a datagram socket sends nothing: it asks for the way. */
int p2p__uv_source(p2p_io *base, const p2p_endpoint *to, p2p_endpoint *from) {
  (void)base;
  struct sockaddr_storage a;
  p2p_endpoint local;
  socklen_t len = to ? p2p__uv_to_sockaddr(to, &a) : 0;
  if (!len || !from) return P2P_EINVAL;
  int fd = p2p__uv_socket(a.ss_family, SOCK_DGRAM);
  if (fd < 0) return p2p__uv_error(errno);
  int err = connect(fd, (struct sockaddr *)&a, len) == 0 ? p2p__uv_local(fd, &local)
                                                         : p2p__uv_error(errno);
  close(fd);
  if (err < 0) return err;
  local.port = 0;
  *from = local;
  return 0;
}
