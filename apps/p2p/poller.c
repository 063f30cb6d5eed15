/* The host and other descriptors in one poll(2). */
#include "poller.h"

#include <errno.h>

#include "clock.h"

enum { LONGEST_MS = 60000 };

/* Milliseconds from now to a time, upward. */
static int patience(p2p_time now, p2p_time at) {
  if (at <= now) return 0;
  p2p_time ms = (at - now + P2P_MS - 1) / P2P_MS;
  return ms > LONGEST_MS ? LONGEST_MS : (int)ms;
}

int poller_turn(p2p_host *h, struct pollfd *fds, size_t n, p2p_time until) {
  int ms = patience(p2p_host_now(h), p2p_host_deadline(h));
  int own = patience(clock_now(), until);
  fds[0] = (struct pollfd){ .fd = p2p_host_fd(h), .events = POLLIN };
  if (poll(fds, (nfds_t)n + 1, own < ms ? own : ms) < 0) {
    if (errno != EINTR) return P2P_EIO;
    for (size_t i = 1; i <= n; i++) fds[i].revents = 0;
  }
  return p2p_host_step(h, 0);
}
