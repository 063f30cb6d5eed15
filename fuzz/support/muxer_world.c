/* The world a muxer lives in. */
#include "muxer_world.h"

enum { RECORD = 65519 };

static void on_event(muxer_world *w, const p2p__mux_event *ev, const uint8_t *from, size_t len) {
  uint64_t i = ev->sid;
  if (ev->kind == P2P__MUX_DATA) {
    must(ev->data.len > 0 && ev->data.p >= from && ev->data.p + ev->data.len <= from + len,
         "data lies outside the input");
  }
  if (i >= MUXER_SIDS) return;
  switch (ev->kind) {
  case P2P__MUX_OPENED: w->unread[i] = w->fin[i] = w->gone[i] = false; break;
  case P2P__MUX_DATA:
    must(!w->fin[i] && !w->gone[i], "data behind an end");
    w->unread[i] += ev->data.len;
    break;
  case P2P__MUX_FIN:
    must(!w->fin[i] && !w->gone[i], "two ends");
    w->fin[i] = true;
    break;
  case P2P__MUX_RESET:
    must(!w->gone[i], "two resets");
    w->gone[i] = true;
    break;
  default: break;
  }
}

void muxer_world_feed(muxer_world *w, const uint8_t *bytes, size_t len) {
  uint8_t *copy = malloc(len + 1);
  must(copy != NULL, "out of memory");
  if (len) memcpy(copy, bytes, len);
  p2p__span in = p2p__span_of(copy, len);
  p2p__mux_event ev;
  int r;
  while ((r = w->m->ops->recv(w->m, &in, &ev, w->now)) == 1) on_event(w, &ev, copy, len);
  must(r <= 0 && (r < 0 || in.len == 0), "bytes left behind");
  w->dead |= r < 0;
  free(copy);
}

static void pull(muxer_world *w, bool leaves) {
  p2p_bytes v[24];
  size_t max = 1 + (size_t)p2p__rd_u8(&w->in) * 257, cap = 2 + p2p__rd_u8(&w->in) % 22, sum = 0;
  size_t n = w->m->ops->pull(w->m, max, v, cap, w->now);
  must(n <= cap, "too many pieces");
  for (size_t i = 0; i < n; i++) {
    must(v[i].len > 0, "an empty piece");
    sum += v[i].len;
  }
  must(sum <= max, "a record too long");
  if (n && leaves) w->m->ops->sent(w->m);
  uint64_t sid;
  size_t freed;
  while (leaves && w->m->ops->room(w->m, &sid, &freed)) must(freed > 0, "room for nothing");
}

static void write_some(muxer_world *w, uint64_t sid) {
  p2p__queue *q = w->m->ops->sendq(w->m, sid);
  if (!q) return;
  for (size_t n = (size_t)p2p__rd_u8(&w->in) * 300; n > 0;) {
    p2p__span room = p2p__queue_reserve(q, n);
    if (!room.len) break;
    memset(room.p, 7, room.len);
    p2p__queue_commit(q, room.len);
    n -= room.len;
  }
  w->m->ops->ready(w->m, sid);
}

static void tick(muxer_world *w) {
  p2p_time due = w->m->ops->deadline(w->m);
  if (p2p__rd_u8(&w->in) & 1 && due != P2P_NEVER && due > w->now) w->now = due;
  w->now += P2P_MS;
  if (due > w->now) return;
  w->dead |= w->m->ops->tick(w->m, w->now) < 0;
  must(w->dead || w->m->ops->deadline(w->m) > w->now, "the deadline stays");
  muxer_world_feed(w, NULL, 0);
}

static void open_one(muxer_world *w) {
  if (w->m->ops->open(w->m, w->next, w->now) < 0) return;
  if (w->next < MUXER_SIDS) w->unread[w->next] = w->fin[w->next] = w->gone[w->next] = false;
  w->next += w->m->step;
}

static void instruct(muxer_world *w) {
  uint8_t what = p2p__rd_u8(&w->in);
  uint64_t sid = what >> 3 & (MUXER_SIDS - 1);
  switch (what & 15) {
  case 0:
  case 1:
  case 2: w->kind->frame(w); break;
  case 3: {
    p2p_bytes raw = p2p__rd_bytes(&w->in, p2p__min(p2p__rd_u8(&w->in), p2p__rd_left(&w->in)));
    muxer_world_feed(w, raw.p, raw.len);
    break;
  }
  case 4: open_one(w); break;
  case 5:
  case 6: write_some(w, sid); break;
  case 7: w->m->ops->finish(w->m, sid); break;
  case 8:
    w->m->ops->reset(w->m, sid, 3);
    w->gone[sid] = true; /* nothing more is said of it */
    break;
  case 9:
    w->m->ops->stop(w->m, sid, 4);
    w->unread[sid] = 0;
    break;
  case 10:
    w->m->ops->consumed(w->m, sid, w->unread[sid], w->now);
    w->unread[sid] = 0;
    break;
  case 11: tick(w); break;
  case 12: pull(w, false); break;
  case 13: w->m->ops->goaway(w->m, 0); break;
  default: pull(w, true); break;
  }
}

static void world_init(muxer_world *w, uint8_t flags) {
  p2p__mem_init(&w->mem, NULL);
  p2p__pool_init(&w->pool, &w->mem);
  p2p__slab_init(&w->slab, &w->mem, P2P__MEM_MUX, w->kind->stream_size);
  w->budget = (p2p__budget){ .max = 1 << 20 };
  p2p__limits_default(&w->limits);
  if (flags & 4) w->limits.streams_per_conn = 3;
  w->kind->limits(&w->limits, flags);
  if (flags & 32) w->mem.fail_at = 3 + (flags >> 6);
  w->env = (p2p__env){ .mem = &w->mem, .pool = &w->pool, .limits = &w->limits };
  w->now = P2P_SECOND;
}

static void live(muxer_world *w) {
  w->next = w->m->first;
  while (p2p__rd_left(&w->in) && !w->dead) {
    instruct(w);
    const char *wrong = w->kind->check(w->m);
    must(!wrong || w->dead, wrong ? wrong : "");
  }
  if (w->kind->farewell) {
    pull(w, true);
    return;
  }
  p2p_bytes v[4];
  must(!w->dead || w->m->ops->pull(w->m, RECORD, v, 4, w->now) == 0, "a last word");
}

void muxer_world_run(const muxer_kind *kind, p2p_bytes in) {
  static muxer_world w;
  w = (muxer_world){ .kind = kind, .in = p2p__rd_of(in) };
  uint8_t flags = p2p__rd_u8(&w.in);
  world_init(&w, flags);
  if (kind->make(&w, flags & 1) == 0) live(&w);
  p2p__mux_free(w.m);
  must(w.slab.live == 0 && w.budget.used == 0, "something is left");
  p2p__slab_fini(&w.slab);
  p2p__pool_fini(&w.pool);
  must(p2p__mem_used(&w.mem) == 0, "memory is left");
}
