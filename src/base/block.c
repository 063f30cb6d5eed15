/* Budgets, and the blocks that queues are made of. */
#include "base/queue.h"
#include <assert.h>

/* ---- budgets ---- */

bool p2p__budget_charge(p2p__budget *b, size_t n) {
  for (const p2p__budget *up = b; up; up = up->parent) {
    if (up->used > up->max || n > up->max - up->used) return false;
  }
  for (p2p__budget *up = b; up; up = up->parent) up->used += n;
  return true;
}

void p2p__budget_refund(p2p__budget *b, size_t n) {
  for (p2p__budget *up = b; up; up = up->parent) {
    assert(up->used >= n);
    up->used -= n;
  }
}

void p2p__budget_adopt(p2p__budget *b, p2p__budget *parent) {
  if (b->parent == parent) return;
  for (p2p__budget *up = b->parent; up; up = up->parent) up->used -= b->used;
  b->parent = parent;
  for (p2p__budget *up = parent; up; up = up->parent) up->used += b->used;
}

bool p2p__budget_move(p2p__budget *from, p2p__budget *to, size_t n) {
  p2p__budget_refund(from, n);
  if (p2p__budget_charge(to, n)) return true;
  for (p2p__budget *up = from; up; up = up->parent) up->used += n; /* as it was: no question */
  return false;
}

/* ---- pools ---- */

static const uint16_t class_size[P2P__BLOCK_CLASSES] = { 1024, 4096, 16384 };
/* Idle blocks kept: what a stream with a full send queue cycles through, 1.3 MiB in all. */
static const unsigned class_keep[P2P__BLOCK_CLASSES] = { 64, 64, 64 };
enum { SEGS_KEEP = 1024 };

void p2p__pool_init(p2p__pool *pool, p2p__mem *mem) { *pool = (p2p__pool){ .mem = mem }; }

void p2p__pool_fini(p2p__pool *pool) {
  if (pool) p2p__pool_trim(pool);
}

static void block_release(p2p__pool *pool, p2p__block *b) {
  p2p__release(pool->mem, P2P__MEM_BLOCK, b, p2p__block_size(b));
}

void p2p__pool_trim(p2p__pool *pool) {
  for (size_t k = 0; k < P2P__BLOCK_CLASSES; k++) {
    while (pool->free[k]) {
      p2p__block *b = pool->free[k];
      pool->free[k] = b->next_free;
      block_release(pool, b);
    }
    pool->n_free[k] = 0;
  }
  while (pool->segs) {
    p2p__seg *s = pool->segs;
    pool->segs = s->next;
    p2p__release(pool->mem, P2P__MEM_BLOCK, s, sizeof *s);
  }
  pool->n_segs = 0;
}

p2p__seg *p2p__seg_new(p2p__pool *pool) {
  p2p__seg *s = pool->segs;
  if (!s) return p2p__alloc_raw(pool->mem, P2P__MEM_BLOCK, sizeof *s);
  pool->segs = s->next;
  pool->n_segs--;
  return s;
}

void p2p__seg_free(p2p__pool *pool, p2p__seg *s) {
  if (pool->n_segs == SEGS_KEEP) {
    p2p__release(pool->mem, P2P__MEM_BLOCK, s, sizeof *s);
    return;
  }
  s->next = pool->segs;
  pool->segs = s;
  pool->n_segs++;
}

/* ---- blocks ---- */

static uint16_t class_for(size_t hint) {
  uint16_t k = 0;
  while (k < P2P__BLOCK_CLASSES - 1 && hint > class_size[k] - sizeof(p2p__block)) k++;
  return k;
}

size_t p2p__block_size_for(size_t hint) { return class_size[class_for(hint)]; }
size_t p2p__block_size(const p2p__block *b) { return class_size[b->klass]; }

p2p__block *p2p__block_new(p2p__pool *pool, size_t hint) {
  uint16_t k = class_for(hint);
  p2p__block *b = pool->free[k];
  if (b) {
    pool->free[k] = b->next_free;
    pool->n_free[k]--;
  } else {
    b = p2p__alloc_raw(pool->mem, P2P__MEM_BLOCK, class_size[k]);
    if (!b) return NULL;
    b->klass = k;
    b->cap = (uint16_t)(class_size[k] - sizeof *b);
  }
  atomic_init(&b->refs, 1);
  return b;
}

void p2p__block_ref(p2p__block *b) { atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed); }

void p2p__block_unref(p2p__pool *pool, p2p__block *b) {
  if (!b) return;
  /* Whoever holds the only reference needs no atomic exchange: nobody can make another. */
  if (atomic_load_explicit(&b->refs, memory_order_acquire) != 1 &&
      atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1) {
    return;
  }
  if (pool->n_free[b->klass] == class_keep[b->klass]) {
    block_release(pool, b);
    return;
  }
  b->next_free = pool->free[b->klass];
  pool->free[b->klass] = b;
  pool->n_free[b->klass]++;
}
