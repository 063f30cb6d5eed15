/* NEAR: TCP for a host whose links live on another thread. To the host it is a transport like any
 * other; what it makes are proxies that say the link port's values through a ring (see far.h).
 *
 * The far thread calls the host through p2p_host_post, the one door there is for other threads.
 *
 * What the port's contract asks of it beyond passing values on: CLOSE with an error and `free` are
 * answered at once, since an owner may be gone when they return. */
#ifndef TESTS_THREADS_NEAR_H
#define TESTS_THREADS_NEAR_H

#include "host/internal.h"
#include "threads/far.h"

typedef struct near near;

/* What is left to say when the host is gone. */
typedef struct near_report {
  size_t far_used[P2P__MEM_TAGS]; /* of the far loop's memory, after its end */
  size_t far_total;
  size_t spills_up, spills_down; /* values that found their ring full */
} near_report;

/* Takes the place of the host's TCP transport; slots: of each ring, a power of two. far_allocator:
 * of the far loop. report: written when the host frees the transport. */
P2P_MUST_USE int near_install(p2p_host *h, size_t slots, const p2p_allocator *far_allocator,
                              near_report *report, near **out);
/* Starts the far thread. Listen before: a listener's address is an answer, and an answer of another
 * thread would have to be waited for. From then on listening is P2P_ENOTSUP. */
P2P_MUST_USE int near_start(near *n);

#endif
