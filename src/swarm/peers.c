/* The peerstore: peers under an id and an index, references, and who is forgotten. */
#include "swarm/peers.h"
#include "base/bytes.h"
#include <assert.h>

enum { SLOTS_MIN = 16 };
#define NO_SLOT UINT32_MAX

static p2p_bytes peer_key(const void *value) {
  const p2p__peer *peer = value;
  return p2p__bytes(peer->id.b, peer->id.len);
}

int p2p__peers_init(p2p__peers *p, p2p__env *env) {
  *p = (p2p__peers){ .env = env, .free_index = NO_SLOT };
  p2p__names_init(&p->names, env);
  p2p__map_init(&p->by_id, env->mem, P2P__MEM_PEER, env->hash_key, peer_key);
  p2p__list_init(&p->lru);
  return 0;
}

static void peers_release(p2p__peers *p, void *at, size_t size) {
  p2p__release(p->env->mem, P2P__MEM_PEER, at, size);
}

/* ---- indices ---- */

static int slots_grow(p2p__peers *p) {
  if (p->cap > UINT32_MAX / 2) return P2P_ENOMEM;
  uint32_t cap = p->cap ? p->cap * 2 : SLOTS_MIN;
  void *slots = p->by_index;
  int err = p2p__resize(p->env->mem, P2P__MEM_PEER, &slots, p->cap * sizeof *p->by_index,
                        cap * sizeof *p->by_index);
  if (err < 0) return err;
  p->by_index = slots;
  p->cap = cap;
  return 0;
}

static int slot_take(p2p__peers *p, p2p__peer *peer) {
  uint32_t i = p->free_index;
  if (i != NO_SLOT) {
    p->free_index = p->by_index[i].next_free;
  } else {
    if (p->n == p->cap && slots_grow(p) < 0) return P2P_ENOMEM;
    i = p->n++;
  }
  p->by_index[i].peer = peer;
  peer->index = i;
  return 0;
}

static void slot_give(p2p__peers *p, uint32_t i) {
  p->by_index[i] = (p2p__peer_slot){ .next_free = p->free_index };
  p->free_index = i;
}

/* ---- a peer's life ---- */

static void protocols_release(p2p__peers *p, p2p__name **names, size_t n) {
  for (size_t i = 0; i < n; i++) p2p__name_unref(&p->names, names[i]);
  peers_release(p, names, n * sizeof(p2p__name *));
}

static void peer_free(p2p__peers *p, p2p__peer *peer) {
  protocols_release(p, peer->protocols, peer->n_protocols);
  p2p__name_unref(&p->names, peer->agent);
  p2p__name_unref(&p->names, peer->version);
  peers_release(p, peer->addrs, peer->addrs_len);
  peers_release(p, peer->pubkey, peer->pubkey_len);
  peers_release(p, peer->observed, peer->observed_len);
  peers_release(p, peer, sizeof *peer);
}

static void peer_forget(p2p__peers *p, p2p__peer *peer) {
  p2p__list_del(&peer->lru);
  p->n_idle--;
  slot_give(p, peer->index);
  (void)p2p__map_del(&p->by_id, peer_key(peer));
  peer_free(p, peer);
}

static bool peers_forget_oldest(p2p__peers *p) {
  if (p2p__list_empty(&p->lru)) return false;
  peer_forget(p, P2P_CONTAINER(p->lru.next, p2p__peer, lru));
  return true;
}

static void peers_trim(p2p__peers *p) {
  const p2p__limits *limits = p->env->limits;
  while (p->n_idle > limits->peers_max || p->env->mem->used[P2P__MEM_PEER] > limits->peers_memory) {
    if (!peers_forget_oldest(p)) return;
  }
}

void p2p__peers_fini(p2p__peers *p) {
  if (!p || !p->env) return;
  for (uint32_t i = 0; i < p->n; i++) {
    if (p->by_index[i].peer) peer_free(p, p->by_index[i].peer);
  }
  p2p__map_fini(&p->by_id);
  p2p__names_fini(&p->names);
  peers_release(p, p->by_index, p->cap * sizeof *p->by_index);
  *p = (p2p__peers){ 0 };
}

static p2p__peer *peer_new(p2p__peers *p, const p2p_peer_id *id) {
  p2p__peer *peer = p2p__alloc(p->env->mem, P2P__MEM_PEER, sizeof *peer);
  if (!peer) return NULL;
  peer->id = *id;
  p2p__list_init(&peer->conns);
  p2p__list_init(&peer->lru);
  p2p__list_init(&peer->starving);
  peer->budget.max = (size_t)p->env->limits->peer_buffers;
  if (slot_take(p, peer) < 0) goto fail;
  if (p2p__map_add(&p->by_id, peer) < 0) goto fail_slot;
  return peer;
fail_slot:
  slot_give(p, peer->index);
fail:
  peers_release(p, peer, sizeof *peer);
  return NULL;
}

