/* The streams that the driver holds for behaviours: their number, framing, silence, and ASK, which
 * is a stream that says one thing and wants one answer. */
#include "swarm/drive.h"

static const p2p__stream_ops stream_ops;

static p2p__swarm *swarm_of(const p2p__dstream *ds) { return ds->line->driven->drive->w; }
static p2p__timers *timers_of(const p2p__dstream *ds) { return &swarm_of(ds)->loop->timers; }

p2p__fact p2p__dstream_fact(const p2p__dstream *ds, p2p__fact_kind kind) {
  const p2p__sconn *c = ds->s->conn;
  return (p2p__fact){ .kind = kind,
                      .peer = ds->peer->index,
                      .conn = c->handle,
                      .stream = ds->s->handle,
                      .tag = ds->tag,
                      .protocol = ds->line->index,
                      .inbound = ds->inbound,
                      .dialed = !c->inbound,
                      .addr = p2p__bytes(c->addr, c->addr_len) };
}

static void tell(p2p__dstream *ds, const p2p__fact *f) { p2p__driven_tell(ds->line->driven, f); }

static void tell_kind(p2p__dstream *ds, p2p__fact_kind kind) {
  p2p__fact f = p2p__dstream_fact(ds, kind);
  tell(ds, &f);
}

p2p__dstream *p2p__dstream_of(p2p__driven *d, uint64_t handle) {
  p2p__sstream *s = p2p__stream_get(d->drive->w, handle);
  if (!s || s->ops != &stream_ops) return NULL;
  p2p__dstream *ds = s->ctx;
  return ds->line->driven == d && !ds->over ? ds : NULL;
}

/* ---- how many a peer may have ---- */

static uint64_t crowd_key(const p2p__driven_line *l, const p2p__peer *peer) {
  return (uint64_t)l->key << 32 | peer->index;
}

static int crowd_join(p2p__driven_line *l, const p2p__peer *peer) {
  p2p__drive *drive = l->driven->drive;
  p2p__crowd *crowd = p2p__u64map_find(&drive->by_crowd, crowd_key(l, peer));
  if (crowd) {
    if (crowd->n >= l->line->in_per_peer) return P2P_ELIMIT;
    crowd->n++;
    return 0;
  }
  crowd = p2p__slab_take(&drive->crowds);
  if (!crowd) return P2P_ENOMEM;
  crowd->n = 1;
  int err = p2p__u64map_add(&drive->by_crowd, crowd_key(l, peer), crowd);
  if (err < 0) p2p__slab_give(&drive->crowds, crowd);
  return err;
}

static void crowd_leave(p2p__driven_line *l, const p2p__peer *peer) {
  p2p__drive *drive = l->driven->drive;
  p2p__crowd *crowd = p2p__u64map_find(&drive->by_crowd, crowd_key(l, peer));
  if (!crowd || --crowd->n > 0) return;
  (void)p2p__u64map_del(&drive->by_crowd, crowd_key(l, peer));
  p2p__slab_give(&drive->crowds, crowd);
}

/* ---- life ---- */

static void stream_fire(p2p__timer *t, p2p_time now);

static int dstream_new(p2p__driven_line *l, const p2p_peer_id *peer, p2p__dstream **out) {
  p2p__drive *drive = l->driven->drive;
  p2p__dstream *ds = p2p__slab_take(&drive->streams);
  if (!ds) return P2P_ENOMEM;
  ds->peer = p2p__peer_ref(&drive->w->peers, peer);
  if (!ds->peer) goto fail;
  if (p2p__timers_reserve(&drive->w->loop->timers) < 0) goto fail_peer;
  ds->line = l;
  ds->timer.fire = stream_fire;
  p2p__list_add(&l->driven->streams, &ds->node);
  *out = ds;
  return 0;
fail_peer:
  p2p__peer_unref(&drive->w->peers, ds->peer);
fail:
  p2p__slab_give(&drive->streams, ds);
  return P2P_ENOMEM;
}

