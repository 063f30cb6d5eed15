/* Streams and protocols of the public API. A stream has a handler of the user's, or its news come
 * out as events. */
#include "host/internal.h"

static p2p_host *host_of(const p2p__sstream *s) { return s->swarm->host.ctx; }

/* ---- handlers ---- */
/* Of a later version, with callbacks that would never be called, none is taken. */
static bool handler_fits(const p2p_handler *handler) {
  return !handler || (handler->size && handler->size <= sizeof *handler);
}

static host_handler *handler_new(p2p_host *h, const p2p_handler *handler) {
  host_handler *hh = p2p__alloc(&h->mem, P2P__MEM_HOST, sizeof *hh);
  if (!hh) return NULL;
  hh->refs = 1;
  memcpy(&hh->handler, handler, handler->size);
  return hh;
}

void p2p__host_handler_unref(p2p_host *h, host_handler *hh) {
  if (hh && --hh->refs == 0) p2p__release(&h->mem, P2P__MEM_HOST, hh, sizeof *hh);
}

static void handler_open(p2p__sstream *s, p2p_time now) {
  const p2p_handler *h = &((host_handler *)s->ctx)->handler;
  (void)now;
  if (h->on_open) h->on_open(host_of(s), (p2p_stream){ s->handle }, s->user);
}

static void handler_readable(p2p__sstream *s, p2p_time now) {
  const p2p_handler *h = &((host_handler *)s->ctx)->handler;
  (void)now;
  if (h->on_readable) h->on_readable(host_of(s), (p2p_stream){ s->handle }, s->user);
}

static void handler_writable(p2p__sstream *s, p2p_time now) {
  const p2p_handler *h = &((host_handler *)s->ctx)->handler;
  (void)now;
  if (h->on_writable) h->on_writable(host_of(s), (p2p_stream){ s->handle }, s->user);
}

static void handler_closed(p2p__sstream *s, p2p_time now) {
  host_handler *hh = s->ctx;
  const p2p_handler *h = &hh->handler;
  (void)now;
  if (h->on_close) h->on_close(host_of(s), (p2p_stream){ s->handle }, s->err, s->code, s->user);
  p2p__host_handler_unref(host_of(s), hh);
}

static void handler_drop(p2p__sstream *s) { p2p__host_handler_unref(host_of(s), s->ctx); }

static const p2p__stream_ops handler_ops = {
  .open = handler_open,
  .readable = handler_readable,
  .writable = handler_writable,
  .closed = handler_closed,
  .drop = handler_drop,
};

/* ---- or events ---- */
static void event_open(p2p__sstream *s, p2p_time now) {
  (void)now;
  p2p__host_stream_event(s, P2P__DUE_OPEN);
}

static void event_readable(p2p__sstream *s, p2p_time now) {
  (void)now;
  p2p__host_stream_event(s, P2P__DUE_READABLE);
}

static void event_writable(p2p__sstream *s, p2p_time now) {
  (void)now;
  p2p__host_stream_event(s, P2P__DUE_WRITABLE);
}

static void event_closed(p2p__sstream *s, p2p_time now) {
  (void)now;
  s->held = true;
  p2p__host_stream_ended(s);
}

static const p2p__stream_ops event_ops = {
  .open = event_open,
  .readable = event_readable,
  .writable = event_writable,
  .closed = event_closed,
};

/* A reference to hh moves to the stream. */
static void stream_handle(p2p__sstream *s, host_handler *hh) {
  s->ops = hh ? &handler_ops : &event_ops;
  s->ctx = hh;
  s->user = hh ? hh->handler.user : NULL;
}

/* ---- protocols ---- */
/* An id is a line of multistream-select: printable, no longer than peers keep. */
static bool id_is_valid(const p2p_host *h, const char *id) {
  size_t len = strlen(id);
  for (size_t i = 0; i < len; i++)
    if ((uint8_t)id[i] <= ' ' || id[i] == 0x7f) return false;
  return len > 0 && len <= h->limits.identify_string;
}

