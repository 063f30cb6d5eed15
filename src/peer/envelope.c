/* Signed envelopes around peer records. Spec: RFC 0002, "Wire Format" and "Signature Production";
 * RFC 0003, "Address Record Format". */
#include "peer/envelope.h"
#include "multiformats/protobuf.h"
#include <p2p/addr.h>

enum { ENVELOPE_PUBKEY = 1, ENVELOPE_TYPE = 2, ENVELOPE_PAYLOAD = 3, ENVELOPE_SIG = 5 };
enum { RECORD_PEER = 1, RECORD_SEQ = 2, RECORD_ADDR = 3, ADDR_BYTES = 1 };
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static const uint8_t payload_type[] = { 0x03, 0x01 }; /* libp2p-peer-record in multicodec */

static p2p_bytes record_type(void) { return p2p__bytes(payload_type, sizeof payload_type); }

/* What is signed: domain, type and payload, each behind its length, so that no signature serves
 * anywhere else. The payload is left to the caller. */
static void write_head(p2p__wr *w) {
  p2p__wr_prefixed(w, p2p__cstr("libp2p-peer-record"));
  p2p__wr_prefixed(w, record_type());
}

/* ---- sealing ---- */

static size_t addr_len(p2p_bytes addr) { return p2p__pb_bytes_len(ADDR_BYTES, addr.len); }

static size_t record_len(const p2p_peer_id *peer, uint64_t seq, const p2p_bytes *addrs, size_t n) {
  size_t len = p2p__pb_bytes_len(RECORD_PEER, peer->len) + p2p__pb_uint_len(RECORD_SEQ, seq);
  for (size_t i = 0; i < n; i++) len += p2p__pb_bytes_len(RECORD_ADDR, addr_len(addrs[i]));
  return len;
}

static void write_addr(p2p__wr *w, p2p_bytes addr) {
  uint8_t info[P2P_ADDR_MAX + 4];
  p2p__wr inner = p2p__wr_of(info, sizeof info);
  p2p__pb_bytes(&inner, ADDR_BYTES, addr);
  if (inner.err) w->err = inner.err;
  p2p__pb_bytes(w, RECORD_ADDR, p2p__wr_bytes(&inner));
}

int p2p__peer_record_seal(const p2p_identity *id, uint64_t seq, const p2p_bytes *addrs, size_t n,
                          p2p__span scratch, p2p__wr *w) {
  uint8_t sig[P2P_SIGNATURE_MAX];
  size_t sig_len = 0, len = record_len(&id->peer, seq, addrs, n);
  p2p__wr text = p2p__wr_of(scratch.p, scratch.len);
  write_head(&text);
  p2p__wr_varint(&text, len);
  size_t begin = text.len;
  p2p__pb_bytes(&text, RECORD_PEER, p2p__bytes(id->peer.b, id->peer.len));
  p2p__pb_uint(&text, RECORD_SEQ, seq);
  for (size_t i = 0; i < n; i++) write_addr(&text, addrs[i]);
  if (text.err) return text.err;
  int err = id->sign(id->ctx, p2p__wr_bytes(&text), sig, &sig_len);
  if (err) return err;
  p2p__pb_bytes(w, ENVELOPE_PUBKEY, p2p__bytes(id->pubkey, id->pubkey_len));
  p2p__pb_bytes(w, ENVELOPE_TYPE, record_type());
  p2p__pb_bytes(w, ENVELOPE_PAYLOAD, p2p__bytes(text.p + begin, len));
  p2p__pb_bytes(w, ENVELOPE_SIG, p2p__bytes(sig, sig_len));
  return w->err;
}

/* ---- opening ---- */

/* Puts f into *slot, which is empty; a field that comes twice means one thing to one reader and
 * another to the next. */
static int take_once(const p2p__pb_field *f, p2p_bytes *slot) {
  if (f->wire != WIRE_BYTES || slot->p) return P2P_EPROTO;
  *slot = f->bytes;
  return 0;
}

typedef struct envelope {
  p2p_bytes pubkey, type, payload, sig;
} envelope;

static int take_field(envelope *e, const p2p__pb_field *f) {
  switch (f->number) {
  case ENVELOPE_PUBKEY: return take_once(f, &e->pubkey);
  case ENVELOPE_TYPE: return take_once(f, &e->type);
  case ENVELOPE_PAYLOAD: return take_once(f, &e->payload);
  case ENVELOPE_SIG: return take_once(f, &e->sig);
  default: return 0;
  }
}

static int read_envelope(p2p_bytes in, envelope *e) {
  p2p__rd r = p2p__rd_of(in);
  p2p__pb_field f;
  int got;
  *e = (envelope){ 0 };
  while ((got = p2p__pb_next(&r, &f)) > 0) {
    if (take_field(e, &f)) return P2P_EPROTO;
  }
  if (got < 0 || !p2p__bytes_eq(e->type, record_type())) return P2P_EPROTO;
  return e->payload.len && e->sig.len ? 0 : P2P_EPROTO;
}

static int read_record(p2p_bytes payload, p2p_bytes *peer, uint64_t *seq) {
  p2p__rd r = p2p__rd_of(payload);
  p2p__pb_field f;
  int got, seqs = 0;
  *peer = p2p__bytes(NULL, 0);
  *seq = 0; /* left out when it is zero */
  while ((got = p2p__pb_next(&r, &f)) > 0) {
    if (f.number == RECORD_PEER && take_once(&f, peer)) return P2P_EPROTO;
    if (f.number != RECORD_SEQ) continue;
    if (f.wire != WIRE_VARINT || seqs++) return P2P_EPROTO;
    *seq = f.value;
  }
  return got;
}

static int check_signature(const envelope *e, p2p__span scratch) {
  p2p__wr text = p2p__wr_of(scratch.p, scratch.len);
  write_head(&text);
  p2p__wr_prefixed(&text, e->payload);
  return text.err ? text.err : p2p_verify(e->pubkey, p2p__wr_bytes(&text), e->sig);
}

int p2p__peer_record_open(p2p_bytes in, p2p__span scratch, p2p__peer_record *out) {
  envelope e;
  p2p_bytes claimed;
  p2p__peer_record got = { 0 };
  int err = read_envelope(in, &e);
  if (!err) err = read_record(e.payload, &claimed, &got.seq);
  if (!err) err = p2p_peer_id_from_pubkey(e.pubkey, &got.peer);
  if (err) return err;
  if (!p2p__bytes_eq(claimed, p2p__bytes(got.peer.b, got.peer.len))) return P2P_EPEER;
  err = check_signature(&e, scratch); /* last: it costs most */
  if (err) return err;
  got.record = e.payload;
  *out = got;
  return 0;
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