/* Ties it to its stream: the buffers of its messages are charged to the connection. */
static void dstream_bind(p2p__dstream *ds, p2p__sstream *s) {
  const p2p__protocol_line *line = ds->line->line;
  p2p__mem *mem = p2p__swarm_env(s->swarm)->mem;
  ds->s = s;
  ds->heard = p2p__swarm_now(s->swarm);
  p2p__frame_init(&ds->frame, line->framing, line->limit, mem, &s->conn->rx);
  ds->merged = (p2p__pile){ .mem = mem, .budget = &s->conn->rx };
}

void p2p__dstream_free(p2p__dstream *ds) {
  p2p__swarm *w = swarm_of(ds);
  p2p__timer_clear(timers_of(ds), &ds->timer);
  p2p__timers_unreserve(timers_of(ds));
  if (ds->inbound) crowd_leave(ds->line, ds->peer);
  p2p__frame_fini(&ds->frame);
  p2p__pile_fini(&ds->merged);
  p2p__list_del(&ds->node);
  p2p__peer_unref(&w->peers, ds->peer);
  p2p__slab_give(&ds->line->driven->drive->streams, ds);
}

/* From here on the stream is silent; CLOSED or ANSWER follows when the swarm tells its end. */
void p2p__dstream_reset(p2p__dstream *ds, uint32_t code, int err) {
  if (ds->over) return;
  ds->over = true;
  ds->err = err;
  p2p__timer_clear(timers_of(ds), &ds->timer);
  (void)p2p__stream_reset(ds->s, code, p2p__swarm_now(swarm_of(ds)));
}

/* The peer broke a rule, or we have no room for what it sent. */
static void dstream_refuse(p2p__dstream *ds, int err) {
  p2p__logf(&p2p__swarm_env(swarm_of(ds))->log, P2P_LOG_DEBUG,
            "swarm stream=%llx protocol=%s reset: %s", (unsigned long long)ds->s->handle,
            ds->line->line->id, p2p_strerror(err));
  p2p__dstream_reset(ds, 0, err);
}

/* ---- silence ---- */

static void silence_begin(p2p__dstream *ds, p2p_time now) {
  ds->heard = now;
  p2p_time timeout = ds->line->line->timeout;
  if (timeout && !ds->asks) p2p__timer_set(timers_of(ds), &ds->timer, p2p__time_add(now, timeout));
}

/* The deadline of an ASK, or the end of a silence. The latter is set again only here, not with every
 * sign of life. */
static void stream_fire(p2p__timer *t, p2p_time now) {
  p2p__dstream *ds = P2P_CONTAINER(t, p2p__dstream, timer);
  if (!ds->asks) {
    p2p_time at = p2p__time_add(ds->heard, ds->line->line->timeout);
    if (at > now) {
      p2p__timer_set(timers_of(ds), t, at);
      return;
    }
  }
  dstream_refuse(ds, P2P_ETIMEOUT);
}

/* ---- ASK ---- */

static void ask_answer(p2p__dstream *ds, int err, p2p_bytes bytes) {
  ds->answered = true;
  p2p__fact f = p2p__dstream_fact(ds, P2P__FACT_ANSWER);
  f.err = err;
  f.bytes = bytes;
  tell(ds, &f);
  p2p__pile_fini(&ds->merged);
}

static int ask_message(p2p__dstream *ds, p2p_bytes msg) {
  if (ds->answered) return P2P_EPROTO;
  if (!ds->merge) {
    ask_answer(ds, 0, msg);
    return 0;
  }
  if (ds->messages > ds->messages_max) return P2P_ELIMIT;
  return p2p__pile_put(&ds->merged, msg, SIZE_MAX); /* bounded by messages_max and their limit */
}

static void ask_ended(p2p__dstream *ds) {
  if (ds->answered) return;
  if (ds->merge) {
    ask_answer(ds, 0, p2p__bytes(ds->merged.p, ds->merged.len));
  } else {
    ask_answer(ds, P2P_EEOF, p2p__bytes(NULL, 0));
  }
}

