/* Ways: by which socket and from which address a dialed connection is carried, how it moves when the
 * address goes away or the system would rather use another, and what ICMP says of dials.
 * Spec: RFC 9000, sections 9 and 14.2.1. */
#include "multiformats/multiaddr.h"
#include "transport/quic_internal.h"

enum { IFADDRS = 64, ERRORS = 8, SUBNET = 8 };
/* What a peer has to give first takes a round trip; whoever never gives it is not asked all the time. */
#define AGAIN (100 * P2P_MS)

static p2p_io *io_of(const quic_transport *t) { return t->loop->io; }

static bool same_ip(const p2p_endpoint *a, const p2p_endpoint *b) {
  return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static bool is_any(const p2p_endpoint *e) { return p2p__ip_classify(e) == P2P__IP_UNSPECIFIED; }

/* ---- sockets ---- */
static bool reaches(const quic_socket *s, const p2p_endpoint *to, const p2p_endpoint *from) {
  const p2p_endpoint *at = &s->bound;
  if (at->family != to->family || s->lost) return false;
  if (is_any(at)) return true;
  if (from && !same_ip(at, from)) return false;
  bool near = p2p__ip_classify(at) == P2P__IP_LOOPBACK;
  return near == (p2p__ip_classify(to) == P2P__IP_LOOPBACK);
}

/* One that listens, so that NATs see one port and others can punch back to it; else any of the family. */
int p2p__quic_socket_for(quic_transport *t, const p2p_endpoint *to, const p2p_endpoint *from,
                         quic_socket **out) {
  quic_socket *best = NULL;
  for (p2p__list *n = t->sockets.next; n != &t->sockets; n = n->next) {
    quic_socket *s = P2P_CONTAINER(n, quic_socket, node);
    if (!reaches(s, to, from) || (best && best->listening)) continue;
    best = s;
  }
  if (!best) return p2p__quic_socket_open(t, &(p2p_endpoint){ .family = to->family }, out);
  best->users++;
  *out = best;
  return 0;
}

/* ---- what the system knows ---- */
static bool knows_sources(const quic_transport *t) {
  const p2p_io_ops *ops = io_of(t)->ops;
  return ops->size >= offsetof(p2p_io_ops, source) + sizeof ops->source && ops->source;
}

static int source(const quic_transport *t, const p2p_endpoint *to, p2p_endpoint *from) {
  return knows_sources(t) ? io_of(t)->ops->source(io_of(t), to, from) : P2P_ENOTSUP;
}

/* This machine's addresses, asked for when they are needed, and once. */
typedef struct ours {
  bool asked;
  int n; /* < 0, > IFADDRS: not known, or not all */
  p2p_endpoint all[IFADDRS];
} ours;

/* Whether an address is still this machine's. What cannot be known is. */
static bool is_ours(const quic_transport *t, ours *o, const p2p_endpoint *at) {
  if (!o->asked) o->n = io_of(t)->ops->ifaddrs(io_of(t), o->all, IFADDRS);
  o->asked = true;
  if (o->n < 0 || o->n > IFADDRS) return true;
  for (int i = 0; i < o->n; i++)
    if (same_ip(&o->all[i], at)) return true;
  return false;
}

/* ---- moving ---- */
void p2p__quic_link_settle(quic_link *l) {
  if (!l->client || !l->local.family || is_any(&l->local)) return;
  if (!l->transport->loop->watched || !knows_sources(l->transport))
    return; /* nobody would move it */
  l->settled = true;
  p2p__quic_settle(l->quic, &l->local);
}

static void leave(quic_link *l, quic_socket *to) {
  p2p__list_del(&l->waiting);
  p2p__quic_socket_unuse(l->socket);
  l->socket = to;
}

static void log_move(const quic_link *l, const char *what, const p2p_endpoint *local) {
  p2p__logf(&quic_env_of(l->transport)->log, P2P_LOG_INFO, "quic %s port=%u family=%u", what,
            local->port, local->family);
}

/* Takes the use of s. */
static int move_to(quic_link *l, quic_socket *s, const p2p_endpoint *local, bool at_once,
                   p2p_time now) {
  int err = p2p__quic_move(l->quic, local, at_once, now);
  if (err < 0 || s == l->socket) {
    p2p__quic_socket_unuse(s);
    s = NULL;
  }
  if (err < 0) return err;
  if (l->next) p2p__quic_socket_unuse(l->next);
  l->next = NULL;
  if (s && at_once)
    leave(l, s);
  else
    l->next = s;
  l->settled = true;
  if (at_once) l->local = *local;
  log_move(l, at_once ? "moves=at_once" : "moves=when_proven", local);
  p2p__quic_link_mark(l);
  return 0;
}

/* A socket that stands for all addresses keeps its port. */
static int move_from(quic_link *l, p2p_endpoint *from, bool at_once, p2p_time now) {
  quic_socket *s = l->socket;
  if (is_any(&s->bound) || same_ip(&s->bound, from)) {
    s->users++;
  } else {
    int err = p2p__quic_socket_for(l->transport, &l->remote, from, &s);
    if (err < 0) return err;
  }
  from->port = s->bound.port;
  return move_to(l, s, from, at_once, now);
}

/* Addresses of one network that take turns, as private ones of IPv6 do (RFC 8981), are no better way. */
static bool is_neighbour(const p2p_endpoint *a, const p2p_endpoint *b) {
  return a->family == 6 && b->family == 6 && memcmp(a->ip, b->ip, SUBNET) == 0;
}

/* The system's choice is the better way: it knows what an interface costs. */
static void reconsider(quic_link *l, ours *o, p2p_time now) {
  p2p_endpoint from;
  l->restless = P2P_NEVER;
  if (l->state != QUIC_UP || !l->settled) return;
  if (source(l->transport, &l->remote, &from) < 0 || same_ip(&from, &l->local)) return;
  bool gone = !is_ours(l->transport, o, &l->local);
  if (!gone && (is_neighbour(&from, &l->local) || !is_any(&l->socket->bound))) return;
  int err = move_from(l, &from, gone, now);
  if (err == P2P_EAGAIN) l->restless = p2p__time_add(now, AGAIN);
  if (err < 0 && err != P2P_EAGAIN)
    p2p__logf(&quic_env_of(l->transport)->log, P2P_LOG_INFO, "quic moves=no err=%s",
              p2p_error_name(err));
}

void p2p__quic_link_reconsider(quic_link *l, p2p_time now) {
  ours o = { .asked = false };
  reconsider(l, &o, now);
}

void p2p__quic_interfaces(quic_transport *t, p2p_time now) {
  ours o = { .asked = false };
  for (p2p__list *n = t->sockets.next; n != &t->sockets; n = n->next) {
    quic_socket *s = P2P_CONTAINER(n, quic_socket, node);
    s->lost = !is_any(&s->bound) && !is_ours(t, &o, &s->bound);
  }
  for (p2p__list *n = t->clients.next; n != &t->clients; n = n->next) {
    quic_link *l = P2P_CONTAINER(n, quic_link, client_node);
    reconsider(l, &o, now);
    if (l->restless != P2P_NEVER) p2p__quic_link_mark(l); /* its timer is to know */
  }
}

/* A socket of its own, so that the port is another one even where the address is not. */
int p2p__quic_link_move(quic_link *l, p2p_bytes local, p2p_time now) {
  p2p_endpoint at = { .family = l->remote.family }, from;
  quic_socket *s;
  if (l->state != QUIC_UP) return l->state < QUIC_UP ? P2P_EAGAIN : P2P_ECLOSED;
  if (!l->client || !l->settled) return P2P_ENOTSUP;
  int err = local.len ? p2p__quic_addr_read(local, &at) : 0;
  if (err >= 0 && at.family != l->remote.family) err = P2P_EADDR;
  if (err >= 0) err = source(l->transport, &l->remote, &from);
  if (err >= 0) err = p2p__quic_socket_open(l->transport, &at, &s);
  if (err < 0) return err;
  if (is_any(&at)) at = from;
  at.port = s->bound.port;
  return move_to(l, s, &at, false, now);
}

bool p2p__quic_link_arrived(quic_link *l, const p2p__quic_event *ev) {
  quic_socket *next = l->next;
  bool moved = ev->kind == P2P__QUIC_MOVED;
  l->next = NULL;
  if (next && moved)
    leave(l, next);
  else if (next)
    p2p__quic_socket_unuse(next);
  if (!moved) {
    log_move(l, "moves=unanswered", &l->local);
    return false;
  }
  l->remote = ev->remote;
  if (l->client) l->local = ev->local;
  return true;
}

/* ---- what the network says ---- */

/* Only of a dial that nobody has answered, and that the quoted packet belongs to as far as it is quoted:
 * what is established lives by acknowledgements alone. RFC 9000, sections 14.2.1 and 21.8. */
static bool is_about(const quic_link *l, const p2p_udp_error *e) {
  enum { IDS = 33 }; /* bytes of our first packet up to the end of our own id */
  p2p__quic_header h;
  const p2p_endpoint *to = &l->remote;
  if (l->state != QUIC_SECURING || l->answered) return false;
  if (to->port != e->remote.port || !same_ip(to, &e->remote)) return false;
  if (p2p__quic_header_read(p2p__bytes(e->quote, e->quote_len), &h) < 0) return e->quote_len < IDS;
  return h.is_long && p2p__quic_table_find(&l->transport->table, &h.scid) == &l->names;
}

static void refuse(quic_transport *t, const p2p_udp_error *e, p2p_time now) {
  for (p2p__list *n = t->clients.next; n != &t->clients; n = n->next) {
    quic_link *l = P2P_CONTAINER(n, quic_link, client_node);
    if (!is_about(l, e)) continue;
    p2p__quic_link_refused(l, e->error, now);
    return;
  }
}

void p2p__quic_socket_errors(quic_socket *s, p2p_time now) {
  p2p_udp_error e[ERRORS];
  p2p_io *io = io_of(s->transport);
  int n;
  do {
    n = io->ops->udp_errors(io, s->sock, e, ERRORS);
    for (int i = 0; i < n; i++) {
      p2p__endpoint_canonical(&e[i].remote);
      refuse(s->transport, &e[i], now);
    }
  } while (n == ERRORS);
}
