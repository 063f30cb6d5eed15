/* A stream's life on the host's side: born inbound or outbound, negotiated, told its news, handed to
 * its link at the end of the turn, closed, freed. Reading and writing: stream_io.c.
 *
 *   NEGOTIATING -> OPEN -> CLOSED -> freed after `closed` was told
 *   NEGOTIATING -> CLOSED     refused, timed out, connection lost, reset
 */
#include "swarm/internal.h"

#include <assert.h>

static void link_tell(p2p__sstream *s, p2p__down d, p2p_time now) {
  d.sid = s->sid;
  if (s->opened && s->conn->link) p2p__link_down(s->conn->link, now, d);
}

int p2p__stream_new(p2p__sconn *c, bool inbound, p2p__sstream **out) {
  p2p__swarm *w = c->swarm;
  p2p__sstream *s = p2p__slab_take(&w->stream_slab);
  if (!s) return P2P_ENOMEM;
  s->swarm = w;
  s->conn = c;
  s->inbound = inbound;
  int err = p2p__handles_add(&w->streams, s, &s->handle);
  if (err < 0) {
    p2p__slab_give(&w->stream_slab, s);
    return err;
  }
  p2p__queue_init(&s->in, &w->loop->pool, &c->rx);
  p2p__queue_init(&s->out, &w->loop->pool, &c->tx);
  p2p__list_add(&c->streams, &s->of_conn);
  c->n_streams++;
  if (inbound) {
    c->n_in++;
    c->n_negotiating++;
  }
  *out = s;
  return 0;
}

/* Takes s out of its connection's tables; it stays in the list of the connection's objects. */
static void detach(p2p__sstream *s) {
  p2p__sconn *c = s->conn;
  if (s->inbound) c->n_in--;
  if (s->inbound && s->state == P2P__STREAM_NEGOTIATING) c->n_negotiating--;
  if (s->opened) (void)p2p__u64map_del(&c->by_sid, s->sid);
  if (c->last == s) c->last = NULL;
  p2p__nego_free(s);
  p2p__clock_free(s);
  p2p__list_del(&s->dirty_node);
  p2p__list_del(&s->starve_node);
}

void p2p__stream_free(p2p__sstream *s) {
  if (s->state != P2P__STREAM_CLOSED) detach(s);
  p2p__list_del(&s->due_node);
  p2p__list_del(&s->dirty_node);
  p2p__list_del(&s->slice_node);
  p2p__list_del(&s->host_node);
  p2p__list_del(&s->of_conn);
  p2p__queue_fini(&s->in);
  p2p__queue_fini(&s->out);
  p2p__name_unref(&s->swarm->peers.names, s->protocol);
  p2p__handles_del(&s->swarm->streams, s->handle);
  p2p__sconn *c = s->conn;
  p2p__slab_give(&s->swarm->stream_slab, s);
  if (--c->n_streams == 0) c->idle_since = p2p__swarm_now(c->swarm);
  if (c->released && c->n_streams == 0) p2p__conn_free(c);
}

void p2p__stream_close(p2p__sstream *s, int err, uint32_t code, bool keep) {
  if (s->state == P2P__STREAM_CLOSED) return;
  detach(s);
  s->state = P2P__STREAM_CLOSED;
  s->err = err;
  s->code = code;
  p2p__stream_unreserve(s);
  p2p__queue_fini(&s->out);
  p2p__stream_left(s, s->unsent);
  p2p__stream_feed(s->conn); /* its bytes are free now */
  if (!keep) {
    p2p__queue_fini(&s->in);
    s->slices = s->slices_end = NULL;
    s->sliced = 0;
  }
  unsigned readable = keep && s->ops && p2p__stream_unread(s) ? P2P__DUE_READABLE : 0;
  p2p__stream_due(s, P2P__DUE_CLOSED | readable, false);
}

