/* Whose a datagram is: connection ids of ours (eight random bytes: a table of numbers), ids that clients
 * made up for their first packets, and the tokens by which peers say that they lost everything. All
 * hashed with the host's key, since others choose two of the three. */
#include "transport/quic_internal.h"

typedef enum kind { ID, FIRST, RESET } kind;

typedef struct entry {
  p2p__list node; /* in names->entries */
  quic_names *names;
  uint8_t kind, len;
  uint8_t b[P2P__QUIC_CID_MAX];
} entry;

static p2p_bytes entry_key(const void *value) {
  const entry *e = value;
  return p2p__bytes(e->b, e->len);
}

void p2p__quic_table_init(quic_table *t, p2p__env *env) {
  t->mem = env->mem;
  p2p__u64map_init(&t->ids, env->mem, P2P__MEM_LINK, env->hash_key);
  p2p__map_init(&t->firsts, env->mem, P2P__MEM_LINK, env->hash_key, entry_key);
  p2p__map_init(&t->resets, env->mem, P2P__MEM_LINK, env->hash_key, entry_key);
}

void p2p__quic_table_fini(quic_table *t) {
  p2p__u64map_fini(&t->ids);
  p2p__map_fini(&t->firsts);
  p2p__map_fini(&t->resets);
}

static uint64_t number(const uint8_t *b) {
  uint64_t v;
  memcpy(&v, b, sizeof v);
  return v;
}

static entry *find(const quic_table *t, kind k, const uint8_t *b, size_t len) {
  if (k == ID) return p2p__u64map_find(&t->ids, number(b));
  return p2p__map_find(k == FIRST ? &t->firsts : &t->resets, p2p__bytes(b, len));
}

static int insert(quic_table *t, entry *e) {
  if (e->kind == ID) return p2p__u64map_add(&t->ids, number(e->b), e);
  return p2p__map_add(e->kind == FIRST ? &t->firsts : &t->resets, e);
}

static int add(quic_table *t, quic_names *n, kind k, const uint8_t *b, size_t len) {
  entry *e = p2p__alloc(t->mem, P2P__MEM_LINK, sizeof *e);
  if (!e) return P2P_ENOMEM;
  *e = (entry){ .names = n, .kind = (uint8_t)k, .len = (uint8_t)len };
  memcpy(e->b, b, len);
  int err = insert(t, e);
  if (err < 0) {
    p2p__release(t->mem, P2P__MEM_LINK, e, sizeof *e);
    return err;
  }
  p2p__list_add(&n->entries, &e->node);
  return 0;
}

static void drop(quic_table *t, entry *e) {
  if (!e) return;
  t->last = NULL;
  if (e->kind == ID)
    (void)p2p__u64map_del(&t->ids, number(e->b));
  else
    (void)p2p__map_del(e->kind == FIRST ? &t->firsts : &t->resets, entry_key(e));
  p2p__list_del(&e->node);
  p2p__release(t->mem, P2P__MEM_LINK, e, sizeof *e);
}

/* Ours are in one table, but a client's first may have the same length. */
int p2p__quic_table_add(quic_table *t, quic_names *n, const p2p__quic_cid *cid, bool ours) {
  return add(t, n, ours ? ID : FIRST, cid->b, cid->len);
}

void p2p__quic_table_del(quic_table *t, const p2p__quic_cid *cid) {
  if (cid->len == P2P__QUIC_CID) drop(t, find(t, ID, cid->b, cid->len));
}

/* Two connections to one peer may be given one token by it: the first keeps it. */
int p2p__quic_table_add_reset(quic_table *t, quic_names *n, const uint8_t *token) {
  int err = add(t, n, RESET, token, P2P__QUIC_RESET);
  return err == P2P_EEXIST ? 0 : err;
}

void p2p__quic_table_del_reset(quic_table *t, quic_names *n, const uint8_t *token) {
  entry *e = find(t, RESET, token, P2P__QUIC_RESET);
  if (e && e->names == n) drop(t, e);
}

/* Datagrams come in batches of one connection: the id found last is looked at first. */
quic_names *p2p__quic_table_find(quic_table *t, const p2p__quic_cid *cid) {
  if (cid->len != P2P__QUIC_CID) return NULL;
  uint64_t id = number(cid->b);
  if (t->last && t->last_id == id) return t->last;
  entry *e = p2p__u64map_find(&t->ids, id);
  if (!e) return NULL;
  t->last_id = id;
  t->last = e->names;
  return e->names;
}

quic_names *p2p__quic_table_find_first(const quic_table *t, const p2p__quic_cid *cid) {
  entry *e = find(t, FIRST, cid->b, cid->len);
  return e ? e->names : NULL;
}

quic_names *p2p__quic_table_find_reset(const quic_table *t, p2p_bytes datagram) {
  if (datagram.len < P2P__QUIC_RESET) return NULL;
  entry *e = find(t, RESET, datagram.p + datagram.len - P2P__QUIC_RESET, P2P__QUIC_RESET);
  return e ? e->names : NULL;
}

void p2p__quic_names_clear(quic_table *t, quic_names *n) {
  while (!p2p__list_empty(&n->entries)) drop(t, P2P_CONTAINER(n->entries.next, entry, node));
}

void p2p__quic_names_move(quic_table *t, quic_names *from, quic_names *to) {
  t->last = NULL;
  for (p2p__list *at = from->entries.next; at != &from->entries; at = at->next)
    P2P_CONTAINER(at, entry, node)->names = to;
  p2p__list_splice(&to->entries, &from->entries);
}
