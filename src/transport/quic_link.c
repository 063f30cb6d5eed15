/* A QUIC connection as a link. See quic_internal.h for its states. */
#include "base/dgrams.h"
#include "multiformats/text.h"
#include "transport/quic_internal.h"

#include <assert.h>

enum { BATCHES = 4 }; /* sent in one turn: 256 KiB, then others have theirs */
/* After so long without a datagram a connection gives back what it can take again. */
#define IDLE_AFTER (2 * P2P_SECOND)

/* What connections say when they end. Spec: error codes of connections, as in go-libp2p. */
enum { CODE_LIMIT = 0x1001, CODE_VIOLATION = 0x1003, CODE_SHUTDOWN = 0x1006, CODE_GATED = 0x1007 };

static quic_link *link_of(p2p__link *base) { return P2P_CONTAINER(base, quic_link, base); }

static void link_state(quic_link *l, quic_link_state state) {
  assert(l->state != QUIC_DEAD && state >= l->state);
  l->state = (uint8_t)state;
  if (state == QUIC_SECURING || !l->unproven) return;
  l->unproven = false;
  l->transport->n_unproven--;
}

void p2p__quic_link_mark(quic_link *l) { p2p__loop_mark(l->transport->loop, &l->task); }

/* ---- the end ---- */
static uint32_t code_of(int err) {
  switch (err) {
  case P2P_ELIMIT:
  case P2P_ENOMEM: return CODE_LIMIT;
  case P2P_EPROTO: return CODE_VIOLATION;
  case P2P_EGATED: return CODE_GATED;
  default: return CODE_SHUTDOWN;
  }
}

/* A few words for people at the other end. */
static const char *reason_of(int err) {
  switch (err) {
  case 0: return NULL;
  case P2P_ELIMIT:
  case P2P_ENOMEM: return "limit reached";
  case P2P_EPROTO: return "protocol violation";
  case P2P_EGATED: return "connection gated";
  case P2P_ECANCELED: return "not needed";
  case P2P_ETIMEOUT: return "timeout";
  case P2P_ESELF: return "dialed itself";
  default: return "shutting down";
  }
}

static void link_release(quic_link *l) {
  quic_transport *t = l->transport;
  p2p__quic_free(l->quic);
  l->quic = NULL;
  p2p__quic_names_clear(&t->table, &l->names);
  p2p__list_del(&l->waiting);
  p2p__list_del(&l->touched);
  p2p__list_del(&l->client_node);
  p2p__timer_clear(&t->loop->timers, &l->timer);
  if (l->unproven) t->n_unproven--;
  l->unproven = false;
  if (l->next) p2p__quic_socket_unuse(l->next);
  if (l->socket) p2p__quic_socket_unuse(l->socket);
  l->socket = l->next = NULL;
}

/* Says the last word, if there is one, and leaves it to be repeated. */
static void link_goodbye(quic_link *l, int err, p2p_time now) {
  p2p__loop *loop = l->transport->loop;
  p2p_dgrams word;
  p2p_time linger = 3 * p2p__quic_pto(l->quic);
  uint32_t code = err && !l->close_code ? code_of(err) : l->close_code;
  p2p__quic_goodbye(l->quic, code, reason_of(err), p2p__span_of(loop->tx, P2P__QUIC_SPACE), &word,
                    now);
  if (word.len) (void)p2p__quic_socket_send(l->socket, &word, 1);
  p2p__quic_grave_dig(l, &word, p2p__time_add(now, linger));
}

static void link_die_of(quic_link *l, const p2p__quic_end *end, p2p_time now) {
  p2p__up_down down = { .err = end->err, .stage = end->stage, .remote = end->remote };
  if (l->state == QUIC_DEAD) return;
  p2p__wr reason = p2p__wr_of(down.reason, sizeof down.reason);
  p2p__text_put_shown(&reason, end->reason);
  link_goodbye(l, end->err, now);
  link_state(l, QUIC_DEAD);
  link_release(l); /* … and what end points to */
  down.code = l->close_code;
  down.answered = l->answered;
  l->base.owner->up(l->base.owner, &(p2p__up){ .kind = P2P__UP_DOWN, .down = &down }, now);
  p2p__quic_link_mark(l);
}

