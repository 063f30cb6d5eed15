/* What is true of a yamux session between any two calls. Shared by the model test and the fuzzer. */
#ifndef P2P_TESTS_UNIT_MUXER_YAMUX_CHECK_H
#define P2P_TESTS_UNIT_MUXER_YAMUX_CHECK_H

#include "muxer/yamux_internal.h"

/* NULL, or what is wrong with one stream. */
static inline const char *yamux_check_stream(const p2p__yamux_stream *t) {
  uint64_t known = (uint64_t)t->recv_left + t->owed + t->grant;
  if (known > t->window) return "a window is over-granted";
  bool turn = t->state != P2P__YAMUX_HELD &&
              (t->sendq.len ? t->credit > 0 : t->finishing && !t->fin_sent);
  /* bytes appended and not announced by ready may be missing from the ring */
  if (p2p__list_linked(&t->ring) && !turn) return "a stream with nothing to send has a turn";
  bool flag = t->state == P2P__YAMUX_SYN_WAITS || t->state == P2P__YAMUX_ACK_WAITS;
  bool credit = t->grant && !t->fin_got && t->state != P2P__YAMUX_HELD;
  if ((flag || credit) != p2p__list_linked(&t->grants)) return "the list of grants is wrong";
  if (t->fin_sent && (t->fin_got || t->sendq.len)) return "a finished stream is still there";
  if (t->state == P2P__YAMUX_SYN_SENT && !p2p__list_linked(&t->order)) return "no ACK is awaited";
  return NULL;
}

/* NULL, or what is wrong with the session. */
static inline const char *yamux_check(const p2p__mux *m) {
  const p2p__yamux *y = p2p__yamux_of_const(m);
  uint64_t grown = 0;
  uint32_t inbound = 0, inflight = 0;
  const p2p__yamux_stream *t;
  for (size_t i = 0; (t = p2p__u64map_next(&y->streams, &i));) {
    const char *wrong = yamux_check_stream(t);
    if (wrong) return wrong;
    grown += t->window - P2P__YAMUX_INITIAL;
    inbound += !t->ours;
    inflight += t->state == P2P__YAMUX_SYN_WAITS || t->state == P2P__YAMUX_SYN_SENT;
  }
  if (grown != y->grown || grown > y->env->limits->yamux_window_conn) return "grown is wrong";
  if (inbound != y->inbound) return "inbound is wrong";
  if (inbound > y->env->limits->streams_per_conn) return "more streams than allowed";
  if (inflight != y->inflight) return "inflight is wrong";
  if (inflight > y->env->limits->yamux_inflight) return "more in flight than allowed";
  if (!y->streams.n && y->hit) return "a stream that is gone is remembered";
  return NULL;
}

#endif
