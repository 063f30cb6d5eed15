/* Frames out. Spec: mplex/README.md, "Message format".
 *
 * pull lays a record out without changing a stream: headers into x->plan, payloads as views of the
 * send queues. `sent` then walks the entries and does what they say.
 *
 * Order: resets; then the streams of the ring, one frame each in turn, NewStream before the first and
 * Close behind the last. A turn that the end of the record cuts short is remembered as debt; debt
 * worth a frame buys a second turn in a row. */
#include "muxer/mplex_internal.h"

enum {
  CTL_FRAMES = 32, /* resets in one record: data flows beside a flood of them */
  CTL_BYTES = 8,   /* of a sid in x->ctl */
  HEAD_MAX = 12,
  SLIVER = 256,     /* bytes; a record with data in it is not topped up with less */
  SHARERS = 4,      /* streams that find a place in a record of the pace, … */
  FRAME_MIN = 1024, /* bytes; … unless their frames were shorter than this */
  MORE_HINT = 3000  /* bytes; entries beyond plan.few take a block of the middle size */
};

typedef struct layout {
  p2p__mplex *x;
  p2p_bytes *v;
  size_t n, cap; /* pieces */
  size_t left;   /* bytes of the record */
  bool has_data;
} layout;

/* ---- the plan ---- */
static p2p__mplex_entry *entry_at(p2p__mplex *x, size_t i) {
  if (i < P2P__MPLEX_FEW) return &x->plan.few[i];
  size_t at = (i - P2P__MPLEX_FEW) * sizeof(p2p__mplex_entry);
  if (!x->plan.more) x->plan.more = p2p__block_new(x->env->pool, MORE_HINT);
  if (!x->plan.more || at + sizeof(p2p__mplex_entry) > x->plan.more->cap) return NULL;
  return (p2p__mplex_entry *)(void *)(x->plan.more->data + at);
}

void p2p__mplex_plan_drop(p2p__mplex *x) {
  x->plan.n = 0;
  x->plan.ctl = 0;
  if (!x->plan.more) return;
  p2p__block_unref(x->env->pool, x->plan.more);
  x->plan.more = NULL;
}

/* Adds a header as piece `at`, which is the caller's. False: the record, or the plan, is full. */
static bool lay_head(layout *o, size_t at, p2p__mplex_stream *s, p2p__mplex_frame f) {
  size_t size = p2p__mplex_frame_size(f);
  if (o->left < size || at >= o->cap) return false;
  p2p__mplex_entry *e = entry_at(o->x, o->x->plan.n);
  if (!e) return false;
  uint8_t head[P2P__MPLEX_HEADER];
  p2p__mplex_frame_write(head, f);
  *e = (p2p__mplex_entry){ .s = s, .len = (uint32_t)f.len, .flag = f.flag, .size = (uint8_t)size };
  memcpy(e->head, head, size);
  o->v[at] = p2p__bytes(e->head, size);
  o->left -= size;
  o->x->plan.n++;
  return true;
}

/* A frame without a body. */
static bool lay_empty(layout *o, p2p__mplex_stream *s, uint64_t sid, uint8_t flag) {
  if (!lay_head(o, o->n, s, (p2p__mplex_frame){ .flag = flag, .num = sid >> 1 })) return false;
  o->n++;
  return true;
}

/* ---- resets ---- */
static uint64_t ctl_at(const p2p__mplex *x, size_t i) {
  p2p_bytes v[CTL_BYTES];
  uint8_t bytes[CTL_BYTES];
  uint64_t sid;
  size_t k = p2p__queue_view(&x->ctl, i * CTL_BYTES, CTL_BYTES, v, P2P_COUNT(v));
  p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
  for (size_t j = 0; j < k; j++) p2p__wr_bytes_in(&w, v[j]);
  memcpy(&sid, bytes, sizeof sid);
  return sid;
}

static void lay_ctl(layout *o) {
  p2p__mplex *x = o->x;
  size_t n = p2p__min(x->ctl.len / CTL_BYTES, CTL_FRAMES);
  for (; x->plan.ctl < n; x->plan.ctl++) {
    uint64_t sid = ctl_at(x, x->plan.ctl);
    if (!lay_empty(o, NULL, sid, p2p__mplex_flag_of(sid, P2P__MPLEX_RESET_INITIATOR))) return;
  }
}

