/* Private keys in the formats of key files. Which one a file is in shows in its first bytes: protobuf
 * begins with a tag that is no text, PEM has its dashes, JSON its brace. Spec: peer-ids/peer-ids.md,
 * "Keys"; RFC 7468, sections 2, 10. */
#include "peer/base64.h"
#include "peer/pkcs8.h"
#include "peer/private.h"
#include "peer/pubkey.h"

enum { PEM_LINE = 64, TAG_TYPE = 0x08 };

/* ---- text ---- */

/* The rest of text behind the first `what`; false: it is not in there. */
static bool skip_past(p2p_bytes *text, const char *what) {
  size_t len = strlen(what);
  for (size_t i = 0; i + len <= text->len; i++) {
    if (memcmp(text->p + i, what, len) != 0) continue;
    *text = p2p__bytes(text->p + i + len, text->len - i - len);
    return true;
  }
  return false;
}

static bool starts_with(p2p_bytes text, const char *what) {
  size_t len = strlen(what);
  return text.len >= len && memcmp(text.p, what, len) == 0;
}

/* What stands before the first `what`. */
static bool take_until(p2p_bytes *text, const char *what, p2p_bytes *out) {
  p2p_bytes rest = *text;
  if (!skip_past(&rest, what)) return false;
  *out = p2p__bytes(text->p, (size_t)(rest.p - text->p) - strlen(what));
  *text = rest;
  return true;
}

static void skip_space(p2p_bytes *text) {
  while (text->len && (text->p[0] == ' ' || (text->p[0] >= '\t' && text->p[0] <= '\r')))
    *text = p2p__bytes(text->p + 1, text->len - 1);
}

static bool skip(p2p_bytes *text, const char *what) {
  skip_space(text);
  if (!starts_with(*text, what)) return false;
  *text = p2p__bytes(text->p + strlen(what), text->len - strlen(what));
  return true;
}

/* ---- reading ---- */

static int from_base64(p2p_identity *out, p2p_bytes text) {
  uint8_t bytes[P2P_PRIVKEY_MAX];
  p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
  int err = p2p__base64_read(text, &w);
  if (!err) err = p2p_identity_import(out, p2p__wr_bytes(&w));
  p2p__wipe(bytes, sizeof bytes);
  return err == P2P_ELIMIT ? P2P_EKEY : err;
}

/* The string behind the name "PrivKey", the only one in kubo's config; js-libp2p's has a small p. */
static int from_json(p2p_identity *out, p2p_bytes text) {
  p2p_bytes value, rest = text;
  if (!skip_past(&rest, "\"PrivKey\"")) {
    rest = text;
    if (!skip_past(&rest, "\"privKey\"")) return P2P_EKEY;
  }
  if (!skip(&rest, ":") || !skip(&rest, "\"") || !take_until(&rest, "\"", &value)) return P2P_EKEY;
  return from_base64(out, value);
}

static int from_der(p2p_identity *out, p2p__der_form form, p2p_bytes body) {
  uint8_t der[P2P_PRIVKEY_MAX], data[P2P_PRIVKEY_MAX], proto[P2P_PRIVKEY_MAX];
  p2p__wr w = p2p__wr_of(der, sizeof der), d = p2p__wr_of(data, sizeof data);
  p2p__wr p = p2p__wr_of(proto, sizeof proto);
  p2p_key_type type = P2P_KEY_RSA;
  int err = p2p__base64_read(body, &w);
  if (!err) err = p2p__pkcs8_read(form, p2p__wr_bytes(&w), &type, &d);
  if (!err) p2p__key_write(&p, type, p2p__wr_bytes(&d));
  if (!err) err = p.err;
  if (!err) err = p2p_identity_import(out, p2p__wr_bytes(&p));
  p2p__wipe(der, sizeof der);
  p2p__wipe(data, sizeof data);
  p2p__wipe(proto, sizeof proto);
  return err == P2P_ELIMIT ? P2P_EKEY : err;
}

