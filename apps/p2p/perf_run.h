/* /perf/1.0.0, the asking side: bytes up, then bytes down, shared by several streams. */
#ifndef APP_PERF_RUN_H
#define APP_PERF_RUN_H

#include <p2p/p2p.h>

enum { PERF_STREAMS_MAX = 1024 };

typedef struct perf_stream perf_stream;

typedef struct perf_run {
  perf_stream *streams;
  size_t n, n_open;
  uint64_t up, down; /* bytes moved so far */
  bool done;         /* every stream has ended */
  int err;           /* the first that ended badly */
} perf_run;

/* Opens n streams (1 to PERF_STREAMS_MAX) and moves up and down bytes over them in all. Turn the host
 * until r->done. P2P_ENOMEM, P2P_EINVAL, or why a stream could not be opened. */
P2P_MUST_USE int perf_run_start(perf_run *r, p2p_host *h, p2p_conn c, size_t n, uint64_t up,
                                uint64_t down);
void perf_run_fini(perf_run *r); /* after its streams have ended, or after the host is freed */

#endif
