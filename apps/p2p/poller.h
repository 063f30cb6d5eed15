/* The host and other descriptors in one poll(2). */
#ifndef APP_POLLER_H
#define APP_POLLER_H

#include <p2p/p2p.h>
#include <poll.h>

/* Waits until the host has something to do, one of the n descriptors behind fds[0] is ready, or
 * `until` (of clock_now) has passed; lets the host take a turn. fds[0] is ours; revents of the others
 * are for the caller. 0; P2P_ECLOSED: the host is done; P2P_EIO. */
P2P_MUST_USE int poller_turn(p2p_host *h, struct pollfd *fds, size_t n, p2p_time until);

#endif
