/* Datagrams that name no connection of ours: a client that knocks, a peer of a connection that is lost, or
 * noise. Answers cost no state, are never longer than what caused them, and resets are few.
 * Spec: RFC 9000, sections 5.2.2, 6, 8.1 and 10.3. */
#include "transport/quic_internal.h"

enum { ANSWER = 256, VERSION_MIN = 1200 };

static p2p_dgrams answer_to(const p2p_dgrams *from, const p2p__wr *w) {
  return (p2p_dgrams){ .local = from->local, .remote = from->remote, .data = w->p, .len = w->len };
}

static void answer(quic_socket *s, const p2p_dgrams *from, const p2p__wr *w) {
  p2p_dgrams d = answer_to(from, w);
  if (w->len) (void)p2p__quic_socket_send(s, &d, 1);
}

/* So few a second that nobody can make us send, or drown in hashing. */
static bool may_reset(quic_socket *s, p2p_time now) {
  if (now - s->resets_since >= P2P_SECOND) {
    s->resets_since = now;
    s->resets = 0;
  }
  return s->resets++ < quic_env_of(s->transport)->limits->quic_resets;
}

static void reset(quic_socket *s, const p2p_dgrams *from, size_t len, const p2p__quic_header *h,
                  p2p_time now) {
  uint8_t space[ANSWER];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  if (!may_reset(s, now)) return;
  p2p__quic_write_reset(s->transport->shared, h, len, &w);
  answer(s, from, &w);
}

static void versions(quic_socket *s, const p2p_dgrams *from, size_t len,
                     const p2p__quic_header *h) {
  uint8_t space[ANSWER];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  if (len < VERSION_MIN) return;
  p2p__quic_write_versions(s->transport->shared, h, &w);
  answer(s, from, &w);
}

/* l: a link that ends with it, or NULL. What is left of that one asks again: the other pieces of its client's
 * hello come by the same id, and so does all of it when the question was lost. */
static void retry(quic_socket *s, const p2p_dgrams *from, const p2p__quic_initial *i, quic_link *l,
                  p2p_time now) {
  uint8_t space[ANSWER];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p__quic_write_retry(s->transport->shared, i, &from->remote, now, &w);
  answer(s, from, &w);
  p2p_dgrams word = answer_to(from, &w);
  if (l) p2p__quic_grave_dig(l, &word, p2p__time_add(now, 3 * p2p__quic_pto(l->quic)));
}

static void welcome(quic_socket *s, const p2p_dgrams *from, p2p_bytes addr,
                    const p2p__quic_initial *i, p2p_bytes datagram, p2p_time now) {
  p2p__acceptor *a = s->listening->acceptor;
  p2p__link_spec spec = { 0 };
  quic_link *l = NULL;
  if (a->arrived(a, addr, i->validated, &spec, now) < 0) return;
  int err = p2p__quic_link_new(s, &spec, i, &from->local, &from->remote, now, &l);
  a->made(a, err < 0 ? NULL : &l->base, &spec);
  if (err < 0) return;
  if (i->validated) p2p__quic_link_spoke(l, now);
  p2p__quic_link_recv(l, s, from, datagram, now);
  bool is_over = !l->quic; /* its owner may have closed it meanwhile */
  if (!is_over && p2p__quic_wants_retry(l->quic)) retry(s, from, i, l, now);
}

/* State is kept of somebody who may not be at his address only while there is room for it: he pushes
 * nobody out, and takes no place of whose address he says is his. */
static void knock(quic_socket *s, const p2p_dgrams *from, const p2p__quic_initial *i,
                  p2p_bytes datagram, p2p_time now) {
  uint8_t space[P2P_ADDR_MAX];
  p2p__wr addr = p2p__wr_of(space, sizeof space);
  p2p__acceptor *a = s->listening->acceptor;
  quic_transport *t = s->transport;
  p2p__quic_addr_write(&addr, &from->remote);
  bool must_prove = t->n_unproven >= quic_env_of(t)->limits->quic_retry_above ||
                    a->must_prove(a, p2p__wr_bytes(&addr));
  if (!i->validated && must_prove)
    retry(s, from, i, NULL, now);
  else
    welcome(s, from, p2p__wr_bytes(&addr), i, datagram, now);
}

void p2p__quic_stranger(quic_socket *s, const p2p_dgrams *from, p2p_bytes datagram,
                        const p2p__quic_header *h, p2p_time now) {
  p2p__quic_initial i;
  if (!h->is_long) {
    reset(s, from, datagram.len, h, now);
  } else if (!s->listening || h->is_negotiation) {
    return; /* nobody asked for it: answering would let two endpoints talk for ever */
  } else if (!h->is_known) {
    versions(s, from, datagram.len, h);
  } else if (p2p__quic_initial_read(s->transport->shared, datagram, &from->remote, now, &i) == 0) {
    knock(s, from, &i, datagram, now);
  }
}
