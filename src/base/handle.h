/* Handle tables: 64-bit values to pointers. id = generation (40 bits) << 24 | slot (24 bits).
 * Generations start at a random number per table and grow by one with every reuse of a slot, so
 * an old handle, or one of another host, finds nothing. Lookup is one bounds check and one compare.
 * Free slots are reused first-in first-out. */
#ifndef P2P_BASE_HANDLE_H
#define P2P_BASE_HANDLE_H

#include "base/mem.h"

typedef struct p2p__handle_slot {
  uint64_t id;  /* current id when taken; the id to come when free */
  void *object; /* NULL: free */
  uint32_t next_free;
} p2p__handle_slot;

typedef struct p2p__handles {
  p2p__handle_slot *slots;
  uint32_t n, cap, max; /* slots ever used, allocated, at most */
  uint32_t live;        /* handles that are valid */
  uint32_t free_head, free_tail;
  uint64_t first_generation;
  p2p__mem *mem;
} p2p__handles;

/* seed: random; max: most live handles (<= 2^24 - 1). */
void p2p__handles_init(p2p__handles *t, p2p__mem *mem, uint64_t seed, uint32_t max);
void p2p__handles_fini(p2p__handles *t);
/* *id becomes a new handle of object. P2P_ELIMIT, P2P_ENOMEM. */
P2P_MUST_USE int p2p__handles_add(p2p__handles *t, void *object, uint64_t *id);
void *p2p__handles_get(const p2p__handles *t, uint64_t id); /* NULL: stale */
void p2p__handles_del(p2p__handles *t, uint64_t id);
/* Walk: the first object at or behind slot *i, *i behind it; NULL: no more. */
void *p2p__handles_next(const p2p__handles *t, uint32_t *i);

#endif
