/* Two connections with one peer, because both dialed at the same time: both sides prefer the same one,
 * and the other is hung up when it has been idle for a while (docs/adr, simultaneous dials).
 *
 * The one that the peer with the smaller id dialed is kept. Who dialed the other hangs up: nobody
 * else knows when that dial began. */
#include "swarm/internal.h"

/* So much later than the other connection is up may the SYN of one that was dialed before that
 * arrive: a round trip of a bad path. */
#define AT_ONCE P2P_SECOND

struct p2p__redundant {
  p2p__timer timer;
  p2p__sconn *conn;
};

static int id_order(const p2p_peer_id *a, const p2p_peer_id *b) {
  int order = memcmp(a->b, b->b, p2p__min(a->len, b->len));
  return order ? order : (int)a->len - (int)b->len;
}

/* Of a connection each way, the peer's is the one to keep. */
static bool inbound_wins(const p2p__swarm *w, const p2p__peer *peer) {
  return id_order(&w->identity->peer, &peer->id) > 0;
}

p2p__sconn *p2p__conn_best(const p2p__swarm *w, const p2p__peer *peer) {
  p2p__sconn *best = NULL;
  bool inbound = inbound_wins(w, peer);
  for (p2p__list *n = peer->conns.next; n != &peer->conns; n = n->next) {
    p2p__sconn *c = P2P_CONTAINER(n, p2p__sconn, of_peer);
    if (c->state != P2P__CONN_UP || c->goaway) continue;
    if (c->inbound == inbound) return c;
    if (!best) best = c;
  }
  return best;
}

/* ---- hanging up ---- */

/* Idle now is not enough: a peer that does not know the rule may go on using the connection for one
 * short stream after the other, and the next would be lost. */
static void redundant_fire(p2p__timer *t, p2p_time now) {
  p2p__redundant *r = P2P_CONTAINER(t, p2p__redundant, timer);
  p2p__sconn *c = r->conn;
  p2p_time linger = p2p__swarm_env(c->swarm)->limits->redundant_linger;
  p2p_time until = p2p__time_add(c->n_streams ? now : c->idle_since, linger);
  if (c->state != P2P__CONN_UP) return;
  if (until <= now)
    p2p__conn_close(c, 0, 0);
  else
    p2p__timer_set(&c->swarm->loop->timers, t, until);
}

/* Without memory both are kept. */
static void redundant_begin(p2p__sconn *c) {
  p2p__loop *loop = c->swarm->loop;
  p2p_time linger = p2p__swarm_env(c->swarm)->limits->redundant_linger;
  if (c->redundant || !linger) return;
  p2p__redundant *r = p2p__alloc(loop->mem, P2P__MEM_CONN, sizeof *r);
  if (!r) return;
  if (p2p__timers_reserve(&loop->timers) < 0) {
    p2p__release(loop->mem, P2P__MEM_CONN, r, sizeof *r);
    return;
  }
  r->conn = c;
  r->timer.fire = redundant_fire;
  c->redundant = r;
  p2p__timer_set(&loop->timers, &r->timer, p2p__time_add(loop->now, linger));
}

void p2p__redundant_free(p2p__sconn *c) {
  p2p__redundant *r = c->redundant;
  if (!r) return;
  p2p__loop *loop = c->swarm->loop;
  p2p__timer_clear(&loop->timers, &r->timer);
  p2p__timers_unreserve(&loop->timers);
  p2p__release(loop->mem, P2P__MEM_CONN, r, sizeof *r);
  c->redundant = NULL;
}

/* Our dial began before theirs was up, and theirs before ours was. */
static bool were_at_once(const p2p__sconn *ours, const p2p__sconn *theirs) {
  return ours->born <= theirs->up_at && theirs->born <= p2p__time_add(ours->up_at, AT_ONCE);
}

void p2p__redundant_check(p2p__sconn *c) {
  const p2p__peer *peer = c->peer;
  if (!inbound_wins(c->swarm, peer)) return; /* the peer hangs up */
  for (p2p__list *n = peer->conns.next; n != &peer->conns; n = n->next) {
    p2p__sconn *o = P2P_CONTAINER(n, p2p__sconn, of_peer);
    if (o->state != P2P__CONN_UP || o->inbound == c->inbound) continue;
    p2p__sconn *ours = c->inbound ? o : c;
    if (were_at_once(ours, c->inbound ? c : o)) redundant_begin(ours);
  }
}

/* ---- streams that wait for a dial ---- */

/* What a stream that the link does not know yet has written is charged to `to` from now on. */
static int rehome(p2p__sstream *s, p2p__sconn *to) {
  p2p__sconn *from = s->conn;
  p2p__pool *pool = &s->swarm->loop->pool;
  p2p__queue q;
  p2p__stream_unreserve(s);
  p2p__queue_init(&q, pool, &to->tx);
  int err = p2p__queue_move(&q, &s->out);
  if (err < 0) {
    p2p__queue_fini(&q);
    return err;
  }
  p2p__queue_fini(&s->out);
  p2p__queue_init(&s->out, pool, &to->tx);
  (void)!p2p__queue_move(&s->out, &q); /* within one budget */
  p2p__queue_init(&s->in, pool, &to->rx);
  from->n_busy -= s->unsent > 0;
  to->n_busy += s->unsent > 0;
  from->n_streams--;
  to->n_streams++;
  p2p__list_del(&s->starve_node);
  p2p__list_del(&s->of_conn);
  p2p__list_add(&to->streams, &s->of_conn);
  s->conn = to;
  if (s->want_writable) p2p__stream_due(s, P2P__DUE_WRITABLE, true);
  s->want_writable = false;
  return 0;
}

void p2p__conn_take_over(p2p__sconn *up, p2p__sconn *dialing) {
  p2p__list *n = dialing->streams.next, *next;
  for (; n != &dialing->streams; n = next) {
    next = n->next;
    p2p__sstream *s = P2P_CONTAINER(n, p2p__sstream, of_conn);
    bool waits = s->by_peer && !s->opened && s->state == P2P__STREAM_NEGOTIATING;
    if (waits && rehome(s, up) < 0) return;
  }
}
