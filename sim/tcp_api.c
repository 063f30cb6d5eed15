/* Simulated TCP: the calls of p2p_io. */
#include "sim/tcp.h"
#include <string.h>

/* ---- short reads and writes ---- */

/* How much of n a call does: all of it, or as little as the seed says; 0: try again. */
static size_t split(p2p_sim *sim, size_t n) {
  if (n == 0 || !sim_rng_chance(&sim->rng, sim->split_ppm)) return n;
  switch (sim_rng_below(&sim->rng, 4)) {
  case 0: return 0;
  case 1: return 1;
  default: return 1 + (size_t)sim_rng_below(&sim->rng, n);
  }
}

/* ---- sockets ---- */

static sim_tcp *stream_of(p2p_io *io, int sock) {
  sim_sock *s = sim_sock_get(io, sock, SIM_SOCK_STREAM);
  return s ? s->tcp : NULL;
}

static bool own_address(sim_node *node, const p2p_endpoint *at) {
  return sim_ip_any(at) || sim_is_loopback(at) || sim_net_find(node, at) == node;
}

int sim_tcp_listen(p2p_io *io, const p2p_endpoint *at, int backlog, uint64_t token,
                   p2p_endpoint *bound) {
  sim_node *node = sim_node_of(io);
  if (!at || (at->family != 4 && at->family != 6)) return P2P_EINVAL;
  if (!own_address(node, at)) return P2P_EUNREACH;
  uint16_t port = sim_port_take(node, SIM_SOCK_LISTENER, at);
  if (!port) return P2P_EADDRINUSE;
  sim_sock *s = sim_sock_new(node, SIM_SOCK_LISTENER, token);
  s->local = *at;
  s->local.port = port;
  s->backlog = backlog > 0 ? (size_t)backlog : 0;
  if (bound) *bound = s->local;
  return s->slot;
}

int sim_tcp_accept(p2p_io *io, int listener, uint64_t token, p2p_endpoint *local,
                   p2p_endpoint *remote) {
  sim_sock *l = sim_sock_get(io, listener, SIM_SOCK_LISTENER);
  if (!l) return P2P_EINVAL;
  if (p2p__list_empty(&l->arrived)) return P2P_EAGAIN;
  sim_tcp *c = P2P_CONTAINER(p2p__list_pop(&l->arrived), sim_tcp, link);
  l->queued--;
  c->listener = NULL;
  sim_sock *s = sim_sock_new(l->node, SIM_SOCK_STREAM, token);
  s->tcp = c;
  c->sock = s;
  if (local) *local = c->local;
  if (remote) *remote = c->remote;
  sim_sock_changed(l);
  return s->slot;
}

/* A port that makes the pair of addresses new. */
static int source_port(sim_node *node, const p2p_endpoint *to, p2p_endpoint *from) {
  if (from->port) return sim_tcp_find(node, from, to) ? P2P_EADDRINUSE : 0;
  for (int tries = 0; tries < 16384; tries++) {
    p2p_endpoint e = *from;
    e.port = sim_port_take(node, SIM_SOCK_LISTENER, from);
    if (!e.port || sim_tcp_find(node, &e, to)) continue;
    *from = e;
    return 0;
  }
  return P2P_EADDRINUSE;
}

int sim_tcp_connect(p2p_io *io, const p2p_endpoint *from, const p2p_endpoint *to, uint64_t token) {
  sim_node *node = sim_node_of(io);
  if (!to || (to->family != 4 && to->family != 6) || !to->port) return P2P_EINVAL;
  p2p_endpoint local;
  int err = sim_source(io, to, &local);
  if (err) return err;
  if (from) {
    if (from->family != to->family) return P2P_EINVAL;
    if (!own_address(node, from)) return P2P_EUNREACH;
    local.port = from->port;
    if (!sim_ip_any(from)) local = *from;
  }
  err = source_port(node, to, &local);
  if (err) return err;
  sim_sock *s = sim_sock_new(node, SIM_SOCK_STREAM, token);
  s->connecting = true;
  s->tcp = sim_tcp_new(node, &local, to);
  s->tcp->sock = s;
  bool nobody = !sim_net_route(node, to);
  if (nobody) s->tcp->error = P2P_EUNREACH; /* said when the first attempt is over */
  sim_tcp_emit(s->tcp, SIM_SYN, 0, 0);
  sim_tcp_arm(s->tcp);
  return s->slot;
}

int sim_tcp_local(p2p_io *io, int sock, p2p_endpoint *local) {
  sim_tcp *c = stream_of(io, sock);
  if (!c || !local) return P2P_EINVAL;
  *local = c->local;
  return 0;
}

int sim_tcp_option(p2p_io *io, int sock, p2p_io_option option, uint64_t value) {
  sim_tcp *c = stream_of(io, sock);
  if (!c || value == 0 || value > INT32_MAX) return P2P_EINVAL;
  switch (option) {
  case P2P_IO_NOTSENT_LOWAT: c->lowat = (size_t)value; break;
  case P2P_IO_SEND_BUFFER: c->send_buffer = (size_t)value; break;
  case P2P_IO_RECV_BUFFER: c->recv_buffer = (size_t)value; break;
  default: return P2P_EINVAL;
  }
  sim_sock_changed(c->sock);
  return 0;
}

static void listener_close(sim_sock *l) {
  size_t i = 0;
  for (sim_tcp *c; (c = p2p__map_next(&l->node->conns, &i));) {
    if (c->listener != l) continue;
    sim_tcp_emit(c, SIM_RST, c->nxt, 0);
    sim_tcp_die(c, P2P_ECLOSED);
    i = 0;
  }
}

