/* Two steps on an in-memory pipe, and a loop's environment whose randomness is a counter. */
#ifndef P2P_TESTS_STEP_PAIR_H
#define P2P_TESTS_STEP_PAIR_H

#include "base/env.h"
#include "base/step.h"

/* ---- an environment of its own for each test ---- */
typedef struct step_world {
  p2p__mem mem;
  p2p__pool pool;
  p2p__limits limits;
  p2p__env env;     /* crypto NULL: whoever needs it sets it */
  uint8_t random;   /* next byte "drawn" */
  uint64_t draws;   /* calls of random */
  uint64_t fail_at; /* this draw fails; 0: none */
} step_world;

void step_world_init(step_world *w);
/* Asserts that all memory came back. */
void step_world_fini(step_world *w);

/* ---- two steps ---- */
enum { STEP_WIRE = 1 << 17 };

typedef struct step_wire {
  uint8_t bytes[STEP_WIRE];
  size_t len;   /* bytes sent */
  size_t shown; /* bytes the receiver has seen */
  size_t eaten; /* bytes it took */
  size_t cut;   /* the receiver is shown exactly so many once, before it sees more */
} step_wire;

typedef struct step_pair {
  p2p__step *side[2];
  step_wire wire[2]; /* wire[i]: what side i sends */
  int result[2];     /* last of recv */
  size_t chunk;      /* so many more bytes are shown at a time; 0: all there are */
  p2p_time now;
} step_pair;

/* Takes both steps. Heap: it is large. */
step_pair *step_pair_new(p2p__step *initiator, p2p__step *responder);
void step_pair_free(step_pair *p);
/* Lets side i send. */
void step_pair_send(step_pair *p, int i);
/* Shows side i what the other one's wire has for it. True when there was anything new. */
bool step_pair_recv(step_pair *p, int i);
/* Both, until nothing moves any more. */
void step_pair_run(step_pair *p);

/* What step s sends next, at most cap bytes; returns their number. */
size_t step_said(p2p__step *s, uint8_t *out, size_t cap);

#endif
