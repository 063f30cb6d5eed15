/* Datagrams in, and the shield.
 *
 * Below 1.22, ngtcp2 asserts that no NEW_CONNECTION_ID has retired the first connection id when a client
 * writes the flight that completes its handshake; a server may have sent one in a 1-RTT packet before
 * (0.5-RTT). Until that flight was written a client therefore takes no short-header packet: what an
 * honest server sent so early is sent again. docs/internals/quic.md. */
#include "quic/internal.h"

enum { LONG_HEADER = 0x80, INITIAL = 0x00, ZERO_RTT = 0x10, RETRY = 0x30, TYPE = 0x30 };

/* Variable-length integers of QUIC: RFC 9000, section 16. */
uint64_t p2p__quic_rd_varint(p2p__rd *r) {
  uint8_t first = p2p__rd_u8(r);
  uint64_t v = first & 0x3f;
  for (int i = (1 << (first >> 6)) - 1; i > 0; i--) v = v << 8 | p2p__rd_u8(r);
  return v;
}

/* Steps over one long-header packet of version 1. False: it cannot be followed by another. */
static bool skip_long(p2p__rd *r) {
  uint8_t first = p2p__rd_u8(r);
  (void)p2p__rd_be32(r);
  (void)p2p__rd_bytes(r, p2p__rd_u8(r));
  (void)p2p__rd_bytes(r, p2p__rd_u8(r));
  if ((first & TYPE) == RETRY) return false;
  if ((first & TYPE) == INITIAL) {
    uint64_t token = p2p__quic_rd_varint(r);
    if (token > p2p__rd_left(r)) return false;
    (void)p2p__rd_bytes(r, (size_t)token);
  }
  uint64_t len = p2p__quic_rd_varint(r);
  if (len > p2p__rd_left(r)) return false;
  (void)p2p__rd_bytes(r, (size_t)len);
  return !r->err;
}

/* The datagram up to its first short-header packet. */
size_t p2p__quic_long_part(p2p_bytes datagram) {
  p2p__rd r = p2p__rd_of(datagram);
  while (p2p__rd_left(&r) && (*r.p & LONG_HEADER)) {
    if (!skip_long(&r)) return datagram.len;
  }
  return (size_t)(r.p - datagram.p);
}

static bool is_shielded(const p2p__quic *q) { return q->shared->shield && q->client && !q->flown; }

void p2p__quic_recv(p2p__quic *q, const p2p_endpoint *local, const p2p_endpoint *remote,
                    uint8_t ecn, p2p_bytes datagram, p2p_time now) {
  quic_path path;
  ngtcp2_pkt_info info = { .ecn = ecn };
  if (q->ended) return;
  q->now = q->last_recv = now;
  if (is_shielded(q)) datagram.len = p2p__quic_long_part(datagram);
  if (!datagram.len) return;
  p2p__quic_path_make(&path, q->client ? p2p__quic_came_to(q, local) : local, remote);
  int rv = ngtcp2_conn_read_pkt(q->conn, &path.path, &info, datagram.p, datagram.len, now);
  if (rv == 0) q->heard = true;
  if (q->done) p2p__quic_hs_free_tls(q);
  q->stale = true;
  if (rv != 0) p2p__quic_failed(q, rv);
}
