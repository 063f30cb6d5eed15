/* Ping, both sides. See ping.h. */
#include "protocol/ping/ping.h"
#include "base/list.h"
#include "base/map.h"
#include "protocol/protocol.h"

enum { PAYLOAD = 32 };

static const p2p_time IDLE_KEPT = 10 * P2P_SECOND; /* an unused stream of ours */
/* An inbound stream without a ping; implementations that keep one ping every 15 s or more often. */
static const p2p_time SILENCE = 120 * P2P_SECOND;

enum target_state { OPENING = 1, WAITING, IDLE };

/* A peer that we ping. */
typedef struct target {
  uint32_t peer;
  enum target_state state;
  uint64_t tag; /* of its stream; an older stream of the same peer has another */
  uint64_t stream;
  bool proven; /* this stream has answered once */
  p2p_time sent, until;
  p2p__list node; /* of waiting or idle, in order of `until` */
  uint8_t payload[PAYLOAD];
} target;

typedef struct ping {
  p2p__behaviour base;
  p2p__env *env;
  p2p__protocol_line lines[2];
  p2p__u64map targets; /* by peer */
  p2p__list waiting, idle;
  uint64_t next_tag;
  p2p_time now;
  p2p__acts acts;
} ping;

/* ---- targets ---- */

static target *target_new(ping *p, uint32_t peer) {
  target *t = p2p__alloc(p->env->mem, P2P__MEM_PROTOCOL, sizeof *t);
  if (!t) return NULL;
  t->peer = peer;
  p2p__list_init(&t->node);
  if (p2p__u64map_add(&p->targets, peer, t) < 0) {
    p2p__release(p->env->mem, P2P__MEM_PROTOCOL, t, sizeof *t);
    return NULL;
  }
  return t;
}

static void target_forget(ping *p, target *t) {
  (void)p2p__u64map_del(&p->targets, t->peer);
  p2p__list_del(&t->node);
  p2p__release(p->env->mem, P2P__MEM_PROTOCOL, t, sizeof *t);
}

/* The target whose present stream the fact is about, or NULL: it was given up. */
static target *target_of(ping *p, const p2p__fact *f) {
  target *t = f->inbound ? NULL : p2p__u64map_find(&p->targets, f->peer);
  return t && t->tag == f->tag ? t : NULL;
}

static void target_open(ping *p, target *t) {
  t->state = OPENING;
  t->tag = ++p->next_tag;
  t->proven = false;
  p2p__list_del(&t->node);
  p2p__acts_push(&p->acts, (p2p__act){ .kind = P2P__ACT_OPEN, .peer = t->peer, .tag = t->tag });
}

static void target_wait(ping *p, target *t, enum target_state state, p2p__list *list,
                        p2p_time timeout) {
  t->state = state;
  t->until = p2p__time_add(p->now, timeout);
  p2p__list_del(&t->node);
  p2p__list_add(list, &t->node);
}

/* ---- actions ---- */

static void push_reset(ping *p, uint64_t stream) {
  p2p__acts_push(&p->acts, (p2p__act){ .kind = P2P__ACT_RESET, .stream = stream });
}

static void push_finish(ping *p, uint64_t stream) {
  p2p__acts_push(&p->acts, (p2p__act){ .kind = P2P__ACT_FINISH, .stream = stream });
}

static void push_result(ping *p, uint32_t peer, p2p_time rtt, int err) {
  p2p__act a = { .kind = P2P__ACT_EMIT,
                 .peer = peer,
                 .event = { .kind = P2P_EV_PING, .rtt = rtt, .err = err } };
  p2p__acts_push(&p->acts, a);
}

static void target_fail(ping *p, target *t, int err) {
  push_result(p, t->peer, 0, err);
  target_forget(p, t);
}

/* Its stream ended under a ping. One that has answered before was probably ended for its age, just
 * as we spoke: the ping goes out again on a new one. */
static void target_lost(ping *p, target *t, int err) {
  if (t->proven) {
    target_open(p, t);
  } else {
    target_fail(p, t, err);
  }
}

static void target_send(ping *p, target *t) {
  int err = p2p__random(p->env, t->payload, PAYLOAD);
  if (err < 0) {
    push_reset(p, t->stream);
    target_fail(p, t, err);
    return;
  }
  t->sent = p->now;
  target_wait(p, t, WAITING, &p->waiting, p->env->limits->ping_timeout);
  p2p__acts_push(&p->acts, (p2p__act){ .kind = P2P__ACT_SEND,
                                       .stream = t->stream,
                                       .bytes = p2p__bytes(t->payload, PAYLOAD) });
}

/* ---- facts ---- */

static void on_call(ping *p, const p2p__fact *f) {
  target *t = p2p__u64map_find(&p->targets, f->peer);
  if (t) {
    if (t->state == IDLE) target_send(p, t);
    return;
  }
  t = target_new(p, f->peer);
  if (!t) {
    push_result(p, f->peer, 0, P2P_ENOMEM);
    return;
  }
  target_open(p, t);
}

static void on_opened(ping *p, const p2p__fact *f) {
  if (f->inbound) return;
  target *t = target_of(p, f);
  if (!t) {
    push_reset(p, f->stream);
    return;
  }
  t->stream = f->stream;
  target_send(p, t);
}

