/* Bytes in, events out. Spec: mplex/README.md, "Protocol".
 *
 * What the wire gets wrong about the session ends the session; what one stream does wrong (data behind
 * its Close, more than its reader's queue holds) ends that stream. Frames of streams that are gone are
 * skipped: the peer sent them before it knew. */
#include "muxer/mplex_internal.h"

static int event(p2p__mux_event *ev, p2p__mux_kind kind, uint64_t sid, int err) {
  *ev = (p2p__mux_event){ .kind = kind, .sid = sid, .err = err };
  return 1;
}

/* Streams given up by our side. */
static int event_of_lost(p2p__mplex *x, p2p__mux_event *ev) {
  p2p__list *node = p2p__list_pop(&x->lost);
  if (!node) return 0;
  p2p__mplex_stream *s = P2P_CONTAINER(node, p2p__mplex_stream, ring);
  event(ev, P2P__MUX_RESET, s->sid, s->err);
  p2p__slab_give(x->slab, s);
  return 1;
}

/* Resets a stream of which the peer does what it must not. */
static int give_up(p2p__mplex *x, p2p__mplex_stream *s, int err, p2p__mux_event *ev) {
  event(ev, P2P__MUX_RESET, s->sid, err);
  p2p__mplex_rst(x, s->sid);
  p2p__mplex_stream_free(x, s);
  return 1;
}

/* ---- bodies ---- */
static int on_body(p2p__mplex *x, p2p__span *in, p2p__mux_event *ev) {
  p2p__mplex_stream *s = x->rx.s;
  size_t n = x->rx.left < in->len ? (size_t)x->rx.left : in->len;
  p2p__span data = { .p = in->p, .len = n };
  in->p += n;
  in->len -= n;
  x->rx.left -= n;
  if (!s) return 0;
  if (s->stopped) {
    s->discarded += n;
    p2p__mplex_stream_settle(x, s);
    return 0;
  }
  if (n > x->env->limits->mplex_recv_queue - s->unread) return give_up(x, s, P2P_ELIMIT, ev);
  s->unread += n;
  event(ev, P2P__MUX_DATA, s->sid, 0);
  ev->data = data;
  return 1;
}

/* ---- frames ---- */
static int on_new(p2p__mplex *x, uint64_t sid, p2p__mux_event *ev) {
  if (p2p__mplex_find(x, sid)) return P2P_EPROTO;
  p2p__mplex_stream *s;
  bool refuse = x->closing || x->inbound >= x->env->limits->streams_per_conn;
  if (!refuse && p2p__mplex_stream_new(x, sid, &s) == 0) return event(ev, P2P__MUX_OPENED, sid, 0);
  p2p__mplex_rst(x, sid);
  return x->err;
}

static int on_message(p2p__mplex *x, p2p__mplex_stream *s, p2p__mux_event *ev) {
  if (!x->rx.left) return 0;
  if (s->fin_got) return give_up(x, s, P2P_EPROTO, ev);
  x->rx.s = s;
  return 0;
}

static int on_close(p2p__mplex *x, p2p__mplex_stream *s, p2p__mux_event *ev) {
  if (s->fin_got) return 0;
  s->fin_got = true;
  event(ev, P2P__MUX_FIN, s->sid, 0);
  p2p__mplex_stream_settle(x, s);
  return 1;
}

static int on_reset(p2p__mplex *x, p2p__mplex_stream *s, p2p__mux_event *ev) {
  event(ev, P2P__MUX_RESET, s->sid, P2P_ERESET);
  p2p__mplex_stream_free(x, s);
  return 1;
}

/* True when the peer may know of a stream of ours with this sid. */
static bool was_opened(const p2p__mplex *x, uint64_t sid) {
  return sid >= x->mux.first && sid < x->next && (sid - x->mux.first) % x->mux.step == 0;
}

static int on_frame(p2p__mplex *x, const p2p__mplex_frame *f, p2p__mux_event *ev) {
  if (f->len > x->env->limits->mplex_frame) return P2P_EPROTO;
  bool ours = f->flag & 1; /* said by who did not open it */
  uint64_t sid = p2p__mplex_sid(f->num, ours);
  x->rx.left = f->len;
  x->rx.s = NULL;
  if (f->flag == P2P__MPLEX_NEW) return on_new(x, sid, ev);
  if (ours && !was_opened(x, sid)) return P2P_EPROTO;
  p2p__mplex_stream *s = p2p__mplex_find(x, sid);
  if (!s) return 0;
  if (s->opening) return P2P_EPROTO; /* the peer cannot know of it */
  switch (f->flag) {
  case P2P__MPLEX_MESSAGE_RECEIVER:
  case P2P__MPLEX_MESSAGE_INITIATOR: return on_message(x, s, ev);
  case P2P__MPLEX_CLOSE_RECEIVER:
  case P2P__MPLEX_CLOSE_INITIATOR: return on_close(x, s, ev);
  default: return on_reset(x, s, ev);
  }
}

/* 1: *f is read; 0: more bytes are needed; P2P_EPROTO. */
static int next_header(p2p__mplex *x, p2p__span *in, p2p__mplex_frame *f) {
  size_t had = x->rx.have, n = p2p__min(in->len, P2P__MPLEX_HEADER - had);
  if (!n) return 0;
  memcpy(x->rx.head + had, in->p, n);
  p2p__rd r = p2p__rd_of(p2p__bytes(x->rx.head, had + n));
  int err = p2p__mplex_frame_read(&r, f);
  if (err == P2P_ESHORT) {
    x->rx.have = (uint8_t)(had + n);
    in->p += n;
    in->len -= n;
    return 0;
  }
  if (err) return err;
  size_t used = n - p2p__rd_left(&r); /* what was kept before was no whole header */
  x->rx.have = 0;
  in->p += used;
  in->len -= used;
  return 1;
}

/* Does one thing. 1: an event; 0: go on; <0: wrong; *hungry: nothing to do without more bytes. */
static int advance(p2p__mplex *x, p2p__span *in, p2p__mux_event *ev, bool *hungry) {
  *hungry = in->len == 0;
  if (*hungry) return 0;
  if (x->rx.left) return on_body(x, in, ev);
  p2p__mplex_frame f;
  int r = next_header(x, in, &f);
  return r > 0 ? on_frame(x, &f, ev) : r;
}

int p2p__mplex_recv(p2p__mux *m, p2p__span *in, p2p__mux_event *ev, p2p_time now) {
  p2p__mplex *x = p2p__mplex_of(m);
  p2p__mplex_plan_drop(x);
  x->now = now;
  for (bool hungry = false; !hungry;) {
    if (event_of_lost(x, ev)) return 1;
    if (x->err) return x->err;
    int r = advance(x, in, ev, &hungry);
    if (r > 0) return 1;
    if (r < 0) p2p__mplex_fail(x, r);
  }
  return event_of_lost(x, ev) ? 1 : x->err;
}
