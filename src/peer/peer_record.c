/* Peer records. Spec: RFC 0003, "Address Record Format"; the payload type is libp2p-peer-record of
 * multicodec. */
#include "peer/peer_record.h"
#include "multiformats/protobuf.h"
#include <p2p/addr.h>

enum { RECORD_PEER = 1, RECORD_SEQ = 2, RECORD_ADDR = 3, ADDR_BYTES = 1 };
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

#define TYPE_DEPLOYED "\x03\x01"
#define TYPE_LEGACY "/libp2p/routing-state-record"

/* The form that is made and demanded comes first. */
static const p2p__envelope_form forms[] = {
  { "libp2p-peer-record", { (const uint8_t *)TYPE_DEPLOYED, sizeof TYPE_DEPLOYED - 1 } },
  { "libp2p-routing-state", { (const uint8_t *)TYPE_LEGACY, sizeof TYPE_LEGACY - 1 } },
};
enum { DEPLOYED = 1, ANY = P2P_COUNT(forms) };

/* ---- sealing ---- */

static void write_addr(p2p__wr *w, p2p_bytes addr) {
  uint8_t info[P2P_ADDR_MAX + 4];
  p2p__wr inner = p2p__wr_of(info, sizeof info);
  p2p__pb_bytes(&inner, ADDR_BYTES, addr);
  if (inner.err) w->err = inner.err;
  p2p__pb_bytes(w, RECORD_ADDR, p2p__wr_bytes(&inner));
}

int p2p__peer_record_seal(const p2p_identity *id, uint64_t seq, const p2p_bytes *addrs, size_t n,
                          p2p__span scratch, p2p__wr *w) {
  p2p__wr payload = p2p__wr_of(scratch.p, scratch.len);
  p2p__pb_bytes(&payload, RECORD_PEER, p2p__bytes(id->peer.b, id->peer.len));
  p2p__pb_uint(&payload, RECORD_SEQ, seq);
  for (size_t i = 0; i < n; i++) write_addr(&payload, addrs[i]);
  if (payload.err) return payload.err;
  return p2p__envelope_seal(id, &forms[0], p2p__wr_bytes(&payload), scratch, w);
}

/* ---- opening ---- */

/* Of a field that comes twice one reader sees the first and the next one the last. */
static int read_record(p2p_bytes payload, p2p_bytes *peer, uint64_t *seq) {
  p2p__rd r = p2p__rd_of(payload);
  p2p__pb_field f;
  int got, seqs = 0;
  *peer = p2p__bytes(NULL, 0);
  *seq = 0; /* left out when it is zero */
  while ((got = p2p__pb_next(&r, &f)) > 0) {
    if (f.number == RECORD_PEER) {
      if (f.wire != WIRE_BYTES || peer->p) return P2P_EPROTO;
      *peer = f.bytes;
    }
    if (f.number != RECORD_SEQ) continue;
    if (f.wire != WIRE_VARINT || seqs++) return P2P_EPROTO;
    *seq = f.value;
  }
  return got;
}

static int open_record(p2p_bytes in, size_t n, p2p__span scratch, p2p__peer_record *out) {
  p2p__envelope e;
  p2p_bytes claimed;
  p2p__peer_record got = { 0 };
  int err = p2p__envelope_open(in, forms, n, scratch, &e);
  if (!err) err = read_record(e.payload, &claimed, &got.seq);
  if (err) return err;
  if (!p2p__bytes_eq(claimed, p2p__bytes(e.signer.b, e.signer.len))) return P2P_EPEER;
  got.peer = e.signer;
  got.record = e.payload;
  *out = got;
  return 0;
}

int p2p__peer_record_open(p2p_bytes envelope, p2p__span scratch, p2p__peer_record *out) {
  return open_record(envelope, DEPLOYED, scratch, out);
}

int p2p__peer_record_open_any(p2p_bytes envelope, p2p__span scratch, p2p__peer_record *out) {
  return open_record(envelope, ANY, scratch, out);
}

/* The multiaddr of an AddressInfo. */
static int read_addr(p2p_bytes info, p2p_bytes *addr) {
  p2p__rd r = p2p__rd_of(info);
  p2p__pb_field f;
  int got;
  *addr = p2p__bytes(NULL, 0);
  while ((got = p2p__pb_next(&r, &f)) > 0) {
    if (f.number == ADDR_BYTES && f.wire == WIRE_BYTES) *addr = f.bytes;
  }
  return got;
}

int p2p__peer_record_addr(p2p__rd *r, p2p_bytes *addr) {
  p2p__pb_field f;
  p2p_bytes found;
  int got;
  while ((got = p2p__pb_next(r, &f)) > 0) {
    if (f.number != RECORD_ADDR || f.wire != WIRE_BYTES) continue;
    if (read_addr(f.bytes, &found)) return p2p__rd_fail(r, P2P_EPROTO);
    if (p2p_addr_check(found)) continue; /* empty, or of protocols we do not know */
    *addr = found;
    return 1;
  }
  return got;
}
