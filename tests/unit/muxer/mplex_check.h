/* What is true of an mplex session between any two calls. Shared by the model test and the fuzzer. */
#ifndef P2P_TESTS_UNIT_MUXER_MPLEX_CHECK_H
#define P2P_TESTS_UNIT_MUXER_MPLEX_CHECK_H

#include "muxer/mplex_internal.h"

/* NULL, or what is wrong with one stream. */
static inline const char *mplex_check_stream(const p2p__mplex *x, const p2p__mplex_stream *t) {
  if (t->unread > x->env->limits->mplex_recv_queue) return "a reader's queue is too long";
  bool turn = t->opening || t->sendq.len || (t->finishing && !t->fin_sent);
  /* bytes appended and not announced by ready may be missing from the ring */
  if (p2p__list_linked(&t->ring) && !turn) return "a stream with nothing to send has a turn";
  if (t->opening && !p2p__list_linked(&t->ring)) return "a stream that opens has no turn";
  if (t->fin_sent && (t->fin_got || t->sendq.len)) return "a finished stream is still there";
  if (t->stopped && t->fin_sent && !p2p__list_linked(&t->order)) return "nobody waits for its end";
  if (t->ended) return "an ended stream is found";
  return NULL;
}

/* NULL, or what is wrong with the session. */
static inline const char *mplex_check(const p2p__mux *m) {
  const p2p__mplex *x = p2p__mplex_of_const(m);
  uint32_t inbound = 0;
  const p2p__mplex_stream *t;
  for (size_t i = 0; (t = p2p__u64map_next(&x->streams, &i));) {
    const char *wrong = mplex_check_stream(x, t);
    if (wrong) return wrong;
    inbound += !p2p__mplex_is_ours(t->sid);
  }
  if (inbound != x->inbound) return "inbound is wrong";
  if (inbound > x->env->limits->streams_per_conn) return "more streams than allowed";
  if (x->ctl.len % 8) return "a reset in parts";
  if (!x->streams.n && x->hit) return "a stream that is gone is remembered";
  return NULL;
}

#endif
