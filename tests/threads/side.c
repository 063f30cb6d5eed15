/* See side.h. */
#include "threads/side.h"

#include "base/bytes.h"
#include <stdlib.h>
#include <string.h>

enum { PERIOD = 65521, WINDOW = 65536, BACK = 12345 };

/* Byte i of what an opener sends; what comes back begins at BACK. A period that no block, frame or
 * record divides, so that a piece lost or doubled shows. */
static uint8_t pattern_at(uint64_t i) { return (uint8_t)((i % PERIOD) * 167 + (i % PERIOD) / 256); }

/* n <= WINDOW bytes of the pattern from i. */
static void pattern_fill(uint8_t *out, uint64_t i, size_t n) {
  for (size_t k = 0; k < n; k++) out[k] = pattern_at(i + k);
}

static void changed(side *s, atomic_uint *count) {
  atomic_fetch_add(count, 1);
  if (s->watcher) s->watcher->ops->wake(s->watcher);
}

static void fault(side *s, const char *what) {
  if (s->loses) return;
  atomic_store(&s->fault, what);
  changed(s, &s->faults);
}

/* ---- memory ---- */
static void *side_alloc(void *user, size_t size) {
  side *s = user;
  s->live += size;
  return malloc(size);
}

static void side_release(void *user, void *p, size_t size) {
  side *s = user;
  s->live -= size;
  free(p);
}

/* ---- streams ---- */
static bulk *bulk_new(side *s, bool opener, bool flood) {
  if (s->n_bulks == SIDE_BULKS) abort();
  bulk *b = &s->bulks[s->n_bulks++];
  *b = (bulk){ .side = s, .opener = opener, .flood = flood };
  return b;
}

/* An opener's first eight bytes; true: they are written. */
static bool bulk_announce(p2p_host *h, p2p_stream stream, bulk *b) {
  if (!b->opener || b->flood) return true;
  memcpy(b->head, &b->size, sizeof b->size);
  while (b->head_len < sizeof b->head) {
    ptrdiff_t k = p2p_write(h, stream, b->head + b->head_len, sizeof b->head - b->head_len);
    if (k < 0) return false;
    b->head_len += (size_t)k;
  }
  return true;
}

/* Writes what may be written; the rest when on_writable calls. */
static void bulk_write(p2p_host *h, p2p_stream stream, bulk *b) {
  static const size_t most = 16384;
  uint8_t chunk[16384];
  uint64_t from = b->opener ? 0 : BACK;
  if (!bulk_announce(h, stream, b)) return;
  while (b->flood || b->sent < b->size) {
    size_t n = b->flood ? most : (size_t)p2p__time_min(most, b->size - b->sent);
    pattern_fill(chunk, from + b->sent, n);
    ptrdiff_t k = p2p_write(h, stream, chunk, n);
    if (k < 0) return;
    b->sent += (uint64_t)k;
    if ((size_t)k < n) continue;
  }
  if (!b->finished && p2p_finish(h, stream) < 0) fault(b->side, "finish");
  b->finished = true;
}

static bool same_as_pattern(p2p_bytes in, uint64_t from) {
  for (size_t i = 0; i < in.len; i++)
    if (in.p[i] != pattern_at(from + i)) return false;
  return true;
}

/* An acceptor's first eight bytes; true: they are there. */
static bool bulk_head(bulk *b, p2p_bytes *in) {
  size_t n = p2p__min(in->len, sizeof b->head - b->head_len);
  memcpy(b->head + b->head_len, in->p, n);
  b->head_len += n;
  in->p += n;
  in->len -= n;
  if (b->head_len < sizeof b->head) return false;
  memcpy(&b->size, b->head, sizeof b->size);
  return true;
}

static void bulk_eat(bulk *b, p2p_bytes in) {
  if (!b->opener && !b->flood && !bulk_head(b, &in)) return;
  if (!same_as_pattern(in, (b->opener ? BACK : 0) + b->received)) fault(b->side, "contents");
  b->received += in.len;
}

static void bulk_ended(p2p_host *h, p2p_stream stream, bulk *b) {
  b->eof = true;
  if (b->flood || b->received != b->size) fault(b->side, "an early end");
  if (!b->opener) bulk_write(h, stream, b);
}

static void on_readable(p2p_host *h, p2p_stream stream, void *user) {
  bulk *b = user;
  p2p_bytes in;
  int err;
  while ((err = p2p_peek(h, stream, &in)) == 0 && in.len) {
    bulk_eat(b, in);
    if (p2p_consume(h, stream, in.len) < 0) fault(b->side, "consume");
    if (b->flood && b->opener && b->received >= FLOOD) {
      (void)p2p_reset(h, stream, FLOOD_CODE);
      return;
    }
  }
  if (err == P2P_EEOF && !b->eof) bulk_ended(h, stream, b);
}

