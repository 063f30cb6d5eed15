/* Simulated TCP: birth and death of an end, and what it sends when. RFC 9293 in the small. */
#include "sim/tcp.h"
#include <assert.h>
#include <string.h>

/* ---- the table of connections ---- */

static void key_of(const p2p_endpoint *local, const p2p_endpoint *remote,
                   uint8_t key[TCP_KEY_LEN]) {
  const p2p_endpoint *ends[2] = { local, remote };
  for (int i = 0; i < 2; i++, key += TCP_KEY_LEN / 2) {
    key[0] = ends[i]->family;
    key[1] = (uint8_t)(ends[i]->port >> 8);
    key[2] = (uint8_t)ends[i]->port;
    memcpy(key + 3, ends[i]->ip, sizeof ends[i]->ip);
  }
}

p2p_bytes sim_tcp_key(const void *value) {
  return (p2p_bytes){ ((const sim_tcp *)value)->key, TCP_KEY_LEN };
}

sim_tcp *sim_tcp_find(sim_node *node, const p2p_endpoint *local, const p2p_endpoint *remote) {
  uint8_t key[TCP_KEY_LEN];
  key_of(local, remote, key);
  return p2p__map_find(&node->conns, (p2p_bytes){ key, sizeof key });
}

/* ---- life ---- */

static void retry_fire(p2p__timer *t, p2p_time now);

static void pace_fire(p2p__timer *t, p2p_time now) {
  (void)now;
  sim_tcp_output(P2P_CONTAINER(t, sim_tcp, pace));
}

/* The model is the path's; the segment size what fits both ways. */
static void tcp_path(sim_tcp *c) {
  size_t mtu = UINT16_MAX;
  c->ideal = true;
  /* As far as can be seen from here: to the next box of the peer's, if it is behind one. */
  for (sim_node *at = c->node, *next; (next = sim_net_route(at, &c->remote)) != NULL; at = next) {
    const p2p_sim_path *out = &sim_channel_between(c->sim, at, next)->path;
    const p2p_sim_path *in = &sim_channel_between(c->sim, next, at)->path;
    if (out->mtu < mtu) mtu = out->mtu;
    if (in->mtu < mtu) mtu = in->mtu;
    if (out->tcp != P2P_SIM_IDEAL) c->ideal = false;
    if (at == c->node) c->way = sim_channel_between(c->sim, at, next);
    if (at->gateway != next) break;
  }
  bool limited = c->node->up && c->node->up->path.bits_per_second;
  if (c->way && !c->way->home && limited) c->way = c->node->up;
  if (!c->way) mtu = 1500;
  c->header = c->local.family == 4 ? TCP_HEADER_4 : TCP_HEADER_6;
  c->mss = mtu > c->header ? mtu - c->header : 1;
}

sim_tcp *sim_tcp_new(sim_node *node, const p2p_endpoint *local, const p2p_endpoint *remote) {
  p2p_sim *sim = node->sim;
  sim_tcp *c = sim_alloc(sim, sizeof *c);
  c->sim = sim;
  c->node = node;
  c->local = *local;
  c->remote = *remote;
  c->send_buffer = node->opts.send_buffer;
  c->recv_buffer = node->opts.recv_buffer;
  c->rto = TCP_RTO_FIRST;
  p2p__list_init(&c->link);
  p2p__list_init(&c->early);
  sim_fifo_init(&c->out, &sim->mem);
  sim_fifo_init(&c->in, &sim->mem);
  sim_timer_init(sim, &c->retry, retry_fire);
  sim_timer_init(sim, &c->pace, pace_fire);
  tcp_path(c);
  sim_newreno_init(&c->reno, c->mss);
  key_of(local, remote, c->key);
  if (p2p__map_add(&node->conns, c) < 0) sim_need(NULL);
  return c;
}

void sim_tcp_bury(sim_tcp *c) {
  assert(c->state == TCP_DEAD && !p2p__list_linked(&c->link));
  p2p__list_add(&c->sim->dead, &c->link);
}

