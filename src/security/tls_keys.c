/* TLS 1.3's record protection: the cipher is the copy, as with Noise.
 * Spec: RFC 8446, sections 5 and 6. */
#include "security/tls_keys.h"

static const p2p_bytes no_context = { NULL, 0 };

static p2p__hash hash_of(const p2p__tls_secret *s) {
  return s->len == P2P__SHA384 ? P2P__SHA384 : P2P__SHA256;
}

static void derive(p2p__tls_keys *k, p2p__crypto *crypto, bool seals) {
  uint8_t key[P2P__AEAD_KEY];
  const p2p__tls_secret *s = &k->secret;
  p2p__hkdf_expand_label(hash_of(s), s->bytes, "key", no_context, key, p2p__aead_key_len(s->aead));
  p2p__hkdf_expand_label(hash_of(s), s->bytes, "iv", no_context, k->iv, sizeof k->iv);
  p2p__aead_init(&k->aead, crypto, s->aead, seals, key);
  p2p__wipe(key, sizeof key);
  k->seq = 0;
}

void p2p__tls_keys_init(p2p__tls_keys *k, p2p__crypto *crypto, const p2p__tls_secret *secret,
                        bool seals) {
  k->secret = *secret;
  derive(k, crypto, seals);
}

void p2p__tls_keys_fini(p2p__tls_keys *k) {
  if (k->aead.crypto) p2p__aead_fini(&k->aead);
  p2p__wipe(k, sizeof *k);
}

void p2p__tls_keys_update(p2p__tls_keys *k) {
  uint8_t next[P2P__TLS_SECRET_MAX];
  p2p__crypto *crypto = k->aead.crypto;
  bool seals = k->aead.seals;
  p2p__tls_secret *s = &k->secret;
  p2p__hkdf_expand_label(hash_of(s), s->bytes, "traffic upd", no_context, next, s->len);
  memcpy(s->bytes, next, s->len);
  p2p__wipe(next, sizeof next);
  p2p__aead_fini(&k->aead);
  derive(k, crypto, seals);
}

/* Section 5.3. */
static void nonce_of(const p2p__tls_keys *k, uint8_t nonce[P2P__AEAD_NONCE]) {
  memcpy(nonce, k->iv, P2P__AEAD_NONCE);
  for (size_t i = 0; i < 8; i++) nonce[4 + i] ^= (uint8_t)(k->seq >> (56 - 8 * i));
}

static void put_head(uint8_t *out, p2p__tls_type type, size_t len) {
  out[0] = (uint8_t)type;
  p2p__put_be16(out + 1, 0x0303);
  p2p__put_be16(out + 3, (uint16_t)len);
}

static int seal_pieces(p2p__tls_keys *k, p2p__tls_type type, const p2p_bytes *v, size_t n,
                       uint8_t *out) {
  const uint8_t inner = (uint8_t)type;
  uint8_t nonce[P2P__AEAD_NONCE], *at = out + P2P__TLS_HEAD;
  nonce_of(k, nonce);
  int err = p2p__aead_start(&k->aead, nonce, p2p__bytes(out, P2P__TLS_HEAD));
  for (size_t i = 0; i < n && !err; i++) {
    err = p2p__aead_add(&k->aead, v[i], at);
    at += v[i].len;
  }
  if (!err) err = p2p__aead_add(&k->aead, p2p__bytes(&inner, 1), at);
  return err ? err : p2p__aead_finish(&k->aead, at + 1);
}

int p2p__tls_seal(p2p__tls_keys *k, p2p__tls_type type, const p2p_bytes *v, size_t n, uint8_t *out,
                  size_t *len) {
  size_t total = 0;
  for (size_t i = 0; i < n; i++)
    if (!p2p__add(total, v[i].len, &total)) return P2P_EINVAL;
  if (total > P2P__TLS_PLAIN_MAX) return P2P_EINVAL;
  if (k->seq == UINT64_MAX) return P2P_ELIMIT;
  put_head(out, P2P__TLS_DATA, total + P2P__TLS_TAIL);
  int err = seal_pieces(k, type, v, n, out);
  if (err) return err;
  k->seq++;
  *len = P2P__TLS_HEAD + total + P2P__TLS_TAIL;
  return 0;
}