/* ---- streams in turn ---- */
static size_t total(const p2p_bytes *v, size_t k) {
  size_t sum = 0;
  for (size_t i = 0; i < k; i++) sum += v[i].len;
  return sum;
}

/* One frame of at most `want` bytes; how many it has, 0: the record is full. */
static size_t lay_data(layout *o, p2p__mplex_stream *s, size_t want) {
  p2p__mplex_frame f = { .flag = p2p__mplex_flag_of(s->sid, P2P__MPLEX_MESSAGE_INITIATOR),
                         .num = s->sid >> 1,
                         .len = want };
  size_t least = o->has_data ? p2p__min(want, SLIVER) : 1, head = p2p__mplex_frame_size(f);
  if (o->left < head + least || o->cap - o->n < 2) return 0;
  p2p_bytes *v = o->v + o->n + 1;
  size_t k = p2p__queue_view(&s->sendq, s->planned, p2p__min(want, o->left - head), v,
                             o->cap - o->n - 1);
  f.len = total(v, k);
  if (!lay_head(o, o->n, s, f)) return 0;
  s->planned += f.len;
  o->n += 1 + k;
  o->left -= f.len;
  o->has_data = true;
  return f.len;
}

static bool lay_new(layout *o, p2p__mplex_stream *s) {
  s->new_planned = s->new_planned || lay_empty(o, s, s->sid, P2P__MPLEX_NEW);
  return s->new_planned;
}

static bool fin_is_next(const p2p__mplex_stream *s) {
  return s->finishing && !s->fin_sent && !s->fin_planned && s->planned == s->sendq.len;
}

static bool lay_fin(layout *o, p2p__mplex_stream *s) {
  s->fin_planned = lay_empty(o, s, s->sid, p2p__mplex_flag_of(s->sid, P2P__MPLEX_CLOSE_INITIATOR));
  return s->fin_planned;
}

/* One turn. False: the record is full, and plan.turn says who comes next. */
static bool lay_turn(layout *o, p2p__mplex_stream *s, bool *did) {
  p2p__mplex *x = o->x;
  x->plan.turn = &s->ring;
  if (s->opening && !lay_new(o, s)) return false;
  size_t want = p2p__min(s->sendq.len - s->planned, x->plan.quantum);
  size_t got = want ? lay_data(o, s, want) : 0;
  if (got < want) {
    if (!got) return false;
    x->plan.cut_one = s;
    x->plan.cut = want - got;
    x->plan.turn = s->ring.next == &x->ring ? x->ring.next : s->ring.next;
    return false;
  }
  bool fin = fin_is_next(s);
  if (fin && !lay_fin(o, s)) return false;
  if (want || fin) *did = true;
  return true;
}

static void lay_streams(layout *o) {
  p2p__list *ring = &o->x->ring;
  for (bool first = true, did = true; did; first = false) {
    did = false;
    for (p2p__list *at = ring->next; at != ring; at = at->next) {
      p2p__mplex_stream *s = P2P_CONTAINER(at, p2p__mplex_stream, ring);
      if (first) {
        s->planned = 0;
        s->new_planned = s->fin_planned = false;
      }
      if (!lay_turn(o, s, &did)) return;
    }
  }
  o->x->plan.turn = NULL; /* all were served */
}

/* What a stream sends in its turn. Records are small when the rate is: several streams share what
 * leaves in the same time, so that a turn comes round as soon. */
static size_t quantum_of(const p2p__mplex *x, size_t max) {
  bool alone = x->ring.next == x->ring.prev;
  size_t line = p2p__max(max, x->mux.pace);
  size_t share = alone ? max : p2p__max(line / SHARERS, FRAME_MIN + HEAD_MAX);
  return p2p__min(P2P__MPLEX_PAYLOAD, p2p__min(share, max) - HEAD_MAX);
}

size_t p2p__mplex_pull(p2p__mux *m, size_t max, p2p_bytes *v, size_t n, p2p_time now) {
  p2p__mplex *x = p2p__mplex_of(m);
  p2p__mplex_plan_drop(x);
  x->now = now;
  x->plan.turn = NULL;
  x->plan.cut_one = NULL;
  if (x->err || max <= HEAD_MAX) return 0;
  x->plan.quantum = quantum_of(x, max);
  layout o = { .x = x, .v = v, .cap = n, .left = max };
  lay_ctl(&o);
  lay_streams(&o);
  return o.n;
}

