/* Dialing: the addresses of one peer in the order of rank.c, a few at a time; the first link that is
 * up becomes the connection's, the others are dropped. The next address begins when one fails, when
 * its time has come, or at once when nothing runs. Spec: RFC 8305, section 5.
 *
 * One dial of a peer is enough: whoever wants a connection meanwhile joins it and brings the
 * addresses it knows of. */
#include "swarm/dial.h"

static size_t attempt_size(size_t len) { return sizeof(p2p__attempt) + len; }

/* ---- life ---- */
static void attempt_free(p2p__swarm *w, p2p__attempt *a) {
  p2p__loop_del(w->loop, &a->source);
  p2p__conn_part(w, a->peer);
  p2p__reason_keep(w, &a->reason, "");
  p2p__release(w->loop->mem, P2P__MEM_CONN, a, attempt_size(a->len));
}

static void dial_free(p2p__dial *d) {
  p2p__swarm *w = p2p__dial_swarm(d);
  p2p__mem *mem = w->loop->mem;
  for (size_t i = 0; i < d->n; i++) attempt_free(w, d->attempts[i]);
  p2p__release(mem, P2P__MEM_CONN, d->attempts, d->cap * sizeof *d->attempts);
  p2p__release(mem, P2P__MEM_CONN, d->waiting, d->cap * sizeof *d->waiting);
  p2p__timer_clear(&w->loop->timers, &d->timer);
  p2p__timers_unreserve(&w->loop->timers);
  d->conn->dial = NULL;
  p2p__release(mem, P2P__MEM_CONN, d, sizeof *d);
}

static void attempt_stop(p2p__attempt *a, p2p_time now) {
  if (a->state == ATTEMPT_LOOKUP) p2p__lookup_end(a, P2P_ECANCELED, false, now);
  if (a->state == ATTEMPT_WAITING) p2p__attempt_over(a, P2P_ECANCELED, P2P_STAGE_NONE, false, now);
  if (a->state != ATTEMPT_RUNNING) return;
  p2p__link_down(a->link, now, (p2p__down){ .kind = P2P__DOWN_CLOSE, .err = P2P_ECANCELED });
}

void p2p__dial_end(p2p__dial *d, const p2p__attempt *winner, p2p_time now) {
  d->done = true;
  for (size_t i = 0; i < d->n; i++)
    if (d->attempts[i] != winner) attempt_stop(d->attempts[i], now);
  p2p__report_keep(d);
  dial_free(d);
}

void p2p__dial_cancel(p2p__sconn *c, p2p_time now) {
  if (c->dial) p2p__dial_end(c->dial, NULL, now);
}

/* ---- addresses ---- */
static bool dial_has(const p2p__dial *d, p2p_bytes addr) {
  for (size_t i = 0; i < d->n; i++)
    if (p2p__bytes_eq(p2p__attempt_addr(d->attempts[i]), addr)) return true;
  return false;
}

static int dial_grow(p2p__dial *d) {
  p2p__mem *mem = p2p__dial_swarm(d)->loop->mem;
  if (d->n < d->cap) return 0;
  size_t cap = d->cap ? 2 * d->cap : 4;
  p2p__attempt **attempts = p2p__alloc(mem, P2P__MEM_CONN, cap * sizeof *attempts);
  p2p__ranked **waiting = p2p__alloc(mem, P2P__MEM_CONN, cap * sizeof *waiting);
  if (!attempts || !waiting) {
    p2p__release(mem, P2P__MEM_CONN, attempts, cap * sizeof *attempts);
    p2p__release(mem, P2P__MEM_CONN, waiting, cap * sizeof *waiting);
    return P2P_ENOMEM;
  }
  if (d->n) memcpy(attempts, d->attempts, d->n * sizeof *attempts);
  if (d->n_waiting) memcpy(waiting, d->waiting, d->n_waiting * sizeof *waiting);
  p2p__release(mem, P2P__MEM_CONN, d->attempts, d->cap * sizeof *d->attempts);
  p2p__release(mem, P2P__MEM_CONN, d->waiting, d->cap * sizeof *d->waiting);
  d->attempts = attempts;
  d->waiting = waiting;
  d->cap = cap;
  return 0;
}

