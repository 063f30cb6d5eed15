/* Queues: singly linked pieces of blocks. */
#include "base/queue.h"
#include <assert.h>

void p2p__queue_init(p2p__queue *q, p2p__pool *pool, p2p__budget *budget) {
  *q = (p2p__queue){ .pool = pool, .budget = budget };
}

/* ---- pieces ---- */

static void seg_append(p2p__queue *q, p2p__seg *s) {
  s->next = NULL;
  if (q->tail) {
    q->tail->next = s;
  } else {
    q->head = s;
  }
  q->tail = s;
}

/* Gives the piece, its charge and its reference back. */
static void seg_end(p2p__queue *q, p2p__seg *s) {
  p2p__block *b = s->block;
  p2p__budget_refund(q->budget, p2p__block_size(b));
  if (s != &b->seg) p2p__seg_free(q->pool, s);
  p2p__block_unref(q->pool, b);
}

static void head_end(p2p__queue *q) {
  p2p__seg *s = q->head;
  q->head = s->next;
  if (!q->head) q->tail = NULL;
  seg_end(q, s);
}

/* Ends a tail that was reserved and never written to. Rare, so the walk to its neighbour is. */
static void tail_settle(p2p__queue *q) {
  p2p__seg *s = q->tail, *before = NULL;
  if (!s || s->len > 0) return;
  for (p2p__seg *at = q->head; at != s; at = at->next) before = at;
  q->tail = before;
  if (before) {
    before->next = NULL;
  } else {
    q->head = NULL;
  }
  seg_end(q, s);
}

void p2p__queue_fini(p2p__queue *q) {
  if (!q) return;
  while (q->head) head_end(q);
  q->len = 0;
}

/* ---- writing ---- */

/* Bytes that may still be written behind the piece: none once somebody shares the block. */
static size_t seg_room(const p2p__seg *s) {
  if (atomic_load_explicit(&s->block->refs, memory_order_acquire) != 1) return 0;
  return s->block->cap - (s->off + s->len);
}

static size_t smaller_class(size_t size) {
  return p2p__block_size_for(size / 4 - sizeof(p2p__block));
}

/* The size of the block for hint, or a smaller one that the budget takes, charged; 0: none. A block
 * that would stay more than half empty costs others too much: two smaller ones do. */
static size_t charge_block(p2p__queue *q, size_t hint) {
  size_t want = p2p__max(hint, q->len / 4), size = p2p__block_size_for(want);
  if (want < size / 2) size = smaller_class(size);
  while (!p2p__budget_charge(q->budget, size)) {
    size_t smaller = smaller_class(size);
    if (smaller == size) return 0;
    size = smaller;
  }
  return size;
}

/* An empty piece of a new block at the end; NULL: budget or memory is out. */
static p2p__seg *queue_grow(p2p__queue *q, size_t hint) {
  size_t size = charge_block(q, hint);
  if (!size) return NULL;
  p2p__block *b = p2p__block_new(q->pool, size - sizeof *b);
  if (!b) {
    p2p__budget_refund(q->budget, size);
    return NULL;
  }
  b->seg = (p2p__seg){ .block = b };
  seg_append(q, &b->seg);
  return &b->seg;
}

p2p__span p2p__queue_reserve(p2p__queue *q, size_t hint) {
  p2p__seg *s = q->tail;
  size_t room = s ? seg_room(s) : 0;
  if (room == 0) {
    s = queue_grow(q, hint);
    if (!s) return p2p__span_of(NULL, 0);
    room = s->block->cap;
  }
  return p2p__span_of(s->block->data + s->off + s->len, p2p__min(room, p2p__max(hint, 1)));
}

void p2p__queue_commit(p2p__queue *q, size_t n) {
  if (n == 0) {
    tail_settle(q);
    return;
  }
  assert(q->tail && n <= seg_room(q->tail));
  q->tail->len += (uint32_t)n;
  q->len += n;
}

size_t p2p__queue_put(p2p__queue *q, p2p_bytes b) {
  size_t done = 0;
  while (done < b.len) {
    p2p__span room = p2p__queue_reserve(q, b.len - done);
    if (!room.len) break;
    memcpy(room.p, b.p + done, room.len);
    p2p__queue_commit(q, room.len);
    done += room.len;
  }
  return done;
}

int p2p__queue_share(p2p__queue *q, p2p__block *b, size_t off, size_t len) {
  assert(off <= b->cap && len <= b->cap - off);
  tail_settle(q);
  if (len == 0) return 0;
  if (!p2p__budget_charge(q->budget, p2p__block_size(b))) return P2P_ELIMIT;
  p2p__seg *s = p2p__seg_new(q->pool);
  if (!s) {
    p2p__budget_refund(q->budget, p2p__block_size(b));
    return P2P_ENOMEM;
  }
  *s = (p2p__seg){ .block = b, .off = (uint32_t)off, .len = (uint32_t)len };
  p2p__block_ref(b);
  seg_append(q, s);
  q->len += len;
  return 0;
}

size_t p2p__queue_charged(const p2p__queue *q) {
  size_t charged = 0;
  for (const p2p__seg *s = q->head; s; s = s->next) charged += p2p__block_size(s->block);
  return charged;
}

int p2p__queue_move(p2p__queue *q, p2p__queue *from) {
  assert(q != from);
  tail_settle(q);
  tail_settle(from);
  if (!from->head) return 0;
  bool same = from->budget == q->budget; /* then nothing is asked of it: it may be overdrawn */
  if (!same && !p2p__budget_move(from->budget, q->budget, p2p__queue_charged(from)))
    return P2P_ELIMIT;
  if (q->tail) {
    q->tail->next = from->head;
  } else {
    q->head = from->head;
  }
  q->tail = from->tail;
  q->len += from->len;
  from->head = from->tail = NULL;
  from->len = 0;
  return 0;
}

/* ---- reading ---- */

size_t p2p__queue_view(const p2p__queue *q, size_t from, size_t max, p2p_bytes *v, size_t n) {
  const p2p__seg *s = q->head;
  for (; s && from >= s->len; s = s->next) from -= s->len;
  size_t i = 0;
  for (; s && s->len && i < n && max > 0; s = s->next) {
    size_t len = p2p__min(s->len - from, max);
    v[i++] = p2p__bytes(s->block->data + s->off + from, len);
    max -= len;
    from = 0;
  }
  return i;
}

p2p_bytes p2p__queue_peek(const p2p__queue *q) {
  const p2p__seg *s = q->head;
  return s && s->len ? p2p__bytes(s->block->data + s->off, s->len) : p2p__bytes(NULL, 0);
}

void p2p__queue_drop(p2p__queue *q, size_t n) {
  assert(n <= q->len);
  q->len -= n;
  while (n > 0) {
    p2p__seg *s = q->head;
    if (n < s->len) {
      s->off += (uint32_t)n;
      s->len -= (uint32_t)n;
      return;
    }
    n -= s->len;
    head_end(q);
  }
}

size_t p2p__queue_get(p2p__queue *q, void *out, size_t cap) {
  uint8_t *to = out;
  size_t done = 0;
  while (done < cap && q->len > 0) {
    p2p_bytes piece = p2p__queue_peek(q);
    size_t n = p2p__min(piece.len, cap - done);
    memcpy(to + done, piece.p, n);
    p2p__queue_drop(q, n);
    done += n;
  }
  return done;
}