static int protocol_accept(p2p__served *served, p2p__sstream *s) {
  host_protocol *p = P2P_CONTAINER(served, host_protocol, served);
  if (p->handler) p->handler->refs++;
  stream_handle(s, p->handler);
  return 0;
}

static void protocol_free(host_protocol *p) {
  p2p_host *h = p->host;
  p2p__swarm_unserve(&p->served);
  p2p__list_del(&p->node);
  p2p__host_handler_unref(h, p->handler);
  p2p__release(&h->mem, P2P__MEM_HOST, p, sizeof *p + strlen(p->id) + 1);
}

static int protocol_new(p2p_host *h, const char *id, size_t len, host_protocol **out) {
  host_protocol *p = p2p__alloc(&h->mem, P2P__MEM_HOST, sizeof *p + len + 1);
  if (!p) return P2P_ENOMEM;
  memcpy(p->id, id, len);
  p->host = h;
  p->served = (p2p__served){ .id = p->id, .accept = protocol_accept };
  int err = p2p__swarm_serve(&h->swarm, &p->served);
  if (err < 0) {
    p2p__release(&h->mem, P2P__MEM_HOST, p, sizeof *p + len + 1);
    return err;
  }
  p2p__list_add(&h->protocols, &p->node);
  *out = p;
  return 0;
}

static bool protocol_match(p2p__served *served, const char *id) {
  const host_protocol *p = P2P_CONST_CONTAINER(served, host_protocol, served);
  bool before = p->host->guarded;
  p->host->guarded = true;
  bool matches = p->match(p->match_user, id);
  p->host->guarded = before;
  return matches;
}

int p2p_protocol_add(p2p_host *h, const char *id, const p2p_handler *handler) {
  return p2p_protocol_add_match(h, id, NULL, NULL, handler);
}

int p2p_protocol_add_match(p2p_host *h, const char *id, p2p_match_fn match, void *match_user,
                           const p2p_handler *handler) {
  p2p__host_assert(h);
  if (!h || !id || !handler_fits(handler)) return P2P_EINVAL;
  if (!id_is_valid(h, id)) return P2P_EINVAL;
  host_protocol *p;
  int err = protocol_new(h, id, strlen(id), &p);
  if (err < 0) return err;
  p->match = match;
  p->match_user = match_user;
  p->served.match = match ? protocol_match : NULL;
  if (handler && !(p->handler = handler_new(h, handler))) {
    protocol_free(p);
    return P2P_ENOMEM;
  }
  h->addrs_dirty = true;
  return 0;
}

int p2p_protocol_remove(p2p_host *h, const char *id) {
  p2p__host_assert(h);
  if (!h || !id) return P2P_EINVAL;
  for (p2p__list *n = h->protocols.next; n != &h->protocols; n = n->next) {
    host_protocol *p = P2P_CONTAINER(n, host_protocol, node);
    if (strcmp(p->id, id) != 0) continue;
    protocol_free(p);
    h->addrs_dirty = true;
    return 0;
  }
  return P2P_ENOTFOUND;
}

void p2p__host_protocols_fini(p2p_host *h) {
  while (!p2p__list_empty(&h->protocols))
    protocol_free(P2P_CONTAINER(h->protocols.next, host_protocol, node));
}

/* ---- opening ---- */
static int open_on(p2p_host *h, p2p__sconn *c, const char *const *ids, size_t n,
                   const p2p_handler *handler, p2p__sstream **out) {
  host_handler *hh = NULL;
  if (handler && !(hh = handler_new(h, handler))) return P2P_ENOMEM;
  p2p__sstream *s;
  int err = p2p__stream_open(&h->swarm, c, ids, n, &event_ops, NULL, &s);
  if (err < 0) {
    p2p__host_handler_unref(h, hh);
    return err;
  }
  stream_handle(s, hh);
  *out = s;
  return 0;
}

static bool open_args(const p2p_host *h, const char *const *ids, size_t n,
                      const p2p_handler *handler, const p2p_stream *out) {
  p2p__host_assert(h);
  if (!h || !ids || !n || !out || !handler_fits(handler)) return false;
  for (size_t i = 0; i < n; i++)
    if (!ids[i] || !id_is_valid(h, ids[i])) return false;
  return true;
}

