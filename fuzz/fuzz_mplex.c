/* mplex against any bytes, in both roles, between any commands of its owner.
 *
 * Input: one byte of flags, then instructions: a byte that says what, and what it needs. Frames are
 * mostly built from small numbers, so that the fuzzer meets live streams; raw bytes come too. */
#include "../tests/unit/muxer/mplex_check.h"
#include <stdio.h>
#include <stdlib.h>

enum { IDS = 16 };

typedef struct world {
  p2p__mem mem;
  p2p__pool pool;
  p2p__slab slab;
  p2p__budget budget;
  p2p__limits limits;
  p2p__env env;
  p2p__mux *m;
  p2p_time now;
  p2p__rd in;
  uint64_t next;
  bool dead;
  /* by stream id, for the small ones: what was handed up and not given back */
  uint64_t unread[2 * IDS];
  bool fin[2 * IDS], gone[2 * IDS];
} world;

static void must(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  abort();
}

static void on_event(world *w, const p2p__mux_event *ev, const uint8_t *from, size_t len) {
  uint64_t i = ev->sid;
  if (ev->kind == P2P__MUX_DATA) {
    must(ev->data.len > 0 && ev->data.p >= from && ev->data.p + ev->data.len <= from + len,
         "data lies outside the input");
  }
  if (i >= 2 * IDS) return;
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

static void feed(world *w, const uint8_t *bytes, size_t len) {
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

static void frame(world *w) {
  uint8_t shape = p2p__rd_u8(&w->in), num = p2p__rd_u8(&w->in);
  uint32_t len = shape & 0x40 ? p2p__rd_be32(&w->in) : p2p__rd_u8(&w->in);
  static uint8_t bytes[P2P__MPLEX_HEADER + 300000];
  size_t body = p2p__min(len, 300000);
  if (shape & 0x80) body /= 2; /* the rest comes as whatever comes next */
  p2p__mplex_frame f = { shape & 7, num % IDS, len };
  size_t head = p2p__mplex_frame_write(bytes, f);
  memset(bytes + head, 0, body);
  feed(w, bytes, head + body);
}

static void pull(world *w, bool leaves) {
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

static void write_some(world *w, uint64_t sid) {
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

static void tick(world *w) {
  p2p_time due = w->m->ops->deadline(w->m);
  if (p2p__rd_u8(&w->in) & 1 && due != P2P_NEVER && due > w->now) w->now = due;
  w->now += P2P_MS;
  if (due > w->now) return;
  w->dead |= w->m->ops->tick(w->m, w->now) < 0;
  must(w->dead || w->m->ops->deadline(w->m) > w->now, "the deadline stays");
  feed(w, NULL, 0);
}

static void open_one(world *w) {
  if (w->m->ops->open(w->m, w->next, w->now) < 0) return;
  if (w->next < 2 * IDS) w->unread[w->next] = w->fin[w->next] = w->gone[w->next] = false;
  w->next += w->m->step;
}

static void instruct(world *w) {
  uint8_t what = p2p__rd_u8(&w->in);
  uint64_t sid = what >> 3 & (2 * IDS - 1);
  switch (what & 15) {
  case 0:
  case 1:
  case 2: frame(w); break;
  case 3: {
    p2p_bytes raw = p2p__rd_bytes(&w->in, p2p__min(p2p__rd_u8(&w->in), p2p__rd_left(&w->in)));
    feed(w, raw.p, raw.len);
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

static void world_init(world *w, uint8_t flags) {
  p2p__mem_init(&w->mem, NULL);
  p2p__pool_init(&w->pool, &w->mem);
  p2p__slab_init(&w->slab, &w->mem, P2P__MEM_MUX, p2p__mplex_stream_size());
  w->budget = (p2p__budget){ .max = 1 << 20 };
  p2p__limits_default(&w->limits);
  if (flags & 2) w->limits.mplex_resets_queued = 2;
  if (flags & 4) w->limits.streams_per_conn = 3;
  if (flags & 8) w->limits.mplex_recv_queue = 1048576;
  if (flags & 32) w->mem.fail_at = 3 + (flags >> 6);
  w->env = (p2p__env){ .mem = &w->mem, .pool = &w->pool, .limits = &w->limits };
  w->now = P2P_SECOND;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static world w;
  memset(&w, 0, sizeof w);
  w.in = p2p__rd_of(p2p__bytes(data, size));
  uint8_t flags = p2p__rd_u8(&w.in);
  world_init(&w, flags);
  if (p2p__mplex_new(&w.env, &w.slab, &w.budget, flags & 1, &w.m) == 0) {
    w.next = w.m->first;
    while (p2p__rd_left(&w.in) && !w.dead) {
      instruct(&w);
      const char *wrong = mplex_check(w.m);
      must(!wrong || w.dead, wrong ? wrong : "");
    }
    must(!w.dead || w.m->ops->pull(w.m, 65519, (p2p_bytes[4]){ { 0 } }, 4, w.now) == 0,
         "a last word");
  }
  p2p__mux_free(w.m);
  must(w.slab.live == 0 && w.budget.used == 0, "something is left");
  p2p__slab_fini(&w.slab);
  p2p__pool_fini(&w.pool);
  must(p2p__mem_used(&w.mem) == 0, "memory is left");
  return 0;
}