/* ---- it left ---- */
static void ctl_sent(p2p__mplex *x) {
  for (size_t i = 0; i < x->plan.ctl; i++) {
    if (!p2p__mplex_is_ours(ctl_at(x, i))) x->n_resets--;
  }
  p2p__queue_drop(&x->ctl, (size_t)x->plan.ctl * CTL_BYTES);
  x->plan.ctl = 0;
}

static void turns_sent(p2p__mplex *x) {
  p2p__mplex_stream *s = x->plan.cut_one;
  if (s) {
    s->debt += x->plan.cut;
    if (s->debt >= x->plan.quantum) {
      s->debt -= x->plan.quantum;
      x->plan.turn = &s->ring;
    }
  }
  if (!x->plan.turn || x->plan.turn == x->ring.next) return;
  p2p__list_del(&x->ring);
  p2p__list_add(x->plan.turn, &x->ring);
}

static void entry_sent(p2p__mplex *x, p2p__mplex_entry e) {
  p2p__mplex_stream *s = e.s;
  if (!s) return;
  if (e.flag == P2P__MPLEX_NEW) s->opening = false;
  if (e.len) {
    p2p__queue_drop(&s->sendq, e.len);
    s->freed += e.len;
    if (!p2p__list_linked(&s->roomy)) p2p__list_add(&x->roomy, &s->roomy);
  }
  if (e.flag == P2P__MPLEX_CLOSE_INITIATOR || e.flag == P2P__MPLEX_CLOSE_RECEIVER)
    s->fin_sent = true;
  p2p__mplex_ring(x, s);
  p2p__mplex_stream_settle(x, s);
}

void p2p__mplex_sent(p2p__mux *m) {
  p2p__mplex *x = p2p__mplex_of(m);
  size_t n = x->plan.n;
  ctl_sent(x);
  turns_sent(x);
  /* Out of the way: a stream that ends here may queue a reset, which drops the plan. */
  p2p__block *more = x->plan.more;
  x->plan.n = 0;
  x->plan.more = NULL;
  const p2p__mplex_entry *rest = more ? (const p2p__mplex_entry *)(const void *)more->data : NULL;
  for (size_t i = 0; i < n; i++)
    entry_sent(x, i < P2P__MPLEX_FEW ? x->plan.few[i] : rest[i - P2P__MPLEX_FEW]);
  p2p__block_unref(x->env->pool, more);
}

bool p2p__mplex_room(p2p__mux *m, uint64_t *sid, size_t *n) {
  p2p__mplex *x = p2p__mplex_of(m);
  p2p__list *node = p2p__list_pop(&x->roomy);
  if (!node) return false;
  p2p__mplex_stream *s = P2P_CONTAINER(node, p2p__mplex_stream, roomy);
  *sid = s->sid;
  *n = s->freed;
  s->freed = 0;
  if (s->ended) p2p__slab_give(x->slab, s);
  return true;
}

/* ---- answers we owe ---- */
/* The owner may reset all streams of the peer at once, so that many are no flood yet. Resets of our
 * own streams are bounded by what the owner opened. */
void p2p__mplex_rst(p2p__mplex *x, uint64_t sid) {
  const p2p__limits *limits = x->env->limits;
  if (x->err) return;
  bool ours = p2p__mplex_is_ours(sid);
  if (!ours && x->n_resets >= limits->streams_per_conn + limits->mplex_resets_queued) {
    p2p__mplex_fail(x, P2P_ELIMIT);
    return;
  }
  p2p__mplex_plan_drop(x);
  if (p2p__queue_put(&x->ctl, p2p__bytes(&sid, sizeof sid)) < sizeof sid) {
    p2p__mplex_fail(x, P2P_ENOMEM);
    return;
  }
  x->n_resets += !ours;
}

void p2p__mplex_fail(p2p__mplex *x, int err) {
  if (x->err) return;
  x->err = err;
  p2p__mplex_plan_drop(x);
  p2p__queue_fini(&x->ctl);
}