/* Whether some transport dials addr, or would if its name were known. */
static bool can_dial(p2p__swarm *w, p2p_bytes addr) {
  if (p2p__swarm_transport(w, addr, false)) return true;
  uint8_t space[P2P_ADDR_MAX];
  p2p__wr named = p2p__wr_of(space, sizeof space);
  const p2p_endpoint any = { .family = 4 };
  return p2p__lookup_replace(addr, &any, &named) == 0 &&
         p2p__swarm_transport(w, p2p__wr_bytes(&named), false);
}

/* Waits for its turn, asks for its name, or is of no use. */
static void attempt_place(p2p__attempt *a, p2p_time now) {
  p2p__dial *d = a->dial;
  p2p__swarm *w = p2p__dial_swarm(d);
  p2p_bytes addr = p2p__attempt_addr(a);
  if (!can_dial(w, addr)) {
    p2p__attempt_over(a, P2P_ENOTSUP, P2P_STAGE_ADDRESS, false, now);
  } else if (p2p__lookup_is_needed(addr) && !p2p__swarm_transport(w, addr, false)) {
    int err = p2p__lookup_begin(a, now);
    if (err < 0) p2p__attempt_over(a, err, P2P_STAGE_RESOLVE, false, now);
  } else if (!d->forced && p2p__backoff_until(&w->backoffs, &d->expected, addr, now)) {
    p2p__attempt_over(a, P2P_EBACKOFF, P2P_STAGE_ADDRESS, false, now);
  } else {
    a->ranked.rank = p2p__rank_of(addr);
    d->waiting[d->n_waiting++] = &a->ranked;
  }
}

static int attempt_new(p2p__dial *d, p2p_bytes addr, p2p_time now, p2p__attempt **out) {
  p2p__swarm *w = p2p__dial_swarm(d);
  int err = dial_grow(d);
  if (err < 0) return err;
  p2p__attempt *a = p2p__alloc(w->loop->mem, P2P__MEM_CONN, attempt_size(addr.len));
  if (!a) return P2P_ENOMEM;
  a->owner.up = p2p__attempt_up;
  a->dial = d;
  a->began = now;
  a->optimistic = true;
  a->len = (uint16_t)addr.len;
  if (addr.len) memcpy(a->addr, addr.p, addr.len);
  d->attempts[d->n++] = a;
  *out = a;
  return 0;
}

int p2p__dial_add(p2p__dial *d, p2p_bytes addr, p2p_time now) {
  const p2p__limits *limits = p2p__swarm_env(p2p__dial_swarm(d))->limits;
  p2p__attempt *a;
  if (d->n >= limits->dial_addrs_max || dial_has(d, addr)) return 0;
  int err = attempt_new(d, addr, now, &a);
  if (err >= 0) attempt_place(a, now);
  return err;
}

/* Addresses of a kind that gets no answers from here are dropped from those that wait. A detector is
 * asked once for a dial, and only when it is concerned. */
static void drop_black_holes(p2p__dial *d, p2p_time now) {
  p2p__swarm *w = p2p__dial_swarm(d);
  bool udp = false, ip6 = false;
  for (size_t i = 0; i < d->n_waiting; i++) {
    const p2p__rank *rank = &d->waiting[i]->rank;
    udp |= rank->group == P2P__RANK_PUBLIC && rank->udp;
    ip6 |= rank->group == P2P__RANK_PUBLIC && rank->family == 6;
  }
  udp = udp && p2p__blackhole_ask(&w->udp_hole) == P2P__BLACKHOLE_BLOCKED;
  ip6 = ip6 && p2p__blackhole_ask(&w->ip6_hole) == P2P__BLACKHOLE_BLOCKED;
  size_t kept = 0;
  for (size_t i = 0; i < d->n_waiting; i++) {
    p2p__ranked *e = d->waiting[i];
    bool swallowed = (udp && e->rank.udp) || (ip6 && e->rank.family == 6);
    if (e->rank.group == P2P__RANK_PUBLIC && swallowed)
      p2p__attempt_over(P2P_CONTAINER(e, p2p__attempt, ranked), P2P_EBLACKHOLE, P2P_STAGE_ADDRESS,
                        false, now);
    else
      d->waiting[kept++] = e;
  }
  d->n_waiting = kept;
}

