/* Packets that belong to no connection: what they are, and the answers that cost no state: version
 * negotiation, Retry with its token, stateless reset. Spec: RFC 9443, section 3; RFC 9000, sections 6,
 * 8.1, 10.3 and 17. */
#include "quic/internal.h"

/* ---- demultiplexing ---- */
p2p__quic_first p2p__quic_first_byte(p2p_bytes datagram) {
  if (!datagram.len) return P2P__QUIC_IS_OTHER;
  uint8_t b = datagram.p[0];
  if (b >= 192 || (b >= 64 && b < 128)) return P2P__QUIC_IS_QUIC; /* the fixed bit is set */
  if (b <= 3) return P2P__QUIC_IS_STUN;
  if (b >= 20 && b < 64) return P2P__QUIC_IS_DTLS;
  return P2P__QUIC_IS_OTHER;
}

static bool cid_read(p2p__quic_cid *out, const uint8_t *p, size_t len) {
  if (len > P2P__QUIC_CID_MAX) return false;
  *out = (p2p__quic_cid){ .len = (uint8_t)len };
  if (len) memcpy(out->b, p, len);
  return true;
}

int p2p__quic_header_read(p2p_bytes datagram, p2p__quic_header *out) {
  enum { LONG_HEADER = 0x80 };
  ngtcp2_version_cid vc;
  if (!datagram.len) return P2P_EPROTO;
  int rv = ngtcp2_pkt_decode_version_cid(&vc, datagram.p, datagram.len, P2P__QUIC_CID);
  if (rv != 0 && rv != NGTCP2_ERR_VERSION_NEGOTIATION) return P2P_EPROTO;
  out->is_long = (datagram.p[0] & LONG_HEADER) != 0;
  out->is_known = !out->is_long || vc.version == NGTCP2_PROTO_VER_V1;
  out->is_negotiation = out->is_long && vc.version == 0;
  bool fits = cid_read(&out->dcid, vc.dcid, vc.dcidlen) &&
              cid_read(&out->scid, vc.scid, vc.scidlen);
  return fits ? 0 : P2P_EPROTO;
}

/* ---- tokens: time and the first connection id, sealed for one address ---- */
enum {
  TOKEN_TEXT = 8 + P2P__QUIC_CID_MAX, /* time, id padded with zeros */
  TOKEN = 1 + P2P__AEAD_NONCE + TOKEN_TEXT + P2P__AEAD_TAG,
  TOKEN_AAD = 1 + 1 + 16 + 2 + P2P__QUIC_CID_MAX
};

/* len: of the first id, which stands in front of the token. */
static p2p_bytes token_aad(uint8_t space[TOKEN_AAD], uint8_t len, const p2p_endpoint *remote,
                           const p2p__quic_cid *cid) {
  p2p__wr w = p2p__wr_of(space, TOKEN_AAD);
  p2p__wr_u8(&w, len);
  p2p__wr_u8(&w, remote->family);
  p2p__wr_bytes_in(&w, p2p__bytes(remote->ip, sizeof remote->ip));
  p2p__wr_be16(&w, remote->port);
  p2p__wr_bytes_in(&w, p2p__bytes(cid->b, cid->len));
  return p2p__wr_bytes(&w);
}

static int token_make(p2p__quic_shared *s, const p2p__quic_cid *original,
                      const p2p__quic_cid *retry, const p2p_endpoint *remote, p2p_time now,
                      uint8_t token[TOKEN]) {
  uint8_t text[TOKEN_TEXT] = { 0 }, aad[TOKEN_AAD];
  p2p__aead a;
  p2p__wr w = p2p__wr_of(text, sizeof text);
  p2p__wr_be64(&w, now);
  p2p__wr_bytes_in(&w, p2p__bytes(original->b, original->len));
  token[0] = original->len;
  int err = p2p__random(s->env, token + 1, P2P__AEAD_NONCE);
  if (err < 0) return err;
  p2p__aead_init(&a, s->env->crypto, P2P__CHACHA20_POLY1305, true, s->token_key);
  err = p2p__aead_seal(&a, token + 1, token_aad(aad, token[0], remote, retry),
                       p2p__bytes(text, sizeof text), token + 1 + P2P__AEAD_NONCE);
  p2p__aead_fini(&a);
  return err;
}

