/* Timers: an intrusive 4-ary heap ordered by (time, sequence), so that ties fire in the order they
 * were set, on every machine. */
#ifndef P2P_BASE_HEAP_H
#define P2P_BASE_HEAP_H

#include "base/mem.h"

typedef struct p2p__timer {
  p2p_time at;
  uint64_t seq;
  uint32_t pos; /* 1-based position in the heap; 0: not set */
  void (*fire)(struct p2p__timer *t, p2p_time now);
} p2p__timer;

typedef struct p2p__timers {
  p2p__timer **heap;
  uint32_t n, cap;   /* set timers, places */
  uint32_t reserved; /* places promised to owners of timers; cap is never below */
  uint64_t seq;
  p2p__mem *mem;
} p2p__timers;

void p2p__timers_init(p2p__timers *h, p2p__mem *mem);
void p2p__timers_fini(p2p__timers *h);
/* Promises one place, once per object that owns a timer, so that setting it cannot fail; given back
 * with unreserve when that object dies. P2P_ENOMEM. */
P2P_MUST_USE int p2p__timers_reserve(p2p__timers *h);
void p2p__timers_unreserve(p2p__timers *h);
/* Sets or moves t; at P2P_NEVER clears it. Its place must be reserved. A timer that is set to the
 * time it has keeps its place among ties, any other goes behind them. */
void p2p__timer_set(p2p__timers *h, p2p__timer *t, p2p_time at);
void p2p__timer_clear(p2p__timers *h, p2p__timer *t);
p2p_time p2p__timers_next(const p2p__timers *h); /* P2P_NEVER: none */
/* Clears and returns the first timer with at <= now; NULL: none. */
p2p__timer *p2p__timers_due(p2p__timers *h, p2p_time now);

#endif
