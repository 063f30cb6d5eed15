/* Hash table by number. The hash is not stored: eight bytes are hashed faster than a wider slot is
 * fetched. */
#include "base/map.h"
#include <assert.h>
#include <p2p/error.h>

enum {
  CAP_MIN = 8,
  CAP_SMALL = 128 /* slots; up to it a table grows fourfold: streams that open and close in dozens
                     would rehash it in three steps each time */
};

void p2p__u64map_init(p2p__u64map *t, p2p__mem *mem, p2p__tag tag, const uint8_t key[16]) {
  *t = (p2p__u64map){ .mem = mem, .tag = tag };
  memcpy(t->key, key, sizeof t->key);
}

void p2p__u64map_fini(p2p__u64map *t) {
  if (!t) return;
  p2p__release(t->mem, t->tag, t->slots, t->cap * sizeof *t->slots);
  t->slots = NULL;
  t->n = t->cap = 0;
}

static size_t slot_home(const p2p__u64map *t, uint64_t key) {
  return (size_t)p2p__siphash_u64(t->key, key) & (t->cap - 1);
}

/* The slot of key, or the free one where it would be. */
static size_t slot_of(const p2p__u64map *t, uint64_t key) {
  size_t i = slot_home(t, key);
  while (t->slots[i].value && t->slots[i].key != key) i = (i + 1) & (t->cap - 1);
  return i;
}

static int map_rehash(p2p__u64map *t, size_t cap) {
  p2p__u64map_entry *slots = NULL;
  if (cap) {
    slots = p2p__alloc(t->mem, t->tag, cap * sizeof *slots);
    if (!slots) return P2P_ENOMEM;
  }
  p2p__u64map old = *t;
  t->slots = slots;
  t->cap = cap;
  for (size_t i = 0; i < old.cap; i++) {
    if (old.slots[i].value) t->slots[slot_of(t, old.slots[i].key)] = old.slots[i];
  }
  p2p__release(t->mem, t->tag, old.slots, old.cap * sizeof *old.slots);
  return 0;
}

/* Gives memory back when nearly empty; a table that cannot shrink still works. */
static void map_shrink(p2p__u64map *t) {
  int err = 0;
  if (t->n == 0) {
    err = map_rehash(t, 0);
  } else if (t->cap > CAP_MIN && t->n < t->cap / 8) {
    err = map_rehash(t, t->cap / 2);
  }
  (void)err;
}

void *p2p__u64map_find(const p2p__u64map *t, uint64_t key) {
  return t->n ? t->slots[slot_of(t, key)].value : NULL;
}

static int map_grow(p2p__u64map *t) {
  if (!t->cap) return map_rehash(t, CAP_MIN);
  return map_rehash(t, t->cap < CAP_SMALL ? p2p__min(t->cap * 4, CAP_SMALL) : t->cap * 2);
}

int p2p__u64map_add(p2p__u64map *t, uint64_t key, void *value) {
  assert(value);
  size_t i = 0;
  if (t->n) {
    i = slot_of(t, key);
    if (t->slots[i].value) return P2P_EEXIST;
  }
  bool grows = t->n + 1 > t->cap / 4 * 3;
  if (grows && map_grow(t) < 0) return P2P_ENOMEM;
  if (grows || !t->n) i = slot_of(t, key);
  t->slots[i] = (p2p__u64map_entry){ .key = key, .value = value };
  t->n++;
  return 0;
}

/* Closes the hole at i: every entry behind it that its home lets move does, so that no probe meets
 * a gap and no tombstone is needed. */
static void close_hole(p2p__u64map *t, size_t i) {
  size_t mask = t->cap - 1;
  for (size_t j = (i + 1) & mask; t->slots[j].value; j = (j + 1) & mask) {
    size_t home = slot_home(t, t->slots[j].key);
    if (((j - home) & mask) < ((j - i) & mask)) continue; /* would land before its home */
    t->slots[i] = t->slots[j];
    i = j;
  }
  t->slots[i].value = NULL;
}

void *p2p__u64map_del(p2p__u64map *t, uint64_t key) {
  if (t->n == 0) return NULL;
  size_t i = slot_of(t, key);
  void *value = t->slots[i].value;
  if (!value) return NULL;
  close_hole(t, i);
  t->n--;
  map_shrink(t);
  return value;
}

void *p2p__u64map_next(const p2p__u64map *t, size_t *i) {
  while (*i < t->cap) {
    void *value = t->slots[(*i)++].value;
    if (value) return value;
  }
  return NULL;
}
