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
  /* Every line sent and received goes here, when not NULL: `in` true for received. The answer to
   * `ls` is traced as "ls". */
  void (*trace)(void *ctx, bool in, p2p_bytes line);
  void *trace_ctx;
} p2p__multistream_offer;

/* Initiator: proposes. Header and first proposal leave in one send.
 *
 * optimistic: behind the first proposal early() is true until it is answered: the next step (or
 *         the stream's data) may follow at once. A responder that says "na" goes on to read those
 *         bytes as lines, so of one choice only one can be outstanding: whoever sends them says so
 *         with committed(), and a refusal then ends the step with P2P_ENOPROTO. Without it the
 *         step goes on with ids[1], no longer early. It is done when the echo has arrived.
 * deadline: recv fails with P2P_ETIMEOUT from then on.
 * Returns 0; P2P_ENOMEM; P2P_EINVAL (no id, or one that is empty, reserved, or no line).
 *
 * The step fails with P2P_ENOPROTO (all refused), P2P_EPROTO (not multistream, or another answer
 * than asked for), P2P_ELIMIT (a line is longer than multistream_line), P2P_ETIMEOUT. */
P2P_MUST_USE int p2p__multistream_dial(p2p__env *env, const p2p__multistream_offer *offer,
                                       bool optimistic, p2p_time deadline, p2p__step **out);
/* Bytes of the next layer were sent behind the optimistic proposal: there is no way back. */
void p2p__multistream_committed(p2p__step *s);

/* Responder: answers "na" until a proposal matches, and `ls` with the list (one at a time). Says
 * nothing before the initiator's header, so that header and acceptance leave in one send, which
 * is due after recv returned 1. Fails with P2P_EPROTO, P2P_ELIMIT (line too long, more than
 * multistream_lines of them, `ls` before the last list was sent), P2P_ENOMEM, P2P_ETIMEOUT; what
 * was answered before the failure may still be sent. */
P2P_MUST_USE int p2p__multistream_listen(p2p__env *env, const p2p__multistream_offer *offer,
                                         p2p_time deadline, p2p__step **out);

#endif
