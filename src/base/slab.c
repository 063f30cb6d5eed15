/* Slabs. An object is preceded by the address of its page; while free, it holds the next free one.
 * Pages with a free object are in a list, full ones are found through their objects. */
#include "base/slab.h"
#include <assert.h>
#include <string.h>

enum {
  PAGE_BYTES = 4096, /* about; so small, because a process may hold a thousand hosts */
  PER_PAGE_MIN = 4
};

typedef struct slot {
  struct p2p__slab_page *page;
  union { /* while free */
    struct slot *next;
    uint64_t align;
  } u; /* while taken: the object */
} slot;

struct p2p__slab_page {
  p2p__list link; /* in slab->partial, or alone */
  slot *free;
  uint32_t used;
};

static size_t stride_of(const p2p__slab *s) { return offsetof(slot, u) + s->size; }
static size_t page_size(const p2p__slab *s) {
  return sizeof(p2p__slab_page) + s->per_page * stride_of(s);
}

void p2p__slab_init(p2p__slab *s, p2p__mem *mem, p2p__tag tag, size_t object_size) {
  const size_t align = _Alignof(slot);
  size_t size = (object_size + align - 1) / align * align;
  assert(object_size > 0 && size < UINT32_MAX / 2);
  *s = (p2p__slab){ .mem = mem, .tag = tag, .size = (uint32_t)size };
  s->per_page = (uint32_t)((PAGE_BYTES - sizeof(p2p__slab_page)) / stride_of(s));
  if (s->per_page < PER_PAGE_MIN) s->per_page = PER_PAGE_MIN;
  p2p__list_init(&s->partial);
}

void p2p__slab_fini(p2p__slab *s) {
  if (!s) return;
  assert(s->live == 0 && p2p__list_empty(&s->partial));
  if (s->spare) p2p__release(s->mem, s->tag, s->spare, page_size(s));
  s->spare = NULL;
}

static p2p__slab_page *page_new(p2p__slab *s) {
  p2p__slab_page *page = p2p__alloc_raw(s->mem, s->tag, page_size(s));
  if (!page) return NULL;
  *page = (p2p__slab_page){ .free = NULL };
  p2p__list_init(&page->link);
  char *base = (char *)(page + 1);
  for (size_t i = s->per_page; i-- > 0;) { /* backwards: the first object is taken first */
    slot *o = (slot *)(void *)(base + i * stride_of(s));
    o->page = page;
    o->u.next = page->free;
    page->free = o;
  }
  return page;
}

/* A page with a free object, in the list of such. */
static p2p__slab_page *page_get(p2p__slab *s) {
  if (!p2p__list_empty(&s->partial)) {
    return P2P_CONTAINER(s->partial.next, p2p__slab_page, link);
  }
  p2p__slab_page *page = s->spare ? s->spare : page_new(s);
  s->spare = NULL;
  if (page) p2p__list_add(&s->partial, &page->link);
  return page;
}

void *p2p__slab_take(p2p__slab *s) {
  p2p__slab_page *page = page_get(s);
  if (!page) return NULL;
  slot *o = page->free;
  page->free = o->u.next;
  if (++page->used == s->per_page) p2p__list_del(&page->link);
  s->live++;
  return memset(&o->u, 0, s->size);
}

void p2p__slab_give(p2p__slab *s, void *object) {
  if (!object) return;
  slot *o = (slot *)(void *)((char *)object - offsetof(slot, u));
  p2p__slab_page *page = o->page;
  o->u.next = page->free;
  page->free = o;
  s->live--;
  if (page->used-- == s->per_page) p2p__list_add(s->partial.next, &page->link);
  if (page->used > 0) return;
  p2p__list_del(&page->link);
  if (s->spare) {
    p2p__release(s->mem, s->tag, page, page_size(s));
  } else {
    s->spare = page;
  }
}
