/* One address of a dial: its link, from the first packet to the muxer, and what its outcome teaches.
 *
 * An optimistic proposal that kills the connection before any answer costs one more attempt without
 * optimism; when that one succeeds it is remembered of the peer (docs/adr, negotiation fallback): a peer
 * that crashed, or a network that broke, answers that one neither. */
#include "swarm/dial.h"

/* Both tries of an address have one deadline. */
static p2p__link_spec attempt_spec(p2p__attempt *a) {
  p2p__dial *d = a->dial;
  p2p__swarm *w = p2p__dial_swarm(d);
  const p2p__peer *peer = d->expected.len ? p2p__peer_find(&w->peers, &d->expected) : NULL;
  if (peer && peer->no_optimism) a->optimistic = false;
  p2p__link_spec spec = { .owner = &a->owner,
                          .budget = &d->conn->tx,
                          .expected = d->expected,
                          .optimistic = a->optimistic,
                          .security = peer && peer->security ? peer->security - 1u : 0,
                          .deadline = p2p__time_add(a->began,
                                                    p2p__swarm_env(w)->limits->dial_timeout) };
  if (w->host.trace) {
    spec.trace = p2p__conn_trace;
    spec.trace_ctx = d->conn;
  }
  return spec;
}

static int attempt_start(p2p__attempt *a, p2p_time now) {
  p2p__swarm *w = p2p__dial_swarm(a->dial);
  p2p_bytes addr = p2p__attempt_addr(a);
  p2p__transport *t = p2p__swarm_transport(w, addr, false);
  a->stage = P2P_STAGE_ADDRESS;
  if (!t) return P2P_ENOTSUP;
  a->stage = P2P_STAGE_CONNECT;
  p2p__link_spec spec = attempt_spec(a);
  int err = t->ops->dial(t, addr, &spec, now, &a->link);
  if (err < 0) return err;
  a->state = ATTEMPT_RUNNING;
  a->dial->live++;
  return 0;
}

int p2p__attempt_begin(p2p__attempt *a, p2p_time now) {
  a->began = now;
  p2p__gate g = { .point = P2P__GATE_ADDR_DIAL,
                  .peer = &a->dial->expected,
                  .addr = p2p__attempt_addr(a) };
  if (!p2p__swarm_gate(p2p__dial_swarm(a->dial), g)) {
    p2p__attempt_over(a, P2P_EGATED, P2P_STAGE_GATER, false, now);
    return P2P_EGATED;
  }
  int err = attempt_start(a, now);
  bool network = err == P2P_EUNREACH || err == P2P_EREFUSED;
  if (err < 0) p2p__attempt_over(a, err, (p2p_stage)a->stage, network, now);
  return err;
}

int p2p__attempt_adopt(p2p__attempt *a, p2p__transport *t, int fd, p2p__wr *remote) {
  p2p_time now = p2p__swarm_now(p2p__dial_swarm(a->dial));
  a->optimistic = false; /* there is no second descriptor to try without */
  a->stage = P2P_STAGE_SECURITY;
  p2p__link_spec spec = attempt_spec(a);
  int err = t->ops->adopt(t, fd, true, &spec, now, &a->link, remote);
  if (err < 0) return err;
  a->state = ATTEMPT_RUNNING;
  a->dial->live++;
  return 0;
}

/* ---- outcomes ---- */

/* Any sign of life shows that such packets come back; so does a dial that was not needed any more
 * show that they did not in time: as go-libp2p, whose bar of 5 % allows for it. */
static void teach_holes(const p2p__attempt *a, bool answered) {
  p2p__swarm *w = p2p__dial_swarm(a->dial);
  if (a->ranked.rank.group != P2P__RANK_PUBLIC) return;
  if (a->ranked.rank.udp) p2p__blackhole_told(&w->udp_hole, answered);
  if (a->ranked.rank.family == 6) p2p__blackhole_told(&w->ip6_hole, answered);
}

static void teach_backoff(const p2p__attempt *a, p2p_time now) {
  const p2p__dial *d = a->dial;
  p2p__backoffs *b = &p2p__dial_swarm(d)->backoffs;
  if (!d->expected.len) return;
  if (a->err == 0)
    p2p__backoff_succeeded(b, &d->expected, p2p__attempt_addr(a));
  else if (a->remote)
    p2p__backoff_failed(b, &d->expected, p2p__attempt_addr(a), now);
}