static void on_writable(p2p_host *h, p2p_stream stream, void *user) {
  bulk *b = user;
  if (b->opener || b->flood || b->eof) bulk_write(h, stream, b);
}

static void flood_closed(bulk *b, int err, uint32_t code) {
  side *s = b->side;
  if (b->opener && err == P2P_ECANCELED)
    changed(s, &s->resets);
  else if (!b->opener && err == P2P_ERESET && code == FLOOD_CODE)
    changed(s, &s->was_reset);
  else
    fault(s, "a flood's end");
}

static void on_close(p2p_host *h, p2p_stream stream, int err, uint32_t code, void *user) {
  bulk *b = user;
  side *s = b->side;
  (void)h;
  (void)stream;
  if (b->flood) {
    flood_closed(b, err, code);
    return;
  }
  bool whole = b->eof && b->finished && b->sent == b->size && b->received == b->size;
  if (err || !whole) fault(s, err ? p2p_strerror(err) : "closed before it was whole");
  changed(s, b->opener ? &s->sent : &s->served);
}

static void on_bulk(p2p_host *h, p2p_stream stream, void *user) {
  (void)p2p_stream_set_user(h, stream, bulk_new(user, false, false));
}

static void on_flood(p2p_host *h, p2p_stream stream, void *user) {
  bulk *b = bulk_new(user, false, true);
  (void)p2p_stream_set_user(h, stream, b);
  bulk_write(h, stream, b);
}

/* The opener's stream is already its bulk's: nothing to do when it is agreed. */
static p2p_handler handler_of(void (*on_open)(p2p_host *, p2p_stream, void *), void *user) {
  return (p2p_handler){ .size = sizeof(p2p_handler),
                        .on_open = on_open,
                        .on_readable = on_readable,
                        .on_writable = on_writable,
                        .on_close = on_close,
                        .user = user };
}

static void side_open(side *s, const char *id, bulk *b) {
  p2p_handler handler = handler_of(NULL, b);
  p2p_stream stream;
  if (p2p_stream_open(s->host, &s->peer, &id, 1, &handler, &stream) < 0) {
    fault(s, "open");
    return;
  }
  bulk_write(s->host, stream, b);
}

void side_bulk(side *s, uint64_t size) {
  bulk *b = bulk_new(s, true, false);
  b->size = size;
  side_open(s, "/bulk/1", b);
}

void side_flood(side *s) { side_open(s, "/flood/1", bulk_new(s, true, true)); }

/* ---- the host ---- */
static bool side_gate(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir) {
  (void)peer;
  (void)addr;
  (void)dir;
  side *s = user;
  atomic_fetch_add(&s->gated, 1);
  return !s->refuses;
}

static void must(side *s, int err) {
  if (err < 0) fault(s, "protocol_add");
}

void side_init(side *s, const char *listen, p2p_io *io, p2p_io *watcher) {
  *s = (side){ .watcher = watcher };
  p2p_allocator allocator = { side_alloc, side_release, s };
  p2p_host_opts opts = { .size = sizeof opts,
                         .io = io,
                         .allocator = &allocator,
                         .listen = &listen,
                         .n_listen = listen ? 1 : 0,
                         .serve_perf = true,
                         .gate = side_gate,
                         .gate_user = s };
  if (p2p_host_new(&s->host, &opts) < 0) abort();
  p2p_handler bulks = handler_of(on_bulk, s), floods = handler_of(on_flood, s);
  must(s, p2p_protocol_add(s->host, "/bulk/1", &bulks));
  must(s, p2p_protocol_add(s->host, "/flood/1", &floods));
}

static void side_event(side *s, const p2p_event *e) {
  switch (e->kind) {
  case P2P_EV_CONN_OPEN:
    s->peer = e->peer;
    changed(s, &s->up);
    break;
  case P2P_EV_CONN_CLOSED:
    if (e->err) fault(s, "connection");
    s->err = e->err;
    s->stage = e->stage;
    changed(s, &s->down);
    break;
  case P2P_EV_PING:
    if (e->err) fault(s, "ping");
    changed(s, &s->pings);
    break;
  case P2P_EV_PERF:
    if (e->err) fault(s, "perf");
    if (e->perf.done) changed(s, &s->perfs);
    break;
  default: break;
  }
}

void side_turn(side *s, p2p_time max_wait) {
  s->closed = p2p_host_step(s->host, max_wait) == P2P_ECLOSED;
  for (const p2p_event *e; (e = p2p_next_event(s->host)) != NULL;) side_event(s, e);
}

void side_free(side *s) {
  p2p_host_free(s->host);
  s->host = NULL;
}
