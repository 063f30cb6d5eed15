/* Hash tables with a per-host siphash key: open addressing, linear probing with backward-shift
 * deletion, grown at 3/4 and shrunk when nearly empty, so a flood leaves nothing behind. Two kinds:
 * by number (stream ids), and by bytes (peer ids, names); both hold pointers that the table does
 * not own. An empty table owns no memory. Iteration is in slot order: deterministic for one key and
 * history, never to be relied on for anything a peer sees. */
#ifndef P2P_BASE_MAP_H
#define P2P_BASE_MAP_H

#include "base/hash.h"
#include "base/mem.h"

/* ---- uint64 -> void * ---- */
typedef struct p2p__u64map_entry {
  uint64_t key;
  void *value; /* NULL: free slot */
} p2p__u64map_entry;

typedef struct p2p__u64map {
  p2p__u64map_entry *slots;
  size_t n, cap; /* entries, slots (0 or a power of two) */
  p2p__mem *mem;
  p2p__tag tag;
  uint8_t key[16];
} p2p__u64map;

void p2p__u64map_init(p2p__u64map *t, p2p__mem *mem, p2p__tag tag, const uint8_t key[16]);
void p2p__u64map_fini(p2p__u64map *t);
void *p2p__u64map_find(const p2p__u64map *t, uint64_t key); /* or NULL */
/* value not NULL, key not there yet. P2P_ENOMEM, P2P_EEXIST. */
P2P_MUST_USE int p2p__u64map_add(p2p__u64map *t, uint64_t key, void *value);
void *p2p__u64map_del(p2p__u64map *t, uint64_t key); /* the value removed, or NULL */
/* The first value at or behind slot *i (start with 0), *i behind it; NULL: no more. Adding or
 * deleting ends the walk: start again with 0. To end a table, walk it, free the values, fini. */
void *p2p__u64map_next(const p2p__u64map *t, size_t *i);

/* ---- bytes -> void * ---- (the key's bytes live in the value) */
typedef p2p_bytes (*p2p__map_key)(const void *value);

typedef struct p2p__map_entry {
  uint64_t hash;
  void *value;
} p2p__map_entry;

typedef struct p2p__map {
  p2p__map_entry *slots;
  size_t n, cap;
  p2p__mem *mem;
  p2p__tag tag;
  p2p__map_key key_of;
  uint8_t key[16];
} p2p__map;

void p2p__map_init(p2p__map *t, p2p__mem *mem, p2p__tag tag, const uint8_t key[16],
                   p2p__map_key key_of);
void p2p__map_fini(p2p__map *t);
void *p2p__map_find(const p2p__map *t, p2p_bytes key);
P2P_MUST_USE int p2p__map_add(p2p__map *t, void *value); /* P2P_ENOMEM, P2P_EEXIST */
void *p2p__map_del(p2p__map *t, p2p_bytes key);
void *p2p__map_next(const p2p__map *t, size_t *i);

#endif
