/* Certificates as a stranger could make them. */
#include "support/forge.h"
#include "unit/crypto/vectors.h"

#include "crypto/crypto.h"
#include "crypto/ec.h"
#include "crypto/signer.h"
#include "crypto/x509.h"
#include "peer/pkcs8.h"

forgery forge_proper(void) {
  return (forgery){ .n_ours = 1,
                    .version = 2,
                    .from = "20200101000000Z",
                    .until = "21200101000000Z",
                    .prefix = "libp2p-tls-handshake:" };
}

static void wrap(p2p__der *d, unsigned tag, size_t before) {
  p2p__der_wrap(d, (enum p2p__der_tag)tag, before);
}

static void put_text(p2p__der *d, unsigned tag, const char *text) {
  p2p__der_element(d, (enum p2p__der_tag)tag, p2p__cstr(text));
}

static void put_time(p2p__der *d, const char *text) {
  put_text(d, strlen(text) == 13 ? P2P__DER_UTC_TIME : P2P__DER_GENERALIZED_TIME, text);
}

static void put_ours(p2p__der *d, const forgery *f, const p2p_identity *id, p2p_bytes spki) {
  static const uint8_t no = 0, yes = 0xff, oid[] = { 0x2b, 6, 1, 4, 1, 0x83, 0xa2, 0x5a, 1, 1 };
  uint8_t text[256], sig[P2P_SIGNATURE_MAX];
  p2p__wr w = p2p__wr_of(text, sizeof text);
  size_t len, before = d->at;
  p2p__wr_str(&w, f->prefix);
  p2p__wr_bytes_in(&w, spki);
  if (f->other_key) text[w.len - 1] ^= 1;
  assert_int_equal(id->sign(id->ctx, p2p__wr_bytes(&w), sig, &len), 0);
  const p2p_identity *named = f->claims ? f->claims : id;
  if (f->signed_key_trailing) p2p__der_put(d, p2p__cstr("x"));
  size_t inner = d->at;
  p2p__der_element(d, P2P__DER_OCTET_STRING, p2p__bytes(sig, len));
  p2p__der_element(d, P2P__DER_OCTET_STRING, p2p__bytes(named->pubkey, named->pubkey_len));
  wrap(d, P2P__DER_SEQUENCE, inner);
  wrap(d, P2P__DER_OCTET_STRING, before);
  if (f->critical || f->says_false)
    p2p__der_element(d, P2P__DER_BOOLEAN, p2p__bytes(f->critical ? &yes : &no, 1));
  p2p__der_element(d, P2P__DER_OID, p2p__bytes(oid, sizeof oid));
  wrap(d, P2P__DER_SEQUENCE, before);
}

/* basicConstraints, empty. */
static void put_other(p2p__der *d, bool critical) {
  size_t before = d->at;
  put_text(d, P2P__DER_OCTET_STRING, "\x30");
  if (critical) put_text(d, P2P__DER_BOOLEAN, "\xff");
  put_text(d, P2P__DER_OID, "\x55\x1d\x13");
  wrap(d, P2P__DER_SEQUENCE, before);
}

static void put_extensions(p2p__der *d, const forgery *f, const p2p_identity *id, p2p_bytes spki) {
  size_t before = d->at;
  if (f->n_ours == 0 && !f->other) return;
  for (unsigned i = 0; i < f->n_ours; i++) put_ours(d, f, id, spki);
  if (f->other) put_other(d, f->other == 2);
  wrap(d, P2P__DER_SEQUENCE, before);
  wrap(d, P2P__DER_CONTEXT_3, before);
}

static void put_tbs(p2p__der *d, const forgery *f, const p2p_identity *id, p2p_bytes spki) {
  size_t end = d->at;
  put_extensions(d, f, id, spki);
  if (f->unique_id) put_text(d, 0x82, "\x01\x01");
  p2p__der_put(d, spki);
  put_text(d, P2P__DER_SEQUENCE, "");
  size_t before = d->at;
  put_time(d, f->until);
  put_time(d, f->from);
  wrap(d, P2P__DER_SEQUENCE, before);
  put_text(d, P2P__DER_SEQUENCE, "");
  if (f->inner_algorithm)
    put_text(d, P2P__DER_SEQUENCE, "\x06\x03\x2b\x65\x70");
  else
    p2p__der_element(d, P2P__DER_SEQUENCE, p2p__x509_ecdsa_sha256);
  put_text(d, P2P__DER_INTEGER, "\x07");
  before = d->at;
  put_text(d, P2P__DER_INTEGER, (const char[]){ (char)f->version, 0 });
  wrap(d, P2P__DER_CONTEXT_0, before);
  wrap(d, P2P__DER_SEQUENCE, end);
}

static void put_signature(p2p__der *d, const forgery *f, p2p__signer *signer, p2p_bytes tbs) {
  uint8_t hash[32], sig[128];
  size_t len, before = d->at;
  p2p__sha256(&tbs, 1, hash);
  hash[0] ^= f->bad_signature;
  assert_int_equal(p2p__signer_sign(signer, hash, sig, sizeof sig, &len), 0);
  p2p__der_put(d, p2p__bytes(sig, len));
  p2p__der_wrap_bits(d, before);
}

static p2p__signer *make_key(p2p__der *spki, p2p__certificate *out) {
  static const uint8_t scalar[32] = { 0x5a, [31] = 7 };
  const p2p__curve *curve = p2p__curve_by_bits(256);
  uint8_t point[P2P__POINT_MAX], room[P2P__EC_PRIVATE_MAX];
  p2p__signer *signer;
  p2p__der d = p2p__der_of(room, sizeof room);
  assert_int_equal(p2p__ec_public(curve, scalar, point), 0);
  p2p__ec_private key = { curve, scalar, p2p__bytes(point, 65) };
  p2p__ec_private_write(&d, &key, true);
  p2p__ec_spki_write(spki, curve, key.point);
  if (out) {
    p2p__wr w = p2p__wr_of(out->key, sizeof out->key);
    assert_int_equal(p2p__pkcs8_write(P2P_KEY_ECDSA, p2p__der_bytes(&d), &w), 0);
    out->key_len = w.len;
  }
  assert_int_equal(p2p__signer_new(P2P__SIGNER_EC, p2p__der_bytes(&d), &signer), 0);
  return signer;
}

size_t forge(const forgery *f, const p2p_identity *id, uint8_t *out, p2p__certificate *key) {
  uint8_t spki_room[128], tbs_room[P2P__CERTIFICATE_MAX];
  p2p__der spki = p2p__der_of(spki_room, sizeof spki_room);
  p2p__der tbs = p2p__der_of(tbs_room, sizeof tbs_room);
  p2p__der d = p2p__der_of(out, P2P__CERTIFICATE_MAX);
  p2p__signer *signer = make_key(&spki, key);
  put_tbs(&tbs, f, id, p2p__der_bytes(&spki));
  if (f->trailing) p2p__der_put(&d, p2p__cstr("x"));
  size_t end = d.at;
  put_signature(&d, f, signer, p2p__der_bytes(&tbs));
  p2p__der_element(&d, P2P__DER_SEQUENCE, p2p__x509_ecdsa_sha256);
  p2p__der_put(&d, p2p__der_bytes(&tbs));
  wrap(&d, P2P__DER_SEQUENCE, end);
  assert_int_equal(d.err, 0);
  p2p__signer_free(signer);
  size_t len = d.cap - d.at;
  memmove(out, out + d.at, len);
  if (key) {
    memcpy(key->der, out, len);
    key->len = len;
  }
  return len;
}