/* Bytes that nobody will read are answered with a reset, as the peer must learn of their loss. */
void sim_tcp_close(sim_sock *s) {
  if (s->kind == SIM_SOCK_LISTENER) {
    listener_close(s);
    return;
  }
  sim_tcp *c = s->tcp;
  c->sock = NULL;
  if (c->state == TCP_DEAD) {
    sim_tcp_bury(c);
  } else if (c->state == TCP_SYN_SENT) {
    sim_tcp_die(c, 0);
  } else if (c->in.len || !p2p__list_empty(&c->early)) {
    sim_tcp_emit(c, SIM_RST, c->nxt, 0);
    sim_tcp_die(c, 0);
  } else {
    c->orphan = c->finish = true;
    sim_tcp_output(c);
    sim_tcp_settle(c);
    if (c->state == TCP_OPEN) sim_tcp_arm(c);
  }
}

/* ---- bytes ---- */

void p2p_sim_fault(p2p_sim *sim, p2p_sim_fault_kind kind, uint64_t at) {
  sim->fault = kind;
  sim->fault_in = at;
}

/* What the n bytes read at buf become when the fault lies among them; cap >= n. Returns how many
 * they are then. */
static size_t fault_apply(p2p_sim *sim, uint8_t *buf, size_t n, size_t cap) {
  if (sim->fault == P2P_SIM_NO_FAULT) return n;
  if (sim->fault_in >= n) {
    sim->fault_in -= n;
    return n;
  }
  size_t at = (size_t)sim->fault_in;
  p2p_sim_fault_kind kind = sim->fault;
  if (kind == P2P_SIM_FLIP) buf[at] ^= 1;
  if (kind == P2P_SIM_DROP && n == 1) return n; /* 0 would be the end of the stream: the next one */
  if (kind == P2P_SIM_DOUBLE && n == cap) return n;
  sim->fault = P2P_SIM_NO_FAULT;
  if (kind == P2P_SIM_DROP) memmove(buf + at, buf + at + 1, n - at - 1);
  if (kind == P2P_SIM_DOUBLE) memmove(buf + at + 1, buf + at, n - at);
  return kind == P2P_SIM_DROP ? n - 1 : kind == P2P_SIM_DOUBLE ? n + 1 : n;
}

uint32_t sim_tcp_ready(const sim_tcp *c) {
  if (c->state == TCP_DEAD) return P2P_IO_READABLE | P2P_IO_WRITABLE;
  if (c->state != TCP_OPEN) return 0;
  uint32_t ready = c->in.len || c->eof ? P2P_IO_READABLE : 0;
  if (c->finish || sim_tcp_room(c, true)) ready |= P2P_IO_WRITABLE;
  return ready;
}

int sim_tcp_error(const sim_tcp *c) { return c->state == TCP_DEAD ? c->error : 0; }

/* Tells the peer of room once a quarter of the buffer is new to it. */
static void window_update(sim_tcp *c) {
  if (c->state != TCP_OPEN || c->eof) return;
  if (sim_tcp_recv_edge(c) >= c->told_edge + (c->recv_buffer + 3) / 4)
    sim_tcp_emit(c, SIM_ACK, c->nxt, 0);
}

ptrdiff_t sim_tcp_recv(p2p_io *io, int sock, void *buf, size_t cap) {
  sim_tcp *c = stream_of(io, sock);
  if (!c || !buf || cap == 0) return P2P_EINVAL;
  if (!c->in.len) {
    if (c->state == TCP_DEAD) return c->error;
    if (c->state == TCP_SYN_SENT) return P2P_ECLOSED;
    return c->eof ? 0 : P2P_EAGAIN;
  }
  size_t n = split(c->sim, cap < c->in.len ? cap : c->in.len);
  if (n == 0) return P2P_EAGAIN;
  sim_fifo_peek(&c->in, 0, buf, n);
  sim_fifo_drop(&c->in, n);
  window_update(c);
  sim_sock_changed(c->sock);
  return (ptrdiff_t)fault_apply(c->sim, buf, n, cap);
}

ptrdiff_t sim_tcp_send(p2p_io *io, int sock, const p2p_bytes *v, size_t n) {
  sim_tcp *c = stream_of(io, sock);
  if (!c || !v) return P2P_EINVAL;
  if (c->state == TCP_DEAD) return c->error;
  if (c->finish) return P2P_ERESET; /* as the system says EPIPE */
  size_t total = 0, done = 0;
  for (size_t i = 0; i < n; i++) total += v[i].len;
  size_t room = c->state == TCP_OPEN ? sim_tcp_room(c, false) : 0;
  size_t take = split(c->sim, total < room ? total : room);
  if (take == 0) return total ? P2P_EAGAIN : 0;
  for (size_t i = 0; done < take; i++) {
    size_t part = take - done < v[i].len ? take - done : v[i].len;
    sim_fifo_put(&c->out, v[i].p, part);
    done += part;
  }
  c->end += take;
  sim_tcp_output(c);
  sim_sock_changed(c->sock);
  return (ptrdiff_t)take;
}

int sim_tcp_shutdown(p2p_io *io, int sock) {
  sim_tcp *c = stream_of(io, sock);
  if (!c) return P2P_EINVAL;
  if (c->state != TCP_OPEN) return P2P_ECLOSED;
  c->finish = true;
  sim_tcp_output(c);
  sim_sock_changed(c->sock);
  return 0;
}