/* ---- what the stream tells ---- */

static void stream_open(p2p__sstream *s, p2p_time now) {
  p2p__dstream *ds = s->ctx;
  if (ds->over || ds->asks) return;
  silence_begin(ds, now);
  ds->opened = true;
  tell_kind(ds, P2P__FACT_OPENED);
}

static int stream_message(p2p__dstream *ds, p2p_bytes msg) {
  ds->messages++;
  if (ds->asks) return ask_message(ds, msg);
  uint32_t max = ds->line->line->messages;
  if (max && ds->messages > max) return P2P_ELIMIT;
  p2p__fact f = p2p__dstream_fact(ds, P2P__FACT_MESSAGE);
  f.bytes = msg;
  tell(ds, &f);
  return 0;
}

/* All messages of one contiguous piece, which is consumed only then: they lie in it. */
static int stream_piece(p2p__dstream *ds, p2p_bytes piece, p2p_time now) {
  p2p_bytes in = piece, msg;
  int r;
  while ((r = p2p__frame_next(&ds->frame, &in, &msg)) == 1) {
    r = stream_message(ds, msg);
    if (r < 0 || ds->over) return r;
  }
  if (r < 0) return r;
  p2p__stream_consume(ds->s, piece.len, now);
  return 0;
}

static void stream_ended(p2p__dstream *ds) {
  if (ds->ended) return;
  if (p2p__frame_is_partial(&ds->frame)) {
    dstream_refuse(ds, P2P_EPROTO);
    return;
  }
  ds->ended = true;
  if (ds->asks) {
    ask_ended(ds);
  } else {
    tell_kind(ds, P2P__FACT_ENDED);
  }
}

static void stream_readable(p2p__sstream *s, p2p_time now) {
  p2p__dstream *ds = s->ctx;
  ds->heard = now;
  p2p_bytes piece;
  int r = 0;
  while (!ds->over && (r = p2p__stream_peek(s, &piece)) == 1) {
    r = stream_piece(ds, piece, now);
    if (r < 0) dstream_refuse(ds, r);
  }
  if (!ds->over && r == P2P_EEOF) stream_ended(ds);
}

static void stream_writable(p2p__sstream *s, p2p_time now) {
  p2p__dstream *ds = s->ctx;
  ds->heard = now;
  if (ds->over || !ds->want_room) return;
  /* Room enough for whoever writes by itself may be none for a behaviour that shares the
   * connection's budget out: it is told again until all has left. */
  ds->want_room = s->want_writable = s->unsent > 0;
  p2p__fact f = p2p__dstream_fact(ds, P2P__FACT_ROOM);
  f.n = s->unsent;
  tell(ds, &f);
}

static void stream_closed(p2p__sstream *s, p2p_time now) {
  (void)now;
  p2p__dstream *ds = s->ctx;
  ds->over = true;
  int err = ds->err ? ds->err : s->err;
  if (ds->asks) {
    if (!ds->answered) ask_answer(ds, err ? err : P2P_EEOF, p2p__bytes(NULL, 0));
  } else if (ds->opened || !ds->inbound) {
    p2p__fact f = p2p__dstream_fact(ds, P2P__FACT_CLOSED);
    f.err = err;
    f.code = s->code;
    if (!ds->opened) f.stream = 0;
    tell(ds, &f);
  }
  s->ops = NULL;
  p2p__dstream_free(ds);
}

static const p2p__stream_ops stream_ops = {
  .open = stream_open,
  .readable = stream_readable,
  .writable = stream_writable,
  .closed = stream_closed,
};

/* ---- sending ---- */

/* Header and message, or nothing: P2P_EAGAIN. Any other failure leaves half a message behind, or
 * the stream takes no more. */
