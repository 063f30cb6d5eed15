/* Reading and writing a stream, and its three ends: finish, stop, reset. */
#include "swarm/internal.h"

/* ---- reading ---- */
size_t p2p__stream_unread(const p2p__sstream *s) { return s->in.len + s->sliced; }

int p2p__stream_peek(p2p__sstream *s, p2p_bytes *out) {
  *out = (p2p_bytes){ 0 };
  if (s->in.len) {
    *out = p2p__queue_peek(&s->in);
    return 1;
  }
  if (s->slices) {
    *out = s->slices->bytes;
    return 1;
  }
  if (s->in_ended) return P2P_EEOF;
  if (s->state == P2P__STREAM_CLOSED) return s->err ? s->err : P2P_EEOF;
  return s->stopped || s->stop_wanted ? P2P_ECLOSED : 0;
}

void p2p__stream_consume(p2p__sstream *s, size_t n, p2p_time now) {
  (void)now;
  s->bytes_in += n;
  s->conn->bytes_in += n;
  if (s->in.len) {
    p2p__queue_drop(&s->in, n);
  } else {
    p2p__slice *x = s->slices;
    x->bytes.p += n;
    x->bytes.len -= n;
    s->sliced -= n;
    if (!x->bytes.len) s->slices = x->next;
  }
  p2p__stream_feed(s->conn);
  if (s->state == P2P__STREAM_CLOSED) return;
  s->credit += n;
  p2p__stream_dirty(s);
}

/* ---- writing ---- */
static int write_error(const p2p__sstream *s) {
  if (s->state == P2P__STREAM_CLOSED) return s->err ? s->err : P2P_ECLOSED;
  if (s->peer_stopped) return P2P_ESTOPPED;
  if (s->conn->state >= P2P__CONN_CLOSING) return P2P_ECLOSED;
  return s->finishing ? P2P_ECLOSED : 0;
}

enum {
  SHARE_MIN = 1024, /* what a stream may have waiting whatever others have: a small block */
  FEED = 16384      /* so much is free again before those who starve are told: a large block */
};

size_t p2p__stream_room(const p2p__sstream *s) {
  uint64_t max = p2p__swarm_env(s->swarm)->limits->stream_send_queue;
  size_t used = s->unsent;
  return write_error(s) < 0 || used >= max ? 0 : (size_t)max - used;
}

static size_t most_free(const p2p__budget *b) {
  size_t max = b->max - b->max / 8;
  return b->used < max ? max - b->used : 0;
}

/* What is free of the connection's and of the peer's budget. The last eighth is not for bytes of the
 * user: the lines of other streams that are being negotiated must always fit. */
static size_t tx_free(const p2p__sconn *c) {
  size_t room = most_free(&c->tx);
  return c->peer ? p2p__min(room, most_free(&c->peer->budget)) : room;
}

/* The same for a user who writes without end: those who have bytes waiting share half of the
 * connection's budget evenly (the other half is what blocks cost beyond their bytes). Else the
 * first few would keep it full, and the rest out. */
static size_t fair_room(const p2p__sstream *s) {
  const p2p__sconn *c = s->conn;
  size_t share = c->tx.max / 2 / p2p__max(c->n_busy + (s->unsent == 0), 1);
  share = p2p__max(share, SHARE_MIN);
  return s->unsent < share ? p2p__min(share - s->unsent, p2p__stream_room(s)) : 0;
}

void p2p__stream_queued(p2p__sstream *s, size_t n) {
  if (n && !s->unsent) s->conn->n_busy++;
  s->unsent += n;
}

void p2p__stream_left(p2p__sstream *s, size_t n) {
  n = p2p__min(n, s->unsent);
  if (n && n == s->unsent) s->conn->n_busy--;
  s->unsent -= n;
  if (!s->unsent) p2p__clock_met(s, P2P_DEADLINE_WRITE);
}

/* Half of a budget is out: then its streams take turns. */
static bool is_short(const p2p__budget *b) { return b->used > b->max / 2; }

/* The budget of the connection, of its peer or of the host is out: whoever frees some of it tells s. */
static int starve(p2p__sstream *s) {
  p2p__sconn *c = s->conn;
  p2p__swarm *w = s->swarm;
  p2p__list *where = NULL;
  if (is_short(&w->budget)) where = &w->starving;
  if (c->peer && is_short(&c->peer->budget)) where = &c->peer->starving;
  if (is_short(&c->tx)) where = &c->starving;
  if (!where) return P2P_ENOMEM;
  s->want_writable = true;
  if (!p2p__list_linked(&s->starve_node)) p2p__list_add(where, &s->starve_node);
  return P2P_EAGAIN;
}

static void feed(p2p__list *starving) {
  for (p2p__list *n; (n = p2p__list_pop(starving)) != NULL;) {
    p2p__sstream *s = P2P_CONTAINER(n, p2p__sstream, starve_node);
    s->want_writable = false;
    p2p__stream_due(s, P2P__DUE_WRITABLE, true);
  }
}

