/* Datagrams out: streams in fair turns, packets of equal length gathered into batches that the kernel
 * takes whole. Spec: RFC 9002, section 7.7 (pacing); RFC 9000, section 14 (sizes). */
#include "quic/internal.h"

enum {
  PIECES = 16,   /* of a stream's queue in one packet */
  QUANTUM = 8192 /* bytes of a stream before the next one's turn */
};
/* Nothing tells when a peer stops reading a stream that has no credit: so long until it is tried. */
#define PROBE_BLOCKED (100 * P2P_MS)

/* ---- the mark: where a stream's sending goes on ---- */
static void mark_settle(quic_stream *s) {
  quic_mark *m = &s->mark;
  if (!m->seg) *m = (quic_mark){ .seg = s->out.head };
  while (m->seg && m->off == m->seg->len && m->seg->next) *m = (quic_mark){ .seg = m->seg->next };
}

static size_t mark_view(quic_stream *s, size_t max, ngtcp2_vec *v, size_t n) {
  mark_settle(s);
  size_t off = s->mark.off, i = 0;
  for (const p2p__seg *seg = s->mark.seg; seg && i < n && max; seg = seg->next, off = 0) {
    size_t len = p2p__min(seg->len - off, max);
    if (!len) continue;
    v[i++] = (ngtcp2_vec){ .base = seg->block->data + seg->off + off, .len = len };
    max -= len;
  }
  return i;
}

static void mark_advance(quic_stream *s, size_t n) {
  quic_mark *m = &s->mark;
  s->flight += n;
  while (n > m->seg->len - m->off) {
    n -= m->seg->len - m->off;
    *m = (quic_mark){ .seg = m->seg->next };
  }
  m->off += (uint32_t)n;
}

/* The piece of the mark may shrink at its front, or go when it was sent and acknowledged whole. */
void p2p__quic_mark_dropped(quic_stream *s, size_t n) {
  if (!n) return;
  mark_settle(s);
  s->flight -= n;
  bool all = n == s->out.len;
  p2p__queue_drop(&s->out, n);
  if (all)
    s->mark = (quic_mark){ 0 };
  else if (s->mark.seg == s->out.head)
    s->mark.off = (uint32_t)s->flight;
}

/* ---- one packet ---- */
typedef struct packet {
  quic_path path; /* written by ngtcp2 */
  ngtcp2_pkt_info info;
  size_t len;
} packet;

static void path_ready(packet *p) {
  p->path.path = (ngtcp2_path){ .local = { .addr = &p->path.local.sa },
                                .remote = { .addr = &p->path.remote.sa } };
}

/* Bytes of a stream before the next one's turn. */
static uint32_t quantum_of(const quic_stream *s) {
  if (s->priority == P2P_PRIORITY_URGENT) return 4 * QUANTUM;
  return s->priority == P2P_PRIORITY_BACKGROUND ? QUANTUM / 8 : QUANTUM;
}

static void stream_sent(p2p__quic *q, quic_stream *s, size_t n, bool fin) {
  if (n) {
    mark_advance(s, n);
    s->left += n;
    s->turn += (uint32_t)n;
    p2p__quic_stream_news(q, s);
  }
  if (fin && s->flight == s->out.len) {
    s->fin_sent = true;
    s->fin_alone = n == 0;
  }
  bool more = s->out.len > s->flight || (s->fin && !s->fin_sent);
  if (more && s->turn < quantum_of(s)) return;
  s->turn = 0;
  q->dgrams.turn = 0;
  p2p__list_del(&s->ready);
  if (more) p2p__list_add(&q->ready, &s->ready);
}

static void stream_stopped(p2p__quic *q, quic_stream *s) {
  p2p__list_del(&s->ready);
  if (s->fin_sent) return;
  s->stopped_got = true;
  p2p__quic_stream_silence(q, s);
}

static void stream_blocked(p2p__quic *q, quic_stream *s) {
  if (ngtcp2_conn_get_max_data_left(q->conn) == 0) {
    q->starved = true; /* not this stream's doing: its place in line stays */
    return;
  }
  p2p__list_del(&s->ready);
  if (p2p__list_empty(&q->blocked)) q->probe = p2p__time_add(q->now, PROBE_BLOCKED);
  p2p__list_add(&q->blocked, &s->ready);
}

static quic_stream *next_stream(p2p__quic *q) {
  if (!q->done || q->starved || p2p__list_empty(&q->ready)) return NULL;
  return P2P_CONTAINER(q->ready.next, quic_stream, ready);
}

/* What one stream adds to the packet. > 0: the packet is whole; 0: nothing may be sent now;
 * NGTCP2_ERR_WRITE_MORE: there is room for another stream; else an error. */
