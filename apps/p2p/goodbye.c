/* The end of a host. */
#include "goodbye.h"

void goodbye(p2p_host *h, p2p_time within) {
  if (!h) return;
  p2p_host_close(h, within);
  while (p2p_host_step(h, P2P_NEVER) >= 0)
    while (p2p_next_event(h)) continue;
  p2p_host_free(h);
}
