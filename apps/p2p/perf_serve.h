/* /perf/1.0.0, the serving side. Spec: perf/perf.md. */
#ifndef APP_PERF_SERVE_H
#define APP_PERF_SERVE_H

#include <p2p/p2p.h>

#define PERF_ID "/perf/1.0.0"

enum { PERF_BLOCK = 64 << 10, PERF_HEADER = 8 };

extern const uint8_t perf_zeros[PERF_BLOCK]; /* what perf sends */

P2P_MUST_USE int perf_serve_add(p2p_host *h);

#endif
