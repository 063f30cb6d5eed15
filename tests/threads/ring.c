/* The ring's two ends. A wake-up is an exchange on a flag: whoever changes something exchanges after
 * it, whoever looks exchanges before it, so that one of both sees the other. */
#include "threads/ring.h"

#include <stdlib.h>

typedef struct spill {
  p2p__list node;
  ring_value value;
} spill;

int ring_init(ring *r, size_t n_slots, p2p__mem *mem, p2p__mem *spill_mem, ring_bell consumer,
              ring_bell producer) {
  r->slots = p2p__alloc(mem, P2P__MEM_LINK, n_slots * sizeof *r->slots);
  if (!r->slots) return P2P_ENOMEM;
  r->n_slots = n_slots;
  r->mem = mem;
  r->spill_mem = spill_mem;
  r->consumer = consumer;
  r->producer = producer;
  r->spills = 0;
  atomic_init(&r->head, 0);
  atomic_init(&r->tail, 0);
  atomic_init(&r->rung, false);
  atomic_init(&r->starved, false);
  p2p__list_init(&r->spilled);
  return 0;
}

void ring_drop(ring_value *v, p2p__pool *pool) {
  v->cargo.pool = pool;
  v->cargo.budget = NULL;
  p2p__queue_fini(&v->cargo);
}

static void spill_free(ring *r, spill *s) {
  p2p__release(r->spill_mem, P2P__MEM_LINK, s, sizeof *s);
}

void ring_fini(ring *r, p2p__pool *pool) {
  if (!r->slots) return;
  ring_value v;
  while (ring_pop(r, &v)) ring_drop(&v, pool);
  for (p2p__list *n; (n = p2p__list_pop(&r->spilled)) != NULL;) {
    spill *s = P2P_CONTAINER(n, spill, node);
    ring_drop(&s->value, pool);
    spill_free(r, s);
  }
  p2p__release(r->mem, P2P__MEM_LINK, r->slots, r->n_slots * sizeof *r->slots);
  r->slots = NULL;
}

/* ---- producer ---- */
static bool try_push(ring *r, const ring_value *v) {
  size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
  size_t head = atomic_load_explicit(&r->head, memory_order_acquire);
  if (tail - head == r->n_slots) return false;
  r->slots[tail & (r->n_slots - 1)] = *v;
  atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
  return true;
}

static void ring_bell_consumer(ring *r) {
  if (!atomic_exchange(&r->rung, true)) r->consumer.wake(r->consumer.ctx);
}

/* True: nothing waits any more. */
static bool spill_push(ring *r) {
  while (!p2p__list_empty(&r->spilled)) {
    spill *s = P2P_CONTAINER(r->spilled.next, spill, node);
    if (!try_push(r, &s->value)) return false;
    p2p__list_del(&s->node);
    spill_free(r, s);
  }
  return true;
}

void ring_flush(ring *r) {
  if (p2p__list_empty(&r->spilled)) return;
  if (!spill_push(r)) {
    atomic_store(&r->starved, true);
    (void)spill_push(r); /* room that came before the consumer could see that we want it */
  }
  ring_bell_consumer(r);
}

void ring_push(ring *r, const ring_value *v) {
  if (p2p__list_empty(&r->spilled) && try_push(r, v)) {
    ring_bell_consumer(r);
    return;
  }
  spill *s = p2p__alloc(r->spill_mem, P2P__MEM_LINK, sizeof *s);
  if (!s) abort(); /* a test whose memory is out has nothing to say about threads */
  s->value = *v;
  r->spills++;
  p2p__list_add(&r->spilled, &s->node);
  ring_flush(r);
}

/* ---- consumer ---- */
void ring_begin(ring *r) { (void)atomic_exchange(&r->rung, false); }

bool ring_pop(ring *r, ring_value *out) {
  size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
  if (head == atomic_load_explicit(&r->tail, memory_order_acquire)) return false;
  *out = r->slots[head & (r->n_slots - 1)];
  atomic_store_explicit(&r->head, head + 1, memory_order_release);
  return true;
}

bool ring_end(ring *r) {
  if (atomic_exchange(&r->starved, false)) r->producer.wake(r->producer.ctx);
  return atomic_load_explicit(&r->head, memory_order_relaxed) !=
         atomic_load_explicit(&r->tail, memory_order_acquire);
}
