/* Hash table by bytes that live in the values. The hash is stored: it spares most comparisons and
 * every rehash. */
#include "base/map.h"
#include <assert.h>
#include <p2p/error.h>

enum { CAP_MIN = 8 };

void p2p__map_init(p2p__map *t, p2p__mem *mem, p2p__tag tag, const uint8_t key[16],
                   p2p__map_key key_of) {
  *t = (p2p__map){ .mem = mem, .tag = tag, .key_of = key_of };
  memcpy(t->key, key, sizeof t->key);
}

void p2p__map_fini(p2p__map *t) {
  if (!t) return;
  p2p__release(t->mem, t->tag, t->slots, t->cap * sizeof *t->slots);
  t->slots = NULL;
  t->n = t->cap = 0;
}

/* The slot of key, or the free one where it would be. */
static size_t slot_of(const p2p__map *t, uint64_t hash, p2p_bytes key) {
  size_t i = (size_t)hash & (t->cap - 1);
  for (; t->slots[i].value; i = (i + 1) & (t->cap - 1)) {
    if (t->slots[i].hash != hash) continue;
    if (p2p__bytes_eq(t->key_of(t->slots[i].value), key)) break;
  }
  return i;
}

static void slot_insert(p2p__map *t, p2p__map_entry entry) {
  size_t i = (size_t)entry.hash & (t->cap - 1);
  while (t->slots[i].value) i = (i + 1) & (t->cap - 1);
  t->slots[i] = entry;
}

static int map_rehash(p2p__map *t, size_t cap) {
  p2p__map_entry *slots = NULL;
  if (cap) {
    slots = p2p__alloc(t->mem, t->tag, cap * sizeof *slots);
    if (!slots) return P2P_ENOMEM;
  }
  p2p__map old = *t;
  t->slots = slots;
  t->cap = cap;
  for (size_t i = 0; i < old.cap; i++) {
    if (old.slots[i].value) slot_insert(t, old.slots[i]);
  }
  p2p__release(t->mem, t->tag, old.slots, old.cap * sizeof *old.slots);
  return 0;
}

/* Gives memory back when nearly empty; a table that cannot shrink still works. */
static void map_shrink(p2p__map *t) {
  int err = 0;
  if (t->n == 0) {
    err = map_rehash(t, 0);
  } else if (t->cap > CAP_MIN && t->n < t->cap / 8) {
    err = map_rehash(t, t->cap / 2);
  }
  (void)err;
}

void *p2p__map_find(const p2p__map *t, p2p_bytes key) {
  if (t->n == 0) return NULL;
  return t->slots[slot_of(t, p2p__siphash(t->key, key), key)].value;
}

int p2p__map_add(p2p__map *t, void *value) {
  assert(value);
  p2p_bytes key = t->key_of(value);
  uint64_t hash = p2p__siphash(t->key, key);
  if (t->n && t->slots[slot_of(t, hash, key)].value) return P2P_EEXIST;
  if (t->n + 1 > t->cap / 4 * 3 && map_rehash(t, t->cap ? t->cap * 2 : CAP_MIN) < 0) {
    return P2P_ENOMEM;
  }
  slot_insert(t, (p2p__map_entry){ .hash = hash, .value = value });
  t->n++;
  return 0;
}

/* Closes the hole at i: every entry behind it that its home lets move does, so that no probe meets
 * a gap and no tombstone is needed. */
static void close_hole(p2p__map *t, size_t i) {
  size_t mask = t->cap - 1;
  for (size_t j = (i + 1) & mask; t->slots[j].value; j = (j + 1) & mask) {
    size_t home = (size_t)t->slots[j].hash & mask;
    if (((j - home) & mask) < ((j - i) & mask)) continue; /* would land before its home */
    t->slots[i] = t->slots[j];
    i = j;
  }
  t->slots[i].value = NULL;
}

void *p2p__map_del(p2p__map *t, p2p_bytes key) {
  if (t->n == 0) return NULL;
  size_t i = slot_of(t, p2p__siphash(t->key, key), key);
  void *value = t->slots[i].value;
  if (!value) return NULL;
  close_hole(t, i);
  t->n--;
  map_shrink(t);
  return value;
}

void *p2p__map_next(const p2p__map *t, size_t *i) {
  while (*i < t->cap) {
    void *value = t->slots[(*i)++].value;
    if (value) return value;
  }
  return NULL;
}