static void feed_from(p2p__list *starving, const p2p__budget *b) {
  if (!p2p__list_empty(starving) && !is_short(b)) feed(starving);
}

void p2p__stream_feed(p2p__sconn *c) {
  p2p__swarm *w = c->swarm;
  /* Who then finds the peer's budget short waits for that. */
  if (!p2p__list_empty(&c->starving) && most_free(&c->tx) >= FEED) feed(&c->starving);
  if (c->peer) feed_from(&c->peer->starving, &c->peer->budget);
  feed_from(&w->starving, &w->budget);
}

void p2p__stream_unreserve(p2p__sstream *s) {
  if (s->reserved) p2p__queue_commit(&s->out, 0);
  s->reserved = 0;
}

static int reserve(p2p__sstream *s, size_t hint, size_t room, p2p__span *out) {
  *out = (p2p__span){ 0 };
  p2p__stream_unreserve(s);
  int err = write_error(s);
  if (err < 0) return err;
  if (!room) {
    s->want_writable = true;
    return P2P_EAGAIN;
  }
  if (tx_free(s->conn)) *out = p2p__queue_reserve(&s->out, p2p__min(hint, room));
  if (!out->len) return starve(s);
  out->len = p2p__min(out->len, room);
  return 0;
}

int p2p__stream_reserve(p2p__sstream *s, size_t hint, p2p__span *out) {
  return reserve(s, hint, fair_room(s), out);
}

void p2p__stream_commit(p2p__sstream *s, size_t n) {
  s->reserved = 0;
  p2p__queue_commit(&s->out, n);
  p2p__stream_queued(s, n);
  s->bytes_out += n;
  s->conn->bytes_out += n;
  p2p__stream_dirty(s);
}

static ptrdiff_t write_bytes(p2p__sstream *s, p2p_bytes b, size_t (*room)(const p2p__sstream *s)) {
  size_t done = 0;
  while (done < b.len) {
    p2p__span to;
    int err = reserve(s, b.len - done, room(s), &to);
    if (err < 0) return done ? (ptrdiff_t)done : err;
    size_t n = p2p__min(to.len, b.len - done);
    memcpy(to.p, b.p + done, n);
    p2p__stream_commit(s, n);
    done += n;
  }
  return (ptrdiff_t)done;
}

ptrdiff_t p2p__stream_write(p2p__sstream *s, p2p_bytes b) { return write_bytes(s, b, fair_room); }

ptrdiff_t p2p__stream_put(p2p__sstream *s, p2p_bytes b) {
  return write_bytes(s, b, p2p__stream_room);
}

int p2p__stream_share(p2p__sstream *s, p2p__block *b, size_t off, size_t len) {
  int err = write_error(s);
  if (err < 0) return err;
  if (p2p__stream_room(s) < len) {
    s->want_writable = true;
    return P2P_EAGAIN;
  }
  p2p__stream_unreserve(s);
  if (!tx_free(s->conn)) return starve(s);
  err = p2p__queue_share(&s->out, b, off, len);
  if (err == P2P_ELIMIT) return starve(s);
  if (err < 0) return err;
  p2p__stream_queued(s, len);
  s->bytes_out += len;
  s->conn->bytes_out += len;
  p2p__stream_dirty(s);
  return 0;
}

/* ---- ends ---- */
int p2p__stream_finish(p2p__sstream *s) {
  if (s->state == P2P__STREAM_CLOSED) return s->err ? s->err : P2P_ECLOSED;
  s->finishing = true;
  p2p__stream_dirty(s);
  return 0;
}

int p2p__stream_stop(p2p__sstream *s, uint32_t code, p2p_time now) {
  if (s->state == P2P__STREAM_CLOSED) return s->err ? s->err : P2P_ECLOSED;
  if (s->stopped) return 0;
  if (s->state == P2P__STREAM_NEGOTIATING) { /* the answer must still be read */
    s->stop_wanted = true;
    s->code = code;
    return 0;
  }
  s->stopped = true;
  s->credit += p2p__stream_unread(s);
  p2p__queue_drop(&s->in, s->in.len);
  s->slices = s->slices_end = NULL;
  s->sliced = 0;
  if (s->opened && s->conn->link)
    p2p__link_down(s->conn->link, now,
                   (p2p__down){ .kind = P2P__DOWN_STOP, .sid = s->sid, .code = code });
  p2p__stream_dirty(s);
  return 0;
}

int p2p__stream_reset(p2p__sstream *s, uint32_t code, p2p_time now) {
  if (s->state == P2P__STREAM_CLOSED) return s->err ? s->err : P2P_ECLOSED;
  if (s->opened && s->conn->link)
    p2p__link_down(s->conn->link, now,
                   (p2p__down){ .kind = P2P__DOWN_RESET, .sid = s->sid, .code = code });
  p2p__stream_close(s, P2P_ECANCELED, code, false);
  return 0;
}
