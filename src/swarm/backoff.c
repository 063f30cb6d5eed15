/* Back-off of addresses. See backoff.h. */
#include "swarm/backoff.h"
#include <p2p/addr.h>

enum { KEY_MAX = 1 + P2P_PEER_ID_MAX + P2P_ADDR_MAX };

typedef struct entry {
  p2p__list node;
  p2p_time until, wait; /* wait: how long it was left alone the last time */
  size_t len;
  uint8_t key[]; /* length of the peer id, peer id, address */
} entry;

static p2p_bytes entry_key(const void *value) {
  const entry *e = value;
  return p2p__bytes(e->key, e->len);
}

void p2p__backoffs_init(p2p__backoffs *b, p2p__env *env) {
  *b = (p2p__backoffs){ .env = env };
  p2p__list_init(&b->oldest);
  p2p__map_init(&b->map, env->mem, P2P__MEM_PEER, env->hash_key, entry_key);
}

static void entry_free(p2p__backoffs *b, entry *e) {
  (void)p2p__map_del(&b->map, entry_key(e));
  p2p__list_del(&e->node);
  b->n--;
  p2p__release(b->env->mem, P2P__MEM_PEER, e, sizeof *e + e->len);
}

void p2p__backoffs_fini(p2p__backoffs *b) {
  if (!b->env) return;
  while (!p2p__list_empty(&b->oldest)) {
    entry_free(b, P2P_CONTAINER(b->oldest.next, entry, node));
  }
  p2p__map_fini(&b->map);
  b->env = NULL;
}

static p2p_bytes key_of(uint8_t *space, const p2p_peer_id *peer, p2p_bytes addr) {
  p2p__wr w = p2p__wr_of(space, KEY_MAX);
  p2p__wr_u8(&w, peer->len);
  p2p__wr_bytes_in(&w, p2p__bytes(peer->b, peer->len));
  p2p__wr_bytes_in(&w, addr);
  return p2p__wr_bytes(&w);
}

static entry *find(const p2p__backoffs *b, const p2p_peer_id *peer, p2p_bytes addr) {
  uint8_t space[KEY_MAX];
  return b->n ? p2p__map_find(&b->map, key_of(space, peer, addr)) : NULL;
}

p2p_time p2p__backoff_until(const p2p__backoffs *b, const p2p_peer_id *peer, p2p_bytes addr,
                            p2p_time now) {
  const entry *e = find(b, peer, addr);
  return e && e->until > now ? e->until : 0;
}

static entry *entry_new(p2p__backoffs *b, p2p_bytes key) {
  if (b->n >= b->env->limits->backoffs) entry_free(b, P2P_CONTAINER(b->oldest.next, entry, node));
  entry *e = p2p__alloc(b->env->mem, P2P__MEM_PEER, sizeof *e + key.len);
  if (!e) return NULL;
  e->len = key.len;
  memcpy(e->key, key.p, key.len);
  if (p2p__map_add(&b->map, e) < 0) {
    p2p__release(b->env->mem, P2P__MEM_PEER, e, sizeof *e + key.len);
    return NULL;
  }
  p2p__list_init(&e->node);
  b->n++;
  return e;
}

void p2p__backoff_failed(p2p__backoffs *b, const p2p_peer_id *peer, p2p_bytes addr, p2p_time now) {
  const p2p__limits *limits = b->env->limits;
  uint8_t space[KEY_MAX];
  entry *e = find(b, peer, addr);
  if (!e) e = entry_new(b, key_of(space, peer, addr));
  if (!e) return;
  p2p_time wait = e->wait ? p2p__time_add(e->wait, e->wait) : limits->backoff_first;
  /* Left alone for as long again as it had to be: then it begins anew. */
  if (e->wait && now > p2p__time_add(e->until, limits->backoff_max)) wait = limits->backoff_first;
  e->wait = p2p__time_min(wait, limits->backoff_max);
  e->until = p2p__time_add(now, e->wait);
  p2p__list_del(&e->node);
  p2p__list_add(&b->oldest, &e->node);
}

void p2p__backoff_succeeded(p2p__backoffs *b, const p2p_peer_id *peer, p2p_bytes addr) {
  entry *e = find(b, peer, addr);
  if (e) entry_free(b, e);
}