static void link_die(quic_link *l, int err, p2p_stage stage, bool remote, p2p_time now) {
  link_die_of(l, &(p2p__quic_end){ .err = err, .stage = stage, .remote = remote }, now);
}

void p2p__quic_link_refused(quic_link *l, int err, p2p_time now) {
  link_die(l, err, P2P_STAGE_CONNECT, true, now);
}

static p2p_stage link_stage(const quic_link *l) {
  switch ((quic_link_state)l->state) {
  case QUIC_SECURING: return l->answered ? P2P_STAGE_SECURITY : P2P_STAGE_CONNECT;
  case QUIC_ADMITTING: return P2P_STAGE_GATER;
  default: return P2P_STAGE_UP;
  }
}

static void link_free(p2p__link *base) {
  quic_link *l = link_of(base);
  p2p__loop *loop = l->transport->loop;
  if (l->state != QUIC_DEAD) link_release(l);
  p2p__loop_unmark(&l->task);
  p2p__timers_unreserve(&loop->timers);
  p2p__release(loop->mem, P2P__MEM_LINK, l, sizeof *l);
}

/* ---- up ---- */
static bool link_up(quic_link *l, const p2p__up *u, p2p_time now) {
  l->base.owner->up(l->base.owner, u, now);
  return l->state != QUIC_DEAD;
}

static void tell_secured(quic_link *l, const p2p__quic_event *ev, p2p_time now) {
  p2p__up_secured who = { .peer = *ev->peer, .pubkey = ev->pubkey, .security = "/tls/1.0.0" };
  link_state(l, QUIC_ADMITTING);
  (void)link_up(l, &(p2p__up){ .kind = P2P__UP_SECURED, .secured = &who }, now);
}

static void tell_ended(quic_link *l, const p2p__quic_event *ev, p2p_time now) {
  p2p__quic_end end = ev->end;
  if (!l->close_code) l->close_code = end.code;
  if (l->state == QUIC_CLOSING)
    end.err = 0; /* orderly */
  else if (!end.err && l->state < QUIC_UP)
    end.err = P2P_ECLOSED;
  link_die_of(l, &end, now);
}

static void tell_stream(quic_link *l, const p2p__quic_event *ev, p2p_time now) {
  static const p2p__up_kind kinds[] = {
    [P2P__QUIC_OPENED] = P2P__UP_OPENED,   [P2P__QUIC_DATA] = P2P__UP_DATA,
    [P2P__QUIC_FIN] = P2P__UP_FIN,         [P2P__QUIC_RESET_GOT] = P2P__UP_RESET,
    [P2P__QUIC_STOPPED] = P2P__UP_STOPPED, [P2P__QUIC_ROOM] = P2P__UP_ROOM,
  };
  p2p__up u = {
    .kind = kinds[ev->kind], .sid = ev->sid, .code = ev->code, .n = ev->n, .blocks = ev->data
  };
  (void)link_up(l, &u, now);
}

static void tell_datagram(quic_link *l, const p2p__quic_event *ev, p2p_time now) {
  bool got = ev->kind == P2P__QUIC_DATAGRAM;
  p2p__up u = { .kind = got ? P2P__UP_DATAGRAM : P2P__UP_DATAGRAM_ROOM };
  u.n = ev->n;
  u.datagram = ev->datagram;
  if (l->state == QUIC_UP) (void)link_up(l, &u, now);
}

