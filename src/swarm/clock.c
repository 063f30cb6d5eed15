/* Deadlines of streams: for the agreement, for bytes to come, for bytes to leave, for the end. What
 * misses one is reset with P2P_ETIMEOUT. A stream without deadlines owns nothing of this. */
#include "swarm/internal.h"

static p2p_time clock_next(const p2p__stream_clock *k) {
  p2p_time at = P2P_NEVER;
  for (size_t i = 0; i < P2P_DEADLINES; i++) at = p2p__time_min(at, k->at[i]);
  return at;
}

static void clock_arm(p2p__stream_clock *k) {
  p2p__timer_set(&k->stream->swarm->loop->timers, &k->timer, clock_next(k));
}

static void clock_fire(p2p__timer *t, p2p_time now) {
  p2p__stream_fail(P2P_CONTAINER(t, p2p__stream_clock, timer)->stream, P2P_ETIMEOUT, now);
}

static p2p__stream_clock *clock_of(p2p__sstream *s) {
  p2p__loop *loop = s->swarm->loop;
  if (s->clock) return s->clock;
  p2p__stream_clock *k = p2p__alloc(loop->mem, P2P__MEM_STREAM, sizeof *k);
  if (!k) return NULL;
  if (p2p__timers_reserve(&loop->timers) < 0) {
    p2p__release(loop->mem, P2P__MEM_STREAM, k, sizeof *k);
    return NULL;
  }
  k->stream = s;
  k->timer.fire = clock_fire;
  for (size_t i = 0; i < P2P_DEADLINES; i++) k->at[i] = P2P_NEVER;
  return s->clock = k;
}

void p2p__clock_free(p2p__sstream *s) {
  p2p__stream_clock *k = s->clock;
  if (!k) return;
  p2p__loop *loop = s->swarm->loop;
  p2p__timer_clear(&loop->timers, &k->timer);
  p2p__timers_unreserve(&loop->timers);
  p2p__release(loop->mem, P2P__MEM_STREAM, k, sizeof *k);
  s->clock = NULL;
}

void p2p__clock_met(p2p__sstream *s, p2p_deadline which) {
  if (!s->clock || s->clock->at[which] == P2P_NEVER) return;
  s->clock->at[which] = P2P_NEVER;
  clock_arm(s->clock);
}

/* Whether what the deadline waits for is there already. */
static bool is_met(const p2p__sstream *s, p2p_deadline which) {
  switch (which) {
  case P2P_DEADLINE_OPEN: return s->state != P2P__STREAM_NEGOTIATING;
  case P2P_DEADLINE_READ: return p2p__stream_unread(s) > 0 || s->in_ended;
  case P2P_DEADLINE_WRITE: return s->unsent == 0;
  default: return false;
  }
}

int p2p__stream_set_deadline(p2p__sstream *s, p2p_deadline which, p2p_time at) {
  if (s->state == P2P__STREAM_CLOSED) return s->err ? s->err : P2P_ECLOSED;
  if (at == P2P_NEVER || is_met(s, which)) {
    p2p__clock_met(s, which);
    return 0;
  }
  p2p__stream_clock *k = clock_of(s);
  if (!k) return P2P_ENOMEM;
  k->at[which] = at;
  clock_arm(k);
  return 0;
}