/* A block of PEM that is a private key; another one (EC PARAMETERS, a certificate) is passed over. */
static int from_pem(p2p_identity *out, p2p_bytes text) {
  static const struct {
    const char *label;
    p2p__der_form form;
  } kinds[] = { { "PRIVATE KEY", P2P__DER_PKCS8 },
                { "RSA PRIVATE KEY", P2P__DER_PKCS1 },
                { "EC PRIVATE KEY", P2P__DER_SEC1 } };
  p2p_bytes label, body, tail;
  while (skip_past(&text, "-----BEGIN ")) {
    if (!take_until(&text, "-----", &label)) return P2P_EKEY;
    if (!take_until(&text, "-----END ", &body) || !take_until(&text, "-----", &tail))
      return P2P_EKEY;
    if (!p2p__bytes_eq(label, tail)) return P2P_EKEY;
    p2p_bytes headers = body;
    bool secret = p2p__bytes_eq(label, p2p__cstr("ENCRYPTED PRIVATE KEY"));
    if (secret || skip_past(&headers, "ENCRYPTED")) return P2P_ENOTSUP;
    for (size_t i = 0; i < P2P_COUNT(kinds); i++) {
      if (p2p__bytes_eq(label, p2p__cstr(kinds[i].label)))
        return from_der(out, kinds[i].form, body);
    }
  }
  return P2P_EKEY;
}

static p2p_key_format format_of(p2p_bytes *file) {
  p2p_bytes rest = *file;
  if (file->len && file->p[0] == TAG_TYPE) return P2P_KEY_PROTOBUF;
  if (skip_past(&rest, "-----BEGIN ")) return P2P_KEY_PEM;
  skip_space(file);
  return starts_with(*file, "{") ? P2P_KEY_KUBO : P2P_KEY_BASE64;
}

int p2p_identity_decode(p2p_identity *out, p2p_bytes file, p2p_key_format *format) {
  static int (*const from[])(p2p_identity *out, p2p_bytes file) = {
    [P2P_KEY_PROTOBUF] = p2p_identity_import,
    [P2P_KEY_BASE64] = from_base64,
    [P2P_KEY_PEM] = from_pem,
    [P2P_KEY_KUBO] = from_json,
  };
  if (!out || (!file.p && file.len)) return P2P_EINVAL;
  *out = (p2p_identity){ 0 };
  p2p_key_format found = format_of(&file);
  int err = from[found](out, file);
  if (!err && format) *format = found;
  return err;
}

/* ---- writing ---- */

static int put_protobuf(const p2p_identity *id, p2p_bytes proto, p2p__wr *w) {
  (void)id;
  p2p__wr_bytes_in(w, proto);
  return w->err;
}

static int put_base64(const p2p_identity *id, p2p_bytes proto, p2p__wr *w) {
  (void)id;
  p2p__base64_write(proto, 0, w);
  return w->err;
}

static int put_pem(const p2p_identity *id, p2p_bytes proto, p2p__wr *w) {
  uint8_t der[P2P_PRIVKEY_MAX];
  p2p__wr d = p2p__wr_of(der, sizeof der);
  p2p__key key;
  (void)id;
  int err = p2p__key_read(proto, &key);
  if (!err) err = p2p__pkcs8_write(key.type, key.data, &d);
  p2p__wr_str(w, "-----BEGIN PRIVATE KEY-----\n");
  p2p__base64_write(p2p__wr_bytes(&d), PEM_LINE, w);
  p2p__wr_str(w, "-----END PRIVATE KEY-----\n");
  p2p__wipe(der, sizeof der);
  return err ? err : w->err;
}

static int put_kubo(const p2p_identity *id, p2p_bytes proto, p2p__wr *w) {
  char peer[P2P_PEER_ID_TEXT_MAX];
  ptrdiff_t len = p2p_peer_id_print(&id->peer, peer, sizeof peer);
  if (len < 0) return (int)len;
  p2p__wr_str(w, "{\"Identity\":{\"PeerID\":\"");
  p2p__wr_str(w, peer);
  p2p__wr_str(w, "\",\"PrivKey\":\"");
  p2p__base64_write(proto, 0, w);
  p2p__wr_str(w, "\"}}\n");
  return w->err;
}

ptrdiff_t p2p_identity_encode(const p2p_identity *id, p2p_key_format format, void *out,
                              size_t cap) {
  static int (*const put[])(const p2p_identity *id, p2p_bytes proto, p2p__wr *w) = {
    [P2P_KEY_PROTOBUF] = put_protobuf,
    [P2P_KEY_BASE64] = put_base64,
    [P2P_KEY_PEM] = put_pem,
    [P2P_KEY_KUBO] = put_kubo,
  };
  uint8_t proto[P2P_PRIVKEY_MAX];
  p2p__wr w = p2p__wr_of(out, cap);
  if ((size_t)format >= P2P_COUNT(put) || (!out && cap)) return P2P_EINVAL;
  ptrdiff_t n = p2p_identity_export(id, proto, sizeof proto);
  if (n < 0) return n;
  int err = put[format](id, p2p__bytes(proto, (size_t)n), &w);
  p2p__wipe(proto, sizeof proto);
  return err ? err : (ptrdiff_t)w.len;
}
