/* Datagrams of a connection: unreliable, whole or not at all. Those that arrive wait for p2p__quic_next, the
 * oldest giving way to the newest; those to be sent wait for a packet. Spec: RFC 9221. */
#include "quic/internal.h"

enum {
  QUANTUM = 8192,   /* bytes of datagrams between two streams' turns */
  FRAME_HEAD = 3,   /* type, and a length of two bytes */
  PACKET_HEAD = 5,  /* of a short header without its id: first byte, longest packet number */
  PACKET_TAG = 16,  /* of the AEAD */
  FRAME_MAX = 65535 /* longest frame we take; a packet bounds it anyway */
};

void p2p__quic_datagrams_init(p2p__quic *q) {
  const p2p__limits *limits = quic_env(q)->limits;
  p2p__mem *mem = quic_env(q)->mem;
  p2p__dgrams_init(&q->dgrams.out, mem, P2P__MEM_QUIC, q->budget, limits->datagrams_out);
  p2p__dgrams_init(&q->dgrams.in, mem, P2P__MEM_QUIC, q->budget, limits->datagrams_in);
}

static void shown_free(p2p__quic *q) {
  p2p__dgram_free(quic_env(q)->mem, P2P__MEM_QUIC, q->dgrams.shown);
  q->dgrams.shown = NULL;
}

void p2p__quic_datagrams_fini(p2p__quic *q) {
  shown_free(q);
  p2p__dgrams_fini(&q->dgrams.out);
  p2p__dgrams_fini(&q->dgrams.in);
}

uint64_t p2p__quic_datagram_frame(const p2p__quic *q) {
  return quic_env(q)->limits->datagrams_in ? FRAME_MAX : 0;
}

/* Spec: RFC 9221, section 3: the parameter counts the whole frame, 0 is "none". */
size_t p2p__quic_datagram_max(p2p__quic *q) {
  if (!q->done || q->ended) return 0;
  const ngtcp2_transport_params *theirs = ngtcp2_conn_get_remote_transport_params(q->conn);
  size_t frame = theirs ? (size_t)p2p__min(theirs->max_datagram_frame_size, FRAME_MAX) : 0;
  size_t packet = ngtcp2_conn_get_path_max_tx_udp_payload_size(q->conn);
  size_t head = PACKET_HEAD + ngtcp2_conn_get_dcid(q->conn)->datalen + PACKET_TAG;
  if (frame <= FRAME_HEAD || packet <= head + FRAME_HEAD) return 0;
  return p2p__min(frame, packet - head) - FRAME_HEAD;
}

int p2p__quic_datagram(p2p__quic *q, p2p_bytes datagram) {
  size_t max = p2p__quic_datagram_max(q);
  if (!max) return P2P_ENOTSUP;
  if (datagram.len > max) return P2P_ELIMIT;
  int err = p2p__dgrams_put(&q->dgrams.out, datagram);
  if (err < 0) q->dgrams.out.dropped++;
  return err;
}

/* ---- out ---- */
/* Room to tell: it left, or will not. */
static void out_done(p2p__quic *q) {
  p2p__dgram *g = p2p__dgrams_take(&q->dgrams.out);
  q->dgrams.left += p2p__dgram_cost(g->len);
  p2p__dgram_free(quic_env(q)->mem, P2P__MEM_QUIC, g);
}

/* Before a pass of packets: on a path that has become narrower some do not fit any more. */
void p2p__quic_datagrams_check(p2p__quic *q) {
  if (p2p__dgrams_empty(&q->dgrams.out)) return;
  size_t max = p2p__quic_datagram_max(q);
  for (p2p__dgram *g; (g = p2p__dgrams_first(&q->dgrams.out)) != NULL && g->len > max;) {
    q->dgrams.out.dropped++;
    out_done(q);
  }
  q->dgrams.max = max;
}

bool p2p__quic_datagram_is_next(const p2p__quic *q) {
  const p2p__dgram *g = p2p__dgrams_first(&q->dgrams.out);
  if (!g || !q->done || g->len > q->dgrams.max) return false;
  return p2p__list_empty(&q->ready) || q->starved || q->dgrams.turn < QUANTUM;
}

ngtcp2_ssize p2p__quic_datagram_write(p2p__quic *q, ngtcp2_path *path, ngtcp2_pkt_info *info,
                                      uint8_t *dest) {
  p2p__dgram *g = p2p__dgrams_first(&q->dgrams.out);
  ngtcp2_vec v = { .base = g->data, .len = g->len };
  int accepted = 0; /* ngtcp2 asserts that no piece is empty */
  ngtcp2_ssize rv = ngtcp2_conn_writev_datagram(q->conn, path, info, dest, P2P__QUIC_PACKET,
                                                &accepted, NGTCP2_WRITE_DATAGRAM_FLAG_MORE, 0, &v,
                                                g->len != 0, q->now);
  if (!accepted) return rv;
  q->dgrams.turn += (uint32_t)g->len;
  out_done(q);
  return rv;
}

/* ---- in ---- */
int p2p__quic_on_datagram(ngtcp2_conn *conn, uint32_t flags, const uint8_t *data, size_t len,
                          void *user) {
  p2p__quic *q = user;
  (void)conn;
  (void)flags;
  p2p__dgrams_push(&q->dgrams.in, p2p__bytes(data, len));
  return 0;
}

/* ---- events ---- */
bool p2p__quic_datagrams_next(p2p__quic *q, p2p__quic_event *ev) {
  shown_free(q);
  if ((q->dgrams.shown = p2p__dgrams_take(&q->dgrams.in)) != NULL) {
    *ev = (p2p__quic_event){ .kind = P2P__QUIC_DATAGRAM };
    ev->datagram = p2p__bytes(q->dgrams.shown->data, q->dgrams.shown->len);
    return true;
  }
  if (!q->dgrams.left) return false;
  *ev = (p2p__quic_event){ .kind = P2P__QUIC_DATAGRAM_ROOM, .n = q->dgrams.left };
  q->dgrams.left = 0;
  return true;
}
