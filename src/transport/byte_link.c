/* A byte link's life and the values that go down to it. See byte_link_internal.h for its states. */
#include "transport/byte_link_internal.h"
#include "transport/shielded.h"

#include <assert.h>

/* After so long without a byte a connection gives back what it can rebuild. */
#define BL_IDLE_AFTER (2 * P2P_SECOND)

void p2p__bl_costly(const byte_link *l, bool on) {
  if (l->pipe && l->pipe->ops->costly) l->pipe->ops->costly(l->pipe, on);
}

void p2p__bl_state(byte_link *l, bl_state state) {
  assert(l->state != BL_DEAD);
  assert(state == BL_DEAD || state >= l->state);
  l->state = (uint8_t)state;
  /* A responder's first line costs nothing. */
  p2p__bl_costly(l, state == BL_SECURING && l->initiator);
}

p2p_stage p2p__bl_stage(const byte_link *l) {
  switch ((bl_state)l->state) {
  case BL_CONNECTING: return P2P_STAGE_CONNECT;
  case BL_SECURING: return P2P_STAGE_SECURITY;
  case BL_ADMITTING: return P2P_STAGE_GATER;
  case BL_MUXING: return P2P_STAGE_MUXER;
  default: break;
  }
  return l->up && l->up->select_mux && !l->up->mux_done ? P2P_STAGE_MUXER : P2P_STAGE_UP;
}

bool p2p__bl_up(byte_link *l, const p2p__up *u, p2p_time now) {
  l->base.owner->up(l->base.owner, u, now);
  return l->state != BL_DEAD;
}

void p2p__bl_mark(byte_link *l) { p2p__loop_mark(p2p__bl_loop(l), &l->task); }

void p2p__bl_want(byte_link *l, uint32_t what) {
  if (what == l->want) return;
  l->want = what;
  l->pipe->ops->want(l->pipe, what);
}

void p2p__bl_bytes_free(byte_link *l, bl_bytes *b) {
  if (b->charged) p2p__budget_refund(l->budget, b->cap);
  p2p__release(p2p__bl_loop(l)->mem, P2P__MEM_LINK, b->p, b->cap);
  *b = (bl_bytes){ 0 };
}

void p2p__bl_ended(byte_link *l, int err, p2p_time now) {
  bool said_so = l->remote_goaway && l->close_code == 0;
  bool orderly = l->state == BL_CLOSING || l->state == BL_LINGERING || said_so;
  p2p__bl_die(l, orderly ? 0 : l->broken ? l->broken : err, p2p__bl_stage(l), true, now);
}

static void link_release(byte_link *l) {
  if (l->pipe) l->pipe->ops->free(l->pipe);
  l->pipe = NULL;
  p2p__mux_free(l->mux);
  l->mux = NULL;
  p2p__bl_upgrade_free(l);
  p2p__record_free(l->record);
  l->record = NULL;
  p2p__bl_bytes_free(l, &l->carry);
  p2p__bl_bytes_free(l, &l->left);
  p2p__timer_clear(&p2p__bl_loop(l)->timers, &l->timer);
}

void p2p__bl_die(byte_link *l, int err, p2p_stage stage, bool remote, p2p_time now) {
  if (l->state == BL_DEAD) return;
  p2p__bl_state(l, BL_DEAD);
  link_release(l);
  p2p__up_down down = {
    .err = err, .code = l->close_code, .stage = stage, .remote = remote, .answered = l->answered
  };
  l->base.owner->up(l->base.owner, &(p2p__up){ .kind = P2P__UP_DOWN, .down = &down }, now);
  p2p__bl_mark(l);
}

static void link_free(p2p__link *base) {
  byte_link *l = P2P_CONTAINER(base, byte_link, base);
  p2p__loop *loop = p2p__bl_loop(l);
  if (l->state != BL_DEAD) link_release(l);
  p2p__loop_unmark(&l->task);
  p2p__timers_unreserve(&loop->timers);
  p2p__release(loop->mem, P2P__MEM_LINK, l, sizeof *l);
}

static void link_task(p2p__task *t, p2p_time now) {
  byte_link *l = P2P_CONTAINER(t, byte_link, task);
  if (l->state == BL_DEAD) {
    link_free(&l->base);
    return;
  }
  if (l->resume) p2p__bl_resume(l, now);
  if (l->state == BL_DEAD) return;
  p2p__bl_flush(l, now);
  if (l->state != BL_DEAD) p2p__bl_arm(l, now);
}

/* ---- time ---- */
static p2p_time link_deadline(const byte_link *l) {
  p2p_time at = l->deadline;
  if (l->mux) at = p2p__time_min(at, l->mux->ops->deadline(l->mux));
  if (l->carry.len && l->record)
    at = p2p__time_min(at, p2p__time_add(l->carry_since, p2p__bl_env(l)->limits->carry_timeout));
  if (!l->idle) at = p2p__time_min(at, p2p__time_add(l->last_io, BL_IDLE_AFTER));
  return at;
}

