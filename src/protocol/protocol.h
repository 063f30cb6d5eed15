/* What behaviours share: a short queue of actions between a fact and the calls of next that follow
 * it. Behaviours with more to do than fits make it on demand, when next finds the queue empty. */
#ifndef P2P_PROTOCOL_PROTOCOL_H
#define P2P_PROTOCOL_PROTOCOL_H

#include "swarm/behaviour.h"
#include <assert.h>

enum { P2P__ACTS = 4 };

typedef struct p2p__acts {
  p2p__act v[P2P__ACTS];
  size_t n;
} p2p__acts;

static inline void p2p__acts_push(p2p__acts *q, p2p__act a) {
  assert(q->n < P2P__ACTS);
  q->v[q->n++] = a;
}

static inline bool p2p__acts_pop(p2p__acts *q, p2p__act *a) {
  if (q->n == 0) return false;
  *a = q->v[0];
  q->n--;
  for (size_t i = 0; i < q->n; i++) q->v[i] = q->v[i + 1];
  return true;
}

#endif
