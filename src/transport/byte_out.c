/* Bytes to the pipe: pieces are pulled from the muxer and sealed into the loop's send buffer, about
 * 256 KiB for one send. Nothing is sealed while the pipe has no room; of a short write only the
 * sealed remainder is kept. */
#include "transport/byte_link_internal.h"

enum {
  OUT_PIECES = 64,
  OUT_RECORDS_MAX = 16,   /* in one send */
  OUT_TURN = 1 << 20,     /* bytes one link sends in a turn before others have theirs */
  OUT_RECORD_MIN = 1400,  /* a record no larger than a packet */
  OUT_RECORD_MAX = 65536, /* none is longer, whatever the rate */
  OUT_FLIGHT_PART = 4,    /* after idle, a record is this part of what has left since */
  OUT_LOWAT_MAX = 131072, /* unsent bytes in the kernel: 5 ms of the rate, at most this */
  OUT_LOWAT_MIN = 4096,
  OUT_RATE_US = 20000 /* memory of the measured rate */
};

#define OUT_IDLE P2P_SECOND /* a retransmission timeout's order: congestion windows are forgotten */

static size_t clamp(uint64_t v, size_t min, size_t max) {
  return v < min ? min : v > max ? max : (size_t)v;
}

/* A record cannot be read before it is whole: about 1 ms worth of the measured rate. A connection
 * that was idle begins with a small congestion window, whatever the rate was: records grow with what
 * has left since, else the first would take several round trips. RFC 5681, section 4.1. */
static size_t pace(const byte_link *l) {
  size_t fresh = clamp(l->burst / OUT_FLIGHT_PART, OUT_RECORD_MIN, OUT_RECORD_MAX);
  return l->rate ? clamp(l->rate / 1000, OUT_RECORD_MIN, fresh) : fresh;
}

static size_t record_size(const byte_link *l) { return p2p__min(pace(l), l->record->max); }

/* The pieces of the next record: the muxer negotiation's lines, then the muxer's frames. */
static size_t next_pieces(byte_link *l, p2p__wr *lines, p2p_bytes *v, p2p_time now) {
  size_t n = 0, max = record_size(l);
  if (l->up) p2p__bl_upgrade_send_plain(l, lines);
  if (lines->len) v[n++] = p2p__wr_bytes(lines);
  if (l->mux && max > lines->len) {
    l->mux->pace = pace(l);
    n += l->mux->ops->pull(l->mux, max - lines->len, v + n, OUT_PIECES - n, now);
  }
  return n;
}

/* Records for one send: four, or of shorter ones as many as fit when they are as long as they can
 * be. A call of the system for every 64 KiB costs a fifth of what TLS can move. */
static size_t batch_size(const byte_link *l) {
  const p2p__record *r = l->record;
  size_t fit = (P2P__TX_SPACE - P2P__TX_CLEAR) / (r->head + r->max + r->tail);
  return record_size(l) == r->max ? p2p__min(fit, OUT_RECORDS_MAX) : P2P__TX_RECORDS;
}

/* Seals a batch of records behind the *len bytes in tx. */
static int build_records(byte_link *l, uint8_t *tx, size_t *len, p2p_time now) {
  for (size_t n_records = batch_size(l); n_records > 0; n_records--) {
    uint8_t space[BL_PLAIN];
    p2p__wr lines = p2p__wr_of(space, sizeof space);
    p2p_bytes v[OUT_PIECES];
    size_t n = next_pieces(l, &lines, v, now), wire;
    if (n == 0) return lines.err;
    int err = l->record->ops->seal(l->record, v, n, tx + *len, &wire);
    if (err < 0) return err;
    if (l->mux) l->mux->ops->sent(l->mux);
    *len += wire;
  }
  return 0;
}

/* What there is to send now, into the loop's buffer. */
static int build(byte_link *l, size_t *len, p2p_time now) {
  uint8_t *tx = p2p__bl_loop(l)->tx;
  *len = 0;
  if (l->up) {
    p2p__wr w = p2p__wr_of(tx, P2P__TX_CLEAR);
    p2p__bl_upgrade_send(l, &w);
    if (w.err) return w.err;
    *len = w.len;
    if (l->up && l->up->secure) return 0; /* its last message is not out yet */
  }
  return l->record ? build_records(l, tx, len, now) : 0;
}

/* ---- rate ---- */
static void set_lowat(byte_link *l) {
  uint32_t lowat = (uint32_t)clamp(l->rate ? l->rate / 200 : OUT_LOWAT_MAX, OUT_LOWAT_MIN,
                                   OUT_LOWAT_MAX);
  bool near = l->lowat && lowat > l->lowat / 4 * 3 && lowat < l->lowat / 4 * 5;
  if (near || !l->pipe->ops->lowat) return;
  l->lowat = lowat;
  l->pipe->ops->lowat(l->pipe, lowat);
}

/* The pipe is full: what it took since it was full last goes into the rate, with a weight by the
 * time that this took, so that a call cut short says little. The first sample is no shorter than a
 * quarter of the memory. */
static void measure_rate(byte_link *l, p2p_time now) {
  uint64_t us = (now - l->sent_mark) / P2P_US, old = l->rate * OUT_RATE_US;
  if (!l->blocked) {
    l->sent_mark = now;
    l->sent_bytes = 0;
  } else if (us >= (l->rate ? 1 : OUT_RATE_US / 4)) {
    l->rate = (old + l->sent_bytes * 1000000) / (us + (l->rate ? OUT_RATE_US : 0));
    l->sent_mark = now;
    l->sent_bytes = 0;
    set_lowat(l);
  }
  l->blocked = true;
}