static void tell_moved(quic_link *l, const p2p__quic_event *ev, p2p_time now) {
  uint8_t space[P2P_ADDR_MAX];
  p2p__wr addr = p2p__wr_of(space, sizeof space);
  if (!p2p__quic_link_arrived(l, ev) || l->state != QUIC_UP) return;
  p2p__quic_addr_write(&addr, &l->remote);
  (void)link_up(l, &(p2p__up){ .kind = P2P__UP_ADDR, .addr = p2p__wr_bytes(&addr) }, now);
}

static void tell_one(quic_link *l, const p2p__quic_event *ev, p2p_time now) {
  switch (ev->kind) {
  case P2P__QUIC_SECURED: tell_secured(l, ev, now); break;
  case P2P__QUIC_ENDED: tell_ended(l, ev, now); break;
  case P2P__QUIC_DATAGRAM:
  case P2P__QUIC_DATAGRAM_ROOM: tell_datagram(l, ev, now); break;
  case P2P__QUIC_MOVED:
  case P2P__QUIC_STAYED: tell_moved(l, ev, now); break;
  default:
    if (l->state == QUIC_UP) tell_stream(l, ev, now);
    break;
  }
}

static void link_tell(quic_link *l, p2p_time now) {
  p2p__quic_event ev;
  if (l->telling) return;
  l->telling = true;
  while (l->state != QUIC_DEAD && l->state != QUIC_ADMITTING && p2p__quic_next(l->quic, &ev) == 1)
    tell_one(l, &ev, now);
  l->telling = false;
}

void p2p__quic_link_tell(quic_link *l, p2p_time now) {
  link_tell(l, now);
  if (l->state == QUIC_UP) (void)link_up(l, &(p2p__up){ .kind = P2P__UP_FILLED }, now);
  if (l->state != QUIC_DEAD) p2p__quic_link_mark(l); /* behind what readers have written */
}

void p2p__quic_link_spoke(quic_link *l, p2p_time now) {
  (void)link_up(l, &(p2p__up){ .kind = P2P__UP_SPOKE }, now);
}

static void link_moved(quic_link *l, p2p_time now) {
  l->last_io = now;
  l->idle = false;
}

void p2p__quic_link_recv(quic_link *l, quic_socket *s, const p2p_dgrams *from, p2p_bytes datagram,
                         p2p_time now) {
  if (l->state == QUIC_DEAD) return;
  l->answered = true;
  if (!l->settled) l->local = from->local;
  link_moved(l, now);
  if (l->state == QUIC_SECURING) l->socket->source.costly = true;
  p2p__quic_recv(l->quic, &from->local, &from->remote, from->ecn, datagram, now);
  if (!p2p__list_linked(&l->touched)) p2p__list_add(&s->touched, &l->touched);
}

/* ---- out, and time ---- */
static void link_idle(quic_link *l, p2p_time now) {
  if (l->idle || now < p2p__time_add(l->last_io, IDLE_AFTER)) return;
  l->idle = true;
  p2p__quic_idle(l->quic);
}

static p2p_time link_next(quic_link *l) {
  p2p_time at = p2p__time_min(l->deadline, p2p__quic_deadline(l->quic));
  at = p2p__time_min(at, l->restless);
  return l->idle ? at : p2p__time_min(at, p2p__time_add(l->last_io, IDLE_AFTER));
}

static void link_arm(quic_link *l, p2p_time now) {
  p2p_time at = p2p__max(link_next(l), now);
  if (!l->timer.pos || at < l->timer.at) p2p__timer_set(&l->transport->loop->timers, &l->timer, at);
}

/* A dial that the network refuses at once has failed; later it is a loss like others. */
static bool refused(const quic_link *l, int err) {
  bool nowhere = err == P2P_EINVAL; /* port 0, say: no place at all */
  bool for_good = nowhere || err == P2P_EUNREACH || err == P2P_EACCES || err == P2P_EREFUSED;
  return for_good && l->client && l->state == QUIC_SECURING && !l->answered;
}