static int send_message(p2p__dstream *ds, const p2p__act *a) {
  p2p__sstream *s = ds->s;
  size_t len = a->block ? a->n : a->bytes.len;
  uint8_t head[P2P__FRAME_HEAD + 1];
  p2p__wr w = p2p__wr_of(head, sizeof head);
  p2p__frame_head(ds->line->line->framing, len, &w);
  if (s->peer_stopped) return P2P_ESTOPPED;
  if (s->finishing || s->state == P2P__STREAM_CLOSED) return P2P_ECLOSED;
  if (p2p__stream_room(s) < w.len + len) return P2P_EAGAIN;
  ptrdiff_t n = p2p__stream_put(s, p2p__wr_bytes(&w));
  if (n < 0) return (int)n;
  if ((size_t)n < w.len) return P2P_ELIMIT;
  if (a->block) {
    int err = p2p__stream_share(s, a->block, 0, len);
    return err < 0 && w.len == 0 ? P2P_EAGAIN : err;
  }
  n = p2p__stream_put(s, a->bytes);
  if (n == P2P_EAGAIN && w.len == 0) return P2P_EAGAIN;
  return n == (ptrdiff_t)len ? 0 : P2P_ELIMIT;
}

int p2p__dstream_send(p2p__dstream *ds, const p2p__act *a) {
  int err = send_message(ds, a);
  if (a->room && (err == 0 || err == P2P_EAGAIN)) {
    ds->want_room = ds->s->want_writable = true;
    return err;
  }
  if (err == P2P_EAGAIN) err = P2P_ELIMIT;
  if (err < 0) dstream_refuse(ds, err);
  return err;
}

/* ---- inbound and outbound ---- */

int p2p__dstream_accept(p2p__served *served, p2p__sstream *s) {
  p2p__driven_line *l = P2P_CONTAINER(served, p2p__driven_line, served);
  p2p__dstream *ds;
  int err = crowd_join(l, s->conn->peer);
  if (err < 0) return err;
  err = dstream_new(l, &s->conn->peer->id, &ds);
  if (err < 0) {
    crowd_leave(l, s->conn->peer);
    return err;
  }
  ds->inbound = true;
  dstream_bind(ds, s);
  s->ops = &stream_ops;
  s->ctx = ds;
  return 0;
}

static int reach(p2p__swarm *w, const p2p__act *a, p2p__peer *peer, p2p__sconn **out) {
  if (!a->conn) return p2p__swarm_reach(w, peer, out);
  *out = p2p__conn_get(w, a->conn);
  return *out ? 0 : P2P_ESTALE;
}

/* What is said without waiting for the agreement. Failures show as the stream's end. */
static void say_first(p2p__dstream *ds, const p2p__act *a) {
  if (a->bytes.len && p2p__dstream_send(ds, a) < 0) return;
  if (!ds->asks) return;
  (void)p2p__stream_finish(ds->s);
  p2p_time timeout = a->timeout ? a->timeout : ds->line->line->timeout;
  if (!timeout) return;
  p2p__timer_set(timers_of(ds), &ds->timer, p2p__time_add(ds->heard, timeout));
}

int p2p__dstream_open(p2p__driven *d, const p2p__act *a) {
  p2p__swarm *w = d->drive->w;
  p2p__peer *peer = p2p__peer_at(&w->peers, a->peer);
  if (!peer || a->protocol >= d->n_lines) return P2P_EINVAL;
  p2p__driven_line *l = &d->lines[a->protocol];
  p2p__dstream *ds;
  int err = dstream_new(l, &peer->id, &ds);
  if (err < 0) return err;
  ds->tag = a->tag;
  ds->asks = a->kind == P2P__ACT_ASK;
  ds->merge = a->merge;
  ds->messages_max = (uint32_t)p2p__min(a->n, UINT32_MAX);
  p2p__sconn *c;
  p2p__sstream *s;
  err = reach(w, a, ds->peer, &c);
  if (err >= 0) err = p2p__stream_open(w, c, &l->line->id, 1, &stream_ops, ds, &s);
  if (err < 0) {
    p2p__dstream_free(ds);
    return err;
  }
  s->by_peer = !a->conn;
  dstream_bind(ds, s);
  say_first(ds, a);
  return 0;
}
