/* Bytes in order: a ring that grows. */
#ifndef P2P_SIM_FIFO_H
#define P2P_SIM_FIFO_H

#include "base/mem.h"

typedef struct sim_fifo {
  p2p__mem *mem;
  uint8_t *b;
  size_t cap, at, len; /* cap: 0 or a power of two; at: of the first byte */
} sim_fifo;

void sim_fifo_init(sim_fifo *f, p2p__mem *mem);
void sim_fifo_fini(sim_fifo *f);
void sim_fifo_put(sim_fifo *f, const void *p, size_t n);
void sim_fifo_peek(const sim_fifo *f, size_t from, void *out, size_t n); /* from + n <= len */
void sim_fifo_drop(sim_fifo *f, size_t n);

#endif