/* The way back exists: somebody took the connection, or refused it. */
static bool is_answer(const p2p__attempt *a) {
  return a->err == 0 || a->err == P2P_EREFUSED || a->stage > P2P_STAGE_CONNECT;
}

void p2p__attempt_over(p2p__attempt *a, int err, p2p_stage stage, bool remote, p2p_time now) {
  if (a->state == ATTEMPT_RUNNING) {
    a->link = NULL;
    a->dial->live--;
  }
  /* Without descriptors or memory nothing has left this machine, and nothing is learnt. */
  bool began = a->state == ATTEMPT_RUNNING || (stage == P2P_STAGE_CONNECT && remote);
  a->state = ATTEMPT_OVER;
  a->err = err;
  a->stage = (uint8_t)stage;
  a->remote = remote;
  a->ended = now;
  p2p__conn_part(p2p__dial_swarm(a->dial), a->peer);
  a->peer = NULL;
  if (!began) return;
  teach_holes(a, is_answer(a));
  teach_backoff(a, now);
}

/* ---- what links tell ---- */
static void attempt_secured(p2p__attempt *a, const p2p__up_secured *secured, p2p_time now) {
  p2p__swarm *w = p2p__dial_swarm(a->dial);
  p2p_stage stage;
  int err = p2p__conn_admission(w, &secured->peer, p2p__attempt_addr(a), false, &stage);
  if (err >= 0) {
    stage = P2P_STAGE_LIMIT;
    err = p2p__conn_meet(w, secured, &a->peer);
  }
  a->security = secured->security;
  p2p__down answer = { .kind = err < 0 ? P2P__DOWN_REFUSE : P2P__DOWN_ADMIT,
                       .err = err,
                       .stage = stage };
  p2p__link_down(a->link, now, answer);
}

static void attempt_won(p2p__attempt *a, const p2p__up_up *up, p2p_time now) {
  p2p__dial *d = a->dial;
  p2p__sconn *c = d->conn;
  c->link = a->link;
  c->link->owner = &c->owner;
  p2p__conn_set_peer(c, a->peer, a->security);
  if (a->suspects) a->peer->no_optimism = true;
  a->peer = NULL;
  int err = a->len ? p2p__conn_set_addr(c, p2p__attempt_addr(a)) : 0; /* adopted: it has its own */
  p2p__attempt_over(a, 0, P2P_STAGE_UP, false, now);
  p2p__dial_end(d, a, now);
  p2p__conn_up(c, up);
  if (err < 0) p2p__conn_close(c, 0, err);
}

/* Died without a word from the other side: it may not bear what was sent ahead of its answer. Or it
 * refused the one proposal that could be made so, and another may suit it. */
static bool attempt_again(p2p__attempt *a, const p2p__up_down *down, p2p_time now) {
  p2p__swarm *w = p2p__dial_swarm(a->dial);
  bool refused = down->err == P2P_ENOSEC && w->upgrades->n_securities > 1;
  if (!a->optimistic || down->stage != P2P_STAGE_SECURITY) return false;
  if ((down->answered && !refused) || down->err == P2P_ETIMEOUT || !down->remote) return false;
  a->suspects = !refused;
  a->optimistic = false;
  a->link = NULL;
  a->dial->live--;
  p2p__conn_part(w, a->peer);
  a->peer = NULL;
  int err = attempt_start(a, now);
  if (err >= 0) return true;
  a->dial->live++; /* over counts it down */
  return false;
}

static void attempt_lost(p2p__attempt *a, const p2p__up_down *down, p2p_time now) {
  p2p__dial *d = a->dial;
  if (!d->done && attempt_again(a, down, now)) return;
  p2p__reason_keep(p2p__dial_swarm(d), &a->reason, down->reason);
  a->code = down->code;
  p2p__attempt_over(a, down->err ? down->err : P2P_ECLOSED, down->stage, down->remote, now);
  if (d->done) return;
  d->next_at = now; /* the next need not wait any longer */
  p2p__dial_go(d, now);
}

/* May free the dial: nothing of it is touched after. */
void p2p__attempt_up(p2p__link_owner *owner, const p2p__up *u, p2p_time now) {
  p2p__attempt *a = P2P_CONTAINER(owner, p2p__attempt, owner);
  switch (u->kind) {
  case P2P__UP_SECURED: attempt_secured(a, u->secured, now); break;
  case P2P__UP_UP: attempt_won(a, u->up, now); break;
  case P2P__UP_DOWN: attempt_lost(a, u->down, now); break;
  default: break; /* nothing of streams is told before UP */
  }
}