/* ---- sending ---- */
static ptrdiff_t out_send(byte_link *l, const uint8_t *p, size_t len, p2p_time now) {
  p2p_bytes v = p2p__bytes(p, len);
  ptrdiff_t k = l->pipe->ops->send(l->pipe, &v, 1);
  if (k == P2P_EAGAIN) k = 0;
  if (k < 0) return k;
  l->sent_bytes += (uint64_t)k;
  if (k > 0) {
    l->burst += (uint64_t)k;
    l->last_io = l->last_sent = now;
    l->idle = false;
  }
  if ((size_t)k < len) measure_rate(l, now);
  return k;
}

/* 1: nothing is left over; 0: the pipe is full; <0. */
static int send_left(byte_link *l, p2p_time now) {
  bl_bytes *b = &l->left;
  if (!b->len) return 1;
  ptrdiff_t k = out_send(l, b->p + b->off, b->len, now);
  if (k < 0) return (int)k;
  b->off += (uint32_t)k;
  b->len -= (uint32_t)k;
  if (b->len) return 0;
  p2p__bl_bytes_free(l, b);
  return 1;
}

static int keep_left(byte_link *l, const uint8_t *p, size_t len) {
  l->left.p = p2p__alloc_raw(p2p__bl_loop(l)->mem, P2P__MEM_LINK, len);
  if (!l->left.p) return P2P_ENOMEM;
  memcpy(l->left.p, p, len);
  l->left.len = l->left.cap = (uint32_t)len;
  /* The budget gave so much back when it was sealed: it is taken again, unless others were faster. */
  l->left.charged = p2p__budget_charge(l->budget, len);
  return 0;
}

/* Builds one batch and sends it. 1: all of it went, *sent bytes; 0: nothing more to do now; <0. */
static int send_next(byte_link *l, size_t *sent, p2p_time now) {
  size_t len;
  int err = build(l, &len, now);
  if (err < 0 || len == 0) {
    if (!err) l->blocked = false; /* drained: the next full pipe begins a new measurement */
    return err;
  }
  const uint8_t *tx = p2p__bl_loop(l)->tx;
  ptrdiff_t k = out_send(l, tx, len, now);
  if (k < 0) return (int)k;
  *sent += (size_t)k;
  if ((size_t)k == len) return 1;
  return keep_left(l, tx + k, len - (size_t)k);
}

/* The peer takes nothing more; what it sent before may still be read. */
static void broken(byte_link *l, int err, p2p_time now) {
  l->broken = err;
  p2p__bl_bytes_free(l, &l->left);
  l->deadline = p2p__time_min(l->deadline,
                              p2p__time_add(now, p2p__bl_env(l)->limits->close_timeout));
  p2p__bl_want(l, P2P_IO_READABLE);
}

static bool tell_room(byte_link *l, p2p_time now) {
  uint64_t sid;
  size_t n;
  while (l->mux->ops->room(l->mux, &sid, &n)) {
    p2p__up u = { .kind = P2P__UP_ROOM, .sid = sid, .n = n };
    if (!p2p__bl_up(l, &u, now)) return false;
  }
  return true;
}

/* The channel's own last word, behind the *len bytes in tx. */
static void put_finish(byte_link *l, uint8_t *tx, size_t *len) {
  if (l->record && l->record->ops->finish) *len += l->record->ops->finish(l->record, tx + *len);
}

/* Without regard to the outcome: nothing comes after it. */
static void send_once(byte_link *l, size_t len) {
  p2p_bytes v = p2p__bytes(p2p__bl_loop(l)->tx, len);
  if (len) (void)l->pipe->ops->send(l->pipe, &v, 1);
}

/* Closing: when every queued byte is out, GoAway (peers close on it, so it comes last); then finish
 * our side and wait for the peer's. */
static void close_when_sent(byte_link *l) {
  p2p__mux_stats stats;
  l->mux->ops->stats(l->mux, &stats);
  if (stats.queued) return; /* the peer's windows are closed: until the deadline */
  if (!l->goaway) {
    l->goaway = true;
    l->mux->ops->goaway(l->mux, l->close_code);
    p2p__bl_mark(l);
    return;
  }
  size_t len = 0;
  put_finish(l, p2p__bl_loop(l)->tx, &len);
  send_once(l, len);
  p2p__bl_state(l, BL_LINGERING);
  l->pipe->ops->shutdown(l->pipe);
  p2p__bl_want(l, P2P_IO_READABLE);
}

void p2p__bl_flush(byte_link *l, p2p_time now) {
  if (l->state == BL_CONNECTING || l->state == BL_LINGERING || l->broken) return;
  if (!l->lowat) set_lowat(l);
  if (now - l->last_sent >= OUT_IDLE) l->burst = 0;
  size_t sent = 0;
  int r = send_left(l, now);
  while (r == 1 && sent < OUT_TURN) r = send_next(l, &sent, now);
  if (r == P2P_ENOMEM || r == P2P_ELIMIT) {
    p2p__bl_die(l, r, p2p__bl_stage(l), false, now);
    return;
  }
  if (r < 0) {
    broken(l, r, now);
    return;
  }
  uint32_t writable = l->left.len ? P2P_IO_WRITABLE : 0;
  p2p__bl_want(l, (l->want & P2P_IO_READABLE) | writable);
  if (l->mux && !tell_room(l, now)) return;
  if (r == 1) p2p__loop_mark_later(p2p__bl_loop(l), &l->task);
  if (r == 0 && l->state == BL_CLOSING && !l->left.len) close_when_sent(l);
}

void p2p__bl_last_word(byte_link *l, p2p_time now) {
  size_t len;
  if (l->left.len || l->broken || !l->pipe) return;
  if (build(l, &len, now) < 0) len = 0;
  put_finish(l, p2p__bl_loop(l)->tx, &len);
  send_once(l, len);
}