/* What goes the way that is not taken yet are probes, each a batch of its own. */
static quic_socket *socket_of(const quic_link *l, const p2p_dgrams *d) {
  return l->next && d->local.port == l->next->bound.port ? l->next : l->socket;
}

static int link_send(quic_link *l, const p2p_dgrams *d, int n) {
  quic_socket *s = socket_of(l, &d[0]);
  if (n == 1 || socket_of(l, &d[1]) == s) return p2p__quic_socket_send(s, d, n);
  int err = p2p__quic_socket_send(s, d, 1);
  return err < 0 ? err : p2p__quic_socket_send(socket_of(l, &d[1]), d + 1, 1);
}

static void link_flush(quic_link *l, p2p_time now) {
  p2p__loop *loop = l->transport->loop;
  p2p_dgrams d[2];
  for (int i = 0; i < BATCHES; i++) {
    if (quic_socket_is_full(l->socket)) {
      if (!p2p__list_linked(&l->waiting)) p2p__list_add(&l->socket->waiting, &l->waiting);
      return;
    }
    int n = p2p__quic_send(l->quic, p2p__span_of(loop->tx, P2P__QUIC_SPACE), d, now);
    if (n == 0) return;
    link_moved(l, now);
    int err = link_send(l, d, n);
    if (refused(l, err)) {
      link_die(l, err, P2P_STAGE_CONNECT, false, now);
      return;
    }
  }
  p2p__loop_mark_later(loop, &l->task);
}

/* Everything was acknowledged, or time is up: the connection may end. */
static void link_close_if_done(quic_link *l, p2p_time now) {
  if (l->state == QUIC_CLOSING && p2p__quic_is_flushed(l->quic))
    link_die(l, 0, P2P_STAGE_UP, false, now);
}

static void link_task(p2p__task *task, p2p_time now) {
  quic_link *l = P2P_CONTAINER(task, quic_link, task);
  if (l->state == QUIC_DEAD) {
    link_free(&l->base);
    return;
  }
  link_flush(l, now);
  if (l->state == QUIC_DEAD) return;
  link_tell(l, now);
  if (now >= l->restless) p2p__quic_link_reconsider(l, now);
  if (l->state != QUIC_DEAD) link_close_if_done(l, now);
  if (l->state != QUIC_DEAD) link_arm(l, now);
}

static void link_timer(p2p__timer *timer, p2p_time now) {
  quic_link *l = P2P_CONTAINER(timer, quic_link, timer);
  if (now < link_next(l)) { /* it moved away meanwhile */
    link_arm(l, now);
    return;
  }
  if (now >= l->deadline) {
    bool closing = l->state == QUIC_CLOSING;
    link_die(l, closing ? 0 : P2P_ETIMEOUT, link_stage(l), !closing, now);
    return;
  }
  link_idle(l, now);
  p2p__quic_tick(l->quic, now);
  p2p__quic_link_tell(l, now);
}

/* ---- values down ---- */
static void link_admitted(quic_link *l, p2p_time now) {
  if (l->state != QUIC_ADMITTING) return;
  p2p__up_up up = { .muxer = "/quic-v1", .first = l->client ? 0 : 1, .step = 4 };
  link_state(l, QUIC_UP);
  l->deadline = P2P_NEVER;
  p2p__quic_link_settle(l);
  (void)link_up(l, &(p2p__up){ .kind = P2P__UP_UP, .up = &up }, now);
}

static void link_close(quic_link *l, const p2p__down *d, p2p_time now) {
  l->close_code = d->code;
  if (d->err || l->state < QUIC_UP) {
    link_die(l, d->err ? d->err : P2P_ECANCELED, link_stage(l), false, now);
    return;
  }
  if (l->state >= QUIC_CLOSING) return;
  link_state(l, QUIC_CLOSING);
  l->deadline = p2p__time_add(now, quic_env_of(l->transport)->limits->close_timeout);
}

