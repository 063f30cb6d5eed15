/* Simulated TCP: what an arriving segment does. */
#include "sim/tcp.h"
#include <string.h>

static p2p_sim_kind kind_of(const sim_packet *p) {
  if (p->flags & SIM_RST) return P2P_SIM_RST;
  if (p->flags & SIM_SYN) return P2P_SIM_SYN;
  if (p->flags & SIM_FIN) return P2P_SIM_FIN;
  return p->len ? P2P_SIM_DATA : P2P_SIM_ACK;
}

/* ---- without a connection ---- */

void sim_tcp_refuse(const sim_packet *p) {
  sim_packet *r = sim_packet_new(p->to, SIM_TCP, 0);
  r->src = p->dst;
  r->dst = p->src;
  r->flags = SIM_RST;
  r->lossless = p->lossless;
  r->wire = p->lossless ? 0 : p->src.family == 4 ? TCP_HEADER_4 : TCP_HEADER_6;
  sim_packet_send(r);
}

static void input_syn(const sim_packet *p) {
  sim_sock *l = sim_sock_bound(p->to, SIM_SOCK_LISTENER, &p->dst);
  if (!l) {
    sim_tcp_refuse(p);
    return;
  }
  if (l->queued > l->backlog) return; /* as Linux: it may try again */
  sim_tcp *c = sim_tcp_new(p->to, &p->dst, &p->src);
  c->state = TCP_SYN_RCVD;
  c->listener = l;
  c->edge = p->edge;
  c->echo = p->stamp;
  l->queued++;
  sim_tcp_emit(c, SIM_SYN | SIM_ACK, 0, 0);
  sim_tcp_arm(c);
}

/* ---- handshake ---- */

static void tcp_opened(sim_tcp *c, const sim_packet *p) {
  c->state = TCP_OPEN;
  c->retries = 0;
  sim_rtt_sample(c, c->sim->now - p->echo);
  sim_tcp_arm(c);
}

static void input_syn_sent(sim_tcp *c, const sim_packet *p) {
  if (!(p->flags & SIM_SYN)) return;
  if (!(p->flags & SIM_ACK)) { /* both connect at once. RFC 9293, section 3.5 */
    sim_tcp_emit(c, SIM_SYN | SIM_ACK, 0, 0);
    return;
  }
  tcp_opened(c, p);
  c->edge = p->edge;
  c->echo = p->stamp;
  sim_tcp_emit(c, SIM_ACK, c->nxt, 0);
  sim_sock_changed(c->sock);
  sim_tcp_output(c);
}

static void input_syn_rcvd(sim_tcp *c, const sim_packet *p) {
  tcp_opened(c, p);
  p2p__list_add(&c->listener->arrived, &c->link);
  sim_sock_changed(c->listener);
}

/* ---- acknowledgements ---- */

static void tcp_acked(sim_tcp *c, const sim_packet *p) {
  uint64_t bytes = p->ack - c->una;
  c->fin_acked = p->ack > c->end;
  sim_fifo_drop(&c->out, (size_t)(bytes - (c->fin_acked ? 1 : 0)));
  c->una = p->ack;
  if (c->nxt < c->una) c->nxt = c->una;
  c->retries = 0;
  sim_rtt_sample(c, c->sim->now - p->echo);
  bool partial = !c->ideal && sim_newreno_acked(c, bytes);
  if (partial) sim_tcp_resend_first(c);
  if (!partial || !c->reno.partial) sim_tcp_arm(c); /* RFC 6582, section 4: impatient */
  c->reno.partial = partial;
  sim_tcp_settle(c);
}

static void input_ack(sim_tcp *c, const sim_packet *p) {
  bool opened = p->edge > c->edge;
  if (opened) c->edge = p->edge;
  if (p->ack > c->una && p->ack <= c->max) {
    tcp_acked(c, p);
  } else if (!c->ideal && p->ack == c->una && c->una < c->max && !p->len && !opened &&
             !(p->flags & (SIM_FIN | SIM_PROBE))) {
    if (sim_newreno_dupack(c)) sim_tcp_resend_first(c);
  } else if (opened && c->una == c->max) {
    c->retries = 0; /* the peer has room again */
    sim_tcp_arm(c);
  }
  sim_tcp_output(c);
}

