/* The model and its runs; see pair.h. */
#include "pair.h"
#include <stdlib.h>

enum { STREAMS = 400, WIRE = 1 << 20, STEPS = 3000 };

typedef struct half { /* one direction of a stream */
  uint64_t written, got, consumed;
  bool finished, fin_got;
} half;

typedef struct strm {
  uint64_t sid[2]; /* as each side calls it */
  int opener;
  bool opened; /* the peer knows */
  bool reset;  /* by either side: what was on its way may be lost */
  bool told[2];
  bool stopped[2];
  half way[2]; /* [0]: from the client */
} strm;

typedef struct wire {
  uint8_t bytes[WIRE];
  size_t len;
} wire;

typedef struct world {
  const pair_muxer *kind;
  side side[2]; /* [0] the client */
  wire from[2];
  strm streams[STREAMS];
  size_t n_streams;
  uint64_t next[2];
  uint64_t rng;
} world;

static uint32_t roll(world *w, uint32_t below) {
  w->rng ^= w->rng << 13;
  w->rng ^= w->rng >> 7;
  w->rng ^= w->rng << 17;
  return (uint32_t)(w->rng >> 32) % below;
}

static uint8_t byte_at(const strm *t, int from, uint64_t at) {
  return (uint8_t)(t->sid[t->opener] * 31 + (uint64_t)from * 17 + at * 7 + (at >> 8));
}

static p2p__mux *mux(world *w, int who) { return w->side[who].m; }

static strm *find(world *w, int who, uint64_t sid) {
  for (size_t i = 0; i < w->n_streams; i++) {
    if (w->streams[i].sid[who] == sid) return &w->streams[i];
  }
  fail_msg("event for a stream nobody opened");
  return NULL;
}

/* ---- what the owners do ---- */
static void do_open(world *w, int who) {
  if (w->n_streams == STREAMS) return;
  strm *t = &w->streams[w->n_streams++];
  *t = (strm){ .opener = who };
  t->sid[who] = w->next[who];
  t->sid[!who] = w->kind->sid_there(w->next[who]);
  w->next[who] += mux(w, who)->step;
  assert_int_equal(mux(w, who)->ops->open(mux(w, who), t->sid[who], w->side[who].now), 0);
}

/* who knows of the stream: its opener, or the other once told */
static bool knows(const strm *t, int who) { return t->opener == who || t->opened; }

static void do_write(world *w, int who, strm *t) {
  half *h = &t->way[who];
  p2p__queue *q = mux(w, who)->ops->sendq(mux(w, who), t->sid[who]);
  if (!q || h->finished) return;
  uint32_t n = roll(w, 4) ? roll(w, 3000) : roll(w, 200000);
  while (n) {
    p2p__span room = p2p__queue_reserve(q, n);
    assert_true(room.len > 0);
    for (size_t i = 0; i < room.len; i++) room.p[i] = byte_at(t, who, h->written + i);
    p2p__queue_commit(q, room.len);
    h->written += room.len;
    n -= (uint32_t)room.len;
  }
  mux(w, who)->ops->ready(mux(w, who), t->sid[who]);
}

static void do_finish(world *w, int who, strm *t) {
  t->way[who].finished = true;
  mux(w, who)->ops->finish(mux(w, who), t->sid[who]);
}

static void do_consume(world *w, int who, strm *t) {
  half *h = &t->way[!who];
  uint64_t n = h->got - h->consumed;
  if (t->stopped[who] || !n) return;
  n = roll(w, 2) ? n : roll(w, (uint32_t)n + 1);
  h->consumed += n;
  mux(w, who)->ops->consumed(mux(w, who), t->sid[who], n, w->side[who].now);
}

static void do_reset(world *w, int who, strm *t) {
  t->reset = true;
  t->told[who] = true;
  mux(w, who)->ops->reset(mux(w, who), t->sid[who], 5);
}

static void do_stop(world *w, int who, strm *t) {
  t->stopped[who] = true;
  mux(w, who)->ops->stop(mux(w, who), t->sid[who], 9);
}

/* ---- the wire ---- */
static void pump_out(world *w, int who) {
  static const size_t sizes[] = { 65519, 65519, 16379, 1400, 13, 100 };
  wire *to = &w->from[who];
  p2p_bytes v[40];
  size_t max = sizes[roll(w, P2P_COUNT(sizes))], cap = 2 + roll(w, 38);
  if (to->len + max > WIRE) return;
  size_t n = mux(w, who)->ops->pull(mux(w, who), max, v, cap, w->side[who].now);
  if (roll(w, 4) == 0) { /* the socket had no room: asked again later */
    n = mux(w, who)->ops->pull(mux(w, who), max, v, cap, w->side[who].now);
  }
  if (!n) return;
  for (size_t i = 0; i < n; i++) {
    memcpy(to->bytes + to->len, v[i].p, v[i].len);
    to->len += v[i].len;
  }
  mux(w, who)->ops->sent(mux(w, who));
  uint64_t sid;
  size_t freed;
  while (mux(w, who)->ops->room(mux(w, who), &sid, &freed)) assert_true(freed > 0);
}

