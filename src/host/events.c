/* Events. Those of objects are bits in the object and a place in a list: never lost, bounded by the
 * number of objects. Those of behaviours sit in a bounded ring. */
#include "host/internal.h"

/* ---- connections ---- */
static void forget(p2p_host *h, p2p__sconn *c) {
  p2p__list_del(&c->host_node);
  h->n_closed--;
  p2p__conn_release(c);
}

/* Nobody takes events: the oldest ends are forgotten, so that they cannot pile up. */
static void forget_beyond_limit(p2p_host *h) {
  if (h->n_closed <= h->limits.events_max) return;
  p2p__list *from = p2p__list_empty(&h->closed) ? &h->flown : &h->closed;
  if (!p2p__list_empty(from)) forget(h, P2P_CONTAINER(from->next, p2p__sconn, host_node));
}

void p2p__host_conn_due(void *host, p2p__sconn *c, unsigned due) {
  p2p_host *h = host;
  bool closed = due & P2P__DUE_CLOSED;
  if (due & P2P__DUE_DATAGRAM && !p2p__list_linked(&c->datagram_node))
    p2p__list_add(&h->datagrams, &c->datagram_node);
  due &= ~(unsigned)P2P__DUE_DATAGRAM;
  if (!due) return;
  if (closed && c->inbound && !c->was_up && !c->adopted) { /* it never was there for the user */
    p2p__conn_release(c);
    return;
  }
  c->events |= (uint8_t)due;
  if (closed) c->events &= (uint8_t)~P2P__DUE_ADDR;
  p2p__list_del(&c->host_node);
  bool untold = c->events & P2P__DUE_OPEN;
  p2p__list_add(!closed ? &h->opened : untold ? &h->flown : &h->closed, &c->host_node);
  if (!closed) return;
  h->n_closed++;
  forget_beyond_limit(h);
}

static void conn_event(p2p_host *h, p2p__sconn *c, p2p_event_kind kind) {
  h->event = (p2p_event){ .kind = kind,
                          .conn.id = c->handle,
                          .direction = c->inbound ? P2P_INBOUND : P2P_OUTBOUND,
                          .user = c->user };
  if (c->peer) h->event.peer = c->peer->id;
}

/* Of those that are up: that they are, and that an address is another one. */
static bool next_opened(p2p_host *h) {
  p2p__list *node = p2p__list_pop(&h->opened);
  if (!node) node = p2p__list_pop(&h->flown);
  if (!node) return false;
  p2p__sconn *c = P2P_CONTAINER(node, p2p__sconn, host_node);
  bool opens = c->events & P2P__DUE_OPEN;
  c->events &= (uint8_t)~(opens ? P2P__DUE_OPEN : P2P__DUE_ADDR);
  conn_event(h, c, opens ? P2P_EV_CONN_OPEN : P2P_EV_CONN_ADDR);
  if (c->events & P2P__DUE_CLOSED)
    p2p__list_add(&h->closed, &c->host_node);
  else if (c->events & P2P__DUE_ADDR)
    p2p__list_add(&h->opened, &c->host_node);
  return true;
}

static bool next_closed(p2p_host *h) {
  p2p__list *node = p2p__list_pop(&h->closed);
  if (!node) return false;
  p2p__sconn *c = P2P_CONTAINER(node, p2p__sconn, host_node);
  c->events = 0;
  h->n_closed--;
  conn_event(h, c, P2P_EV_CONN_CLOSED);
  h->event.err = c->err;
  h->event.code = c->code;
  h->event.stage = (p2p_stage)c->stage;
  h->event.reason = c->reason;
  h->event_conn = c;
  return true;
}

static bool has_datagram_news(const p2p__sconn *c) {
  return c->datagram_room || !p2p__dgrams_empty(&c->datagrams);
}

/* One datagram of each connection in turn. */
static bool next_datagram(p2p_host *h) {
  p2p__sconn *c;
  do {
    p2p__list *node = p2p__list_pop(&h->datagrams);
    if (!node) return false;
    c = P2P_CONTAINER(node, p2p__sconn, datagram_node);
  } while (!has_datagram_news(c)); /* taken before its turn came */
  p2p__dgram *g = h->event_datagram = p2p__dgrams_take(&c->datagrams);
  conn_event(h, c, g ? P2P_EV_DATAGRAM : P2P_EV_DATAGRAM_ROOM);
  if (g)
    h->event.datagram = p2p__bytes(g->data, g->len);
  else
    c->datagram_room = false;
  if (has_datagram_news(c)) p2p__list_add(&h->datagrams, &c->datagram_node);
  return true;
}

/* ---- streams ---- */
void p2p__host_stream_event(p2p__sstream *s, unsigned bits) {
  p2p_host *h = s->swarm->host.ctx;
  s->events |= (uint8_t)bits;
  if (!p2p__list_linked(&s->host_node)) p2p__list_add(&h->stream_events, &s->host_node);
}

