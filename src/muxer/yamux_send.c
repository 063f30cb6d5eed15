/* Frames out. Spec: yamux/README.md, "Framing", "Flow Control".
 *
 * pull lays a record out without changing a stream: headers into y->plan, payloads as views of the
 * send queues. `sent` then walks the headers and does what they say, so the headers are the plan.
 *
 * Order: GoAway, ping, pongs and resets; then SYNs, ACKs and credit that no data frame carries;
 * then the streams of the ring, one frame each in turn. A turn that the end of the record cuts
 * short is remembered as debt; debt worth a frame buys a second turn in a row.
 *
 * A FIN has a frame of its own: js-libp2p drops the bytes of a frame that carries both. */
#include "muxer/yamux_internal.h"

enum {
  CTL_FRAMES = 85, /* pongs and resets in one record: data flows beside a flood of them */
  CTL_BYTES = CTL_FRAMES * P2P__YAMUX_HEADER,
  SLIVER = 256,     /* bytes; a record with data in it is not topped up with less */
  SHARERS = 4,      /* streams that find a place in a record of the pace, … */
  FRAME_MIN = 1024, /* bytes; … unless their frames were shorter than this */
  MORE_HINT = 512   /* bytes; headers beyond plan.few take the smallest block */
};

typedef struct layout {
  p2p__yamux *y;
  p2p_bytes *v;
  size_t n, cap; /* pieces */
  size_t left;   /* bytes of the record */
  bool has_data;
} layout;

/* ---- headers ---- */
static uint8_t *plan_slot(p2p__yamux *y) {
  if (y->plan.n < P2P__YAMUX_FEW) return y->plan.few[y->plan.n];
  size_t at = (size_t)(y->plan.n - P2P__YAMUX_FEW) * P2P__YAMUX_HEADER;
  if (!y->plan.more) y->plan.more = p2p__block_new(y->env->pool, MORE_HINT);
  if (!y->plan.more || at + P2P__YAMUX_HEADER > y->plan.more->cap) return NULL;
  return y->plan.more->data + at;
}

void p2p__yamux_plan_drop(p2p__yamux *y) {
  y->plan.n = 0;
  y->plan.ctl = 0;
  if (!y->plan.more) return;
  p2p__block_unref(y->env->pool, y->plan.more);
  y->plan.more = NULL;
}

/* Adds a header, to the last piece where they meet. Where it was put, or NULL: the record is full. */
static uint8_t *lay_header(layout *o, p2p__yamux_frame f) {
  if (o->left < P2P__YAMUX_HEADER) return NULL;
  uint8_t *slot = plan_slot(o->y);
  if (!slot) return NULL;
  p2p_bytes *last = o->n ? &o->v[o->n - 1] : NULL;
  if (last && last->p + last->len == slot) {
    last->len += P2P__YAMUX_HEADER;
  } else if (o->n < o->cap) {
    o->v[o->n++] = p2p__bytes(slot, P2P__YAMUX_HEADER);
  } else {
    return NULL;
  }
  p2p__yamux_frame_write(slot, f);
  o->left -= P2P__YAMUX_HEADER;
  o->y->plan.n++;
  return slot;
}

/* ---- what goes first ---- */
static void lay_session(layout *o) {
  p2p__yamux *y = o->y;
  if (y->goaway_wanted && !y->goaway_sent) {
    lay_header(o, (p2p__yamux_frame){ .type = P2P__YAMUX_GOAWAY, .len = y->goaway_code });
  }
  if (y->err || !y->ping.wanted) return;
  p2p__yamux_frame ping = { .type = P2P__YAMUX_PING, .flags = P2P__YAMUX_SYN, .len = y->ping.id };
  lay_header(o, ping);
}

/* Shortens the last k pieces by `bytes`; returns how many are left. */
static size_t trim(p2p_bytes *v, size_t k, size_t bytes) {
  while (bytes) {
    size_t cut = p2p__min(bytes, v[k - 1].len);
    v[k - 1].len -= cut;
    bytes -= cut;
    if (!v[k - 1].len) k--;
  }
  return k;
}

static size_t total(const p2p_bytes *v, size_t k) {
  size_t sum = 0;
  for (size_t i = 0; i < k; i++) sum += v[i].len;
  return sum;
}

