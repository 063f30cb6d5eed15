/* Bytes in, events out. Spec: yamux/README.md, "Framing", "Message Flow".
 *
 * What the wire gets wrong about the session ends the session (GoAway 1); what it gets wrong about
 * one stream in a way that racing writers of go-yamux can cause (data behind a FIN) ends that
 * stream. Frames of streams that are gone are skipped: the peer sent them before it knew. */
#include "muxer/yamux_internal.h"

static int event(p2p__mux_event *ev, p2p__mux_kind kind, uint32_t sid, uint32_t code, int err) {
  *ev = (p2p__mux_event){ .kind = kind, .sid = sid, .code = code, .err = err };
  return 1;
}

/* Streams given up by our side, by a tick or a GoAway. */
static int event_of_lost(p2p__yamux *y, p2p__mux_event *ev) {
  p2p__list *node = p2p__list_pop(&y->lost);
  if (!node) return 0;
  p2p__yamux_stream *s = P2P_CONTAINER(node, p2p__yamux_stream, ring);
  event(ev, P2P__MUX_RESET, s->sid, s->code, s->err);
  p2p__slab_give(y->slab, s);
  return 1;
}

/* ---- bodies ---- */
static int on_body(p2p__yamux *y, p2p__span *in, p2p__mux_event *ev) {
  p2p__yamux_stream *s = y->rx.s;
  p2p__span data = { .p = in->p, .len = p2p__min(in->len, y->rx.left) };
  in->p += data.len;
  in->len -= data.len;
  y->rx.left -= (uint32_t)data.len;
  if (!s) return 0;
  if (s->stopped) {
    p2p__yamux_discarded(y, s, (uint32_t)data.len);
    return 0;
  }
  event(ev, P2P__MUX_DATA, s->sid, 0, 0);
  ev->data = data;
  return 1;
}

static int on_fin(p2p__yamux *y, p2p__mux_event *ev) {
  p2p__yamux_stream *s = y->rx.s;
  y->rx.fin = false;
  y->rx.s = NULL;
  if (!s) return 0;
  s->fin_got = true;
  p2p__yamux_grants(y, s); /* no more credit is needed */
  event(ev, P2P__MUX_FIN, s->sid, 0, 0);
  p2p__yamux_stream_settle(y, s);
  return 1;
}

/* ---- frames of streams ---- */
/* A SYN: the stream it opens, or NULL when it is refused or reset in the same breath. */
static int accept_stream(p2p__yamux *y, const p2p__yamux_frame *f, p2p__yamux_stream **out) {
  *out = NULL;
  if (p2p__yamux_is_ours(y, f->sid) || p2p__yamux_find(y, f->sid)) return P2P_EPROTO;
  if (f->type == P2P__YAMUX_DATA && f->len > P2P__YAMUX_INITIAL) return P2P_EPROTO;
  if (f->flags & P2P__YAMUX_RST) return 0;
  bool refuse = y->goaway_wanted || y->inbound >= y->env->limits->streams_per_conn;
  if (refuse || p2p__yamux_stream_new(y, f->sid, out) < 0) p2p__yamux_rst(y, f->sid, 0);
  return y->err;
}

/* A frame of a stream we do not know. One of the peer's may be gone; one of ours that was never
 * opened cannot be meant. */
static int on_unknown(p2p__yamux *y, const p2p__yamux_frame *f) {
  if (p2p__yamux_is_ours(y, f->sid) && f->sid >= y->next) return P2P_EPROTO;
  if (f->type == P2P__YAMUX_DATA && f->len > y->env->limits->yamux_window_max) return P2P_EPROTO;
  return 0;
}

/* The header's claims on the windows, checked before a byte of the body is taken. */
static int on_length(p2p__yamux_stream *s, const p2p__yamux_frame *f) {
  if (f->type == P2P__YAMUX_DATA) {
    if (f->len > s->recv_left) return P2P_EPROTO;
    s->recv_left -= f->len;
    s->received += f->len;
  } else if (!(f->flags & P2P__YAMUX_RST)) { /* with RST the length is a code */
    if (f->len > UINT32_MAX - s->credit) return P2P_EPROTO;
    s->credit += f->len;
  }
  return 0;
}

static int on_reset(p2p__yamux *y, p2p__yamux_stream *s, const p2p__yamux_frame *f,
                    p2p__mux_event *ev) {
  uint32_t code = f->type == P2P__YAMUX_WINDOW ? f->len : 0;
  event(ev, P2P__MUX_RESET, s->sid, code, P2P_ERESET);
  p2p__yamux_stream_free(y, s);
  return 1;
}

static int on_data_after_fin(p2p__yamux *y, p2p__yamux_stream *s, p2p__mux_event *ev) {
  event(ev, P2P__MUX_RESET, s->sid, 0, P2P_EPROTO);
  p2p__yamux_rst(y, s->sid, 0);
  p2p__yamux_stream_free(y, s);
  return 1;
}

static void on_acknowledged(p2p__yamux *y, p2p__yamux_stream *s) {
  p2p__yamux_stream_move(y, s, P2P__YAMUX_OPEN);
  p2p__yamux_stream_settle(y, s);
}