void p2p__stream_check_done(p2p__sstream *s) {
  if (s->state != P2P__STREAM_OPEN || !s->finished || s->unsent) return;
  bool in_done = s->stopped || (s->in_ended && p2p__stream_unread(s) == 0);
  if (!in_done || s->due & P2P__DUE_READABLE) return;
  p2p__stream_close(s, s->cut_short ? P2P_ESTOPPED : 0, 0, false);
}

/* ---- outbound ---- */
int p2p__stream_open(p2p__swarm *w, p2p__sconn *c, const char *const *ids, size_t n,
                     const p2p__stream_ops *ops, void *ctx, p2p__sstream **out) {
  *out = NULL;
  if (n == 0 || n > 64) return P2P_EINVAL;
  if (c->state > P2P__CONN_UP || w->closing) return P2P_ECLOSED;
  if (c->goaway) return P2P_EGOAWAY;
  p2p__sstream *s;
  int err = p2p__stream_new(c, false, &s);
  if (err < 0) return err;
  err = p2p__nego_dial(s, ids, n, p2p__swarm_now(w));
  if (err < 0) {
    p2p__stream_free(s);
    return err;
  }
  s->ops = ops;
  s->ctx = ctx;
  p2p__stream_dirty(s);
  *out = s;
  return 0;
}

p2p__sstream *p2p__stream_get(p2p__swarm *w, uint64_t handle) {
  return p2p__handles_get(&w->streams, handle);
}

/* ---- inbound ---- */
void p2p__stream_inbound(p2p__sconn *c, uint64_t sid, p2p_time now) {
  p2p__swarm *w = c->swarm;
  const p2p__limits *limits = p2p__swarm_env(w)->limits;
  p2p__sstream *s = NULL;
  bool room = c->n_in < limits->streams_per_conn &&
              c->n_negotiating < limits->negotiating_per_conn && c->state == P2P__CONN_UP;
  if (!room || p2p__stream_new(c, true, &s) < 0) goto refuse;
  if (p2p__nego_listen(s, now) < 0 || p2p__u64map_add(&c->by_sid, sid, s) < 0) {
    p2p__stream_free(s);
    goto refuse;
  }
  s->sid = sid;
  s->opened = true;
  c->last = s;
  return;
refuse:
  p2p__link_down(c->link, now, (p2p__down){ .kind = P2P__DOWN_RESET, .sid = sid });
}

/* ---- arriving bytes ---- */
static p2p__slice *slice_take(p2p__swarm *w) {
  return w->n_slices < P2P__SLICES ? &w->slices[w->n_slices++] : NULL;
}

static void receive_overflow(p2p__sstream *s) {
  p2p__stream_reset(s, 0, p2p__swarm_now(s->swarm));
  s->err = P2P_ELIMIT;
}

void p2p__stream_keep(p2p__sstream *s) {
  for (p2p__slice *x = s->slices; x; x = x->next) {
    if (p2p__queue_put(&s->in, x->bytes) == x->bytes.len) continue;
    s->slices = s->slices_end = NULL;
    s->sliced = 0;
    receive_overflow(s);
    return;
  }
  s->slices = s->slices_end = NULL;
  s->sliced = 0;
}

static void data_slice(p2p__sstream *s, p2p_bytes data) {
  p2p__slice *x = slice_take(s->swarm);
  if (!x) { /* very small pieces: copying them is cheap */
    p2p__stream_keep(s);
    if (s->state != P2P__STREAM_CLOSED && p2p__queue_put(&s->in, data) < data.len)
      receive_overflow(s);
    return;
  }
  *x = (p2p__slice){ .bytes = data };
  if (s->slices)
    s->slices_end->next = x;
  else
    s->slices = x;
  s->slices_end = x;
  s->sliced += data.len;
  if (!p2p__list_linked(&s->slice_node)) p2p__list_add(&s->swarm->sliced, &s->slice_node);
}

