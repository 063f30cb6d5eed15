/* Dialing: the addresses of one peer, one after the other with a stagger, a few at a time; the first
 * link that is up becomes the connection's, the others are dropped. Spec: RFC 8305, section 5.
 *
 * An optimistic proposal that kills the connection before any answer costs one more attempt without
 * optimism, and is remembered of the peer (docs/adr, negotiation fallback). */
#include "swarm/internal.h"

typedef struct attempt {
  p2p__link_owner owner;
  p2p__dial *dial;
  p2p__link *link; /* NULL: not begun, or over */
  p2p_bytes addr;  /* inside the dial's bytes */
  p2p__peer *peer; /* referenced once secured */
  const char *security;
  int err;
  uint8_t stage;
  bool optimistic;
} attempt;

struct p2p__dial {
  p2p__sconn *conn;
  p2p__timer timer; /* for the next address */
  p2p_peer_id expected;
  uint8_t *bytes; /* of all addresses */
  size_t n_bytes, n;
  size_t next; /* the attempt to begin next */
  size_t live; /* attempts with a link */
  bool done;   /* won or given up: what attempts still say is ignored */
  attempt attempts[];
};

static void attempt_up(p2p__link_owner *owner, const p2p__up *u, p2p_time now);

static size_t dial_size(size_t n) { return sizeof(p2p__dial) + n * sizeof(attempt); }

/* ---- life ---- */
static void dial_free(p2p__dial *d) {
  p2p__swarm *w = d->conn->swarm;
  for (size_t i = 0; i < d->n; i++) p2p__conn_part(w, d->attempts[i].peer);
  p2p__timer_clear(&w->loop->timers, &d->timer);
  p2p__timers_unreserve(&w->loop->timers);
  p2p__release(w->loop->mem, P2P__MEM_CONN, d->bytes, d->n_bytes);
  d->conn->dial = NULL;
  p2p__release(w->loop->mem, P2P__MEM_CONN, d, dial_size(d->n));
}

/* Ends every attempt but `winner` (NULL: all), frees the dial. */
static void dial_end(p2p__dial *d, const attempt *winner, p2p_time now) {
  d->done = true;
  for (size_t i = 0; i < d->n; i++) {
    attempt *a = &d->attempts[i];
    if (a == winner || !a->link) continue;
    p2p__down close = { .kind = P2P__DOWN_CLOSE, .err = P2P_ECANCELED };
    p2p__link_down(a->link, now, close);
  }
  dial_free(d);
}

void p2p__dial_cancel(p2p__sconn *c, p2p_time now) {
  if (c->dial) dial_end(c->dial, NULL, now);
}

/* ---- attempts ---- */
static p2p__link_spec attempt_spec(attempt *a, p2p_time now) {
  p2p__dial *d = a->dial;
  p2p__swarm *w = d->conn->swarm;
  const p2p__peer *peer = d->expected.len ? p2p__peer_find(&w->peers, &d->expected) : NULL;
  if (peer && peer->no_optimism) a->optimistic = false;
  p2p__link_spec spec = { .owner = &a->owner,
                          .budget = &d->conn->tx,
                          .expected = d->expected,
                          .optimistic = a->optimistic,
                          .security = peer && peer->security ? peer->security - 1u : 0,
                          .deadline = p2p__time_add(now, p2p__swarm_env(w)->limits->dial_timeout) };
  if (w->host.trace) {
    spec.trace = p2p__conn_trace;
    spec.trace_ctx = d->conn;
  }
  return spec;
}

static int attempt_begin(attempt *a, p2p_time now) {
  p2p__swarm *w = a->dial->conn->swarm;
  p2p__transport *t = p2p__swarm_transport(w, a->addr, false);
  a->stage = P2P_STAGE_ADDRESS;
  if (!t) return P2P_ENOTSUP;
  a->stage = P2P_STAGE_CONNECT;
  p2p__link_spec spec = attempt_spec(a, now);
  int err = t->ops->dial(t, a->addr, &spec, now, &a->link);
  if (err >= 0) a->dial->live++;
  return err;
}