int p2p_stream_open_on(p2p_host *h, p2p_conn conn, const char *const *ids, size_t n,
                       const p2p_handler *handler, p2p_stream *out) {
  if (!open_args(h, ids, n, handler, out)) return P2P_EINVAL;
  p2p__sconn *c = p2p__conn_get(&h->swarm, conn.id);
  p2p__sstream *s;
  int err = c ? open_on(h, c, ids, n, handler, &s) : P2P_ESTALE;
  if (err >= 0) *out = (p2p_stream){ s->handle };
  return err;
}

int p2p_stream_open(p2p_host *h, const p2p_peer_id *to, const char *const *ids, size_t n,
                    const p2p_handler *handler, p2p_stream *out) {
  if (!to || !open_args(h, ids, n, handler, out)) return P2P_EINVAL;
  p2p__peer *peer = p2p__peer_ref(&h->swarm.peers, to);
  if (!peer) return P2P_ELIMIT;
  p2p__sconn *c;
  int err = p2p__swarm_reach(&h->swarm, peer, &c);
  p2p__sstream *s;
  if (err >= 0) err = open_on(h, c, ids, n, handler, &s);
  if (err >= 0) {
    s->by_peer = true;
    *out = (p2p_stream){ s->handle };
  }
  p2p__peer_unref(&h->swarm.peers, peer);
  return err;
}

/* ---- bytes ---- */
static p2p__sstream *stream_of(p2p_host *h, p2p_stream s) {
  p2p__host_assert(h);
  return h ? p2p__stream_get(&h->swarm, s.id) : NULL;
}

int p2p_peek(p2p_host *h, p2p_stream stream, p2p_bytes *out) {
  p2p__sstream *s = stream_of(h, stream);
  if (!s) return P2P_ESTALE;
  if (!out) return P2P_EINVAL;
  int r = p2p__stream_peek(s, out);
  return r < 0 ? r : 0;
}

int p2p_consume(p2p_host *h, p2p_stream stream, size_t n) {
  p2p__sstream *s = stream_of(h, stream);
  if (!s) return P2P_ESTALE;
  p2p_bytes b;
  if (p2p__stream_peek(s, &b) != 1 || n > b.len) return P2P_EINVAL;
  p2p__stream_consume(s, n, p2p__swarm_now(&h->swarm));
  return 0;
}

ptrdiff_t p2p_read(p2p_host *h, p2p_stream stream, void *buf, size_t cap) {
  p2p__sstream *s = stream_of(h, stream);
  if (!s) return P2P_ESTALE;
  if (!buf && cap) return P2P_EINVAL;
  size_t done = 0;
  while (done < cap) {
    p2p_bytes b;
    int r = p2p__stream_peek(s, &b);
    if (r != 1 && done) break;
    if (r != 1) return r == 0 ? P2P_EAGAIN : r;
    size_t n = p2p__min(b.len, cap - done);
    memcpy((uint8_t *)buf + done, b.p, n);
    p2p__stream_consume(s, n, p2p__swarm_now(&h->swarm));
    done += n;
  }
  return (ptrdiff_t)done;
}

ptrdiff_t p2p_write(p2p_host *h, p2p_stream stream, const void *buf, size_t len) {
  p2p__sstream *s = stream_of(h, stream);
  if (!s) return P2P_ESTALE;
  if (!buf && len) return P2P_EINVAL;
  return p2p__stream_write(s, p2p__bytes(buf, len));
}

int p2p_reserve(p2p_host *h, p2p_stream stream, size_t hint, void **p, size_t *len) {
  p2p__sstream *s = stream_of(h, stream);
  if (!p || !len) return P2P_EINVAL;
  *p = NULL;
  *len = 0;
  if (!s) return P2P_ESTALE;
  p2p__span room;
  int err = p2p__stream_reserve(s, hint, &room);
  *p = room.p;
  *len = s->reserved = room.len;
  return err;
}