void p2p__bl_arm(byte_link *l, p2p_time now) {
  p2p_time at = p2p__max(link_deadline(l), now);
  if (!l->timer.pos || at < l->timer.at) p2p__timer_set(&p2p__bl_loop(l)->timers, &l->timer, at);
}

static void link_idle(byte_link *l, p2p_time now) {
  if (l->idle || now < p2p__time_add(l->last_io, BL_IDLE_AFTER)) return;
  l->idle = true;
  if (l->record && l->record->ops->idle) l->record->ops->idle(l->record);
}

static void link_timeout(byte_link *l, p2p_time now) { p2p__bl_ended(l, P2P_ETIMEOUT, now); }

static void link_timer(p2p__timer *t, p2p_time now) {
  byte_link *l = P2P_CONTAINER(t, byte_link, timer);
  p2p_time carry_until = p2p__time_add(l->carry_since, p2p__bl_env(l)->limits->carry_timeout);
  if (now >= l->deadline || (l->carry.len && l->record && now >= carry_until)) {
    link_timeout(l, now);
    return;
  }
  if (l->mux && now >= l->mux->ops->deadline(l->mux)) {
    int err = l->mux->ops->tick(l->mux, now);
    if (err < 0) {
      p2p__bl_die(l, err, P2P_STAGE_UP, true, now);
      return;
    }
    p2p__bl_events(l, now);
    if (l->state == BL_DEAD) return;
  }
  link_idle(l, now);
  p2p__bl_arm(l, now);
}

/* ---- the pipe's word ---- */
static void link_connected(byte_link *l, int error, p2p_time now) {
  if (error) {
    p2p__bl_die(l, error, P2P_STAGE_CONNECT, true, now);
    return;
  }
  p2p__bl_state(l, BL_SECURING);
  p2p__bl_want(l, P2P_IO_READABLE);
  int err = p2p__bl_upgrade_start(l, now);
  if (err < 0)
    p2p__bl_die(l, err, P2P_STAGE_SECURITY, false, now);
  else
    p2p__bl_mark(l);
}

static void link_ready(p2p__pipe_user *user, uint32_t what, int error, p2p_time now) {
  byte_link *l = P2P_CONTAINER(user, byte_link, pipe_user);
  if (l->state == BL_DEAD) return;
  if (l->state == BL_CONNECTING) {
    if (what & P2P_IO_WRITABLE || error) link_connected(l, error, now);
    return;
  }
  if (what & P2P_IO_READABLE) p2p__bl_readable(l, now);
  if (l->state == BL_DEAD) return;
  if (error && !(what & P2P_IO_READABLE)) {
    p2p__bl_ended(l, error, now);
    return;
  }
  if (what & P2P_IO_WRITABLE) p2p__bl_mark(l);
}

/* ---- values down ---- */
static void link_write(byte_link *l, const p2p__down *d) {
  p2p__queue *q = l->mux->ops->sendq(l->mux, d->sid);
  if (!q || p2p__queue_move(q, d->blocks) < 0) {
    p2p__queue_fini(d->blocks); /* the stream is gone: RESET is on its way up */
    return;
  }
  l->mux->ops->ready(l->mux, d->sid);
}

static void link_close(byte_link *l, const p2p__down *d, p2p_time now) {
  l->close_code = d->code;
  if (d->err || !l->mux || l->state < BL_UP) {
    p2p__bl_die(l, d->err ? d->err : P2P_ECANCELED, p2p__bl_stage(l), false, now);
    return;
  }
  if (l->state >= BL_CLOSING) return;
  p2p__bl_state(l, BL_CLOSING);
  l->deadline = p2p__time_add(now, p2p__bl_env(l)->limits->close_timeout);
  p2p__bl_mark(l);
}

static void link_open(byte_link *l, const p2p__down *d, p2p_time now) {
  int err = l->mux->ops->open(l->mux, d->sid, now);
  if (err < 0) p2p__bl_up(l, &(p2p__up){ .kind = P2P__UP_RESET, .sid = d->sid, .err = err }, now);
}

static void link_priority(const byte_link *l, const p2p__down *d) {
  if (l->mux->ops->priority) l->mux->ops->priority(l->mux, d->sid, (p2p_priority)d->n);
}

static void link_stream_down(byte_link *l, const p2p__down *d, p2p_time now) {
  p2p__mux *m = l->mux;
  switch (d->kind) {
  case P2P__DOWN_OPEN: link_open(l, d, now); break;
  case P2P__DOWN_WRITE: link_write(l, d); break;
  case P2P__DOWN_CONSUMED: m->ops->consumed(m, d->sid, d->n, now); break;
  case P2P__DOWN_FINISH: m->ops->finish(m, d->sid); break;
  case P2P__DOWN_RESET: m->ops->reset(m, d->sid, d->code); break;
  case P2P__DOWN_STOP: m->ops->stop(m, d->sid, d->code); break;
  case P2P__DOWN_PRIORITY: link_priority(l, d); break;
  default: assert(0); break;
  }
}

