/* Receive windows: credit given back, windows that follow the bandwidth-delay product, and what
 * becomes of bytes that nobody reads. Spec: yamux/README.md, "Flow Control".
 *
 * Growth. Credit returns when half a window was consumed. When those bytes arrived and were
 * consumed faster than half a window per round trip, the window doubles. A flow limited by its
 * window W moves W per round trip R, so its half takes R/2: it doubles. A flow at full rate C
 * takes W/2C, which stays below R while W < 2·C·R: the last doubling starts below 2 × BDP and ends
 * below 4 × BDP. A larger factor k would end below 4k × BDP.
 * Bytes that were waiting before the epoch began do not count, else a reader that sleeps and then
 * drains its buffer would look like a fast network. */
#include "muxer/yamux_internal.h"
#include <assert.h>

/* Credit returns when so much of a window was consumed. A little less than half: the chunks of a
 * burst overshoot the first half, and a whole window in one burst must count as two. */
enum { HALF = 7, HALF_OF = 16 };

static uint32_t stream_unread(const p2p__yamux_stream *s) {
  return s->window - s->recv_left - s->owed - s->grant;
}

/* bytes in elapsed > half a window in one round trip */
static bool stream_is_fast(const p2p__yamux *y, const p2p__yamux_stream *s) {
  p2p_time elapsed = y->now - s->epoch, rtt = p2p__time_min(y->ping.rtt, 100 * P2P_SECOND);
  if (elapsed == 0 || elapsed >= 2 * rtt) return false;
  uint64_t bytes = p2p__min(s->owed, (uint32_t)(s->received - s->mark));
  return elapsed * (s->window >> 10) < 2 * rtt * (bytes >> 10);
}

static void stream_grow(p2p__yamux *y, p2p__yamux_stream *s) {
  const p2p__limits *limits = y->env->limits;
  if (s->window >= limits->yamux_window_max || y->grown >= limits->yamux_window_conn) return;
  p2p__yamux_rtt_refresh(y);
  if (p2p__yamux_rtt_is_stale(y) || !stream_is_fast(y, s)) return;
  uint64_t extra = p2p__time_min(s->window, limits->yamux_window_max - s->window);
  extra = p2p__time_min(extra, limits->yamux_window_conn - y->grown);
  s->window += (uint32_t)extra;
  s->grant += (uint32_t)extra;
  y->grown += extra;
}

static void stream_return(p2p__yamux *y, p2p__yamux_stream *s, uint32_t n) {
  s->owed += n;
  if (s->owed < s->window / HALF_OF * HALF) return;
  if (!s->stopped) stream_grow(y, s);
  s->grant += s->owed;
  s->owed = 0;
  s->mark = s->received;
  s->epoch = y->now;
  p2p__yamux_grants(y, s);
}

void p2p__yamux_consumed(p2p__mux *m, uint64_t sid, size_t n, p2p_time now) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__yamux_stream *s = p2p__yamux_find(y, sid);
  if (!s || s->stopped || s->fin_got) return;
  assert(n <= stream_unread(s));
  p2p__yamux_plan_drop(y);
  y->now = now;
  stream_return(y, s, (uint32_t)n);
}

/* One initial window is dropped with its credit returned, so that a peer about to finish gets to
 * say so; beyond it the peer gets no more. */
bool p2p__yamux_is_pushy(const p2p__yamux *y, const p2p__yamux_stream *s) {
  return s->discarded > y->env->limits->yamux_window;
}

void p2p__yamux_discarded(p2p__yamux *y, p2p__yamux_stream *s, uint32_t n) {
  s->discarded += n;
  if (p2p__yamux_is_pushy(y, s)) {
    p2p__yamux_stream_settle(y, s);
  } else if (!s->fin_got) {
    stream_return(y, s, n);
  }
}

void p2p__yamux_stop(p2p__mux *m, uint64_t sid, uint32_t code) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__yamux_stream *s = p2p__yamux_find(y, sid);
  if (!s || s->stopped || s->fin_got) return;
  p2p__yamux_plan_drop(y);
  s->stopped = true;
  s->code = code;
  /* A body that is still arriving is dropped, and counted, as it comes. */
  uint32_t coming = y->rx.s == s ? y->rx.left : 0;
  stream_return(y, s, stream_unread(s) - coming);
  p2p__yamux_stream_settle(y, s);
}