static void link_open(quic_link *l, const p2p__down *d, p2p_time now) {
  int err = p2p__quic_open(l->quic, d->sid);
  if (err < 0)
    (void)link_up(l, &(p2p__up){ .kind = P2P__UP_RESET, .sid = d->sid, .err = err }, now);
}

static void link_write(quic_link *l, const p2p__down *d, p2p_time now) {
  p2p__queue *q = p2p__quic_sendq(l->quic, d->sid);
  if (q && p2p__queue_move(q, d->blocks) == 0) {
    p2p__quic_ready(l->quic, d->sid);
    return;
  }
  p2p__up u = { .kind = P2P__UP_ROOM, .sid = d->sid, .n = d->blocks->len };
  p2p__queue_fini(d->blocks); /* the stream is gone, or nobody reads it, or … */
  if (q) {
    p2p__quic_reset(l->quic, d->sid, 0); /* … too much waits to be acknowledged */
    u = (p2p__up){ .kind = P2P__UP_RESET, .sid = d->sid, .err = P2P_ELIMIT };
  }
  (void)link_up(l, &u, now);
}

static void link_datagram(quic_link *l, const p2p__down *d, p2p_time now) {
  if (l->state == QUIC_UP && p2p__quic_datagram(l->quic, d->datagram) == 0) return;
  p2p__up u = { .kind = P2P__UP_DATAGRAM_ROOM, .n = p2p__dgram_cost(d->datagram.len) };
  (void)link_up(l, &u, now);
}

static void link_stream_down(quic_link *l, const p2p__down *d, p2p_time now) {
  p2p__quic *q = l->quic;
  switch (d->kind) {
  case P2P__DOWN_OPEN: link_open(l, d, now); break;
  case P2P__DOWN_WRITE: link_write(l, d, now); break;
  case P2P__DOWN_CONSUMED: p2p__quic_consumed(q, d->sid, d->n, now); break;
  case P2P__DOWN_FINISH: p2p__quic_finish(q, d->sid); break;
  case P2P__DOWN_RESET: p2p__quic_reset(q, d->sid, d->code); break;
  case P2P__DOWN_STOP: p2p__quic_stop(q, d->sid, d->code); break;
  case P2P__DOWN_PRIORITY: p2p__quic_priority(q, d->sid, (p2p_priority)d->n); break;
  default: assert(0); break;
  }
}

static void link_down(p2p__link *base, const p2p__down *d, p2p_time now) {
  quic_link *l = link_of(base);
  if (l->state == QUIC_DEAD) return;
  switch (d->kind) {
  case P2P__DOWN_ADMIT: link_admitted(l, now); break;
  case P2P__DOWN_REFUSE: link_die(l, d->err, d->stage, false, now); return;
  case P2P__DOWN_CLOSE: link_close(l, d, now); break;
  case P2P__DOWN_DATAGRAM: link_datagram(l, d, now); break;
  default: link_stream_down(l, d, now); break;
  }
  if (l->state != QUIC_DEAD) p2p__quic_link_mark(l);
}

static void link_stats(const p2p__link *base, p2p__link_stats *out) {
  const quic_link *l = P2P_CONST_CONTAINER(base, quic_link, base);
  *out = (p2p__link_stats){ 0 };
  if (!l->quic) return;
  p2p__quic_stats stats;
  p2p__quic_stats_get(l->quic, &stats);
  out->rtt = stats.rtt;
  out->window = stats.window;
  out->datagram_max = l->state == QUIC_UP ? p2p__quic_datagram_max(l->quic) : 0;
  out->datagrams_dropped = stats.datagrams_dropped;
}

/* Where the last datagram came to: the bound address may be a wildcard. */
static int link_local(const p2p__link *base, p2p__wr *out) {
  const quic_link *l = P2P_CONST_CONTAINER(base, quic_link, base);
  p2p__ip_class at = p2p__ip_classify(&l->local);
  if (!l->socket || !l->local.family || at == P2P__IP_UNSPECIFIED) return P2P_ENOTFOUND;
  p2p__quic_addr_write(out, &l->local);
  return out->err;
}