/* Whole frames of y->ctl. */
static void lay_ctl(layout *o) {
  p2p_bytes *v = o->v + o->n;
  size_t max = p2p__min(o->left, CTL_BYTES);
  size_t k = p2p__queue_view(&o->y->ctl, 0, max, v, o->cap - o->n);
  size_t bytes = total(v, k);
  k = trim(v, k, bytes % P2P__YAMUX_HEADER);
  bytes -= bytes % P2P__YAMUX_HEADER;
  o->y->plan.ctl = (uint32_t)bytes;
  o->left -= bytes;
  o->n += k;
}

/* The SYN or ACK that must leave with the next frame of the stream. */
static uint16_t open_flag(const p2p__yamux_stream *s) {
  if (s->flag_planned) return 0;
  if (s->state == P2P__YAMUX_SYN_WAITS) return P2P__YAMUX_SYN;
  return s->state == P2P__YAMUX_ACK_WAITS ? P2P__YAMUX_ACK : 0;
}

/* False: the record is full. A SYN or ACK without credit rides on the stream's data, when it has
 * any. */
static bool lay_grants(layout *o) {
  for (p2p__list *at = o->y->grants.next; at != &o->y->grants; at = at->next) {
    p2p__yamux_stream *s = P2P_CONTAINER(at, p2p__yamux_stream, grants);
    s->flag_planned = false;
    if (!s->grant && p2p__list_linked(&s->ring)) continue;
    p2p__yamux_frame f = { P2P__YAMUX_WINDOW, open_flag(s), s->sid, s->grant };
    if (!lay_header(o, f)) return false;
    s->flag_planned = true;
  }
  return true;
}

/* ---- streams in turn ---- */
/* One data frame of at most `want` bytes; how many it has, 0: the record is full. */
static size_t lay_data(layout *o, p2p__yamux_stream *s, size_t want) {
  size_t least = o->has_data ? p2p__min(want, SLIVER) : 1;
  if (o->left < P2P__YAMUX_HEADER + least || o->cap - o->n < 2) return 0;
  uint8_t *head = lay_header(o, (p2p__yamux_frame){ P2P__YAMUX_DATA, open_flag(s), s->sid, 0 });
  if (!head) return 0;
  p2p_bytes *v = o->v + o->n;
  size_t k = p2p__queue_view(&s->sendq, s->planned, p2p__min(want, o->left), v, o->cap - o->n);
  size_t bytes = total(v, k);
  p2p__put_be32(head + 8, (uint32_t)bytes);
  s->flag_planned = true;
  s->planned += bytes;
  o->n += k;
  o->left -= bytes;
  o->has_data = true;
  return bytes;
}

static bool fin_is_next(const p2p__yamux_stream *s) {
  return s->finishing && !s->fin_sent && !s->fin_planned && s->planned == s->sendq.len;
}

static bool lay_fin(layout *o, p2p__yamux_stream *s) {
  uint16_t flags = open_flag(s) | P2P__YAMUX_FIN;
  if (!lay_header(o, (p2p__yamux_frame){ P2P__YAMUX_DATA, flags, s->sid, 0 })) return false;
  s->flag_planned = true;
  s->fin_planned = true;
  return true;
}

/* Bytes of a turn of the stream: four frames, or an eighth of one, where it is not as others are. */
static size_t turn_of(const p2p__yamux *y, const p2p__yamux_stream *s) {
  size_t quantum = y->plan.quantum;
  if (s->priority == P2P_PRIORITY_URGENT) return 4 * quantum;
  return s->priority == P2P_PRIORITY_BACKGROUND ? quantum / 8 + 1 : quantum;
}

static size_t stream_wants(const layout *o, const p2p__yamux_stream *s) {
  size_t may = p2p__min(s->sendq.len, s->credit) - s->planned;
  return p2p__min(may, turn_of(o->y, s));
}

/* One turn. False: the record is full, and plan.turn says who comes next. */
static bool lay_turn(layout *o, p2p__yamux_stream *s, bool *did) {
  p2p__yamux *y = o->y;
  size_t want = stream_wants(o, s), got = want ? lay_data(o, s, want) : 0;
  y->plan.turn = &s->ring;
  if (got < want) {
    if (!got) return false;
    y->plan.cut_one = s;
    y->plan.cut = want - got;
    y->plan.turn = s->ring.next == &y->ring ? y->ring.next : s->ring.next;
    return false;
  }
  bool fin = fin_is_next(s);
  if (fin && !lay_fin(o, s)) return false;
  if (want || fin) *did = true;
  return true;
}

