/* Two sessions of one muxer against each other over a wire that splits where a seed says, against a
 * model: every byte in order exactly once, every end exactly once, nothing left behind. */
#ifndef P2P_TESTS_UNIT_MUXER_PAIR_H
#define P2P_TESTS_UNIT_MUXER_PAIR_H

#include "side.h"

typedef struct pair_muxer {
  void (*configure)(p2p__limits *limits, uint64_t seed);
  void (*start)(side *s, bool client);
  uint64_t (*sid_there)(uint64_t sid);     /* what the other side calls a stream that one opens */
  const char *(*check)(const p2p__mux *m); /* NULL, or what is wrong with a session */
  /* Called for each stream when nothing is on the wire; may be NULL. */
  void (*check_quiet)(p2p__mux *a, uint64_t sid_a, p2p__mux *b, uint64_t sid_b);
} pair_muxer;

void pair_run(const pair_muxer *kind, uint64_t seed);

#endif
