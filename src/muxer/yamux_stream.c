/* The life of a yamux stream: found, opened, held back, ended.
 * Spec: yamux/README.md, "Opening a stream", "Closing a stream", "ACK backlog & backpressure". */
#include "muxer/yamux_internal.h"

p2p__yamux_stream *p2p__yamux_find(p2p__yamux *y, uint64_t sid) {
  if (P2P_LIKELY(y->hit && y->hit->sid == sid)) return y->hit;
  p2p__yamux_stream *s = p2p__u64map_find(&y->streams, sid);
  if (s) y->hit = s;
  return s;
}

/* "Both sides assume the initial 256KB window, but can immediately send a window update as part of
 * the SYN/ACK indicating a larger window." */
static void stream_init_window(p2p__yamux *y, p2p__yamux_stream *s) {
  const p2p__limits *limits = y->env->limits;
  uint64_t extra = limits->yamux_window - P2P__YAMUX_INITIAL;
  if (extra > limits->yamux_window_conn - p2p__time_min(y->grown, limits->yamux_window_conn)) {
    extra = 0;
  }
  s->recv_left = P2P__YAMUX_INITIAL;
  s->grant = (uint32_t)extra;
  s->window = s->recv_left + s->grant;
  y->grown += extra;
}

int p2p__yamux_stream_new(p2p__yamux *y, uint32_t sid, p2p__yamux_stream **out) {
  *out = NULL;
  p2p__yamux_stream *s = p2p__slab_take(y->slab);
  if (!s) return P2P_ENOMEM;
  int err = p2p__u64map_add(&y->streams, sid, s);
  if (err) {
    p2p__slab_give(y->slab, s);
    return err;
  }
  p2p__queue_init(&s->sendq, y->env->pool, y->budget);
  s->sid = sid;
  s->ours = p2p__yamux_is_ours(y, sid);
  s->credit = P2P__YAMUX_INITIAL;
  s->epoch = y->now;
  stream_init_window(y, s);
  if (s->ours) {
    p2p__list_add(&y->held, &s->order);
  } else {
    y->inbound++;
    p2p__yamux_stream_move(y, s, P2P__YAMUX_ACK_WAITS);
  }
  *out = s;
  return 0;
}

static bool stream_is_inflight(const p2p__yamux_stream *s) {
  return s->state == P2P__YAMUX_SYN_WAITS || s->state == P2P__YAMUX_SYN_SENT;
}

void p2p__yamux_stream_move(p2p__yamux *y, p2p__yamux_stream *s, p2p__yamux_state to) {
  bool was_inflight = stream_is_inflight(s);
  s->state = to;
  p2p__yamux_grants(y, s);
  y->inflight += (uint32_t)stream_is_inflight(s) - (uint32_t)was_inflight;
  switch (to) {
  case P2P__YAMUX_SYN_SENT:
    s->since = y->now;
    p2p__list_add(&y->unacked, &s->order);
    break;
  case P2P__YAMUX_OPEN:
    if (was_inflight) {
      p2p__list_del(&s->order);
      p2p__yamux_admit(y);
    }
    break;
  default: break;
  }
}

void p2p__yamux_admit(p2p__yamux *y) {
  while (y->inflight < y->env->limits->yamux_inflight && !y->goaway_got) {
    p2p__list *node = p2p__list_pop(&y->held);
    if (!node) return;
    p2p__yamux_stream *s = P2P_CONTAINER(node, p2p__yamux_stream, order);
    p2p__yamux_stream_move(y, s, P2P__YAMUX_SYN_WAITS);
    p2p__yamux_ring(y, s);
  }
}

/* Out of every place that may name it; only its memory is left. */
static void stream_detach(p2p__yamux *y, p2p__yamux_stream *s) {
  bool frees_place = stream_is_inflight(s);
  p2p__u64map_del(&y->streams, s->sid);
  if (y->hit == s) y->hit = NULL;
  if (y->rx.s == s) y->rx.s = NULL;
  p2p__list_del(&s->ring);
  p2p__list_del(&s->grants);
  p2p__list_del(&s->roomy);
  p2p__list_del(&s->order);
  p2p__queue_fini(&s->sendq);
  y->grown -= s->window - P2P__YAMUX_INITIAL;
  if (!s->ours) y->inbound--;
  if (frees_place) {
    y->inflight--;
    p2p__yamux_admit(y);
  }
}

void p2p__yamux_stream_free(p2p__yamux *y, p2p__yamux_stream *s) {
  stream_detach(y, s);
  p2p__slab_give(y->slab, s);
}

/* Both sides have finished. The owner still hears of its last bytes: room frees the stream then. */
static void stream_end(p2p__yamux *y, p2p__yamux_stream *s) {
  if (!s->freed) {
    p2p__yamux_stream_free(y, s);
    return;
  }
  stream_detach(y, s);
  s->ended = true;
  p2p__list_add(&y->roomy, &s->roomy);
}

void p2p__yamux_stream_lose(p2p__yamux *y, p2p__yamux_stream *s, int err) {
  stream_detach(y, s);
  s->err = err;
  p2p__list_add(&y->lost, &s->ring);
}

/* yamux has no STOP_SENDING. While we still write, a peer that pushes at a stopped stream is only
 * denied credit; a reset would tear down what we write. Once our FIN left, it is reset when it
 * pushes, or when it has not finished within the time an ACK would have had. */
static bool stream_linger(p2p__yamux *y, p2p__yamux_stream *s) {
  if (p2p__yamux_is_pushy(y, s)) {
    p2p__yamux_rst(y, s->sid, s->code);
    p2p__yamux_stream_lose(y, s, P2P_ELIMIT);
    return true;
  }
  /* Not acknowledged yet: y->unacked has an eye on it. */
  if (s->state == P2P__YAMUX_OPEN && !p2p__list_linked(&s->order)) {
    s->since = y->now;
    p2p__list_add(&y->lingering, &s->order);
  }
  return false;
}

bool p2p__yamux_stream_settle(p2p__yamux *y, p2p__yamux_stream *s) {
  if (!s->fin_sent) return false;
  if (s->fin_got) {
    stream_end(y, s);
    return true;
  }
  return s->stopped && stream_linger(y, s);
}

static bool stream_has_turn(const p2p__yamux_stream *s) {
  if (s->state == P2P__YAMUX_HELD) return false;
  if (s->sendq.len) return s->credit > 0;
  return s->finishing && !s->fin_sent;
}

void p2p__yamux_ring(p2p__yamux *y, p2p__yamux_stream *s) {
  if (!stream_has_turn(s)) {
    p2p__list_del(&s->ring);
  } else if (!p2p__list_linked(&s->ring)) {
    /* Who is urgent goes first with what comes up; who has more to say than a turn then waits for
     * the others, as everybody does. */
    bool urgent = s->priority == P2P_PRIORITY_URGENT;
    p2p__list_add(urgent ? y->ring.next : &y->ring, &s->ring);
  }
}

void p2p__yamux_grants(p2p__yamux *y, p2p__yamux_stream *s) {
  bool flag = s->state == P2P__YAMUX_SYN_WAITS || s->state == P2P__YAMUX_ACK_WAITS;
  bool credit = s->grant && !s->fin_got && s->state != P2P__YAMUX_HELD;
  if (!flag && !credit) {
    p2p__list_del(&s->grants);
  } else if (!p2p__list_linked(&s->grants)) {
    p2p__list_add(&y->grants, &s->grants);
  }
}