/* The failure that came furthest says most. */
static void dial_lost(p2p__dial *d, p2p_time now) {
  p2p__sconn *c = d->conn;
  const attempt *best = &d->attempts[0];
  for (size_t i = 1; i < d->n; i++)
    if (d->attempts[i].stage >= best->stage) best = &d->attempts[i];
  int err = best->err;
  p2p_stage stage = (p2p_stage)best->stage;
  dial_end(d, NULL, now);
  p2p__conn_down(c, err, 0, stage);
}

/* Begins the next attempts: one at once when nothing runs, one more with every stagger. */
static void dial_go(p2p__dial *d, p2p_time now) {
  const p2p__limits *limits = p2p__swarm_env(d->conn->swarm)->limits;
  while (d->next < d->n && d->live < limits->dial_parallel) {
    attempt *a = &d->attempts[d->next++];
    a->err = attempt_begin(a, now);
    if (a->err >= 0) break;
  }
  if (d->live == 0) {
    dial_lost(d, now);
    return;
  }
  bool more = d->next < d->n && d->live < limits->dial_parallel;
  p2p__timer_set(&d->conn->swarm->loop->timers, &d->timer,
                 more ? p2p__time_add(now, limits->dial_stagger) : P2P_NEVER);
}

static void dial_timer(p2p__timer *t, p2p_time now) {
  dial_go(P2P_CONTAINER(t, p2p__dial, timer), now);
}