int p2p_commit(p2p_host *h, p2p_stream stream, size_t n) {
  p2p__sstream *s = stream_of(h, stream);
  if (!s) return P2P_ESTALE;
  if (s->state == P2P__STREAM_CLOSED) return s->err ? s->err : P2P_ECLOSED;
  if (n > s->reserved) return P2P_EINVAL;
  p2p__stream_commit(s, n);
  return 0;
}

int p2p_finish(p2p_host *h, p2p_stream stream) {
  p2p__sstream *s = stream_of(h, stream);
  return s ? p2p__stream_finish(s) : P2P_ESTALE;
}

int p2p_stop(p2p_host *h, p2p_stream stream, uint32_t code) {
  p2p__sstream *s = stream_of(h, stream);
  return s ? p2p__stream_stop(s, code, p2p__swarm_now(&h->swarm)) : P2P_ESTALE;
}

int p2p_reset(p2p_host *h, p2p_stream stream, uint32_t code) {
  p2p__sstream *s = stream_of(h, stream);
  return s ? p2p__stream_reset(s, code, p2p__swarm_now(&h->swarm)) : P2P_ESTALE;
}

int p2p_stream_set_priority(p2p_host *h, p2p_stream stream, p2p_priority priority) {
  p2p__sstream *s = stream_of(h, stream);
  if (!s) return P2P_ESTALE;
  if ((unsigned)priority > P2P_PRIORITY_BACKGROUND) return P2P_EINVAL;
  p2p__stream_set_priority(s, priority);
  return 0;
}

int p2p_stream_set_deadline(p2p_host *h, p2p_stream stream, p2p_deadline which, p2p_time within) {
  p2p__sstream *s = stream_of(h, stream);
  if (!s) return P2P_ESTALE;
  if ((unsigned)which >= P2P_DEADLINES) return P2P_EINVAL;
  p2p__loop_refresh(&h->loop);
  return p2p__stream_set_deadline(s, which, p2p__time_add(p2p__swarm_now(&h->swarm), within));
}

/* ---- getters ---- */
int p2p_stream_get(p2p_host *h, p2p_stream stream, p2p_stream_info *out) {
  p2p__sstream *s = stream_of(h, stream);
  if (!s) return P2P_ESTALE;
  if (!out || !out->size) return P2P_EINVAL;
  p2p_stream_info info = { .size = out->size,
                           .conn.id = s->conn->handle,
                           .direction = s->inbound ? P2P_INBOUND : P2P_OUTBOUND,
                           .protocol = s->protocol ? s->protocol->text : NULL,
                           .bytes_in = s->bytes_in,
                           .bytes_out = s->bytes_out,
                           .unread = p2p__stream_unread(s),
                           .unsent = s->unsent };
  if (s->conn->peer) info.peer = s->conn->peer->id;
  memcpy(out, &info, p2p__min(info.size, sizeof info));
  return 0;
}

int p2p_stream_set_user(p2p_host *h, p2p_stream stream, void *user) {
  p2p__sstream *s = stream_of(h, stream);
  if (!s) return P2P_ESTALE;
  s->user = user;
  return 0;
}

void *p2p_stream_user(p2p_host *h, p2p_stream stream) {
  p2p__sstream *s = stream_of(h, stream);
  return s ? s->user : NULL;
}

int p2p_stream_set_handler(p2p_host *h, p2p_stream stream, const p2p_handler *handler) {
  p2p__sstream *s = stream_of(h, stream);
  if (!s) return P2P_ESTALE;
  bool users = s->ops == &handler_ops || s->ops == &event_ops;
  if (!users || s->state == P2P__STREAM_CLOSED || !handler_fits(handler)) return P2P_EINVAL;
  host_handler *hh = NULL;
  if (handler && !(hh = handler_new(h, handler))) return P2P_ENOMEM;
  if (s->ops == &handler_ops) p2p__host_handler_unref(h, s->ctx);
  s->events = 0; /* what was not taken is told in the new way */
  p2p__list_del(&s->host_node);
  stream_handle(s, hh);
  if (p2p__stream_unread(s) || s->in_ended) p2p__stream_due(s, P2P__DUE_READABLE, false);
  return 0;
}
