/* Round trips and deadlines of a yamux session.
 *
 * One ping at a time: at birth, every yamux_keepalive, and when a window wants to grow on a sample
 * that is old. The last sample counts: the first one holds the handshake's burst, and an idle
 * one says nothing about the loaded path. */
#include "muxer/yamux_internal.h"

enum {
  RTT_FRESH_MS = 250, /* a sample is good for so long, or for FRESH_RTTS round trips */
  RTT_FRESH_RTTS = 4,
  PATIENCE = 8 /* an unanswered ping is fatal after so many timeouts even if bytes keep coming */
};

void p2p__yamux_ping_want(p2p__yamux *y) {
  if (y->ping.wanted || y->ping.out) return;
  y->ping.wanted = true;
  y->ping.since = y->now;
}

void p2p__yamux_ping_left(p2p__yamux *y) {
  y->ping.wanted = false;
  y->ping.out = true;
  y->ping.sent = y->now;
}

/* An answer to no question of ours is ignored: go-yamux may answer twice. */
void p2p__yamux_ping_answered(p2p__yamux *y, uint32_t id) {
  if (!y->ping.out || id != y->ping.id) return;
  y->ping.out = false;
  y->ping.id++;
  y->ping.rtt = y->now > y->ping.sent ? y->now - y->ping.sent : 1;
  y->ping.rtt_at = y->now;
}

static p2p_time rtt_good_for(const p2p__yamux *y) {
  p2p_time some = RTT_FRESH_RTTS * y->ping.rtt;
  return some > RTT_FRESH_MS * P2P_MS ? some : RTT_FRESH_MS * P2P_MS;
}

bool p2p__yamux_rtt_is_stale(const p2p__yamux *y) {
  return !y->ping.rtt || y->now - y->ping.rtt_at > rtt_good_for(y);
}

/* Half its time ahead, so that windows of a flow that goes on never wait for a sample. */
void p2p__yamux_rtt_refresh(p2p__yamux *y) {
  if (!y->ping.rtt || y->now - y->ping.rtt_at > rtt_good_for(y) / 2) p2p__yamux_ping_want(y);
}

/* When an unanswered ping means that the peer is dead. A pong may wait behind a long body, so any
 * byte is a sign of life; a body that trickles for ever is none. */
static p2p_time ping_expires(const p2p__yamux *y) {
  if (!y->ping.wanted && !y->ping.out) return P2P_NEVER;
  p2p_time timeout = y->env->limits->yamux_keepalive_timeout;
  p2p_time heard = y->ping.heard > y->ping.since ? y->ping.heard : y->ping.since;
  return p2p__time_min(p2p__time_add(heard, timeout),
                       p2p__time_add(y->ping.since, PATIENCE * timeout));
}

static p2p_time ping_due(const p2p__yamux *y) {
  p2p_time every = y->env->limits->yamux_keepalive;
  if (!every || y->ping.wanted || y->ping.out) return P2P_NEVER;
  return p2p__time_add(y->ping.since, every);
}

/* The time the oldest stream of a list runs out. */
static p2p_time list_expires(const p2p__yamux *y, const p2p__list *list) {
  if (p2p__list_empty(list)) return P2P_NEVER;
  const p2p__yamux_stream *s = P2P_CONTAINER(list->next, p2p__yamux_stream, order);
  return p2p__time_add(s->since, y->env->limits->yamux_ack_timeout);
}

p2p_time p2p__yamux_deadline(const p2p__mux *m) {
  const p2p__yamux *y = p2p__yamux_of_const(m);
  if (y->err) return P2P_NEVER;
  p2p_time t = p2p__time_min(ping_expires(y), ping_due(y));
  t = p2p__time_min(t, list_expires(y, &y->unacked));
  return p2p__time_min(t, list_expires(y, &y->lingering));
}

static void list_expire(p2p__yamux *y, p2p__list *list) {
  while (list_expires(y, list) <= y->now) {
    p2p__yamux_stream *s = P2P_CONTAINER(list->next, p2p__yamux_stream, order);
    p2p__yamux_rst(y, s->sid, s->code);
    p2p__yamux_stream_lose(y, s, P2P_ETIMEOUT);
  }
}

int p2p__yamux_tick(p2p__mux *m, p2p_time now) {
  p2p__yamux *y = p2p__yamux_of(m);
  p2p__yamux_plan_drop(y);
  y->now = now;
  if (ping_expires(y) <= now) p2p__yamux_fail(y, P2P_ETIMEOUT);
  if (y->err) return y->err;
  if (ping_due(y) <= now) p2p__yamux_ping_want(y);
  list_expire(y, &y->unacked);
  list_expire(y, &y->lingering);
  return y->err;
}