static void lay_streams(layout *o) {
  p2p__list *ring = &o->y->ring;
  for (bool first = true, did = true; did; first = false) {
    did = false;
    for (p2p__list *at = ring->next; at != ring; at = at->next) {
      p2p__yamux_stream *s = P2P_CONTAINER(at, p2p__yamux_stream, ring);
      if (first) {
        s->planned = 0;
        s->fin_planned = false;
      }
      if (!lay_turn(o, s, &did)) return;
    }
  }
  o->y->plan.turn = NULL; /* all were served */
}

/* What a stream sends in its turn. Records are small when the rate is: several streams share what
 * leaves in the same time, so that a turn comes round as soon. */
static size_t quantum_of(const p2p__yamux *y, size_t max) {
  bool alone = y->ring.next == y->ring.prev;
  size_t line = p2p__max(max, y->mux.pace);
  size_t share = alone ? max : p2p__max(line / SHARERS, FRAME_MIN + P2P__YAMUX_HEADER);
  return p2p__min(P2P__YAMUX_PAYLOAD, p2p__min(share, max) - P2P__YAMUX_HEADER);
}

size_t p2p__yamux_pull(p2p__mux *m, size_t max, p2p_bytes *v, size_t n, p2p_time now) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__yamux_plan_drop(y);
  y->now = now;
  y->plan.turn = NULL;
  y->plan.cut_one = NULL;
  if (max <= P2P__YAMUX_HEADER) return 0;
  y->plan.quantum = quantum_of(y, max);
  layout o = { .y = y, .v = v, .cap = n, .left = max };
  lay_session(&o);
  if (y->err) return o.n;
  lay_ctl(&o);
  if (lay_grants(&o)) lay_streams(&o);
  return o.n;
}

/* ---- it left ---- */
static void ctl_sent(p2p__yamux *y) {
  for (; y->plan.ctl; y->plan.ctl -= P2P__YAMUX_HEADER) {
    uint8_t head[P2P__YAMUX_HEADER];
    p2p__yamux_frame f;
    p2p__queue_get(&y->ctl, head, sizeof head);
    p2p__rd r = p2p__rd_of(p2p__bytes(head, sizeof head));
    if (p2p__yamux_frame_read(&r, &f)) continue;
    if (f.type == P2P__YAMUX_PING) {
      y->n_pongs--;
    } else if (!p2p__yamux_is_ours(y, f.sid)) {
      y->n_resets--;
    }
  }
}

static void turns_sent(p2p__yamux *y) {
  p2p__yamux_stream *s = y->plan.cut_one;
  if (s) {
    s->debt += y->plan.cut;
    if (s->debt >= turn_of(y, s)) {
      s->debt -= turn_of(y, s);
      y->plan.turn = &s->ring;
    }
  }
  if (!y->plan.turn || y->plan.turn == y->ring.next) return;
  p2p__list_del(&y->ring);
  p2p__list_add(y->plan.turn, &y->ring);
}

static void window_sent(p2p__yamux *y, p2p__yamux_stream *s) {
  s->recv_left += s->grant;
  s->grant = 0;
  p2p__yamux_grants(y, s);
}

static void data_sent(p2p__yamux *y, p2p__yamux_stream *s, const p2p__yamux_frame *f) {
  if (f->len) {
    p2p__queue_drop(&s->sendq, f->len);
    s->credit -= f->len;
    s->freed += f->len;
    if (!p2p__list_linked(&s->roomy)) p2p__list_add(&y->roomy, &s->roomy);
  }
  if (f->flags & P2P__YAMUX_FIN) s->fin_sent = true;
  p2p__yamux_ring(y, s);
  p2p__yamux_stream_settle(y, s);
}

