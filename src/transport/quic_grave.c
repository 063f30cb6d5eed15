/* Graves: what is left of a closed connection for three probe timeouts, but no longer than silence would
 * have been borne: a peer that answered late, or slept, has made those long. Datagrams that still come for it are
 * answered with its last word, ever more rarely, so that the peer learns even when that was lost.
 * Spec: RFC 9000, sections 10.2.1 and 10.2.2. */
#include "transport/quic_internal.h"

typedef struct grave {
  quic_names names;
  p2p__list node; /* in quic_transport.graves */
  p2p__timer timer;
  quic_transport *transport;
  quic_socket *socket;
  p2p_dgrams word;
  bool asks; /* its client for the address: it keeps the place of the link among the unproven */
  uint32_t disturbed;
  size_t len;
  uint8_t bytes[];
} grave;

static void grave_free(grave *g) {
  quic_transport *t = g->transport;
  p2p__quic_names_clear(&t->table, &g->names);
  p2p__timer_clear(&t->loop->timers, &g->timer);
  p2p__timers_unreserve(&t->loop->timers);
  p2p__list_del(&g->node);
  t->n_graves--;
  if (g->asks) t->n_unproven--;
  p2p__quic_socket_unuse(g->socket);
  p2p__release(t->loop->mem, P2P__MEM_LINK, g, sizeof *g + g->len);
}

static void grave_over(p2p__timer *timer, p2p_time now) {
  (void)now;
  grave_free(P2P_CONTAINER(timer, grave, timer));
}

static grave *grave_new(quic_link *l, const p2p_dgrams *word) {
  quic_transport *t = l->transport;
  grave *g = p2p__alloc(t->loop->mem, P2P__MEM_LINK, sizeof *g + word->len);
  if (!g) return NULL;
  if (p2p__timers_reserve(&t->loop->timers) < 0) {
    p2p__release(t->loop->mem, P2P__MEM_LINK, g, sizeof *g + word->len);
    return NULL;
  }
  g->transport = t;
  g->socket = l->socket;
  g->socket->users++;
  g->timer.fire = grave_over;
  g->word = *word;
  g->word.data = g->bytes;
  g->len = word->len;
  if (g->len) memcpy(g->bytes, word->data, g->len);
  g->asks = l->unproven && p2p__quic_wants_retry(l->quic);
  if (g->asks) t->n_unproven++;
  p2p__list_init(&g->names.entries);
  p2p__list_add(&t->graves, &g->node);
  t->n_graves++;
  return g;
}

void p2p__quic_grave_dig(quic_link *l, const p2p_dgrams *word, p2p_time until) {
  quic_transport *t = l->transport;
  if (p2p__list_empty(&l->names.entries)) return;
  if (t->n_graves >= quic_env_of(t)->limits->quic_closing)
    grave_free(P2P_CONTAINER(t->graves.next, grave, node));
  grave *g = grave_new(l, word);
  if (!g) return;
  p2p__quic_names_move(&t->table, &l->names, &g->names);
  p2p_time longest = p2p__time_add(t->loop->now, quic_env_of(t)->limits->quic_idle);
  p2p__timer_set(&t->loop->timers, &g->timer, p2p__time_min(until, longest));
}

void p2p__quic_grave_disturb(quic_names *n) {
  grave *g = P2P_CONTAINER(n, grave, names);
  g->disturbed++;
  bool power_of_two = (g->disturbed & (g->disturbed - 1)) == 0;
  if (g->len && power_of_two) (void)p2p__quic_socket_send(g->socket, &g->word, 1);
}

void p2p__quic_graves_fini(quic_transport *t) {
  while (!p2p__list_empty(&t->graves)) grave_free(P2P_CONTAINER(t->graves.next, grave, node));
}