p2p__peer *p2p__peer_ref(p2p__peers *p, const p2p_peer_id *id) {
  p2p__peer *peer = p2p__peer_find(p, id);
  if (!peer) peer = peer_new(p, id);
  if (!peer) return NULL;
  if (p2p__list_linked(&peer->lru)) {
    p2p__list_del(&peer->lru);
    p->n_idle--;
  }
  peer->refs++;
  peers_trim(p);
  return peer;
}

void p2p__peer_unref(p2p__peers *p, p2p__peer *peer) {
  if (!peer) return;
  assert(peer->refs > 0);
  if (--peer->refs > 0) return;
  p2p__list_add(&p->lru, &peer->lru);
  p->n_idle++;
  peers_trim(p);
}

p2p__peer *p2p__peer_find(const p2p__peers *p, const p2p_peer_id *id) {
  return p2p__map_find(&p->by_id, p2p__bytes(id->b, id->len));
}

p2p__peer *p2p__peer_at(const p2p__peers *p, uint32_t index) {
  return index < p->n ? p->by_index[index].peer : NULL;
}

/* ---- addresses ---- */

static bool addr_is_sound(p2p_bytes addr) {
  return addr.len > 0 && addr.len <= P2P_ADDR_MAX && p2p_addr_check(addr) == 0;
}

/* The next of a packed list; empty at its end. */
static p2p_bytes packed_next(p2p__rd *r) {
  return p2p__rd_left(r) ? p2p__rd_bytes(r, p2p__rd_be16(r)) : p2p__bytes(NULL, 0);
}

static bool packed_has(p2p_bytes packed, p2p_bytes addr) {
  p2p__rd r = p2p__rd_of(packed);
  for (p2p_bytes at; (at = packed_next(&r)).len > 0;) {
    if (p2p__bytes_eq(at, addr)) return true;
  }
  return false;
}

/* Appends an address that is sound, new and fits. */
static bool packed_add(p2p__wr *w, p2p_bytes addr) {
  if (!addr_is_sound(addr) || packed_has(p2p__wr_bytes(w), addr)) return false;
  if (p2p__wr_left(w) < addr.len + 2) return false;
  p2p__wr_be16(w, (uint16_t)addr.len);
  p2p__wr_bytes_in(w, addr);
  return true;
}

int p2p__peer_add_addr(p2p__peers *p, p2p__peer *peer, p2p_bytes addr) {
  if (!addr_is_sound(addr)) return P2P_EADDR;
  size_t len = peer->addrs_len + 2 + addr.len;
  if (peer->n_addrs >= p->env->limits->peer_addrs || len > UINT16_MAX) return 0;
  if (packed_has(p2p__bytes(peer->addrs, peer->addrs_len), addr)) return 0;
  void *addrs = peer->addrs;
  if (p2p__resize(p->env->mem, P2P__MEM_PEER, &addrs, peer->addrs_len, len) < 0) return P2P_ENOMEM;
  peer->addrs = addrs;
  p2p__wr w = { .p = peer->addrs, .len = peer->addrs_len, .cap = len };
  p2p__wr_be16(&w, (uint16_t)addr.len);
  p2p__wr_bytes_in(&w, addr);
  peer->addrs_len = (uint16_t)len;
  peer->n_addrs++;
  return 0;
}

/* Bytes that n addresses take at most when packed. */
static size_t packed_most(const p2p_bytes *addrs, size_t n) {
  size_t most = 0;
  for (size_t i = 0; i < n && most < UINT16_MAX; i++) {
    if (addrs[i].len <= P2P_ADDR_MAX) most += addrs[i].len + 2;
  }
  return p2p__min(most, UINT16_MAX);
}

int p2p__peer_set_addrs(p2p__peers *p, p2p__peer *peer, const p2p_bytes *addrs, size_t n) {
  size_t cap = packed_most(addrs, n);
  void *packed = cap ? p2p__alloc_raw(p->env->mem, P2P__MEM_PEER, cap) : NULL;
  if (cap && !packed) return P2P_ENOMEM;
  p2p__wr w = p2p__wr_of(packed, cap);
  uint16_t kept = 0;
  for (size_t i = 0; i < n && kept < p->env->limits->peer_addrs; i++) {
    if (packed_add(&w, addrs[i])) kept++;
  }
  if (p2p__resize(p->env->mem, P2P__MEM_PEER, &packed, cap, w.len) < 0) {
    peers_release(p, packed, cap);
    return P2P_ENOMEM;
  }
  peers_release(p, peer->addrs, peer->addrs_len);
  peer->addrs = packed;
  peer->addrs_len = (uint16_t)w.len;
  peer->n_addrs = kept;
  return 0;
}

int p2p__peer_addr(const p2p__peer *peer, size_t *pos, p2p_bytes *addr) {
  if (*pos >= peer->addrs_len) return 0;
  p2p__rd r = p2p__rd_of(p2p__bytes(peer->addrs + *pos, peer->addrs_len - *pos));
  *addr = packed_next(&r);
  *pos = peer->addrs_len - p2p__rd_left(&r);
  return 1;
}