static int refused(int err, int value, int *alert) {
  *alert = value;
  return err;
}

/* TLSInnerPlaintext: content, type, zeros. Section 5.4. */
static int strip(p2p__span inner, p2p__tls_type *type, p2p__span *plain, int *alert) {
  size_t n = inner.len;
  if (n > P2P__TLS_PLAIN_MAX + 1) return refused(P2P_EPROTO, P2P__TLS_RECORD_OVERFLOW, alert);
  while (n > 0 && inner.p[n - 1] == 0) n--;
  if (n == 0) return refused(P2P_EPROTO, P2P__TLS_UNEXPECTED_MESSAGE, alert); /* padding only */
  *type = (p2p__tls_type)inner.p[n - 1];
  *plain = p2p__span_of(inner.p, n - 1);
  return 0;
}

int p2p__tls_open(p2p__tls_keys *k, p2p__span record, p2p__tls_type *type, p2p__span *plain,
                  int *alert) {
  uint8_t nonce[P2P__AEAD_NONCE];
  p2p__span text = p2p__span_of(record.p + P2P__TLS_HEAD, record.len - P2P__TLS_HEAD);
  if (text.len < P2P__TLS_TAIL) return refused(P2P_EAUTH, P2P__TLS_BAD_RECORD_MAC, alert);
  if (k->seq == UINT64_MAX) return refused(P2P_ELIMIT, P2P__TLS_INTERNAL_ERROR, alert);
  text.len -= P2P__AEAD_TAG;
  nonce_of(k, nonce);
  int err = p2p__aead_open(&k->aead, nonce, p2p__bytes(record.p, P2P__TLS_HEAD), text.p, text.len,
                           text.p + text.len);
  if (err == P2P_EAUTH) return refused(err, P2P__TLS_BAD_RECORD_MAC, alert);
  if (err) return refused(err, P2P__TLS_INTERNAL_ERROR, alert);
  k->seq++;
  return strip(text, type, plain, alert);
}

ptrdiff_t p2p__tls_record_size(p2p_bytes in) {
  p2p__rd r = p2p__rd_of(in);
  uint8_t type = p2p__rd_u8(&r);
  p2p__rd_be16(&r); /* legacy_record_version: ignored, section 5.1 */
  size_t len = p2p__rd_be16(&r);
  if (r.err) return 0;
  if (len > (type == P2P__TLS_DATA ? P2P__TLS_WIRE_MAX : P2P__TLS_PLAIN_MAX)) return P2P_EPROTO;
  return (ptrdiff_t)(P2P__TLS_HEAD + len);
}

void p2p__tls_clear(p2p__wr *w, p2p__tls_type type, p2p_bytes content) {
  p2p__span head = p2p__wr_room(w, P2P__TLS_HEAD);
  if (w->err) return;
  put_head(head.p, type, content.len);
  p2p__wr_bytes_in(w, content);
}

int p2p__tls_alert_error(p2p_bytes content, int *alert) {
  /* Split or gathered alerts are forbidden: section 5.1. */
  if (content.len != 2) return refused(P2P_EPROTO, P2P__TLS_DECODE_ERROR, alert);
  *alert = P2P__TLS_NO_ALERT;
  if (content.p[1] == P2P__TLS_CLOSE_NOTIFY) return P2P_ECLOSED;
  if (content.p[1] == P2P__TLS_USER_CANCELED) return 0;
  if (content.p[1] == 120) return P2P_ENOPROTO;
  return p2p__tls_alert_is_about_identity(content.p[1]) ? P2P_EAUTH : P2P_EPROTO;
}
