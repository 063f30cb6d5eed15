/* A stage for one behaviour: facts are given to it, the actions it takes are written down. */
#ifndef TESTS_UNIT_PROTOCOL_STAGE_H
#define TESTS_UNIT_PROTOCOL_STAGE_H

#include "base/env.h"
#include "swarm/behaviour.h"

enum { STAGE_ACTS = 256, STAGE_BYTES = 65536 };

typedef struct stage {
  p2p__mem mem;
  p2p__pool pool;
  p2p__limits limits;
  p2p__env env;
  p2p__behaviour *b;
  p2p_time now;
  uint64_t random; /* state */
  int random_err;
  int open_err;              /* every OPEN and ASK fails at once with it, when not 0 */
  bool full;                 /* every SEND with room finds none … */
  bool inbound;              /* … on an inbound stream */
  p2p__act acts[STAGE_ACTS]; /* since the last give; their bytes are copies */
  size_t n;
  uint8_t bytes[STAGE_BYTES];
  size_t n_bytes;
} stage;

void stage_init(stage *s);
void stage_fini(stage *s); /* frees the behaviour; everything must have come back */

/* Gives a fact at s->now and takes all actions; then the deadline must not have passed. */
void stage_give(stage *s, p2p__fact f);
/* Lets time pass to the behaviour's deadline and gives TICK; fails when there is none. */
void stage_tick(stage *s);

/* The only action since the last give, of this kind. */
const p2p__act *stage_only(const stage *s, p2p__act_kind kind);
/* How many actions of a kind there were. */
size_t stage_count(const stage *s, p2p__act_kind kind);
/* The i-th action, which must be of this kind. */
const p2p__act *stage_act(const stage *s, size_t i, p2p__act_kind kind);

#endif