void p2p__host_stream_ended(p2p__sstream *s) {
  p2p_host *h = s->swarm->host.ctx;
  s->events |= P2P__DUE_CLOSED;
  p2p__list_del(&s->host_node);
  p2p__list_add(&h->stream_ends, &s->host_node);
  if (++h->n_ended <= h->limits.events_max) return;
  h->n_ended--;
  p2p__stream_free(P2P_CONTAINER(h->stream_ends.next, p2p__sstream, host_node));
}

static const struct {
  uint8_t bit;
  p2p_event_kind kind;
} stream_kinds[] = {
  { P2P__DUE_OPEN, P2P_EV_STREAM_OPEN },
  { P2P__DUE_READABLE, P2P_EV_STREAM_READABLE },
  { P2P__DUE_WRITABLE, P2P_EV_STREAM_WRITABLE },
  { P2P__DUE_CLOSED, P2P_EV_STREAM_CLOSED },
};

static void stream_event(p2p_host *h, p2p__sstream *s, p2p_event_kind kind) {
  h->event = (p2p_event){ .kind = kind,
                          .stream.id = s->handle,
                          .conn.id = s->conn->handle,
                          .direction = s->inbound ? P2P_INBOUND : P2P_OUTBOUND,
                          .protocol = s->protocol ? s->protocol->text : NULL,
                          .err = s->err,
                          .code = s->code,
                          .user = s->user };
  if (s->conn->peer) h->event.peer = s->conn->peer->id;
}

/* One event of the first stream that has some; a living stream with more goes to the end of the
 * list, one that is closed stays in front until its CLOSED. */
static bool next_stream(p2p_host *h) {
  p2p__list *node = p2p__list_pop(&h->stream_events);
  if (!node && p2p__list_empty(&h->stream_ends)) return false;
  p2p__sstream *s = P2P_CONTAINER(node ? node : h->stream_ends.next, p2p__sstream, host_node);
  size_t i = 0;
  while (!(s->events & stream_kinds[i].bit)) i++;
  s->events &= (uint8_t)~stream_kinds[i].bit;
  stream_event(h, s, stream_kinds[i].kind);
  if (node && s->events) p2p__list_add(&h->stream_events, &s->host_node);
  if (stream_kinds[i].bit != P2P__DUE_CLOSED) return true;
  p2p__list_del(&s->host_node);
  h->n_ended--;
  h->event_stream = s;
  return true;
}

/* ---- behaviours ---- */
enum { RING_FIRST = 16 };

static int ring_grow(p2p_host *h) {
  host_ring *r = &h->ring;
  size_t cap = p2p__min(r->cap ? r->cap * 2 : RING_FIRST, h->limits.events_max);
  if (cap <= r->cap) return P2P_ELIMIT;
  p2p_event *events = p2p__alloc_raw(&h->mem, P2P__MEM_HOST, cap * sizeof *events);
  if (!events) return P2P_ENOMEM;
  for (size_t i = 0; i < r->n; i++) events[i] = r->events[(r->head + i) % r->cap];
  p2p__release(&h->mem, P2P__MEM_HOST, r->events, r->cap * sizeof *events);
  *r = (host_ring){ .events = events, .n = r->n, .cap = cap };
  return 0;
}

void p2p__host_emit(void *host, const p2p_event *e) {
  p2p_host *h = host;
  host_ring *r = &h->ring;
  h->news = true;
  if (r->n == r->cap && ring_grow(h) < 0) { /* nobody takes events: the oldest gives way */
    r->head = (r->head + 1) % r->cap;
    r->n--;
  }
  r->events[(r->head + r->n++) % r->cap] = *e;
}

static bool next_emitted(p2p_host *h) {
  host_ring *r = &h->ring;
  if (!r->n) return false;
  h->event = r->events[r->head];
  r->head = (r->head + 1) % r->cap;
  r->n--;
  return true;
}

/* ---- taking ---- */

/* The objects of the last event, if it was their end. */
static void release_last(p2p_host *h) {
  p2p__dgram_free(&h->mem, P2P__MEM_CONN, h->event_datagram);
  h->event_datagram = NULL;
  if (h->event_stream) p2p__stream_free(h->event_stream);
  h->event_stream = NULL;
  if (h->event_conn) p2p__conn_release(h->event_conn);
  h->event_conn = NULL;
}

const p2p_event *p2p_next_event(p2p_host *h) {
  p2p__host_assert(h);
  if (!h) return NULL;
  release_last(h);
  bool any = next_opened(h) || next_datagram(h) || next_stream(h) || next_closed(h) ||
             next_emitted(h);
  return any ? &h->event : NULL;
}

int p2p__host_events_init(p2p_host *h) { return ring_grow(h); }

void p2p__host_events_fini(p2p_host *h) {
  p2p__release(&h->mem, P2P__MEM_HOST, h->ring.events, h->ring.cap * sizeof *h->ring.events);
  h->ring = (host_ring){ 0 };
  p2p__dgram_free(&h->mem, P2P__MEM_CONN, h->event_datagram);
  h->event_datagram = NULL;
}
