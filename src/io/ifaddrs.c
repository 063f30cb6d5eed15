/* The addresses of this machine's interfaces. */
#include "io/uv.h"

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