static ngtcp2_ssize write_stream(p2p__quic *q, quic_stream *s, uint8_t *dest, packet *p) {
  ngtcp2_vec v[PIECES];
  size_t waiting = s->out.len - s->flight, offered = 0;
  size_t n = mark_view(s, P2P__QUIC_PACKET, v, PIECES);
  for (size_t i = 0; i < n; i++) offered += v[i].len;
  bool fin = s->fin && offered == waiting;
  uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE | (fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0);
  ngtcp2_ssize wrote = -1;
  ngtcp2_ssize rv = ngtcp2_conn_writev_stream(q->conn, &p->path.path, &p->info, dest,
                                              P2P__QUIC_PACKET, &wrote, flags, (int64_t)s->sid, v,
                                              n, q->now);
  if (wrote >= 0) stream_sent(q, s, (size_t)wrote, fin && (size_t)wrote == offered);
  switch (rv) {
  case NGTCP2_ERR_STREAM_DATA_BLOCKED: stream_blocked(q, s); return NGTCP2_ERR_WRITE_MORE;
  case NGTCP2_ERR_STREAM_SHUT_WR:
  case NGTCP2_ERR_STREAM_NOT_FOUND: stream_stopped(q, s); return NGTCP2_ERR_WRITE_MORE;
  default: return rv;
  }
}

/* What comes next into the packet: a datagram, a stream's bytes, or what ngtcp2 has to say by itself. */
static ngtcp2_ssize write_next(p2p__quic *q, uint8_t *dest, packet *p) {
  if (p2p__quic_datagram_is_next(q))
    return p2p__quic_datagram_write(q, &p->path.path, &p->info, dest);
  quic_stream *s = next_stream(q);
  if (s) return write_stream(q, s, dest, p);
  return ngtcp2_conn_writev_stream(q->conn, &p->path.path, &p->info, dest, P2P__QUIC_PACKET, NULL,
                                   0, -1, NULL, 0, q->now);
}

static int write_packet(p2p__quic *q, uint8_t *dest, packet *p) {
  path_ready(p);
  for (;;) {
    ngtcp2_ssize rv = write_next(q, dest, p);
    if (rv == NGTCP2_ERR_WRITE_MORE) continue;
    if (rv < 0) return (int)rv;
    p->len = (size_t)rv;
    return rv > 0;
  }
}

/* ---- a batch ---- */
static bool same_path(const packet *a, const packet *b) {
  return ngtcp2_path_eq(&a->path.path, &b->path.path) && a->info.ecn == b->info.ecn;
}

static void batch_begin(p2p_dgrams *d, const packet *p, uint8_t *data) {
  *d = (p2p_dgrams){ .local = p2p__quic_endpoint_of(&p->path.path.local),
                     .remote = p2p__quic_endpoint_of(&p->path.path.remote),
                     .data = data,
                     .len = p->len,
                     .segment = (uint16_t)p->len,
                     .ecn = (uint8_t)p->info.ecn };
}

/* Gathers packets behind the first: equal ones, a shorter one last; one that does not fit makes a batch
 * of its own. Returns batches, or an error of ngtcp2. */
static int gather(p2p__quic *q, p2p__span space, p2p_dgrams out[2], size_t most) {
  packet first, p;
  int rv = write_packet(q, space.p, &first);
  if (rv <= 0) return rv;
  batch_begin(&out[0], &first, space.p);
  for (size_t n = 1; n < P2P__QUIC_SEGMENTS && out[0].len + first.len <= most; n++) {
    uint8_t *at = space.p + out[0].len;
    rv = write_packet(q, at, &p);
    if (rv < 0) return rv;
    if (rv == 0) break;
    if (p.len > first.len || !same_path(&first, &p)) {
      batch_begin(&out[1], &p, at);
      out[1].segment = 0;
      return 2;
    }
    out[0].len += p.len;
    if (p.len < first.len) break;
  }
  if (out[0].len == first.len) out[0].segment = 0;
  return 1;
}

int p2p__quic_send(p2p__quic *q, p2p__span space, p2p_dgrams out[2], p2p_time now) {
  if (q->ended) return 0;
  q->now = now;
  q->starved = q->starved && ngtcp2_conn_get_max_data_left(q->conn) == 0;
  p2p__quic_datagrams_check(q);
  size_t most = p2p__min(ngtcp2_conn_get_send_quantum(q->conn), P2P__QUIC_BATCH);
  int n = gather(q, space, out, most);
  if (n < 0) {
    p2p__quic_failed(q, n);
    return 0;
  }
  if (n) ngtcp2_conn_update_pkt_tx_time(q->conn, now);
  if (q->done) q->flown = true;
  q->stale = true;
  return n;
}