static void on_event(world *w, int who, const p2p__mux_event *ev) {
  strm *t = find(w, who, ev->sid);
  half *h = &t->way[!who];
  if (ev->kind == P2P__MUX_OPENED) {
    assert_false(t->opened);
    t->opened = true;
    return;
  }
  assert_true(knows(t, who));
  assert_false(t->told[who]);
  if (ev->kind == P2P__MUX_RESET) {
    assert_true(t->reset || t->stopped[0] || t->stopped[1]);
    t->reset = true;
    t->told[who] = true;
    return;
  }
  assert_false(h->fin_got);
  if (ev->kind == P2P__MUX_FIN) {
    h->fin_got = true;
    if (!t->stopped[who]) assert_int_equal(h->got, h->written);
    assert_true(h->finished);
    return;
  }
  assert_int_equal(ev->kind, P2P__MUX_DATA);
  assert_false(t->stopped[who]);
  assert_true(ev->data.len > 0);
  for (size_t i = 0; i < ev->data.len; i++) {
    assert_int_equal(ev->data.p[i], byte_at(t, !who, h->got + i));
  }
  h->got += ev->data.len;
}

static void pump_in(world *w, int who) {
  wire *from = &w->from[!who];
  size_t n = roll(w, 3) ? roll(w, (uint32_t)p2p__min(from->len, 300) + 1) : from->len;
  uint8_t *copy = malloc(n + 1);
  assert_non_null(copy);
  memcpy(copy, from->bytes, n);
  memmove(from->bytes, from->bytes + n, from->len - n);
  from->len -= n;
  p2p__span in = p2p__span_of(copy, n);
  p2p__mux_event ev;
  int r;
  while ((r = mux(w, who)->ops->recv(mux(w, who), &in, &ev, w->side[who].now)) == 1) {
    on_event(w, who, &ev);
  }
  assert_int_equal(r, 0);
  assert_int_equal(in.len, 0);
  free(copy);
}

/* ---- the run ---- */
static void check(const world *w) {
  for (int i = 0; i < 2; i++) {
    const char *wrong = w->kind->check(w->side[i].m);
    if (wrong) fail_msg("%s", wrong);
  }
}

static void step(world *w) {
  int who = (int)roll(w, 2);
  uint32_t what = roll(w, 100);
  w->side[0].now += roll(w, 2) * P2P_MS;
  w->side[1].now = w->side[0].now;
  if (what < 30) {
    pump_out(w, who);
  } else if (what < 60) {
    pump_in(w, who);
  } else if (what < 63) {
    do_open(w, who);
  } else if (w->n_streams) {
    strm *t = &w->streams[roll(w, (uint32_t)w->n_streams)];
    if (!knows(t, who) || t->told[who]) return;
    if (what < 80)
      do_write(w, who, t);
    else if (what < 95)
      do_consume(w, who, t);
    else if (what < 98)
      do_finish(w, who, t);
    else if (what < 99)
      do_reset(w, who, t);
    else if (roll(w, 3) == 0)
      do_stop(w, who, t);
  }
  check(w);
}

static bool is_quiet(world *w) {
  p2p_bytes v[40];
  for (int i = 0; i < 2; i++) {
    if (w->from[i].len) return false;
    if (mux(w, i)->ops->pull(mux(w, i), 65519, v, 40, w->side[i].now)) return false;
  }
  return true;
}

/* Everybody reads all and finishes, until nothing moves. */
static void settle(world *w) {
  for (int left = 4; left > 0; left--) {
    for (int i = 0; i < 200000 && !is_quiet(w); i++) {
      pump_out(w, i & 1);
      pump_in(w, i & 1);
      pump_in(w, !(i & 1));
    }
    assert_true(is_quiet(w));
    for (size_t k = 0; k < w->n_streams; k++) {
      for (int who = 0; who < 2; who++) {
        strm *t = &w->streams[k];
        if (!knows(t, who) || t->told[who]) continue;
        while (t->way[!who].got > t->way[!who].consumed && !t->stopped[who]) do_consume(w, who, t);
        if (left < 4 && !t->way[who].finished) do_finish(w, who, t);
      }
    }
    check(w);
  }
}

static void check_quiet(world *w) {
  for (size_t k = 0; k < w->n_streams; k++) {
    const strm *t = &w->streams[k];
    w->kind->check_quiet(mux(w, 0), t->sid[0], mux(w, 1), t->sid[1]);
  }
}

void pair_run(const pair_muxer *kind, uint64_t seed) {
  world *w = calloc(1, sizeof *w);
  assert_non_null(w);
  w->rng = seed * 0x9e3779b97f4a7c15u + 1;
  w->kind = kind;
  for (int i = 0; i < 2; i++) {
    side_init(&w->side[i]);
    kind->configure(&w->side[i].limits, seed);
    kind->start(&w->side[i], i == 0);
    w->next[i] = mux(w, i)->first;
  }
  for (int i = 0; i < STEPS; i++) step(w);
  while (!is_quiet(w)) {
    pump_out(w, 0);
    pump_in(w, 1);
    pump_out(w, 1);
    pump_in(w, 0);
  }
  if (kind->check_quiet) check_quiet(w);
  settle(w);
  for (size_t k = 0; k < w->n_streams; k++) {
    const strm *t = &w->streams[k];
    for (int who = 0; who < 2 && !t->reset; who++) {
      assert_true(t->way[who].fin_got);
      if (!t->stopped[!who]) assert_int_equal(t->way[who].got, t->way[who].written);
    }
  }
  for (int i = 0; i < 2; i++) {
    p2p__mux_stats stats;
    mux(w, i)->ops->stats(mux(w, i), &stats);
    assert_int_equal(stats.streams, 0);
    side_fini(&w->side[i]);
  }
  free(w);
}
