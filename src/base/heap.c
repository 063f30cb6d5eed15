/* Timers: a 4-ary heap (half the depth of a binary one, children in one cache line) of pointers. */
#include "base/heap.h"
#include <assert.h>
#include <p2p/error.h>

enum { ARITY = 4, CAP_MIN = 16 };

void p2p__timers_init(p2p__timers *h, p2p__mem *mem) { *h = (p2p__timers){ .mem = mem }; }

void p2p__timers_fini(p2p__timers *h) {
  if (!h) return;
  p2p__release(h->mem, P2P__MEM_HOST, h->heap, h->cap * sizeof *h->heap);
  p2p__timers_init(h, h->mem);
}

static int timers_resize(p2p__timers *h, uint32_t cap) {
  void *heap = h->heap;
  int err = p2p__resize(h->mem, P2P__MEM_HOST, &heap, h->cap * sizeof *h->heap,
                        cap * sizeof *h->heap);
  if (err < 0) return err;
  h->heap = heap;
  h->cap = cap;
  return 0;
}

int p2p__timers_reserve(p2p__timers *h) {
  if (h->reserved == h->cap) {
    if (h->cap > UINT32_MAX / 2) return P2P_ENOMEM;
    int err = timers_resize(h, h->cap ? h->cap * 2 : CAP_MIN);
    if (err < 0) return err;
  }
  h->reserved++;
  return 0;
}

void p2p__timers_unreserve(p2p__timers *h) {
  assert(h->reserved > h->n);
  h->reserved--;
  if (h->cap <= CAP_MIN || h->reserved >= h->cap / 8) return;
  int err = timers_resize(h, h->cap / 2);
  (void)err; /* a heap that could not shrink still works */
}

static bool timer_before(const p2p__timer *a, const p2p__timer *b) {
  return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void heap_put(p2p__timers *h, uint32_t i, p2p__timer *t) {
  h->heap[i] = t;
  t->pos = i + 1;
}

/* Moves t from the hole at i toward the root. */
static void sift_up(p2p__timers *h, uint32_t i, p2p__timer *t) {
  while (i > 0) {
    uint32_t parent = (i - 1) / ARITY;
    if (!timer_before(t, h->heap[parent])) break;
    heap_put(h, i, h->heap[parent]);
    i = parent;
  }
  heap_put(h, i, t);
}

/* Moves t from the hole at i toward the leaves. */
static void sift_down(p2p__timers *h, uint32_t i, p2p__timer *t) {
  for (;;) {
    uint64_t first = (uint64_t)i * ARITY + 1;
    if (first >= h->n) break;
    uint32_t least = (uint32_t)first;
    for (uint32_t c = least + 1; c < h->n && c < first + ARITY; c++) {
      if (timer_before(h->heap[c], h->heap[least])) least = c;
    }
    if (!timer_before(h->heap[least], t)) break;
    heap_put(h, i, h->heap[least]);
    i = least;
  }
  heap_put(h, i, t);
}

/* Settles t at i, whichever way it has to go. */
static void heap_settle(p2p__timers *h, uint32_t i, p2p__timer *t) {
  if (i > 0 && timer_before(t, h->heap[(i - 1) / ARITY])) {
    sift_up(h, i, t);
  } else {
    sift_down(h, i, t);
  }
}

void p2p__timer_clear(p2p__timers *h, p2p__timer *t) {
  if (!t->pos) return;
  uint32_t i = t->pos - 1;
  assert(h->heap[i] == t);
  t->pos = 0;
  p2p__timer *last = h->heap[--h->n];
  if (last != t) heap_settle(h, i, last);
}

void p2p__timer_set(p2p__timers *h, p2p__timer *t, p2p_time at) {
  if (at == P2P_NEVER) {
    p2p__timer_clear(h, t);
    return;
  }
  if (t->pos && t->at == at) return;
  t->at = at;
  t->seq = h->seq++;
  if (t->pos) {
    heap_settle(h, t->pos - 1, t);
    return;
  }
  assert(h->n < h->reserved);
  sift_up(h, h->n++, t);
}

p2p_time p2p__timers_next(const p2p__timers *h) { return h->n ? h->heap[0]->at : P2P_NEVER; }

p2p__timer *p2p__timers_due(p2p__timers *h, p2p_time now) {
  if (h->n == 0 || h->heap[0]->at > now) return NULL;
  p2p__timer *t = h->heap[0];
  p2p__timer_clear(h, t);
  return t;
}
