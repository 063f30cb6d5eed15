/* Receive windows: credit returns when the reader has consumed, and windows follow the bandwidth-delay
 * product, within a budget of the host. Spec: RFC 9000, section 4.
 *
 * Growth. When half a window was consumed within one round trip, the flow is held back by its window: it
 * doubles. A flow limited by its window W moves W each round trip R, so half of it takes R/2; a flow at
 * full rate C takes W/2C, which is below R while W < 2·C·R: the last doubling ends below 4 × BDP. R is the
 * shortest seen: what waits in buffers on the way, ours among them, must not feed itself. It counts as a
 * millisecond at least, the time for which a process may have to wait for its core: with less under way than
 * arrives meanwhile, both sides stop whenever one does. ngtcp2's own tuning knows no budget, and is off. */
#include "quic/internal.h"

static p2p_time round_trip(const p2p__quic *q) {
  ngtcp2_conn_info info;
  ngtcp2_conn_get_conn_info(q->conn, &info);
  return info.min_rtt < P2P_MS ? P2P_MS : info.min_rtt;
}

/* True when half of w was consumed fast; a new epoch begins with every half. */
static bool is_held_back(const p2p__quic *q, quic_window *w, uint64_t n) {
  w->consumed += n;
  if (w->consumed < w->size / 2) return false;
  p2p_time elapsed = q->now - w->epoch;
  w->consumed = 0;
  w->epoch = q->now;
  return elapsed < round_trip(q);
}

static uint64_t growth(const quic_window *w, uint64_t max) {
  if (w->size >= max) return 0;
  return w->size < max - w->size ? w->size : max - w->size;
}

void p2p__quic_window_begin(const p2p__quic *q, quic_window *w, uint64_t size) {
  *w = (quic_window){ .size = size, .epoch = q->now };
}

/* What a connection's window has grown by is what its peer can have us keep: the host pays. */
void p2p__quic_credit(p2p__quic *q, uint64_t n) {
  uint64_t extra = 0;
  if (is_held_back(q, &q->window, n))
    extra = growth(&q->window, quic_env(q)->limits->quic_window_conn);
  if (extra && p2p__budget_charge(&q->shared->windows, (size_t)extra)) {
    q->window.size += extra;
    q->grown += extra;
    n += extra;
  }
  ngtcp2_conn_extend_max_offset(q->conn, n);
}

void p2p__quic_windows_end(p2p__quic *q) {
  p2p__budget_refund(&q->shared->windows, (size_t)q->grown);
  q->grown = 0;
}

/* A stream's window costs nothing beyond the connection's, which it lies in. */
int p2p__quic_stream_credit(p2p__quic *q, quic_stream *s, uint64_t n) {
  uint64_t extra = 0;
  if (is_held_back(q, &s->window, n))
    extra = growth(&s->window, quic_env(q)->limits->quic_window_max);
  s->window.size += extra;
  q->window_top = p2p__max(q->window_top, s->window.size);
  return ngtcp2_conn_extend_max_stream_offset(q->conn, (int64_t)s->sid, n + extra);
}
