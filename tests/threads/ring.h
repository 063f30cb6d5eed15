/* RING: values of the link port from one thread to one other. A bounded ring of slots, lock-free:
 * head belongs to the consumer, tail to the producer.
 *
 * Nobody waits for the other. A producer that finds the ring full keeps the value in a list of its
 * own and is woken when there is room; the order stays. That list is as long as what the link port
 * itself allows to be under way: bytes not yet answered by ROOM or CONSUMED, and the streams they
 * belong to. */
#ifndef TESTS_THREADS_RING_H
#define TESTS_THREADS_RING_H

#include "base/list.h"
#include "transport/transport.h"
#include <stdatomic.h>

typedef enum ring_kind {
  RING_UP = 1,   /* a value of the link */
  RING_DOWN,     /* a value for the link */
  RING_DIAL,     /* spec, cargo: address */
  RING_ARRIVED,  /* listener, cargo: address of the remote */
  RING_LEASE,    /* n: so much of what WRITE lent is free again; stats */
  RING_TAKEN,    /* n: so much of what DATA was charged is charged here now */
  RING_FREE,     /* the link shall go without a word */
  RING_UNLISTEN, /* listener */
  RING_CLOSED    /* listener, up.err: it ended by itself */
} ring_kind;

/* What an up value points to on one thread. */
typedef union ring_told {
  p2p__up_secured secured; /* the public key is cargo */
  p2p__up_up up;
  p2p__up_down down;
} ring_told;

typedef struct ring_value {
  ring_kind kind;
  uint64_t port, listener; /* names, the same on both threads: pointers do not cross */
  size_t n;
  p2p__queue cargo; /* see base/queue.h */
  p2p__link_stats stats;
  p2p__link_spec spec; /* of DIAL: values only */
  p2p__up up;
  p2p__down down;
  ring_told told;
} ring_value;

/* Whom to wake, from any thread. */
typedef struct ring_bell {
  void (*wake)(void *ctx);
  void *ctx;
} ring_bell;

typedef struct ring {
  ring_value *slots;
  size_t n_slots; /* a power of two */
  p2p__mem *mem;  /* of the slots */
  ring_bell consumer, producer;
  atomic_size_t head;  /* consumed so far */
  atomic_size_t tail;  /* produced so far */
  atomic_bool rung;    /* the consumer has been woken and did not come yet */
  atomic_bool starved; /* the producer waits for room */
  p2p__list spilled;   /* the producer's: in order, behind what is in the slots */
  p2p__mem *spill_mem;
  size_t spills; /* values that had to wait, ever */
} ring;

/* mem: of the thread that makes and frees the ring; spill_mem: of the producer. P2P_ENOMEM. */
P2P_MUST_USE int ring_init(ring *r, size_t n_slots, p2p__mem *mem, p2p__mem *spill_mem,
                           ring_bell consumer, ring_bell producer);
/* Both threads have let go of it. Cargo left behind goes to pool. */
void ring_fini(ring *r, p2p__pool *pool);

/* Producer: takes the value with its cargo; wakes the consumer. */
void ring_push(ring *r, const ring_value *v);
void ring_flush(ring *r); /* what had to wait, as far as there is room */

/* Consumer: ring_begin, pops, ring_end. True: values are left, come again. */
void ring_begin(ring *r);
bool ring_pop(ring *r, ring_value *out);
bool ring_end(ring *r);

/* Drops the cargo into pool; nothing when it was taken. */
void ring_drop(ring_value *v, p2p__pool *pool);

#endif