void p2p__dial_rank(p2p__dial *d) {
  p2p__swarm *w = p2p__dial_swarm(d);
  if (!d->forced) drop_black_holes(d, p2p__swarm_now(w));
  const p2p__limits *limits = p2p__swarm_env(w)->limits;
  p2p__rank_sort(d->waiting, d->n_waiting, limits->dial_stagger_near, limits->dial_stagger);
}

/* ---- order ---- */

/* The failure that came furthest says most; of those that came as far the last one. */
static void dial_lost(p2p__dial *d, p2p_time now) {
  p2p__sconn *c = d->conn;
  const p2p__attempt *best = d->attempts[0];
  for (size_t i = 1; i < d->n; i++) {
    const p2p__attempt *a = d->attempts[i];
    if (best->err == 0 || (a->err < 0 && a->stage >= best->stage)) best = a;
  }
  int err = best->err ? best->err : P2P_ENAME;
  p2p_stage stage = (p2p_stage)best->stage;
  uint32_t code = best->code;
  p2p__reason_keep(c->swarm, &c->reason, best->reason ? best->reason : "");
  p2p__dial_end(d, NULL, now);
  p2p__conn_down(c, err, code, stage);
}

/* Begins the first that waits; the time of the one behind it counts from here. */
static void begin_next(p2p__dial *d, p2p_time now) {
  p2p__ranked *e = d->waiting[0];
  memmove(d->waiting, d->waiting + 1, --d->n_waiting * sizeof *d->waiting);
  if (p2p__attempt_begin(P2P_CONTAINER(e, p2p__attempt, ranked), now) < 0) return;
  if (d->n_waiting) d->next_at = p2p__time_add(now, d->waiting[0]->start - e->start);
}

void p2p__dial_go(p2p__dial *d, p2p_time now) {
  p2p__swarm *w = p2p__dial_swarm(d);
  size_t parallel = p2p__swarm_env(w)->limits->dial_parallel;
  p2p_time expires = p2p__lookups_expire(d, now);
  while (d->n_waiting && d->live < parallel && (d->live == 0 || d->next_at <= now))
    begin_next(d, now);
  if (d->live == 0 && d->lookups == 0) {
    dial_lost(d, now);
    return;
  }
  bool more = d->n_waiting && d->live < parallel;
  p2p__timer_set(&w->loop->timers, &d->timer, more ? p2p__time_min(d->next_at, expires) : expires);
}

static void dial_timer(p2p__timer *t, p2p_time now) {
  p2p__dial_go(P2P_CONTAINER(t, p2p__dial, timer), now);
}

/* ---- beginning ---- */
static int dial_add_all(p2p__dial *d, const p2p_bytes *addrs, size_t n) {
  p2p_time now = p2p__swarm_now(p2p__dial_swarm(d));
  for (size_t i = 0; i < n; i++) {
    int err = p2p__dial_add(d, addrs[i], now);
    if (err < 0) return err;
  }
  p2p__dial_rank(d);
  return 0;
}

static int dial_new(p2p__sconn *c, const p2p_peer_id *expected, bool forced) {
  p2p__loop *loop = c->swarm->loop;
  p2p__dial *d = p2p__alloc(loop->mem, P2P__MEM_CONN, sizeof *d);
  if (!d) return P2P_ENOMEM;
  if (p2p__timers_reserve(&loop->timers) < 0) {
    p2p__release(loop->mem, P2P__MEM_CONN, d, sizeof *d);
    return P2P_ENOMEM;
  }
  d->conn = c;
  d->expected = *expected;
  d->forced = forced;
  d->began = d->next_at = loop->now;
  d->timer.fire = dial_timer;
  c->dial = d;
  return 0;
}

static int dial_admit(p2p__swarm *w, const p2p_peer_id *expected, const p2p_bytes *addrs,
                      size_t n) {
  if (n == 0) return P2P_ENOADDR;
  if (w->closing) return P2P_ECLOSED;
  if (w->n_dialing >= p2p__swarm_env(w)->limits->conns_pending_out) return P2P_ELIMIT;
  if (p2p_peer_id_eq(expected, &w->identity->peer)) return P2P_ESELF;
  size_t i = 0;
  while (i < n && !can_dial(w, addrs[i])) i++;
  if (i == n) return P2P_ENOTSUP;
  p2p__gate g = { .point = P2P__GATE_PEER_DIAL, .peer = expected };
  return !expected->len || p2p__swarm_gate(w, g) ? 0 : P2P_EGATED;
}

