/* yamux as a muxer: birth and death of a session, and what its owner asks of it.
 * Spec: yamux/README.md. */
#include "muxer/yamux_internal.h"
#include <assert.h>

size_t p2p__yamux_stream_size(void) { return sizeof(p2p__yamux_stream); }

/* ---- the owner's commands ---- */
static int yamux_open(p2p__mux *m, uint64_t sid, p2p_time now) {
  p2p__yamux *y = p2p__yamux_of(m);
  assert(sid >= y->next && (sid - m->first) % m->step == 0);
  if (y->err) return y->err;
  if (y->goaway_got) return P2P_EGOAWAY;
  if (sid > UINT32_MAX) return P2P_ELIMIT;
  p2p__yamux_plan_drop(y);
  y->now = now;
  p2p__yamux_stream *s;
  int err = p2p__yamux_stream_new(y, (uint32_t)sid, &s);
  if (err) return err;
  y->next = sid + m->step;
  p2p__yamux_admit(y);
  return 0;
}

static p2p__queue *yamux_sendq(p2p__mux *m, uint64_t sid) {
  p2p__yamux_stream *s = p2p__yamux_find(p2p__yamux_of(m), sid);
  return s && !s->finishing ? &s->sendq : NULL;
}

static void yamux_ready(p2p__mux *m, uint64_t sid) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__yamux_stream *s = p2p__yamux_find(y, sid);
  if (!s) return;
  p2p__yamux_plan_drop(y);
  p2p__yamux_ring(y, s);
}

static void yamux_finish(p2p__mux *m, uint64_t sid) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__yamux_stream *s = p2p__yamux_find(y, sid);
  if (!s || s->finishing) return;
  p2p__yamux_plan_drop(y);
  s->finishing = true;
  p2p__yamux_ring(y, s);
}

static void yamux_reset(p2p__mux *m, uint64_t sid, uint32_t code) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__yamux_stream *s = p2p__yamux_find(y, sid);
  if (!s) return;
  p2p__yamux_plan_drop(y);
  /* The peer never heard of a stream whose SYN has not left. */
  if (s->state >= P2P__YAMUX_SYN_SENT) p2p__yamux_rst(y, s->sid, code);
  p2p__yamux_stream_free(y, s);
}

static void yamux_priority(p2p__mux *m, uint64_t sid, p2p_priority priority) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__yamux_stream *s = p2p__yamux_find(y, sid);
  if (!s) return;
  p2p__yamux_plan_drop(y);
  s->priority = (uint8_t)priority;
}

static void yamux_goaway(p2p__mux *m, uint32_t code) {
  p2p__yamux *y = p2p__yamux_of(m);
  if (y->goaway_wanted) return;
  p2p__yamux_plan_drop(y);
  y->goaway_wanted = true;
  y->goaway_code = code;
}

static void yamux_stats(const p2p__mux *m, p2p__mux_stats *out) {
  const p2p__yamux *y = p2p__yamux_of_const(m);
  *out = (p2p__mux_stats){ .rtt = y->ping.rtt, .streams = y->streams.n };
  const p2p__yamux_stream *s;
  for (size_t i = 0; (s = p2p__u64map_next(&y->streams, &i));) {
    if (s->window > out->window) out->window = s->window;
    out->queued += s->sendq.len + (s->finishing && !s->fin_sent);
  }
}

/* ---- life ---- */
static void yamux_free(p2p__mux *m) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__mem *mem = y->env->mem;
  p2p__yamux_stream *s;
  for (size_t i = 0; (s = p2p__u64map_next(&y->streams, &i));) {
    p2p__list_del(&s->roomy);
    p2p__queue_fini(&s->sendq);
    p2p__slab_give(y->slab, s);
  }
  p2p__u64map_fini(&y->streams);
  for (p2p__list *node; (node = p2p__list_pop(&y->lost));) {
    p2p__slab_give(y->slab, P2P_CONTAINER(node, p2p__yamux_stream, ring));
  }
  for (p2p__list *node; (node = p2p__list_pop(&y->roomy));) {
    p2p__slab_give(y->slab, P2P_CONTAINER(node, p2p__yamux_stream, roomy)); /* ended, not told */
  }
  p2p__yamux_plan_drop(y);
  p2p__queue_fini(&y->ctl);
  p2p__release(mem, P2P__MEM_MUX, y, sizeof *y);
}

static const p2p__mux_ops yamux_ops = {
  .id = "/yamux/1.0.0",
  .recv = p2p__yamux_recv,
  .pull = p2p__yamux_pull,
  .sent = p2p__yamux_sent,
  .room = p2p__yamux_room,
  .open = yamux_open,
  .sendq = yamux_sendq,
  .ready = yamux_ready,
  .consumed = p2p__yamux_consumed,
  .finish = yamux_finish,
  .reset = yamux_reset,
  .stop = p2p__yamux_stop,
  .priority = yamux_priority,
  .goaway = yamux_goaway,
  .deadline = p2p__yamux_deadline,
  .tick = p2p__yamux_tick,
  .stats = yamux_stats,
  .free = yamux_free,
};

int p2p__yamux_new(p2p__env *env, p2p__slab *streams, p2p__budget *send_budget, bool client,
                   p2p_time now, p2p__mux **out) {
  *out = NULL;
  p2p__yamux *y = p2p__alloc(env->mem, P2P__MEM_MUX, sizeof *y);
  if (!y) return P2P_ENOMEM;
  y->mux = (p2p__mux){ .ops = &yamux_ops, .first = client ? 1 : 2, .step = 2 };
  y->env = env;
  y->slab = streams;
  y->budget = send_budget;
  y->next = y->mux.first;
  y->now = y->ping.heard = now;
  p2p__u64map_init(&y->streams, env->mem, P2P__MEM_MUX, env->hash_key);
  p2p__queue_init(&y->ctl, env->pool, NULL);
  p2p__list *lists[] = { &y->ring,    &y->grants,    &y->roomy, &y->held,
                         &y->unacked, &y->lingering, &y->lost };
  for (size_t i = 0; i < P2P_COUNT(lists); i++) p2p__list_init(lists[i]);
  p2p__yamux_ping_want(y); /* the round trip, from the first record on */
  *out = &y->mux;
  return 0;
}
