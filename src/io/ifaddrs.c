/* The addresses of this machine's interfaces, and which of them is used for whom. The system is asked:
 * libuv's list is made with names that may be missing for want of memory, and then read through NULL
 * (1.44). */
#include "io/uv.h"
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <unistd.h>

static bool is_up(const struct ifaddrs *a) {
  return a->ifa_addr && (a->ifa_flags & IFF_UP) && (a->ifa_flags & IFF_RUNNING);
}

int p2p__uv_ifaddrs(p2p_io *base, p2p_endpoint *out, int n) {
  (void)base;
  if (n < 0 || (n > 0 && !out)) return P2P_EINVAL;
  struct ifaddrs *list;
  if (getifaddrs(&list) != 0) return p2p__uv_error(errno);
  int found = 0;
  for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
    p2p_endpoint e;
    if (!is_up(a) || !p2p__uv_from_sockaddr(a->ifa_addr, &e)) continue;
    if (found < n) out[found] = e;
    found++;
  }
  freeifaddrs(list);
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