/* A connection that is being dialed, its dial without addresses yet. */
static int dial_conn(p2p__swarm *w, const p2p_peer_id *expected, p2p_bytes addr, bool forced,
                     p2p__sconn **out) {
  p2p__loop_refresh(w->loop);
  int err = p2p__conn_new(w, false, addr, out);
  if (err < 0) return err;
  if (expected->len) {
    p2p__peer *peer = p2p__peer_ref(&w->peers, expected);
    if (!peer) err = P2P_ENOMEM;
    p2p__conn_set_peer(*out, peer, NULL);
  }
  if (err >= 0) err = dial_new(*out, expected, forced);
  if (err < 0) p2p__conn_free(*out);
  return err;
}

static void dial_undo(p2p__sconn *c) {
  p2p__dial_cancel(c, p2p__swarm_now(c->swarm));
  p2p__conn_free(c);
}

int p2p__swarm_dial(p2p__swarm *w, const p2p_peer_id *expected, const p2p_bytes *addrs, size_t n,
                    bool forced, p2p__sconn **out) {
  *out = NULL;
  p2p__sconn *c;
  int err = dial_admit(w, expected, addrs, n);
  if (err < 0 || (err = dial_conn(w, expected, addrs[0], forced, &c)) < 0) return err;
  err = dial_add_all(c->dial, addrs, n);
  if (err < 0) {
    dial_undo(c);
    return err;
  }
  /* In the next turn: whoever dials has the handle before anything is told of it. */
  p2p__timer_set(&w->loop->timers, &c->dial->timer, p2p__swarm_now(w));
  *out = c;
  return 0;
}

int p2p__dial_adopt(p2p__swarm *w, p2p__transport *t, int fd, const p2p_peer_id *expected,
                    p2p__sconn **out) {
  uint8_t space[P2P_ADDR_MAX];
  p2p__wr remote = p2p__wr_of(space, sizeof space);
  const p2p_bytes none = { 0 };
  p2p__sconn *c;
  p2p__attempt *a;
  if (p2p_peer_id_eq(expected, &w->identity->peer)) return P2P_ESELF;
  if (w->n_dialing >= p2p__swarm_env(w)->limits->conns_pending_out) return P2P_ELIMIT;
  int err = dial_conn(w, expected, none, true, &c);
  if (err < 0) return err;
  err = attempt_new(c->dial, none, p2p__swarm_now(w), &a);
  if (err >= 0) err = p2p__attempt_adopt(a, t, fd, &remote);
  if (err >= 0) err = p2p__conn_set_addr(c, p2p__wr_bytes(&remote));
  if (err < 0) {
    dial_undo(c);
    return err;
  }
  *out = c;
  return 0;
}

/* ---- a peer, wherever it is ---- */
p2p__sconn *p2p__dialing_to(p2p__swarm *w, const p2p__peer *peer) {
  for (p2p__list *n = w->dialing.next; n != &w->dialing; n = n->next) {
    p2p__sconn *c = P2P_CONTAINER(n, p2p__sconn, of_peer);
    if (c->peer == peer && c->dial) return c;
  }
  return NULL;
}

/* What the dial under way does not know of is added to it; without memory it goes on without. */
static void dial_join(p2p__dial *d, const p2p_bytes *addrs, size_t n) {
  p2p__loop *loop = p2p__dial_swarm(d)->loop;
  p2p__loop_refresh(loop);
  (void)!dial_add_all(d, addrs, n);
  p2p_time soon = p2p__time_min(d->next_at, d->timer.pos ? d->timer.at : P2P_NEVER);
  p2p__timer_set(&loop->timers, &d->timer, p2p__max(soon, loop->now));
}

int p2p__swarm_reach(p2p__swarm *w, p2p__peer *peer, p2p__sconn **out) {
  *out = p2p__conn_best(w, peer);
  if (*out) return 0;
  p2p_bytes addrs[64];
  size_t n = 0, pos = 0;
  while (n < P2P_COUNT(addrs) && p2p__peer_addr(peer, &pos, &addrs[n])) n++;
  *out = p2p__dialing_to(w, peer);
  if (!*out) return p2p__swarm_dial(w, &peer->id, addrs, n, false, out);
  dial_join((*out)->dial, addrs, n);
  return 0;
}