void p2p__stream_data(p2p__sstream *s, const p2p__up *u) {
  size_t len = u->blocks ? u->blocks->len : u->data.len;
  if (s->state == P2P__STREAM_OPEN) p2p__clock_met(s, P2P_DEADLINE_READ);
  if (s->stopped || s->in_ended) { /* nobody reads it: only the credit matters */
    if (u->blocks) p2p__queue_fini(u->blocks);
    s->credit += len;
    p2p__stream_dirty(s);
    return;
  }
  if (u->blocks && p2p__queue_move(&s->in, u->blocks) < 0) {
    receive_overflow(s);
    return;
  }
  if (!u->blocks) data_slice(s, p2p__span_bytes(u->data));
  if (s->state != P2P__STREAM_CLOSED) p2p__stream_due(s, P2P__DUE_READABLE, false);
}

/* ---- news ---- */
void p2p__stream_fail(p2p__sstream *s, int err, p2p_time now) {
  if (s->state == P2P__STREAM_CLOSED) return;
  link_tell(s, (p2p__down){ .kind = P2P__DOWN_RESET }, now);
  p2p__stream_close(s, err, 0, false);
}

/* A refusal must reach the other side, which a reset would overtake: it is said, our side ends, and
 * what still comes is not read. False: there is nothing to say. */
static bool say_last(p2p__sstream *s, p2p_time now) {
  p2p__queue q;
  p2p__queue_init(&q, &s->swarm->loop->pool, &s->conn->tx);
  bool any = p2p__nego_send(s, &q) >= 0 && q.len > 0;
  if (any) {
    link_tell(s, (p2p__down){ .kind = P2P__DOWN_WRITE, .blocks = &q }, now);
    link_tell(s, (p2p__down){ .kind = P2P__DOWN_FINISH }, now);
    link_tell(s, (p2p__down){ .kind = P2P__DOWN_STOP }, now);
  }
  p2p__queue_fini(&q);
  return any;
}

/* Runs the negotiation on what has arrived; on success the stream is open. */
static void tell_negotiation(p2p__sstream *s, p2p_time now) {
  int r = p2p__nego_recv(s, now);
  p2p__stream_dirty(s); /* an answer, or credit */
  if (r == 0 && s->in_ended && s->state == P2P__STREAM_NEGOTIATING) r = P2P_ECLOSED;
  bool agreed = r == P2P_ENOMEM || r == P2P_ENOTFOUND; /* what waits to be said is a yes */
  bool refused = s->inbound && s->state == P2P__STREAM_NEGOTIATING && !agreed;
  if (r < 0 && refused && say_last(s, now)) {
    p2p__stream_close(s, r, 0, false);
    return;
  }
  if (r < 0) {
    p2p__stream_fail(s, r, now);
    return;
  }
  if (s->state != P2P__STREAM_OPEN) return;
  p2p__clock_met(s, P2P_DEADLINE_OPEN);
  if (p2p__stream_unread(s)) p2p__clock_met(s, P2P_DEADLINE_READ); /* came behind the agreement */
  s->due |= P2P__DUE_OPEN;
  if (s->stop_wanted) (void)p2p__stream_stop(s, s->code, now);
}

static void tell_open(p2p__sstream *s, p2p_time now) {
  if (s->due & P2P__DUE_OPEN && s->state == P2P__STREAM_OPEN) {
    s->due &= (uint8_t)~P2P__DUE_OPEN;
    s->ops->open(s, now);
  }
}

void p2p__stream_tell(p2p__sstream *s, p2p_time now) {
  unsigned readable = s->due & P2P__DUE_READABLE, writable = s->due & P2P__DUE_WRITABLE;
  s->due &= (uint8_t)~(P2P__DUE_READABLE | P2P__DUE_WRITABLE);
  if (readable && s->state == P2P__STREAM_NEGOTIATING) tell_negotiation(s, now);
  if (s->ops) {
    tell_open(s, now);
    bool agreed = s->state == P2P__STREAM_OPEN || (s->state == P2P__STREAM_CLOSED && s->protocol);
    if (agreed && readable && (p2p__stream_unread(s) || s->in_ended)) s->ops->readable(s, now);
    if (writable && s->state != P2P__STREAM_CLOSED) s->ops->writable(s, now);
  }
  p2p__stream_check_done(s);
  if (!(s->due & P2P__DUE_CLOSED)) return;
  s->due = 0;
  p2p__list_del(&s->due_node);
  if (s->ops) s->ops->closed(s, now);
  if (!s->held) p2p__stream_free(s);
}