static void stream_sent(p2p__yamux *y, const p2p__yamux_frame *f) {
  p2p__yamux_stream *s = p2p__yamux_find(y, f->sid);
  if (f->flags & P2P__YAMUX_SYN) p2p__yamux_stream_move(y, s, P2P__YAMUX_SYN_SENT);
  if (f->flags & P2P__YAMUX_ACK) p2p__yamux_stream_move(y, s, P2P__YAMUX_OPEN);
  if (f->type == P2P__YAMUX_WINDOW) {
    window_sent(y, s);
  } else {
    data_sent(y, s, f);
  }
}

static void header_sent(p2p__yamux *y, const uint8_t *head) {
  p2p__yamux_frame f;
  p2p__rd r = p2p__rd_of(p2p__bytes(head, P2P__YAMUX_HEADER));
  if (p2p__yamux_frame_read(&r, &f)) return;
  switch (f.type) {
  case P2P__YAMUX_GOAWAY: y->goaway_sent = true; break;
  case P2P__YAMUX_PING: p2p__yamux_ping_left(y); break;
  default: stream_sent(y, &f); break;
  }
}

void p2p__yamux_sent(p2p__mux *m) {
  p2p__yamux *y = p2p__yamux_of(m);
  size_t n = y->plan.n;
  p2p__block *more = y->plan.more;
  ctl_sent(y);
  turns_sent(y);
  /* Out of the way: a stream that ends here may queue a reset, which drops the plan. */
  y->plan.n = 0;
  y->plan.more = NULL;
  for (size_t i = 0; i < n && i < P2P__YAMUX_FEW; i++) header_sent(y, y->plan.few[i]);
  for (size_t i = P2P__YAMUX_FEW; i < n; i++) {
    header_sent(y, more->data + (i - P2P__YAMUX_FEW) * P2P__YAMUX_HEADER);
  }
  p2p__block_unref(y->env->pool, more);
}

bool p2p__yamux_room(p2p__mux *m, uint64_t *sid, size_t *n) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__list *node = p2p__list_pop(&y->roomy);
  if (!node) return false;
  p2p__yamux_stream *s = P2P_CONTAINER(node, p2p__yamux_stream, roomy);
  *sid = s->sid;
  *n = s->freed;
  s->freed = 0;
  if (s->ended) p2p__slab_give(y->slab, s);
  return true;
}

/* ---- answers we owe ---- */
static void ctl_put(p2p__yamux *y, p2p__yamux_frame f) {
  uint8_t head[P2P__YAMUX_HEADER];
  p2p__yamux_frame_write(head, f);
  p2p__yamux_plan_drop(y);
  if (p2p__queue_put(&y->ctl, p2p__bytes(head, sizeof head)) < sizeof head) {
    p2p__yamux_fail(y, P2P_ENOMEM);
  }
}

void p2p__yamux_pong(p2p__yamux *y, uint32_t id) {
  if (y->err) return;
  if (y->n_pongs >= y->env->limits->yamux_pings_queued) {
    p2p__yamux_fail(y, P2P_ELIMIT);
    return;
  }
  y->n_pongs++;
  ctl_put(y, (p2p__yamux_frame){ P2P__YAMUX_PING, P2P__YAMUX_ACK, 0, id });
}

/* The owner may reset all streams of the peer at once, so that many are no flood yet. Resets of our
 * own streams are bounded by what the owner opened. */
void p2p__yamux_rst(p2p__yamux *y, uint32_t sid, uint32_t code) {
  const p2p__limits *limits = y->env->limits;
  if (y->err) return;
  if (!p2p__yamux_is_ours(y, sid)) {
    if (y->n_resets >= limits->streams_per_conn + limits->yamux_resets_queued) {
      p2p__yamux_fail(y, P2P_ELIMIT);
      return;
    }
    y->n_resets++;
  }
  ctl_put(y, (p2p__yamux_frame){ P2P__YAMUX_WINDOW, P2P__YAMUX_RST, sid, code });
}

void p2p__yamux_fail(p2p__yamux *y, int err) {
  if (y->err) return;
  y->err = err;
  bool internal = err == P2P_ENOMEM || err == P2P_ETIMEOUT;
  y->goaway_code = internal ? P2P__YAMUX_INTERNAL_ERROR : P2P__YAMUX_PROTOCOL_ERROR;
  y->goaway_wanted = true;
  y->goaway_sent = false;
  p2p__yamux_plan_drop(y);
  p2p__queue_fini(&y->ctl);
}
