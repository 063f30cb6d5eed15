/* Bytes in blocks that never move.
 *
 * A block is 1, 4 or 16 KiB, header included, with an atomic reference count. A queue is a FIFO of
 * pieces of blocks. The same type is a stream's send queue (over TCP a byte leaves when sealed,
 * over QUIC when acknowledged) and its receive queue; share() puts one block into many queues
 * (gossip, relay, the zeros of perf) without copying. Blocks may change their loop together with
 * the queue they are in; a pool belongs to one loop.
 *
 * Every queue charges its budget, before it allocates, with the whole size of each block it pins:
 * that is what a slow reader costs. Small writes are gathered in the last block while nobody shares
 * it, and new blocks grow with what already waits.
 *
 * Between loops bytes travel as cargo: a queue with neither pool nor budget, copied by value. One
 * loop moves its queue into it (p2p__queue_move gives the charge back), the other moves it into a
 * queue of its own, which charges that one's budget and will free into that one's pool. Who wants
 * the sender to go on paying while the bytes travel keeps p2p__queue_charged bytes charged. */
#ifndef P2P_BASE_QUEUE_H
#define P2P_BASE_QUEUE_H

#include "base/bytes.h"
#include "base/mem.h"
#include <stdatomic.h>

/* ---- budget: bytes that may be owned, in a chain connection -> peer -> host ---- */
typedef struct p2p__budget {
  struct p2p__budget *parent; /* NULL: the top */
  size_t used, max;
} p2p__budget;

/* Charges n bytes to b and all above it, or to none: false when one of them would pass its max.
 * b may be NULL: nothing is counted. */
P2P_MUST_USE bool p2p__budget_charge(p2p__budget *b, size_t n);
void p2p__budget_refund(p2p__budget *b, size_t n);
/* b is below `parent` from now on, with all it has used: without question, since it was allowed. */
void p2p__budget_adopt(p2p__budget *b, p2p__budget *parent);
/* Moves a charge; false, nothing moved, when `to` or one above it has no room for it. What both
 * have above them is not charged twice meanwhile. */
P2P_MUST_USE bool p2p__budget_move(p2p__budget *from, p2p__budget *to, size_t n);

/* ---- blocks ---- */
typedef struct p2p__block p2p__block;

/* A piece of a block, in one queue. */
typedef struct p2p__seg {
  struct p2p__seg *next;
  p2p__block *block;
  uint32_t off, len; /* bytes of block->data */
} p2p__seg;

struct p2p__block {
  atomic_uint refs;
  uint16_t klass; /* size class */
  uint16_t cap;   /* bytes of data */
  p2p__block *next_free;
  p2p__seg seg; /* of the queue that made the block: appending allocates nothing else */
  _Alignas(max_align_t) uint8_t data[];
};

/* Header and data fill the class exactly: allocators waste nothing, and four of the largest with
 * their yamux headers fit one Noise record (4 * (16,336 + 12) <= 65,519). */
enum { P2P__BLOCK_CLASSES = 3, P2P__BLOCK_MAX = 16384 - sizeof(p2p__block) };

/* A loop's blocks and pieces: free lists, bounded. */
typedef struct p2p__pool {
  p2p__mem *mem;
  p2p__block *free[P2P__BLOCK_CLASSES];
  unsigned n_free[P2P__BLOCK_CLASSES];
  p2p__seg *segs;
  unsigned n_segs;
} p2p__pool;

void p2p__pool_init(p2p__pool *pool, p2p__mem *mem);
void p2p__pool_fini(p2p__pool *pool);                 /* frees the free lists */
void p2p__pool_trim(p2p__pool *pool);                 /* gives idle blocks back to the allocator */
P2P_MUST_USE p2p__seg *p2p__seg_new(p2p__pool *pool); /* not initialised, or NULL; for queue.c */
void p2p__seg_free(p2p__pool *pool, p2p__seg *s);

/* A block with at least hint bytes when hint fits a class, else the largest class; one reference,
 * the caller's. NULL: out of memory. */
P2P_MUST_USE p2p__block *p2p__block_new(p2p__pool *pool, size_t hint);
/* The size of the block that block_new(hint) makes, header included: what a queue is charged. */
size_t p2p__block_size_for(size_t hint);
size_t p2p__block_size(const p2p__block *b);
void p2p__block_ref(p2p__block *b);
void p2p__block_unref(p2p__pool *pool, p2p__block *b); /* the last one frees; b may be NULL */

/* ---- queues ---- */
typedef struct p2p__queue {
  p2p__seg *head, *tail;
  size_t len; /* bytes */
  p2p__pool *pool;
  p2p__budget *budget; /* may be NULL: charged elsewhere */
} p2p__queue;

void p2p__queue_init(p2p__queue *q, p2p__pool *pool, p2p__budget *budget);
void p2p__queue_fini(p2p__queue *q); /* drops all; q is usable again */

/* Room at the end for at least one and at most about hint bytes; len 0: budget or memory is out.
 * A new block is sized by hint, and smaller when the budget has no more. Bytes count when
 * committed; commit comes before anything else is done to q, with 0 to take the reserve back. */
P2P_MUST_USE p2p__span p2p__queue_reserve(p2p__queue *q, size_t hint);
void p2p__queue_commit(p2p__queue *q, size_t n);
/* Copies b to the end; returns how many bytes fitted. */
size_t p2p__queue_put(p2p__queue *q, p2p_bytes b);
/* Appends bytes [off, off + len) of a block without copying; takes a reference of its own. From
 * then on nobody writes to the block. P2P_ELIMIT, P2P_ENOMEM. */
P2P_MUST_USE int p2p__queue_share(p2p__queue *q, p2p__block *b, size_t off, size_t len);
/* Moves everything of `from` behind the end of q, budgets included (charged to q's). P2P_ELIMIT
 * leaves both as they were. Nothing is copied or allocated. */
P2P_MUST_USE int p2p__queue_move(p2p__queue *q, p2p__queue *from);
/* What the blocks of q cost its budget. */
size_t p2p__queue_charged(const p2p__queue *q);
/* Writes up to n pieces that cover bytes [from, from + max) into v; returns their number. They
 * live until dropped. */
size_t p2p__queue_view(const p2p__queue *q, size_t from, size_t max, p2p_bytes *v, size_t n);
/* The first piece; empty when the queue is. */
p2p_bytes p2p__queue_peek(const p2p__queue *q);
/* Removes n <= len bytes from the front. */
void p2p__queue_drop(p2p__queue *q, size_t n);
/* Copies up to cap bytes out and drops them. */
size_t p2p__queue_get(p2p__queue *q, void *out, size_t cap);

#endif