/* Replaces an allocation by a copy of b, which may be empty. */
static int bytes_set(p2p__peers *p, uint8_t **at, uint16_t *len, p2p_bytes b) {
  uint8_t *copy = NULL;
  if (b.len) {
    copy = p2p__alloc_raw(p->env->mem, P2P__MEM_PEER, b.len);
    if (!copy) return P2P_ENOMEM;
    memcpy(copy, b.p, b.len);
  }
  peers_release(p, *at, *len);
  *at = copy;
  *len = (uint16_t)b.len;
  return 0;
}

int p2p__peer_set_observed(p2p__peers *p, p2p__peer *peer, p2p_bytes addr) {
  if (addr.len && !addr_is_sound(addr)) return P2P_EADDR;
  return bytes_set(p, &peer->observed, &peer->observed_len, addr);
}

/* ---- keys ---- */

int p2p__peer_set_pubkey(p2p__peers *p, p2p__peer *peer, p2p_bytes pubkey) {
  p2p_peer_id id;
  if (pubkey.len > P2P_PUBKEY_MAX) return P2P_EKEY;
  int err = p2p_peer_id_from_pubkey(pubkey, &id);
  if (err < 0) return err;
  if (!p2p_peer_id_eq(&id, &peer->id)) return P2P_EPEER;
  bool inlined = id.b[0] == 0; /* multihash "identity": the id is the key */
  if (inlined) return 0;
  return bytes_set(p, &peer->pubkey, &peer->pubkey_len, pubkey);
}

/* ---- names ---- */

/* A reference to a name. A full table makes room at the cost of those not seen for longest, a few
 * at a time: nobody can close the table for newcomers, or make one message cost a walk of it. */
static int peers_name(p2p__peers *p, p2p_bytes text, p2p__name **out) {
  int err = p2p__name_learn(&p->names, text, out);
  for (int tries = 0; err == P2P_ELIMIT && tries < 16 && peers_forget_oldest(p); tries++) {
    err = p2p__name_learn(&p->names, text, out);
  }
  return err;
}

static bool names_have(p2p__name *const *names, size_t n, const p2p__name *name) {
  for (size_t i = 0; i < n; i++) {
    if (names[i] == name) return true;
  }
  return false;
}

/* Fills names with what is new and sound of ids; how many. */
static int names_collect(p2p__peers *p, p2p__name **names, size_t max, const p2p_bytes *ids,
                         size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n && kept < max; i++) {
    p2p__name *name = NULL;
    int err = peers_name(p, ids[i], &name);
    if (err == P2P_ENOMEM) {
      for (size_t k = 0; k < kept; k++) p2p__name_unref(&p->names, names[k]);
      return err;
    }
    if (err < 0) continue;
    if (names_have(names, kept, name)) {
      p2p__name_unref(&p->names, name);
    } else {
      names[kept++] = name;
    }
  }
  return (int)kept;
}

int p2p__peer_set_protocols(p2p__peers *p, p2p__peer *peer, const p2p_bytes *ids, size_t n) {
  assert(peer->refs > 0);
  p2p__mem *mem = p->env->mem;
  size_t max = p2p__min(n, p2p__min((size_t)p->env->limits->identify_protocols, UINT16_MAX));
  void *names = max ? p2p__alloc(mem, P2P__MEM_PEER, max * sizeof(p2p__name *)) : NULL;
  if (max && !names) return P2P_ENOMEM;
  int kept = names_collect(p, names, max, ids, n);
  if (kept < 0) {
    peers_release(p, names, max * sizeof(p2p__name *));
    return kept;
  }
  if (p2p__resize(mem, P2P__MEM_PEER, &names, max * sizeof(p2p__name *),
                  (size_t)kept * sizeof(p2p__name *)) < 0) {
    for (int i = 0; i < kept; i++) p2p__name_unref(&p->names, ((p2p__name **)names)[i]);
    peers_release(p, names, max * sizeof(p2p__name *));
    return P2P_ENOMEM;
  }
  protocols_release(p, peer->protocols, peer->n_protocols);
  peer->protocols = names;
  peer->n_protocols = (uint16_t)kept;
  return 0;
}

bool p2p__peer_speaks(const p2p__peer *peer, const char *id) {
  for (size_t i = 0; i < peer->n_protocols; i++) {
    if (strcmp(peer->protocols[i]->text, id) == 0) return true;
  }
  return false;
}

static int peer_set_name(p2p__peers *p, p2p__peer *peer, p2p__name **at, p2p_bytes text) {
  assert(peer->refs > 0);
  (void)peer;
  p2p__name *name = NULL;
  if (text.len) {
    int err = peers_name(p, text, &name);
    if (err < 0) return err;
  }
  p2p__name_unref(&p->names, *at);
  *at = name;
  return 0;
}

int p2p__peer_set_agent(p2p__peers *p, p2p__peer *peer, p2p_bytes agent) {
  return peer_set_name(p, peer, &peer->agent, agent);
}

int p2p__peer_set_version(p2p__peers *p, p2p__peer *peer, p2p_bytes version) {
  return peer_set_name(p, peer, &peer->version, version);
}
