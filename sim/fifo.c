/* Bytes in order: a ring that grows. */
#include "sim/fifo.h"
#include "sim/world.h"
#include <assert.h>
#include <string.h>

enum { CAP_MIN = 1024 };

void sim_fifo_init(sim_fifo *f, p2p__mem *mem) { *f = (sim_fifo){ .mem = mem }; }

void sim_fifo_fini(sim_fifo *f) {
  p2p__release(f->mem, P2P__MEM_LINK, f->b, f->cap);
  sim_fifo_init(f, f->mem);
}

void sim_fifo_peek(const sim_fifo *f, size_t from, void *out, size_t n) {
  assert(from + n <= f->len);
  if (n == 0) return;
  size_t at = (f->at + from) & (f->cap - 1), first = f->cap - at;
  if (first > n) first = n;
  memcpy(out, f->b + at, first);
  memcpy((uint8_t *)out + first, f->b, n - first);
}

static void fifo_grow(sim_fifo *f, size_t need) {
  size_t cap = f->cap ? f->cap : CAP_MIN;
  while (cap < need) cap *= 2;
  uint8_t *b = sim_need(p2p__alloc_raw(f->mem, P2P__MEM_LINK, cap));
  sim_fifo_peek(f, 0, b, f->len);
  p2p__release(f->mem, P2P__MEM_LINK, f->b, f->cap);
  f->b = b;
  f->cap = cap;
  f->at = 0;
}

void sim_fifo_put(sim_fifo *f, const void *p, size_t n) {
  if (n == 0) return;
  if (f->len + n > f->cap) fifo_grow(f, f->len + n);
  size_t at = (f->at + f->len) & (f->cap - 1), first = f->cap - at;
  if (first > n) first = n;
  memcpy(f->b + at, p, first);
  memcpy(f->b, (const uint8_t *)p + first, n - first);
  f->len += n;
}

void sim_fifo_drop(sim_fifo *f, size_t n) {
  assert(n <= f->len);
  f->len -= n;
  f->at = f->len ? (f->at + n) & (f->cap - 1) : 0;
  if (f->len == 0 && f->cap > CAP_MIN) sim_fifo_fini(f); /* an idle connection owns no buffer */
}