/* ---- data ---- */

/* Appends what is new of it. The segment begins at or before rcv_nxt. */
static void tcp_append(sim_tcp *c, const sim_packet *p) {
  uint64_t end = p->seq + p->len;
  if (c->eof) return;
  if (end > c->rcv_nxt) {
    size_t known = (size_t)(c->rcv_nxt - p->seq);
    sim_fifo_put(&c->in, p->data + known, p->len - known);
    c->rcv_nxt = end;
  }
  if ((p->flags & SIM_FIN) && c->rcv_nxt == end) {
    c->rcv_nxt++;
    c->eof = true;
    c->closed_first = c->max > c->end;
  }
}

static void early_put(sim_tcp *c, sim_packet *p) {
  p2p__list *at = c->early.prev;
  while (at != &c->early && P2P_CONTAINER(at, sim_packet, link)->seq > p->seq) at = at->prev;
  p2p__list_add(at->next, &p->link);
}

static void early_drain(sim_tcp *c) {
  while (!p2p__list_empty(&c->early)) {
    sim_packet *p = P2P_CONTAINER(c->early.next, sim_packet, link);
    if (p->seq > c->rcv_nxt) return;
    tcp_append(c, p);
    sim_packet_free(p);
  }
}

/* Takes p. */
static void input_data(sim_tcp *c, sim_packet *p) {
  if (c->orphan && p->seq + p->len > c->rcv_nxt && p->len) { /* nobody will read it */
    sim_tcp_emit(c, SIM_RST, c->nxt, 0);
    sim_tcp_die(c, 0);
    sim_packet_free(p);
    return;
  }
  if (p->seq > c->rcv_nxt) {
    early_put(c, p);
  } else {
    c->echo = p->stamp;
    tcp_append(c, p);
    sim_packet_free(p);
    early_drain(c);
  }
  sim_tcp_emit(c, SIM_ACK, c->nxt, 0);
  sim_sock_changed(c->sock);
  sim_tcp_settle(c);
}

/* ---- all ---- */

/* Takes p. */
static void input_open(sim_tcp *c, sim_packet *p) {
  input_ack(c, p);
  bool speaks = p->len || (p->flags & SIM_FIN);
  if (c->state != TCP_DEAD && speaks) {
    input_data(c, p);
    return;
  }
  bool crossed = (p->flags & SIM_SYN) && !(p->flags & SIM_ACK); /* it has not had ours */
  if (c->state != TCP_DEAD && (p->flags & (SIM_PROBE | SIM_SYN)))
    sim_tcp_emit(c, crossed ? SIM_SYN | SIM_ACK : SIM_ACK, crossed ? 0 : c->nxt, 0);
  sim_packet_free(p);
}

void sim_tcp_input(sim_packet *p) {
  sim_note(p->sim, p->to->number, kind_of(p), (p2p_bytes){ p->data, p->len });
  sim_tcp *c = sim_tcp_find(p->to, &p->dst, &p->src);
  if (!c) {
    if ((p->flags & SIM_SYN) && !(p->flags & SIM_ACK))
      input_syn(p);
    else if (!(p->flags & SIM_RST))
      sim_tcp_refuse(p);
  } else if (p->flags & SIM_RST) {
    sim_tcp_die(c, c->state == TCP_SYN_SENT ? P2P_EREFUSED : P2P_ERESET);
  } else if (c->state == TCP_SYN_SENT) {
    input_syn_sent(c, p);
  } else if (c->state == TCP_SYN_RCVD && (p->flags & SIM_SYN)) {
    sim_tcp_emit(c, SIM_SYN | SIM_ACK, 0, 0);
  } else {
    if (c->state == TCP_SYN_RCVD) input_syn_rcvd(c, p);
    input_open(c, p);
    return;
  }
  sim_packet_free(p);
}