static void on_echo(ping *p, target *t, p2p_bytes bytes) {
  bool right = t->state == WAITING && p2p__bytes_eq(bytes, p2p__bytes(t->payload, PAYLOAD));
  if (right) {
    push_result(p, t->peer, p->now - t->sent, 0);
    t->proven = true;
    target_wait(p, t, IDLE, &p->idle, IDLE_KEPT);
    return;
  }
  push_reset(p, t->stream);
  if (t->state == WAITING) push_result(p, t->peer, 0, P2P_EPROTO);
  target_forget(p, t);
}

static void on_message(ping *p, const p2p__fact *f) {
  if (f->inbound) {
    p2p__act echo = { .kind = P2P__ACT_SEND, .stream = f->stream, .bytes = f->bytes };
    p2p__acts_push(&p->acts, echo);
    return;
  }
  target *t = target_of(p, f);
  if (t) {
    on_echo(p, t, f->bytes);
  } else {
    push_reset(p, f->stream);
  }
}

static void on_ended(ping *p, const p2p__fact *f) {
  target *t = target_of(p, f);
  push_finish(p, f->stream);
  if (!t) return;
  if (t->state == WAITING) {
    target_lost(p, t, P2P_EEOF);
  } else {
    target_forget(p, t);
  }
}

static void on_closed(ping *p, const p2p__fact *f) {
  target *t = target_of(p, f);
  if (!t) return;
  if (t->state == IDLE) {
    target_forget(p, t);
  } else {
    target_lost(p, t, f->err ? f->err : P2P_EEOF);
  }
}

static void ping_fact(p2p__behaviour *b, const p2p__fact *f, p2p_time now) {
  ping *p = P2P_CONTAINER(b, ping, base);
  p->now = now;
  switch (f->kind) {
  case P2P__FACT_CALL: on_call(p, f); break;
  case P2P__FACT_OPENED: on_opened(p, f); break;
  case P2P__FACT_MESSAGE: on_message(p, f); break;
  case P2P__FACT_ENDED: on_ended(p, f); break;
  case P2P__FACT_CLOSED: on_closed(p, f); break;
  default: break;
  }
}

/* ---- time ---- */

static target *first_due(p2p__list *list, p2p_time now) {
  if (p2p__list_empty(list)) return NULL;
  target *t = P2P_CONTAINER(list->next, target, node);
  return t->until <= now ? t : NULL;
}

/* Ends one target whose time is up; false: none is. */
static bool expire_one(ping *p) {
  target *t = first_due(&p->waiting, p->now);
  if (t) {
    push_reset(p, t->stream);
    target_fail(p, t, P2P_ETIMEOUT);
    return true;
  }
  t = first_due(&p->idle, p->now);
  if (!t) return false;
  push_finish(p, t->stream);
  target_forget(p, t);
  return true;
}

static bool ping_next(p2p__behaviour *b, p2p__act *a) {
  ping *p = P2P_CONTAINER(b, ping, base);
  if (p->acts.n == 0) (void)expire_one(p);
  return p2p__acts_pop(&p->acts, a);
}

static p2p_time list_until(const p2p__list *list) {
  if (p2p__list_empty(list)) return P2P_NEVER;
  return P2P_CONST_CONTAINER(list->next, target, node)->until;
}

static p2p_time ping_deadline(const p2p__behaviour *b) {
  const ping *p = P2P_CONST_CONTAINER(b, ping, base);
  return p2p__time_min(list_until(&p->waiting), list_until(&p->idle));
}

/* ---- life ---- */

static void ping_free(p2p__behaviour *b) {
  ping *p = P2P_CONTAINER(b, ping, base);
  size_t i = 0;
  for (target *t; (t = p2p__u64map_next(&p->targets, &i)) != NULL;) {
    p2p__release(p->env->mem, P2P__MEM_PROTOCOL, t, sizeof *t);
  }
  p2p__u64map_fini(&p->targets);
  p2p__release(p->env->mem, P2P__MEM_PROTOCOL, p, sizeof *p);
}

static const p2p__behaviour_ops ping_ops = {
  .name = "ping",
  .fact = ping_fact,
  .next = ping_next,
  .deadline = ping_deadline,
  .free = ping_free,
};

int p2p__ping_new(p2p__env *env, p2p__behaviour **out) {
  *out = NULL;
  ping *p = p2p__alloc(env->mem, P2P__MEM_PROTOCOL, sizeof *p);
  if (!p) return P2P_ENOMEM;
  p->base = (p2p__behaviour){ .ops = &ping_ops, .protocols = p->lines };
  p->env = env;
  p->lines[0] = (p2p__protocol_line){ .id = "/ipfs/ping/1.0.0",
                                      .framing = P2P__FIXED,
                                      .limit = PAYLOAD,
                                      .timeout = SILENCE,
                                      .in_per_peer = (uint32_t)env->limits->ping_streams_in };
  p2p__u64map_init(&p->targets, env->mem, P2P__MEM_PROTOCOL, env->hash_key);
  p2p__list_init(&p->waiting);
  p2p__list_init(&p->idle);
  *out = &p->base;
  return 0;
}

bool p2p__ping_is_busy(const p2p__behaviour *b, uint32_t peer) {
  const ping *p = P2P_CONST_CONTAINER(b, ping, base);
  const target *t = p2p__u64map_find(&p->targets, peer);
  return t && t->state != IDLE;
}