void p2p__stream_set_priority(p2p__sstream *s, p2p_priority priority) {
  s->priority = (uint8_t)priority;
  link_tell(s, (p2p__down){ .kind = P2P__DOWN_PRIORITY, .n = s->priority },
            p2p__swarm_now(s->swarm));
}

/* ---- to the link ---- */
static int flush_open(p2p__sstream *s, p2p_time now) {
  p2p__sconn *c = s->conn;
  if (s->opened) return 0;
  if (c->goaway) return P2P_EGOAWAY;
  int err = p2p__u64map_add(&c->by_sid, c->next_sid, s);
  if (err < 0) return err;
  s->sid = c->next_sid;
  c->next_sid += c->sid_step;
  s->opened = true;
  link_tell(s, (p2p__down){ .kind = P2P__DOWN_OPEN }, now);
  if (s->priority) link_tell(s, (p2p__down){ .kind = P2P__DOWN_PRIORITY, .n = s->priority }, now);
  return 0;
}

static int flush_negotiation(p2p__sstream *s, p2p_time now) {
  if (!s->nego) return 0;
  p2p__queue q;
  p2p__queue_init(&q, &s->swarm->loop->pool, &s->conn->tx);
  int err = p2p__nego_send(s, &q);
  p2p__stream_queued(s, q.len);
  if (err < 0) {
    p2p__queue_fini(&q);
    return err;
  }
  if (q.len) link_tell(s, (p2p__down){ .kind = P2P__DOWN_WRITE, .blocks = &q }, now);
  if (s->state == P2P__STREAM_OPEN) p2p__nego_free(s); /* its last word is said */
  return 0;
}

/* js-libp2p resets a stream whose end arrives before its connection object is there, so in the
 * flight that ends the handshake the end of a stream waits for the answer to its proposal. */
static bool end_is_too_early(const p2p__sstream *s) {
  return s->state == P2P__STREAM_NEGOTIATING && !s->conn->heard;
}

static void flush_end(p2p__sstream *s, p2p_time now) {
  if (!s->finishing || s->finished || s->state == P2P__STREAM_CLOSED || end_is_too_early(s)) return;
  s->finished = true;
  link_tell(s, (p2p__down){ .kind = P2P__DOWN_FINISH }, now);
}

static void flush_data(p2p__sstream *s, p2p_time now) {
  p2p__stream_unreserve(s);
  if (s->state != P2P__STREAM_OPEN && !s->optimistic) return;
  if (s->out.len) {
    if (s->nego) p2p__multistream_committed(s->nego->step);
    link_tell(s, (p2p__down){ .kind = P2P__DOWN_WRITE, .blocks = &s->out }, now);
  }
  flush_end(s, now);
}

void p2p__stream_flush(p2p__sstream *s, p2p_time now) {
  p2p__sconn *c = s->conn;
  if (s->state == P2P__STREAM_CLOSED || !c->link || c->state != P2P__CONN_UP) return;
  int err = flush_open(s, now);
  if (err >= 0) err = flush_negotiation(s, now);
  if (err < 0) {
    p2p__stream_fail(s, err, now);
    return;
  }
  flush_data(s, now);
  if (s->credit && s->state != P2P__STREAM_CLOSED) {
    link_tell(s, (p2p__down){ .kind = P2P__DOWN_CONSUMED, .n = s->credit }, now);
    s->credit = 0;
  }
  p2p__stream_check_done(s);
}
