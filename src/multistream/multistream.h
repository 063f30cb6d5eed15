/* multistream-select 1.0 as a step: agrees on one protocol of a list.
 * Spec: multiformats/multistream-select; connections/README.md, "Protocol negotiation". */
#ifndef P2P_MULTISTREAM_MULTISTREAM_H
#define P2P_MULTISTREAM_MULTISTREAM_H

#include "base/env.h"
#include "base/step.h"

/* What is offered or accepted: n ids in order of preference, borrowed until the step is freed. */
typedef struct p2p__multistream_offer {
  const char *const *ids;
  size_t n;
  /* Responder: the id of a protocol by its bytes when the list is not enough (match functions,
   * many protocols): an index >= 0, or -1. NULL: search ids. */
  int (*match)(void *ctx, p2p_bytes id);
  void *ctx;
  /* Every line sent and received goes here, when not NULL: `in` true for received. */
  void (*trace)(void *ctx, bool in, p2p_bytes line);
  void *trace_ctx;
} p2p__multistream_offer;

/* Initiator: proposes. With optimistic, ids[0] is proposed at once and early() is true until the
 * answer: the next step (or the stream's data) may follow. If ids[0] is then refused the step fails
 * with P2P_ENOPROTO when n is 1 or when `committed` was told to it; else it goes on with ids[1]. */
P2P_MUST_USE int p2p__multistream_dial(p2p__env *env, const p2p__multistream_offer *offer,
                                       bool optimistic, p2p_time deadline, p2p__step **out);
/* Bytes of the next layer were sent behind the optimistic proposal: there is no way back. */
void p2p__multistream_committed(p2p__step *s);

/* Responder: answers "na" until a proposal matches. Answers `ls` with the list. */
P2P_MUST_USE int p2p__multistream_listen(p2p__env *env, const p2p__multistream_offer *offer,
                                         p2p_time deadline, p2p__step **out);

#endif