/* ---- what attempts' links tell ---- */
static void attempt_secured(attempt *a, const p2p__up_secured *secured, p2p_time now) {
  p2p__swarm *w = a->dial->conn->swarm;
  p2p_stage stage;
  int err = p2p__conn_admission(w, &secured->peer, a->addr, false, &stage);
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

static void attempt_won(attempt *a, const p2p__up_up *up, p2p_time now) {
  p2p__dial *d = a->dial;
  p2p__sconn *c = d->conn;
  c->link = a->link;
  c->link->owner = &c->owner;
  a->link = NULL;
  p2p__conn_set_peer(c, a->peer, a->security);
  a->peer = NULL;
  int err = p2p__conn_set_addr(c, a->addr);
  dial_end(d, a, now);
  p2p__conn_up(c, up);
  if (err < 0) p2p__conn_close(c, 0, err);
}

/* Died without a word from the other side: it may not bear what was sent ahead of its answer. Or it
 * refused the one proposal that could be made so, and another may suit it. */
static bool attempt_again(attempt *a, const p2p__up_down *down, p2p_time now) {
  p2p__swarm *w = a->dial->conn->swarm;
  bool refused = down->err == P2P_ENOSEC && w->upgrades->n_securities > 1;
  if (!a->optimistic || down->stage != P2P_STAGE_SECURITY) return false;
  if ((down->answered && !refused) || down->err == P2P_ETIMEOUT || !down->remote) return false;
  p2p__peer *peer = p2p__peer_find(&w->peers, &a->dial->expected);
  if (peer && !refused) peer->no_optimism = true;
  a->optimistic = false;
  a->err = attempt_begin(a, now);
  return a->err >= 0;
}

static void attempt_lost(attempt *a, const p2p__up_down *down, p2p_time now) {
  p2p__dial *d = a->dial;
  a->link = NULL;
  d->live--;
  a->err = down->err ? down->err : P2P_ECLOSED;
  a->stage = (uint8_t)down->stage;
  p2p__conn_part(d->conn->swarm, a->peer);
  a->peer = NULL;
  if (d->done || attempt_again(a, down, now)) return;
  dial_go(d, now);
}

/* May free the dial: nothing of it is touched after. */
static void attempt_up(p2p__link_owner *owner, const p2p__up *u, p2p_time now) {
  attempt *a = P2P_CONTAINER(owner, attempt, owner);
  switch (u->kind) {
  case P2P__UP_SECURED: attempt_secured(a, u->secured, now); break;
  case P2P__UP_UP: attempt_won(a, u->up, now); break;
  case P2P__UP_DOWN: attempt_lost(a, u->down, now); break;
  default: break; /* nothing of streams is told before UP */
  }
}

/* ---- beginning ---- */
static int dial_copy_addrs(p2p__dial *d, const p2p_bytes *addrs) {
  for (size_t i = 0; i < d->n; i++) d->n_bytes += addrs[i].len;
  p2p__mem *mem = d->conn->swarm->loop->mem;
  d->bytes = p2p__alloc_raw(mem, P2P__MEM_CONN, d->n_bytes ? d->n_bytes : 1);
  if (!d->bytes) return P2P_ENOMEM;
  if (!d->n_bytes) d->n_bytes = 1;
  uint8_t *to = d->bytes;
  for (size_t i = 0; i < d->n; i++) {
    if (addrs[i].len) memcpy(to, addrs[i].p, addrs[i].len);
    d->attempts[i] = (attempt){
      .owner.up = attempt_up, .dial = d, .addr = p2p__bytes(to, addrs[i].len), .optimistic = true
    };
    to += addrs[i].len;
  }
  return 0;
}

static int dial_new(p2p__sconn *c, const p2p_peer_id *expected, const p2p_bytes *addrs, size_t n) {
  p2p__loop *loop = c->swarm->loop;
  p2p__dial *d = p2p__alloc(loop->mem, P2P__MEM_CONN, dial_size(n));
  if (!d) return P2P_ENOMEM;
  d->conn = c;
  d->n = n;
  d->expected = *expected;
  d->timer.fire = dial_timer;
  int err = p2p__timers_reserve(&loop->timers);
  if (err >= 0 && (err = dial_copy_addrs(d, addrs)) < 0) p2p__timers_unreserve(&loop->timers);
  if (err < 0) {
    p2p__release(loop->mem, P2P__MEM_CONN, d, dial_size(n));
    return err;
  }
  c->dial = d;
  return 0;
}

int p2p__swarm_dial(p2p__swarm *w, const p2p_peer_id *expected, const p2p_bytes *addrs, size_t n,
                    p2p__sconn **out) {
  const p2p__limits *limits = p2p__swarm_env(w)->limits;
  *out = NULL;
  if (n == 0) return P2P_ENOADDR;
  if (w->closing) return P2P_ECLOSED;
  if (w->n_dialing >= limits->conns_pending_out) return P2P_ELIMIT;
  if (p2p_peer_id_eq(expected, &w->identity->peer)) return P2P_ESELF;
  bool any = false;
  for (size_t i = 0; i < n; i++) any |= p2p__swarm_transport(w, addrs[i], false) != NULL;
  if (!any) return P2P_ENOTSUP;
  p2p__sconn *c;
  int err = p2p__conn_new(w, false, addrs[0], &c);
  if (err < 0) return err;
  if (expected->len) {
    p2p__peer *peer = p2p__peer_ref(&w->peers, expected);
    if (!peer) err = P2P_ELIMIT;
    p2p__conn_set_peer(c, peer, NULL);
  }
  if (err >= 0) err = dial_new(c, expected, addrs, p2p__min(n, limits->dial_addrs_max));
  if (err < 0) {
    p2p__conn_free(c);
    return err;
  }
  /* In the next turn: whoever dials has the handle before anything is told of it. */
  p2p__timer_set(&w->loop->timers, &c->dial->timer, p2p__swarm_now(w));
  *out = c;
  return 0;
}

static p2p__sconn *dialing_to(p2p__swarm *w, const p2p__peer *peer) {
  for (p2p__list *n = w->dialing.next; n != &w->dialing; n = n->next) {
    p2p__sconn *c = P2P_CONTAINER(n, p2p__sconn, of_peer);
    if (c->peer == peer) return c;
  }
  return NULL;
}

int p2p__swarm_reach(p2p__swarm *w, p2p__peer *peer, p2p__sconn **out) {
  for (p2p__list *n = peer->conns.next; n != &peer->conns; n = n->next) {
    *out = P2P_CONTAINER(n, p2p__sconn, of_peer);
    if ((*out)->state == P2P__CONN_UP && !(*out)->goaway) return 0;
  }
  *out = dialing_to(w, peer);
  if (*out) return 0;
  p2p_bytes addrs[64];
  size_t n = 0, pos = 0;
  while (n < P2P_COUNT(addrs) && p2p__peer_addr(peer, &pos, &addrs[n])) n++;
  return p2p__swarm_dial(w, &peer->id, addrs, n, out);
}
