/* The library's core asks for an io on real sockets when a host is given none. In the simulator there
 * is no such thing: a host gets its node's io. */
#include <p2p/io.h>

int p2p_io_uv_new(p2p_io **out) {
  *out = NULL;
  return P2P_ENOTSUP;
}