/* True when the token is one of ours, for this address and id, and young. */
static bool token_read(p2p__quic_shared *s, p2p_bytes token, const p2p_endpoint *remote,
                       p2p_time now, p2p__quic_initial *i) {
  uint8_t text[TOKEN_TEXT], aad[TOKEN_AAD];
  p2p__aead a;
  if (token.len != TOKEN) return false;
  p2p__aead_init(&a, s->env->crypto, P2P__CHACHA20_POLY1305, false, s->token_key);
  p2p_bytes sealed = p2p__bytes(token.p + 1 + P2P__AEAD_NONCE, TOKEN_TEXT + P2P__AEAD_TAG);
  int err = p2p__aead_open_to(&a, token.p + 1, token_aad(aad, token.p[0], remote, &i->dcid), sealed,
                              text);
  p2p__aead_fini(&a);
  if (err < 0) return false;
  p2p__rd r = p2p__rd_of(p2p__bytes(text, sizeof text));
  p2p_time made = p2p__rd_be64(&r);
  if (now < made || now - made > s->env->limits->quic_retry_age) return false;
  return cid_read(&i->original, r.p, token.p[0]);
}

int p2p__quic_initial_read(p2p__quic_shared *s, p2p_bytes datagram, const p2p_endpoint *remote,
                           p2p_time now, p2p__quic_initial *out) {
  ngtcp2_pkt_hd hd;
  if (ngtcp2_accept(&hd, datagram.p, datagram.len) != 0 || hd.version != NGTCP2_PROTO_VER_V1)
    return P2P_EPROTO;
  *out = (p2p__quic_initial){ .dcid = quic_cid_in(&hd.dcid), .scid = quic_cid_in(&hd.scid) };
  /* A client's own, or one that our Retry gave it, which is no shorter. RFC 9000, section 7.2. */
  if (out->dcid.len < NGTCP2_MIN_INITIAL_DCIDLEN) return P2P_EPROTO;
  p2p_bytes token = p2p__bytes(hd.token, hd.tokenlen);
  out->validated = token_read(s, token, remote, now, out);
  if (out->validated) out->token = token;
  return 0;
}

/* ---- answers ---- */
static void commit(p2p__wr *out, ngtcp2_ssize n) {
  if (n > 0) (void)p2p__wr_room(out, (size_t)n);
}

static p2p__span room_of(const p2p__wr *out) {
  return p2p__span_of(out->p + out->len, p2p__wr_left(out));
}

void p2p__quic_write_versions(p2p__quic_shared *s, const p2p__quic_header *h, p2p__wr *out) {
  static const uint32_t versions[] = { NGTCP2_PROTO_VER_V1 };
  uint8_t any = 0;
  p2p__span room = room_of(out);
  if (p2p__random(s->env, &any, sizeof any) < 0) return;
  commit(out, ngtcp2_pkt_write_version_negotiation(room.p, room.len, any, h->scid.b, h->scid.len,
                                                   h->dcid.b, h->dcid.len, versions,
                                                   P2P_COUNT(versions)));
}

void p2p__quic_write_retry(p2p__quic_shared *s, const p2p__quic_initial *i,
                           const p2p_endpoint *remote, p2p_time now, p2p__wr *out) {
  uint8_t token[TOKEN];
  p2p__quic_cid cid = { .len = P2P__QUIC_CID };
  if (p2p__quic_cid_make(s, cid.b) < 0) return;
  if (token_make(s, &i->dcid, &cid, remote, now, token) < 0) return;
  ngtcp2_crypto_aead aead = { .max_overhead = P2P__AEAD_TAG };
  ngtcp2_crypto_aead_ctx ctx = { .native_handle = p2p__quic_retry_aead(s) };
  if (!ctx.native_handle) return;
  p2p__span room = room_of(out);
  ngtcp2_cid to = quic_cid_out(&i->scid), ours = quic_cid_out(&cid), first = quic_cid_out(&i->dcid);
  commit(out, ngtcp2_pkt_write_retry(room.p, room.len, NGTCP2_PROTO_VER_V1, &to, &ours, &first,
                                     token, sizeof token, p2p__quic_on_encrypt, &aead, &ctx));
  p2p__quic_aead_free(s, ctx.native_handle);
}

void p2p__quic_write_reset(p2p__quic_shared *s, const p2p__quic_header *h, size_t caused_by,
                           p2p__wr *out) {
  enum { LEAST = NGTCP2_MIN_STATELESS_RESET_RANDLEN + P2P__QUIC_RESET, USUAL = 42 };
  uint8_t token[P2P__QUIC_RESET], noise[USUAL];
  size_t size = p2p__min(caused_by - (caused_by > 0), USUAL);
  p2p__span room = room_of(out);
  if (h->is_long || size < LEAST || room.len < size) return;
  if (p2p__random(s->env, noise, sizeof noise) < 0) return;
  p2p__quic_reset_token(s, h->dcid.b, h->dcid.len, token);
  commit(out, ngtcp2_pkt_write_stateless_reset(room.p, size, token, noise, size - P2P__QUIC_RESET));
}
