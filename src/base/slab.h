/* Slabs: objects of one size from pages of many; a free object is reused before a page is asked
 * for, an empty page goes back when another empty one is already kept. One slab per loop and kind,
 * so that opening a stream costs no malloc. */
#ifndef P2P_BASE_SLAB_H
#define P2P_BASE_SLAB_H

#include "base/list.h"
#include "base/mem.h"

typedef struct p2p__slab_page p2p__slab_page;

typedef struct p2p__slab {
  p2p__mem *mem;
  p2p__tag tag;
  uint32_t size, per_page; /* bytes of one object (aligned), objects of one page */
  size_t live;
  p2p__list partial;     /* pages with free and taken objects; so a slab never moves */
  p2p__slab_page *spare; /* one empty page kept */
} p2p__slab;

void p2p__slab_init(p2p__slab *s, p2p__mem *mem, p2p__tag tag, size_t object_size);
void p2p__slab_fini(p2p__slab *s); /* all objects must be back */
/* Zeroed, aligned for pointers and 64-bit numbers, or NULL. */
P2P_MUST_USE void *p2p__slab_take(p2p__slab *s);
void p2p__slab_give(p2p__slab *s, void *object);

#endif
