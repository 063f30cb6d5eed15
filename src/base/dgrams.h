/* A bounded line of datagrams, each in an allocation of its own: those that wait to be sent, and those that
 * wait to be taken. The bound counts what they cost, so that empty ones cannot pile up either. */
#ifndef P2P_BASE_DGRAMS_H
#define P2P_BASE_DGRAMS_H

#include "base/list.h"
#include "base/queue.h"

typedef struct p2p__dgram {
  p2p__list node;
  size_t len;
  uint8_t data[];
} p2p__dgram;

typedef struct p2p__dgrams {
  p2p__list list; /* oldest first */
  p2p__mem *mem;
  p2p__budget *budget; /* may be NULL */
  size_t cost, max;    /* bytes */
  uint64_t dropped;    /* for want of room */
  p2p__tag tag;
} p2p__dgrams;

void p2p__dgrams_init(p2p__dgrams *d, p2p__mem *mem, p2p__tag tag, p2p__budget *budget, size_t max);
void p2p__dgrams_fini(p2p__dgrams *d);
static inline bool p2p__dgrams_empty(const p2p__dgrams *d) { return p2p__list_empty(&d->list); }
/* What a datagram of so many bytes costs. */
static inline size_t p2p__dgram_cost(size_t len) { return sizeof(p2p__dgram) + len; }
/* Copies it to the end. P2P_EAGAIN: no room; P2P_ENOMEM. */
P2P_MUST_USE int p2p__dgrams_put(p2p__dgrams *d, p2p_bytes datagram);
/* The same; the oldest give way. What finds no room all the same is dropped and counted. */
void p2p__dgrams_push(p2p__dgrams *d, p2p_bytes datagram);
p2p__dgram *p2p__dgrams_first(const p2p__dgrams *d); /* NULL: none */
/* Takes the oldest out: the caller's, and charged to nobody. NULL: none. */
p2p__dgram *p2p__dgrams_take(p2p__dgrams *d);
void p2p__dgram_free(p2p__mem *mem, p2p__tag tag,
                     p2p__dgram *g); /* what was taken; NULL accepted */

#endif
