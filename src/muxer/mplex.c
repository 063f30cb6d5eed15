/* mplex as a muxer: birth and death of a session, its deadlines, and what its owner asks of it.
 * Spec: mplex/README.md. */
#include "muxer/mplex_internal.h"
#include <assert.h>

size_t p2p__mplex_stream_size(void) { return sizeof(p2p__mplex_stream); }

/* ---- the owner's commands ---- */
static int mplex_open(p2p__mux *m, uint64_t sid, p2p_time now) {
  p2p__mplex *x = p2p__mplex_of(m);
  assert(sid >= x->next && (sid - m->first) % m->step == 0);
  if (x->err) return x->err;
  if (sid >> 1 >> P2P__MPLEX_NUM_BITS) return P2P_ELIMIT;
  p2p__mplex_plan_drop(x);
  x->now = now;
  p2p__mplex_stream *s;
  int err = p2p__mplex_stream_new(x, sid, &s);
  if (err) return err;
  x->next = sid + m->step;
  return 0;
}

static p2p__queue *mplex_sendq(p2p__mux *m, uint64_t sid) {
  p2p__mplex_stream *s = p2p__mplex_find(p2p__mplex_of(m), sid);
  return s && !s->finishing ? &s->sendq : NULL;
}

static void mplex_ready(p2p__mux *m, uint64_t sid) {
  p2p__mplex *x = p2p__mplex_of(m);
  p2p__mplex_stream *s = p2p__mplex_find(x, sid);
  if (!s) return;
  p2p__mplex_plan_drop(x);
  p2p__mplex_ring(x, s);
}

static void mplex_consumed(p2p__mux *m, uint64_t sid, size_t n, p2p_time now) {
  p2p__mplex *x = p2p__mplex_of(m);
  p2p__mplex_stream *s = p2p__mplex_find(x, sid);
  x->now = now;
  if (!s || s->stopped) return;
  assert(n <= s->unread);
  s->unread -= n;
}

static void mplex_finish(p2p__mux *m, uint64_t sid) {
  p2p__mplex *x = p2p__mplex_of(m);
  p2p__mplex_stream *s = p2p__mplex_find(x, sid);
  if (!s || s->finishing) return;
  p2p__mplex_plan_drop(x);
  s->finishing = true;
  p2p__mplex_ring(x, s);
}

static void mplex_reset(p2p__mux *m, uint64_t sid, uint32_t code) {
  p2p__mplex *x = p2p__mplex_of(m);
  p2p__mplex_stream *s = p2p__mplex_find(x, sid);
  (void)code; /* the wire has no place for it */
  if (!s) return;
  p2p__mplex_plan_drop(x);
  if (!s->opening) p2p__mplex_rst(x, sid); /* else the peer never heard of it */
  p2p__mplex_stream_free(x, s);
}

static void mplex_stop(p2p__mux *m, uint64_t sid, uint32_t code) {
  p2p__mplex *x = p2p__mplex_of(m);
  p2p__mplex_stream *s = p2p__mplex_find(x, sid);
  (void)code;
  if (!s || s->stopped || s->fin_got) return;
  p2p__mplex_plan_drop(x);
  s->stopped = true;
  s->unread = 0;
  p2p__mplex_stream_settle(x, s);
}

static void mplex_goaway(p2p__mux *m, uint32_t code) {
  (void)code;
  p2p__mplex_of(m)->closing = true;
}

static void mplex_stats(const p2p__mux *m, p2p__mux_stats *out) {
  const p2p__mplex *x = p2p__mplex_of_const(m);
  *out = (p2p__mux_stats){ .streams = x->streams.n };
  const p2p__mplex_stream *s;
  for (size_t i = 0; (s = p2p__u64map_next(&x->streams, &i));)
    out->queued += s->sendq.len + (s->finishing && !s->fin_sent);
}

/* ---- time ---- */
static p2p_time mplex_deadline(const p2p__mux *m) {
  const p2p__mplex *x = p2p__mplex_of_const(m);
  if (x->err || p2p__list_empty(&x->lingering)) return P2P_NEVER;
  const p2p__mplex_stream *s = P2P_CONTAINER(x->lingering.next, p2p__mplex_stream, order);
  return p2p__time_add(s->since, x->env->limits->mplex_linger);
}

static int mplex_tick(p2p__mux *m, p2p_time now) {
  p2p__mplex *x = p2p__mplex_of(m);
  p2p__mplex_plan_drop(x);
  x->now = now;
  while (mplex_deadline(m) <= now) {
    p2p__mplex_stream *s = P2P_CONTAINER(x->lingering.next, p2p__mplex_stream, order);
    p2p__mplex_rst(x, s->sid);
    p2p__mplex_stream_lose(x, s, P2P_ETIMEOUT);
  }
  return 0;
}

/* ---- life ---- */
static void mplex_free(p2p__mux *m) {
  p2p__mplex *x = p2p__mplex_of(m);
  p2p__mem *mem = x->env->mem;
  p2p__mplex_stream *s;
  for (size_t i = 0; (s = p2p__u64map_next(&x->streams, &i));) {
    p2p__list_del(&s->roomy);
    p2p__queue_fini(&s->sendq);
    p2p__slab_give(x->slab, s);
  }
  p2p__u64map_fini(&x->streams);
  for (p2p__list *node; (node = p2p__list_pop(&x->lost));)
    p2p__slab_give(x->slab, P2P_CONTAINER(node, p2p__mplex_stream, ring));
  for (p2p__list *node; (node = p2p__list_pop(&x->roomy));)
    p2p__slab_give(x->slab, P2P_CONTAINER(node, p2p__mplex_stream, roomy)); /* ended, not told */
  p2p__mplex_plan_drop(x);
  p2p__queue_fini(&x->ctl);
  p2p__release(mem, P2P__MEM_MUX, x, sizeof *x);
}

static const p2p__mux_ops mplex_ops = {
  .id = "/mplex/6.7.0",
  .recv = p2p__mplex_recv,
  .pull = p2p__mplex_pull,
  .sent = p2p__mplex_sent,
  .room = p2p__mplex_room,
  .open = mplex_open,
  .sendq = mplex_sendq,
  .ready = mplex_ready,
  .consumed = mplex_consumed,
  .finish = mplex_finish,
  .reset = mplex_reset,
  .stop = mplex_stop,
  .goaway = mplex_goaway,
  .deadline = mplex_deadline,
  .tick = mplex_tick,
  .stats = mplex_stats,
  .free = mplex_free,
};

int p2p__mplex_new(p2p__env *env, p2p__slab *streams, p2p__budget *send_budget, bool client,
                   p2p__mux **out) {
  *out = NULL;
  p2p__mplex *x = p2p__alloc(env->mem, P2P__MEM_MUX, sizeof *x);
  if (!x) return P2P_ENOMEM;
  /* "the session initiator allocates odd IDs and the session receiver allocates even IDs" */
  x->mux = (p2p__mux){ .ops = &mplex_ops,
                       .first = p2p__mplex_sid(client ? 1 : 2, true),
                       .step = 4 };
  x->env = env;
  x->slab = streams;
  x->budget = send_budget;
  x->next = x->mux.first;
  p2p__u64map_init(&x->streams, env->mem, P2P__MEM_MUX, env->hash_key);
  p2p__queue_init(&x->ctl, env->pool, NULL);
  p2p__list *lists[] = { &x->ring, &x->roomy, &x->lingering, &x->lost };
  for (size_t i = 0; i < P2P_COUNT(lists); i++) p2p__list_init(lists[i]);
  *out = &x->mux;
  return 0;
}