static void link_admitted(byte_link *l, p2p_time now) {
  if (l->state != BL_ADMITTING) return;
  int err = p2p__bl_admit(l, now);
  if (err < 0)
    p2p__bl_die(l, err, P2P_STAGE_MUXER, false, now);
  else if (!l->eating) /* else digest goes on by itself */
    l->resume = true;
}

static void link_down(p2p__link *base, const p2p__down *d, p2p_time now) {
  byte_link *l = P2P_CONTAINER(base, byte_link, base);
  if (l->state == BL_DEAD) return;
  switch (d->kind) {
  case P2P__DOWN_ADMIT: link_admitted(l, now); break;
  case P2P__DOWN_REFUSE: p2p__bl_die(l, d->err, d->stage, false, now); return;
  case P2P__DOWN_CLOSE: link_close(l, d, now); return;
  default:
    if (l->mux)
      link_stream_down(l, d, now);
    else if (d->kind == P2P__DOWN_WRITE)
      p2p__queue_fini(d->blocks);
    break;
  }
  if (l->state != BL_DEAD) p2p__bl_mark(l);
}

static void link_stats(const p2p__link *base, p2p__link_stats *out) {
  const byte_link *l = P2P_CONST_CONTAINER(base, byte_link, base);
  *out = (p2p__link_stats){ 0 };
  if (!l->mux) return;
  p2p__mux_stats stats;
  l->mux->ops->stats(l->mux, &stats);
  out->rtt = stats.rtt;
  out->window = stats.window;
}

static int link_local(const p2p__link *base, p2p__wr *out) {
  const p2p__pipe *pipe = P2P_CONST_CONTAINER(base, byte_link, base)->pipe;
  return pipe && pipe->ops->local ? pipe->ops->local(pipe, out) : P2P_ENOTFOUND;
}

static const p2p__link_ops byte_link_ops = {
  .down = link_down,
  .stats = link_stats,
  .local = link_local,
  .free = link_free,
};

static int link_begin(byte_link *l, bool connected, p2p_time now) {
  if (!connected) return 0;
  p2p__bl_state(l, BL_SECURING);
  p2p__bl_want(l, P2P_IO_READABLE);
  p2p__bl_mark(l);
  return p2p__bl_upgrade_start(l, now);
}

static int link_new(const p2p__upgrades *upgrades, p2p__pipe *pipe, bool connected, bool initiator,
                    const p2p__link_spec *spec, p2p_time now, p2p__link **out) {
  p2p__loop *loop = upgrades->loop;
  byte_link *l = p2p__alloc(loop->mem, P2P__MEM_LINK, sizeof *l);
  if (!l) return P2P_ENOMEM;
  if (p2p__timers_reserve(&loop->timers) < 0) {
    p2p__release(loop->mem, P2P__MEM_LINK, l, sizeof *l);
    return P2P_ENOMEM;
  }
  l->base = (p2p__link){ .ops = &byte_link_ops, .owner = spec->owner };
  l->pipe_user.ready = link_ready;
  l->task.run = link_task;
  l->timer.fire = link_timer;
  l->upgrades = upgrades;
  l->budget = spec->budget;
  l->initiator = initiator;
  l->deadline = spec->deadline;
  l->last_io = l->sent_mark = now;
  int err = p2p__bl_upgrade_new(l, spec);
  if (err < 0) goto fail;
  l->pipe = pipe;
  pipe->user = &l->pipe_user;
  err = link_begin(l, connected, now);
  if (err < 0) goto fail;
  p2p__bl_arm(l, now);
  *out = &l->base;
  return 0;
fail:
  l->pipe = NULL; /* stays the caller's */
  link_free(&l->base);
  return err;
}

int p2p__byte_link_new(const p2p__upgrades *upgrades, p2p__pipe *pipe, bool connected,
                       bool initiator, const p2p__link_spec *spec, p2p_time now, p2p__link **out) {
  *out = NULL;
  if (!upgrades->shielding.make)
    return link_new(upgrades, pipe, connected, initiator, spec, now, out);
  p2p__pipe *shielded;
  int err = p2p__shielded_new(upgrades, pipe, initiator, &shielded);
  if (err < 0) return err;
  err = link_new(upgrades, shielded, connected, initiator, spec, now, out);
  if (err < 0) p2p__shielded_drop(shielded);
  return err;
}

void p2p__byte_link_accept(const p2p__upgrades *upgrades, p2p__pipe *pipe, p2p__acceptor *acceptor,
                           p2p_bytes remote, p2p_time now) {
  p2p__link_spec spec = { 0 };
  p2p__link *link = NULL;
  if (acceptor->arrived(acceptor, remote, true, &spec, now) < 0) {
    pipe->ops->free(pipe);
    return;
  }
  if (p2p__byte_link_new(upgrades, pipe, true, false, &spec, now, &link) < 0) pipe->ops->free(pipe);
  acceptor->made(acceptor, link, &spec);
}
