/* PERF, /perf/1.0.0: uploads zeros, then downloads as many as asked for. Spec: perf/perf.md.
 *
 * Client: 8 bytes big-endian, how much to send back; the upload; the end. Server: counts until the
 * end, then sends. Both send one shared block of zeros over and over, so no byte is copied before it
 * is encrypted, and keep their queue short by what they are told has left.
 *
 * It lets anybody make us send without end: served only when asked for. */
#ifndef P2P_PROTOCOL_PERF_PERF_H
#define P2P_PROTOCOL_PERF_PERF_H

#include "base/env.h"
#include "swarm/behaviour.h"

enum p2p__perf_call {
  P2P__PERF_START = 1 /* peer, tag: from prepare; P2P_EV_PERF each second, one with done last */
};

/* serve: answer others, too. env: borrowed until the behaviour is freed. P2P_ENOMEM. */
P2P_MUST_USE int p2p__perf_new(p2p__env *env, bool serve, p2p__behaviour **out);
/* Room for one measurement; start it with P2P__PERF_START and this tag, which is p2p_event.perf.id
 * then. P2P_ENOMEM. */
P2P_MUST_USE int p2p__perf_prepare(p2p__behaviour *b, uint64_t upload, uint64_t download,
                                   uint64_t *tag);

#endif