void sim_tcp_die(sim_tcp *c, int error) {
  if (c->state == TCP_DEAD) return;
  c->state = TCP_DEAD;
  c->error = error;
  p2p__map_del(&c->node->conns, sim_tcp_key(c));
  p2p__timer_clear(&c->sim->events, &c->retry);
  p2p__timer_clear(&c->sim->events, &c->pace);
  if (c->listener) {
    p2p__list_del(&c->link);
    c->listener->queued--;
    sim_sock_changed(c->listener);
    c->listener = NULL;
  }
  if (c->sock)
    sim_sock_changed(c->sock);
  else
    sim_tcp_bury(c);
}

static void tcp_free(sim_tcp *c) {
  while (!p2p__list_empty(&c->early))
    sim_packet_free(P2P_CONTAINER(p2p__list_pop(&c->early), sim_packet, link));
  sim_fifo_fini(&c->out);
  sim_fifo_fini(&c->in);
  sim_timer_fini(c->sim, &c->retry);
  sim_timer_fini(c->sim, &c->pace);
  sim_release(c->sim, c, sizeof *c);
}

void sim_tcp_reap(p2p_sim *sim) {
  while (!p2p__list_empty(&sim->dead))
    tcp_free(P2P_CONTAINER(p2p__list_pop(&sim->dead), sim_tcp, link));
}

void sim_tcp_fini(sim_node *node) {
  size_t i = 0;
  for (sim_tcp *c; (c = p2p__map_next(&node->conns, &i)); i = 0) sim_tcp_die(c, P2P_ECLOSED);
}

void sim_tcp_thaw(sim_node *node) {
  size_t i = 0;
  for (sim_tcp *c; (c = p2p__map_next(&node->conns, &i));)
    if (!c->retry.pos) sim_tcp_arm(c);
}

void sim_tcp_settle(sim_tcp *c) {
  if (c->state != TCP_OPEN || !c->orphan || !c->fin_acked || !c->eof) return;
  if (c->ideal || !c->closed_first) {
    sim_tcp_die(c, 0);
  } else {
    c->state = TCP_LINGER;
    sim_tcp_arm(c);
  }
}

/* ---- segments ---- */

uint64_t sim_tcp_recv_edge(const sim_tcp *c) {
  uint64_t next = c->rcv_nxt - (c->eof ? 1 : 0);
  return c->in.len < c->recv_buffer ? next + c->recv_buffer - c->in.len : next;
}

p2p_time sim_tcp_emit(sim_tcp *c, uint8_t flags, uint64_t seq, size_t len) {
  sim_packet *p = sim_packet_new(c->node, SIM_TCP, len);
  uint64_t edge = sim_tcp_recv_edge(c);
  if (edge > c->told_edge) c->told_edge = edge;
  p->src = c->local;
  p->dst = c->remote;
  p->flags = flags;
  p->lossless = c->ideal;
  p->seq = seq;
  p->ack = c->rcv_nxt;
  p->edge = c->told_edge;
  p->stamp = c->sim->now;
  p->echo = c->echo;
  p->wire = len + (c->ideal ? 0 : c->header);
  if (len) sim_fifo_peek(&c->out, (size_t)(seq - c->una), p->data, len);
  return sim_packet_send(p);
}

void sim_tcp_resend_first(sim_tcp *c) {
  uint64_t left = c->end > c->una ? c->end - c->una : 0;
  size_t len = left < c->mss ? (size_t)left : c->mss;
  bool fin = c->max > c->end && c->una + len == c->end;
  sim_tcp_emit(c, (uint8_t)(SIM_ACK | (fin ? SIM_FIN : 0)), c->una, len);
}

/* An ideal sender hands out a quarter of a millisecond at a time. */
static size_t tcp_chunk(const sim_tcp *c) {
  if (!c->ideal) return c->mss;
  uint64_t bits = c->way ? c->way->path.bits_per_second : 0, n = bits / 32000;
  return !bits || n > TCP_CHUNK_MAX ? TCP_CHUNK_MAX : n < c->mss ? c->mss : (size_t)n;
}

