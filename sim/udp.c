/* Simulated UDP: datagrams that may be lost, doubled, late, or too long. */
#include "sim/world.h"
#include <string.h>

enum {
  UDP_HEADER_4 = 28,
  UDP_HEADER_6 = 48,
  UDP_QUEUE = 212992, /* bytes a socket holds; what Linux gives by default */
  UDP_MAX = 65507
};

int sim_udp_open(p2p_io *io, const p2p_endpoint *at, uint64_t token, p2p_endpoint *bound) {
  sim_node *node = sim_node_of(io);
  if (!at || (at->family != 4 && at->family != 6)) return P2P_EINVAL;
  if (!sim_ip_any(at) && !sim_is_loopback(at) && sim_net_find(node, at) != node)
    return P2P_EUNREACH;
  uint16_t port = sim_port_take(node, SIM_SOCK_UDP, at);
  if (!port) return P2P_EADDRINUSE;
  sim_sock *s = sim_sock_new(node, SIM_SOCK_UDP, token);
  s->local = *at;
  s->local.port = port;
  if (bound) *bound = s->local;
  return s->slot;
}

void sim_udp_close(sim_sock *s) {
  while (!p2p__list_empty(&s->arrived))
    sim_packet_free(P2P_CONTAINER(p2p__list_pop(&s->arrived), sim_packet, link));
  while (!p2p__list_empty(&s->refused))
    sim_packet_free(P2P_CONTAINER(p2p__list_pop(&s->refused), sim_packet, link));
}

/* ---- ICMP: nobody listens there ---- */
static void refuse(const sim_packet *p) {
  size_t len = p->len < P2P_IO_QUOTE ? p->len : P2P_IO_QUOTE;
  sim_packet *word = sim_packet_new(p->to, SIM_UDP, len);
  word->src = p->dst;
  word->dst = p->src;
  word->flags = SIM_REFUSED;
  word->wire = UDP_HEADER_6 + len;
  memcpy(word->data, p->data, len);
  sim_packet_send(word);
}

static void refused(sim_packet *p) {
  sim_sock *s = sim_sock_bound(p->to, SIM_SOCK_UDP, &p->dst);
  if (!s) {
    sim_packet_free(p);
    return;
  }
  while (s->refused_told && !p2p__list_empty(&s->refused)) /* nobody asked */
    sim_packet_free(P2P_CONTAINER(p2p__list_pop(&s->refused), sim_packet, link));
  s->refused_told = false;
  p2p__list_add(&s->refused, &p->link);
  sim_sock_changed(s);
}

int sim_udp_errors(p2p_io *io, int sock, p2p_udp_error *out, int n) {
  sim_sock *s = sim_sock_get(io, sock, SIM_SOCK_UDP);
  if (!s || !out || n <= 0) return P2P_EINVAL;
  int got = 0;
  while (got < n && !p2p__list_empty(&s->refused)) {
    sim_packet *p = P2P_CONTAINER(p2p__list_pop(&s->refused), sim_packet, link);
    out[got] = (p2p_udp_error){ .remote = p->src,
                                .error = P2P_EREFUSED,
                                .quote_len = (uint8_t)p->len };
    memcpy(out[got++].quote, p->data, p->len);
    sim_packet_free(p);
  }
  sim_sock_changed(s);
  return got;
}

/* ---- datagrams ---- */

void sim_udp_input(sim_packet *p) {
  p2p_bytes data = { p->data, p->len };
  if (p->flags & SIM_REFUSED) {
    refused(p);
    return;
  }
  sim_sock *s = sim_sock_bound(p->to, SIM_SOCK_UDP, &p->dst);
  if (!s && p->to->refuses) refuse(p);
  if (!s || s->queued + p->len > UDP_QUEUE) {
    sim_note(p->sim, p->to->number, P2P_SIM_LOST, data);
    sim_packet_free(p);
    return;
  }
  sim_note(p->sim, p->to->number, P2P_SIM_DATAGRAM, data);
  s->queued += p->len;
  p2p__list_add(&s->arrived, &p->link);
  sim_sock_changed(s);
}

int sim_udp_recv(p2p_io *io, int sock, p2p_dgrams *d, int n) {
  sim_sock *s = sim_sock_get(io, sock, SIM_SOCK_UDP);
  if (!s || !d || n <= 0) return P2P_EINVAL;
  int got = 0;
  while (got < n && !p2p__list_empty(&s->arrived)) {
    sim_packet *p = P2P_CONTAINER(p2p__list_pop(&s->arrived), sim_packet, link);
    s->queued -= p->len;
    if (p->len <= d[got].cap) {
      d[got].local = p->dst;
      d[got].remote = p->src;
      d[got].len = p->len;
      d[got].segment = 0;
      d[got].ecn = p->ecn;
      memcpy(d[got].data, p->data, p->len);
      got++;
    }
    sim_packet_free(p);
  }
  sim_sock_changed(s);
  return got ? got : P2P_EAGAIN;
}

/* The address that answers will come to: as bound, as asked for, or the node's first. */
static int source_of(const sim_sock *s, const p2p_dgrams *d, p2p_endpoint *out) {
  *out = s->local;
  if (!sim_ip_any(out)) return 0;
  if (d->local.family == s->local.family && !sim_ip_any(&d->local)) {
    memcpy(out->ip, d->local.ip, sizeof out->ip);
    return 0;
  }
  if (sim_is_loopback(&d->remote)) {
    memcpy(out->ip, d->remote.ip, sizeof out->ip);
    return 0;
  }
  const p2p_sim_node_opts *opts = &s->node->opts;
  for (int i = 0; i < opts->n_ip; i++) {
    if (opts->ip[i].family != s->local.family) continue;
    memcpy(out->ip, opts->ip[i].ip, sizeof out->ip);
    return 0;
  }
  return P2P_EUNREACH;
}

static int send_batch(sim_sock *s, const p2p_dgrams *d) {
  p2p_endpoint from;
  if (d->remote.family != s->local.family || !d->remote.port) return P2P_EINVAL;
  int err = source_of(s, d, &from);
  if (err) return err;
  if (!sim_is_home(s->node, &from)) return P2P_EUNREACH;
  size_t step = d->segment ? d->segment : d->len, at = 0;
  if (step > UDP_MAX) return P2P_ELIMIT;
  do {
    size_t len = d->len - at < step ? d->len - at : step;
    sim_packet *p = sim_packet_new(s->node, SIM_UDP, len);
    p->src = from;
    p->dst = d->remote;
    p->ecn = d->ecn;
    p->wire = len + (from.family == 4 ? UDP_HEADER_4 : UDP_HEADER_6);
    memcpy(p->data, d->data + at, len);
    sim_packet_send(p);
    at += len;
  } while (at < d->len);
  return 0;
}

int sim_udp_send(p2p_io *io, int sock, const p2p_dgrams *d, int n) {
  sim_sock *s = sim_sock_get(io, sock, SIM_SOCK_UDP);
  if (!s || !d || n <= 0) return P2P_EINVAL;
  for (int i = 0; i < n; i++) {
    int err = send_batch(s, &d[i]);
    if (err) return i ? i : err;
  }
  return n;
}