static int link_move(p2p__link *base, p2p_bytes local, p2p_time now) {
  return p2p__quic_link_move(link_of(base), local, now);
}

static const p2p__link_ops link_ops = {
  .down = link_down,
  .stats = link_stats,
  .local = link_local,
  .move = link_move,
  .free = link_free,
};

/* ---- names ---- */
static int link_route(p2p__quic_user *u, const p2p__quic_cid *cid, bool ours, bool on) {
  quic_link *l = P2P_CONTAINER(u, quic_link, user);
  if (on) return p2p__quic_table_add(&l->transport->table, &l->names, cid, ours);
  p2p__quic_table_del(&l->transport->table, cid);
  return 0;
}

static int link_reset_token(p2p__quic_user *u, const uint8_t token[P2P__QUIC_RESET], bool on) {
  quic_link *l = P2P_CONTAINER(u, quic_link, user);
  if (on) return p2p__quic_table_add_reset(&l->transport->table, &l->names, token);
  p2p__quic_table_del_reset(&l->transport->table, &l->names, token);
  return 0;
}

/* ---- made ---- */
static void link_init(quic_link *l, quic_socket *s, const p2p__link_spec *spec, p2p_time now) {
  l->base = (p2p__link){ .ops = &link_ops, .owner = spec->owner };
  l->names.is_link = true;
  p2p__list_init(&l->names.entries);
  p2p__list_init(&l->waiting);
  p2p__list_init(&l->touched);
  p2p__list_init(&l->client_node);
  l->user = (p2p__quic_user){ .route = link_route, .reset = link_reset_token };
  l->task.run = link_task;
  l->timer.fire = link_timer;
  l->transport = s->transport;
  l->socket = s;
  s->users++;
  l->out = (p2p__budget){ .parent = spec->budget ? spec->budget->parent : NULL,
                          .max = quic_env_of(l->transport)->limits->quic_send_queue };
  l->deadline = spec->deadline;
  l->last_io = now;
  l->restless = P2P_NEVER;
}

static int link_begin(quic_link *l, const p2p__link_spec *spec, const p2p__quic_initial *initial,
                      const p2p_endpoint *local, const p2p_endpoint *remote, p2p_time now) {
  p2p__loop *loop = l->transport->loop;
  p2p__quic_config config = { .shared = l->transport->shared,
                              .user = &l->user,
                              .budget = &l->out,
                              .local = *local,
                              .remote = *remote,
                              .expected = spec->expected,
                              .unix_s = loop->io->ops->unix_ns(loop->io) / (int64_t)P2P_SECOND };
  l->client = !initial;
  l->remote = *remote;
  if (l->client) p2p__list_add(&l->transport->clients, &l->client_node);
  if (!initial) return p2p__quic_dial(&config, now, &l->quic);
  l->unproven = !initial->validated;
  if (l->unproven) l->transport->n_unproven++;
  return p2p__quic_accept(&config, initial, now, &l->quic);
}

int p2p__quic_link_new(quic_socket *s, const p2p__link_spec *spec, const p2p__quic_initial *initial,
                       const p2p_endpoint *local, const p2p_endpoint *remote, p2p_time now,
                       quic_link **out) {
  p2p__loop *loop = s->transport->loop;
  quic_link *l = p2p__alloc(loop->mem, P2P__MEM_LINK, sizeof *l);
  if (!l) return P2P_ENOMEM;
  if (p2p__timers_reserve(&loop->timers) < 0) {
    p2p__release(loop->mem, P2P__MEM_LINK, l, sizeof *l);
    return P2P_ENOMEM;
  }
  link_init(l, s, spec, now);
  int err = link_begin(l, spec, initial, local, remote, now);
  if (err < 0) {
    link_free(&l->base);
    return err;
  }
  p2p__quic_link_mark(l);
  *out = l;
  return 0;
}
