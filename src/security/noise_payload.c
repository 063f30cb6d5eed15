/* libp2p's payload of a Noise handshake message.
 * Spec: noise/README.md, "The libp2p Handshake Payload"; connections/inlined-muxer-negotiation.md. */
#include "security/noise_payload.h"
#include "multiformats/protobuf.h"

enum payload_field { IDENTITY_KEY = 1, IDENTITY_SIG = 2, EXTENSIONS = 4 };
enum extension_field { WEBTRANSPORT_CERTHASHES = 1, STREAM_MUXERS = 2 };
enum { WIRE_BYTES = 2 };

void p2p__noise_signed(const uint8_t pub[P2P__NOISE_KEY], uint8_t out[P2P__NOISE_SIGNED]) {
  p2p__wr w = p2p__wr_of(out, P2P__NOISE_SIGNED);
  p2p__wr_str(&w, "noise-libp2p-static-key:");
  p2p__wr_bytes_in(&w, p2p__bytes(pub, P2P__NOISE_KEY));
}

/* ---- ours ---- */

static size_t extensions_len(const p2p__noise_config *c) {
  size_t len = 0;
  for (size_t i = 0; i < c->n_certhashes; i++)
    len += p2p__pb_bytes_len(WEBTRANSPORT_CERTHASHES, c->certhashes[i].len);
  for (size_t i = 0; i < c->n_muxers; i++)
    len += p2p__pb_bytes_len(STREAM_MUXERS, strlen(c->muxers[i]));
  return len;
}

size_t p2p__noise_payload_len(const p2p__noise_config *c) {
  size_t extensions = extensions_len(c);
  return p2p__pb_bytes_len(IDENTITY_KEY, c->key->identity->pubkey_len) +
         p2p__pb_bytes_len(IDENTITY_SIG, c->key->sig_len) +
         (extensions ? p2p__pb_bytes_len(EXTENSIONS, extensions) : 0);
}

static void put_extensions(p2p__wr *w, const p2p__noise_config *c) {
  size_t len = extensions_len(c);
  if (len == 0) return;
  p2p__wr_varint(w, EXTENSIONS << 3 | WIRE_BYTES);
  p2p__wr_varint(w, len);
  for (size_t i = 0; i < c->n_certhashes; i++)
    p2p__pb_bytes(w, WEBTRANSPORT_CERTHASHES, c->certhashes[i]);
  for (size_t i = 0; i < c->n_muxers; i++) p2p__pb_bytes(w, STREAM_MUXERS, p2p__cstr(c->muxers[i]));
}

void p2p__noise_payload_put(p2p__wr *w, const p2p__noise_config *c) {
  p2p__pb_bytes(w, IDENTITY_KEY,
                p2p__bytes(c->key->identity->pubkey, c->key->identity->pubkey_len));
  p2p__pb_bytes(w, IDENTITY_SIG, p2p__bytes(c->key->sig, c->key->sig_len));
  put_extensions(w, c);
}

/* ---- theirs ---- */

/* The first of the initiator's list that both speak. Each side has its own list and hears the
 * other's, so the initiator looks for its lowest index, the responder for the first it knows. When
 * nothing is common the muxer is negotiated afterwards, as go-libp2p does. */
static void hear_muxer(const p2p__noise_config *c, p2p_bytes id, int *chosen) {
  for (size_t i = 0; i < c->n_muxers; i++) {
    if (!p2p__bytes_eq(id, p2p__cstr(c->muxers[i]))) continue;
    if (*chosen < 0 || (c->initiator && (int)i < *chosen)) *chosen = (int)i;
    return;
  }
}

static int hear_certhash(p2p__noise_payload *p, p2p_bytes hash) {
  if (p->n_certhashes == P2P__NOISE_CERTHASHES) return P2P_ELIMIT;
  p->certhashes[p->n_certhashes++] = hash;
  return 0;
}

static int read_extensions(p2p_bytes bytes, const p2p__noise_config *c, p2p__noise_payload *p) {
  p2p__rd r = p2p__rd_of(bytes);
  p2p__pb_field f;
  int got;
  while ((got = p2p__pb_next(&r, &f)) > 0) {
    if (f.wire != WIRE_BYTES) continue;
    if (f.number == STREAM_MUXERS) hear_muxer(c, f.bytes, &p->muxer);
    if (f.number == WEBTRANSPORT_CERTHASHES) got = hear_certhash(p, f.bytes);
    if (got < 0) break;
  }
  return got;
}

/* Of a field that comes twice the last one counts; extensions add up: protobuf's rules. */
static int read_field(const p2p__pb_field *f, const p2p__noise_config *c, p2p__noise_payload *p) {
  if (f->wire != WIRE_BYTES) return 0;
  switch (f->number) {
  case IDENTITY_KEY: p->key = f->bytes; return 0;
  case IDENTITY_SIG: p->sig = f->bytes; return 0;
  case EXTENSIONS: return read_extensions(f->bytes, c, p);
  default: return 0; /* data of retired versions, and of those to come */
  }
}

int p2p__noise_payload_read(p2p_bytes bytes, const p2p__noise_config *config,
                            p2p__noise_payload *out) {
  *out = (p2p__noise_payload){ .muxer = -1 };
  p2p__rd r = p2p__rd_of(bytes);
  p2p__pb_field f;
  int got;
  while ((got = p2p__pb_next(&r, &f)) > 0) {
    got = read_field(&f, config, out);
    if (got < 0) break;
  }
  if (got < 0) return got;
  if (out->key.len > P2P__PUBKEY_MAX || out->sig.len > P2P_SIGNATURE_MAX) return P2P_ELIMIT;
  return out->key.len ? 0 : P2P_EPROTO;
}

/* The signature comes first: P2P_EPEER then says who really answered. */
int p2p__noise_payload_verify(const p2p__noise_payload *payload, const uint8_t rs[P2P__NOISE_KEY],
                              const p2p_peer_id *expected, p2p_peer_id *peer) {
  uint8_t text[P2P__NOISE_SIGNED];
  p2p__noise_signed(rs, text);
  int err = p2p_verify(payload->key, p2p__bytes(text, sizeof text), payload->sig);
  p2p_peer_id id;
  if (!err) err = p2p_peer_id_from_pubkey(payload->key, &id);
  if (err == P2P_ENOTSUP || err == P2P_ENOMEM) return err;
  if (err) return P2P_EAUTH;
  if (expected->len && !p2p_peer_id_eq(expected, &id)) return P2P_EPEER;
  *peer = id;
  return 0;
}
