/* Handle tables: an array of slots, each with the id that may open it. */
#include "base/handle.h"
#include <assert.h>
#include <p2p/error.h>

enum { SLOT_BITS = 24, CAP_MIN = 16 };

#define SLOT_MASK ((UINT32_C(1) << SLOT_BITS) - 1)
#define GENERATION_MASK ((UINT64_C(1) << 40) - 1)
#define NO_SLOT UINT32_MAX

/* Generation 0 is skipped: with slot 0 it would be the handle 0, which is never valid. */
static uint64_t generation_of(uint64_t n) {
  n &= GENERATION_MASK;
  return n ? n : 1;
}

void p2p__handles_init(p2p__handles *t, p2p__mem *mem, uint64_t seed, uint32_t max) {
  assert(max <= SLOT_MASK);
  *t = (p2p__handles){ .max = max,
                       .free_head = NO_SLOT,
                       .free_tail = NO_SLOT,
                       .first_generation = generation_of(seed),
                       .mem = mem };
}

void p2p__handles_fini(p2p__handles *t) {
  if (!t) return;
  p2p__release(t->mem, P2P__MEM_HOST, t->slots, t->cap * sizeof *t->slots);
  p2p__handles_init(t, t->mem, t->first_generation, t->max);
}

static int handles_grow(p2p__handles *t) {
  uint32_t cap = t->cap ? t->cap * 2 : CAP_MIN;
  void *slots = t->slots;
  int err = p2p__resize(t->mem, P2P__MEM_HOST, &slots, t->cap * sizeof *t->slots,
                        cap * sizeof *t->slots);
  if (err < 0) return err;
  t->slots = slots;
  t->cap = cap;
  return 0;
}

static uint32_t free_pop(p2p__handles *t) {
  uint32_t i = t->free_head;
  t->free_head = t->slots[i].next_free;
  if (t->free_head == NO_SLOT) t->free_tail = NO_SLOT;
  return i;
}

static void free_push(p2p__handles *t, uint32_t i) {
  t->slots[i].next_free = NO_SLOT;
  if (t->free_tail == NO_SLOT) {
    t->free_head = i;
  } else {
    t->slots[t->free_tail].next_free = i;
  }
  t->free_tail = i;
}

int p2p__handles_add(p2p__handles *t, void *object, uint64_t *id) {
  assert(object);
  uint32_t i;
  if (t->free_head != NO_SLOT) {
    i = free_pop(t);
  } else {
    if (t->n == t->max) return P2P_ELIMIT;
    if (t->n == t->cap && handles_grow(t) < 0) return P2P_ENOMEM;
    i = t->n++;
    t->slots[i].id = t->first_generation << SLOT_BITS | i;
  }
  t->slots[i].object = object;
  t->live++;
  *id = t->slots[i].id;
  return 0;
}

void *p2p__handles_get(const p2p__handles *t, uint64_t id) {
  uint32_t i = (uint32_t)id & SLOT_MASK;
  if (i >= t->n || t->slots[i].id != id) return NULL;
  return t->slots[i].object; /* NULL when the slot is free and id is the one to come */
}

void p2p__handles_del(p2p__handles *t, uint64_t id) {
  if (!p2p__handles_get(t, id)) return;
  uint32_t i = (uint32_t)id & SLOT_MASK;
  t->live--;
  t->slots[i].object = NULL;
  t->slots[i].id = generation_of((id >> SLOT_BITS) + 1) << SLOT_BITS | i;
  free_push(t, i);
}

void *p2p__handles_next(const p2p__handles *t, uint32_t *i) {
  while (*i < t->n) {
    void *object = t->slots[(*i)++].object;
    if (object) return object;
  }
  return NULL;
}