/* Whether a segment may leave now; *len of its bytes, 0: only the end of the stream. */
static bool segment_next(const sim_tcp *c, size_t *len) {
  if (c->nxt > c->end) return false;
  uint64_t avail = c->end - c->nxt, limit = c->edge;
  if (!c->ideal && c->una + c->reno.window < limit) limit = c->una + c->reno.window;
  uint64_t room = limit > c->nxt ? limit - c->nxt : 0, n = tcp_chunk(c);
  if (n > avail) n = avail;
  if (n > room) n = room;
  *len = (size_t)n;
  if (avail == 0) return c->finish;
  bool silly = n < avail && n < c->mss && c->nxt > c->una; /* RFC 9293, section 3.8.6.2.1 */
  return n > 0 && !silly;
}

void sim_tcp_output(sim_tcp *c) {
  size_t len;
  p2p_sim *sim = c->sim;
  bool sent = false;
  while (c->state == TCP_OPEN && !c->pace.pos && segment_next(c, &len)) {
    bool fin = c->finish && c->nxt + len == c->end;
    uint64_t seq = c->nxt;
    c->nxt += len + (fin ? 1 : 0);
    if (c->nxt > c->max) c->max = c->nxt;
    p2p_time free_at = sim_tcp_emit(c, (uint8_t)(SIM_ACK | (fin ? SIM_FIN : 0)), seq, len);
    if (c->ideal && free_at > sim->now) p2p__timer_set(&sim->events, &c->pace, free_at);
    sent = true;
  }
  if (!c->retry.pos) sim_tcp_arm(c);
  if (sent) sim_sock_changed(c->sock);
}

/* ---- the retry timer ---- */

static bool tcp_must_retry(const sim_tcp *c) {
  if (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RCVD) return true;
  if (c->state != TCP_OPEN || c->ideal) return false;
  return c->una < c->nxt || c->nxt < c->end; /* in flight, or waiting for room */
}

void sim_tcp_arm(sim_tcp *c) {
  p2p_time at = P2P_NEVER;
  if (tcp_must_retry(c)) {
    p2p_time wait = c->rto << (c->retries < 10 ? c->retries : 10);
    at = c->sim->now + (wait < TCP_RTO_MAX ? wait : TCP_RTO_MAX);
  } else if (c->state == TCP_LINGER || (c->state == TCP_OPEN && c->orphan && c->fin_acked)) {
    at = c->sim->now + TCP_LINGER_TIME;
  }
  p2p__timer_set(&c->sim->events, &c->retry, at);
}

static void retry_handshake(sim_tcp *c) {
  if (c->error || c->retries > TCP_SYN_RETRIES) {
    sim_tcp_die(c, c->error ? c->error : P2P_ETIMEOUT);
    return;
  }
  sim_tcp_emit(c, c->state == TCP_SYN_SENT ? SIM_SYN : SIM_SYN | SIM_ACK, 0, 0);
  sim_tcp_arm(c);
}

static void retry_data(sim_tcp *c) {
  if (c->una < c->max) {
    sim_newreno_timeout(c);
    c->nxt = c->una;
    sim_tcp_output(c);
  } else {
    sim_tcp_emit(c, SIM_ACK | SIM_PROBE, c->nxt, 0); /* is there still no room? */
  }
  sim_tcp_arm(c);
}

static void retry_fire(p2p__timer *t, p2p_time now) {
  (void)now;
  sim_tcp *c = P2P_CONTAINER(t, sim_tcp, retry);
  if (c->node->sleeps == P2P_SIM_SUSPENDED) return; /* until it thaws */
  c->retries++;
  if (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RCVD)
    retry_handshake(c);
  else if (!tcp_must_retry(c))
    sim_tcp_die(c, 0); /* has lingered long enough */
  else if (c->retries > TCP_RETRIES)
    sim_tcp_die(c, P2P_ETIMEOUT);
  else
    retry_data(c);
}

size_t sim_tcp_room(const sim_tcp *c, bool to_wake) {
  uint64_t sent = c->max < c->end ? c->max : c->end;
  size_t unsent = (size_t)(c->end - sent), limit = c->send_buffer;
  if (c->lowat && c->lowat < limit) limit = c->lowat;
  if (to_wake) unsent *= 2; /* as Linux: a writer is woken when half is free */
  return unsent < limit ? limit - unsent : 0;
}