static int on_stream_frame(p2p__yamux *y, const p2p__yamux_frame *f, p2p__mux_event *ev) {
  p2p__yamux_stream *s = NULL;
  y->rx.s = NULL;
  bool data = f->type == P2P__YAMUX_DATA, opens = f->flags & P2P__YAMUX_SYN;
  int err = 0;
  if (opens) {
    err = accept_stream(y, f, &s);
  } else if (!(s = p2p__yamux_find(y, f->sid))) {
    err = on_unknown(y, f);
  } else if (s->state < P2P__YAMUX_SYN_SENT) {
    err = P2P_EPROTO; /* our SYN has not left */
  }
  if (!err && s) err = on_length(s, f);
  if (err) return err;

  if (data) y->rx.left = f->len;
  if (!s) return 0;
  if (f->flags & P2P__YAMUX_RST) return on_reset(y, s, f, ev);
  if (s->fin_got && data && f->len) return on_data_after_fin(y, s, ev);
  if (data) y->rx.s = s;
  if (f->flags & P2P__YAMUX_FIN && !s->fin_got) {
    y->rx.s = s;
    y->rx.fin = true;
  }
  if (opens) return event(ev, P2P__MUX_OPENED, f->sid, 0, 0);
  if (!data) p2p__yamux_ring(y, s);
  if (s->state == P2P__YAMUX_SYN_SENT) on_acknowledged(y, s);
  return 0;
}

/* ---- frames of the session ---- */
static int on_ping(p2p__yamux *y, const p2p__yamux_frame *f) {
  if (f->flags & P2P__YAMUX_SYN) {
    p2p__yamux_pong(y, f->len);
  } else {
    p2p__yamux_ping_answered(y, f->len);
  }
  return y->err;
}

/* The peer takes no more streams: those whose SYN has not left never open. Those on their way are
 * for the peer to accept or reset. */
static int on_goaway(p2p__yamux *y, const p2p__yamux_frame *f, p2p__mux_event *ev) {
  if (y->goaway_got) return 0;
  y->goaway_got = true; /* admits no one from here on */
  for (p2p__list *at = y->grants.next, *next; at != &y->grants; at = next) {
    p2p__yamux_stream *s = P2P_CONTAINER(at, p2p__yamux_stream, grants);
    next = at->next;
    if (s->state == P2P__YAMUX_SYN_WAITS) p2p__yamux_stream_lose(y, s, P2P_EGOAWAY);
  }
  for (p2p__list *node; (node = p2p__list_pop(&y->held));) {
    p2p__yamux_stream_lose(y, P2P_CONTAINER(node, p2p__yamux_stream, order), P2P_EGOAWAY);
  }
  return event(ev, P2P__MUX_GOAWAY, 0, f->len, 0);
}

static int on_frame(p2p__yamux *y, const p2p__yamux_frame *f, p2p__mux_event *ev) {
  switch (f->type) {
  case P2P__YAMUX_PING: return on_ping(y, f);
  case P2P__YAMUX_GOAWAY: return on_goaway(y, f, ev);
  default: return on_stream_frame(y, f, ev);
  }
}

/* 1: *f is read; 0: more bytes are needed; P2P_EPROTO. */
static int next_header(p2p__yamux *y, p2p__span *in, p2p__yamux_frame *f) {
  p2p__rd r = p2p__rd_of(p2p__span_bytes(*in));
  if (y->rx.have || in->len < P2P__YAMUX_HEADER) {
    size_t n = p2p__min(in->len, (size_t)P2P__YAMUX_HEADER - y->rx.have);
    if (!n) return 0;
    memcpy(y->rx.head + y->rx.have, in->p, n);
    y->rx.have += (uint8_t)n;
    in->p += n;
    in->len -= n;
    if (y->rx.have < P2P__YAMUX_HEADER) return 0;
    y->rx.have = 0;
    r = p2p__rd_of(p2p__bytes(y->rx.head, P2P__YAMUX_HEADER));
  } else {
    in->p += P2P__YAMUX_HEADER;
    in->len -= P2P__YAMUX_HEADER;
  }
  int err = p2p__yamux_frame_read(&r, f);
  return err ? err : 1;
}

/* Does one thing. 1: an event; 0: go on; <0: wrong; *hungry: nothing to do without more bytes. */
static int advance(p2p__yamux *y, p2p__span *in, p2p__mux_event *ev, bool *hungry) {
  if (y->rx.left) {
    *hungry = in->len == 0;
    return *hungry ? 0 : on_body(y, in, ev);
  }
  if (y->rx.fin) return on_fin(y, ev);
  p2p__yamux_frame f;
  int r = next_header(y, in, &f);
  *hungry = r == 0;
  return r > 0 ? on_frame(y, &f, ev) : r;
}

int p2p__yamux_recv(p2p__mux *m, p2p__span *in, p2p__mux_event *ev, p2p_time now) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__yamux_plan_drop(y);
  y->now = now;
  if (in->len) y->ping.heard = now;
  for (bool hungry = false; !hungry;) {
    if (event_of_lost(y, ev)) return 1;
    if (y->err) return y->err;
    int r = advance(y, in, ev, &hungry);
    if (r > 0) return 1;
    if (r < 0) {
      p2p__yamux_fail(y, r);
      return y->err;
    }
  }
  return y->err;
}
