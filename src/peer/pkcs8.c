/* PKCS #8 in and out. Spec: RFC 5958, section 2; RFC 8410, section 7; RFC 5915, section 3. */
#include "peer/pkcs8.h"
#include "crypto/crypto.h"
#include "crypto/ec.h"
#include "crypto/oid.h"
#include "crypto/secp256k1.h"

enum { SEED = 32, PUB = 32 };

/* ---- reading ---- */

static int put_ec(p2p_bytes der, const p2p__curve *curve, p2p_key_type *type, p2p__wr *w) {
  uint8_t buf[P2P__EC_PRIVATE_MAX];
  p2p__der d = p2p__der_of(buf, sizeof buf);
  p2p__ec_private key;
  int err = p2p__ec_private_read(der, curve, &key);
  if (err) return err;
  if (key.curve == &p2p__secp256k1) {
    *type = P2P_KEY_SECP256K1;
    p2p__wr_bytes_in(w, p2p__bytes(key.scalar, P2P__SECP256K1_SCALAR));
    return w->err;
  }
  *type = P2P_KEY_ECDSA;
  p2p__ec_private_write(&d, &key, true);
  p2p__wr_bytes_in(w, p2p__der_bytes(&d));
  p2p__wipe(buf, sizeof buf);
  return d.err ? P2P_EKEY : w->err;
}

static int read_ec(p2p__rd *algorithm, p2p_bytes key, p2p_key_type *type, p2p__wr *w) {
  if (!p2p__der_is(algorithm, P2P__DER_OID)) return P2P_ENOTSUP; /* a curve by its numbers */
  const p2p__curve *curve = p2p__curve_by_oid(p2p__der_read(algorithm, P2P__DER_OID));
  if (!p2p__rd_done(algorithm)) return P2P_EKEY;
  return curve ? put_ec(key, curve, type, w) : P2P_ENOTSUP;
}

static int read_rsa(p2p__rd *algorithm, p2p_bytes key, p2p_key_type *type, p2p__wr *w) {
  p2p__der_read(algorithm, P2P__DER_NULL);
  if (!p2p__rd_done(algorithm)) return P2P_EKEY;
  *type = P2P_KEY_RSA;
  p2p__wr_bytes_in(w, key);
  return w->err;
}

/* CurvePrivateKey ::= OCTET STRING, inside the other one. */
static int read_ed25519(p2p__rd *algorithm, p2p_bytes key, p2p_key_type *type, p2p__wr *w) {
  p2p__rd r = p2p__rd_of(key);
  p2p_bytes seed = p2p__der_read(&r, P2P__DER_OCTET_STRING);
  p2p__ed25519 pair;
  if (!p2p__rd_done(algorithm) || !p2p__rd_done(&r) || seed.len != SEED) return P2P_EKEY;
  *type = P2P_KEY_ED25519;
  int err = p2p__ed25519_from_seed(&pair, seed.p);
  p2p__wr_bytes_in(w, seed);
  p2p__wr_bytes_in(w, p2p__bytes(pair.pub, PUB));
  p2p__wipe(&pair, sizeof pair);
  return err ? err : w->err;
}

static int read_by_algorithm(p2p__rd *algorithm, p2p_bytes key, p2p_key_type *type, p2p__wr *w) {
  p2p_bytes oid = p2p__der_read(algorithm, P2P__DER_OID);
  if (algorithm->err) return P2P_EKEY;
  if (p2p__bytes_eq(oid, P2P__OID(P2P__OID_ED25519))) return read_ed25519(algorithm, key, type, w);
  if (p2p__bytes_eq(oid, P2P__OID(P2P__OID_EC))) return read_ec(algorithm, key, type, w);
  if (p2p__bytes_eq(oid, P2P__OID(P2P__OID_RSA))) return read_rsa(algorithm, key, type, w);
  return P2P_ENOTSUP;
}

/* OneAsymmetricKey: version 0, or 1 with the public key. Attributes say nothing here; nor does the
 * public key, which follows from the private one. */
static int read_pkcs8(p2p_bytes der, p2p_key_type *type, p2p__wr *w) {
  p2p__rd r = p2p__rd_of(der);
  p2p__rd info = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p2p_bytes version = p2p__der_read(&info, P2P__DER_INTEGER);
  p2p__rd algorithm = p2p__der_enter(&info, P2P__DER_SEQUENCE);
  p2p_bytes key = p2p__der_read(&info, P2P__DER_OCTET_STRING);
  if (p2p__der_is(&info, P2P__DER_CONTEXT_0)) p2p__der_read(&info, P2P__DER_CONTEXT_0);
  if (p2p__der_is(&info, P2P__DER_CONTEXT_1_BITS)) p2p__der_read(&info, P2P__DER_CONTEXT_1_BITS);
  if (!p2p__rd_done(&r) || !p2p__rd_done(&info)) return P2P_EKEY;
  if (version.len != 1 || version.p[0] > 1) return P2P_EKEY;
  return read_by_algorithm(&algorithm, key, type, w);
}

int p2p__pkcs8_read(p2p__der_form form, p2p_bytes der, p2p_key_type *type, p2p__wr *w) {
  switch (form) {
  case P2P__DER_PKCS8: return read_pkcs8(der, type, w);
  case P2P__DER_SEC1: return put_ec(der, NULL, type, w);
  case P2P__DER_PKCS1: break;
  }
  *type = P2P_KEY_RSA;
  p2p__wr_bytes_in(w, der);
  return w->err;
}

/* ---- writing ---- */

/* The inner key and then, before it, the AlgorithmIdentifier. */
static int put_rsa(p2p__der *d, p2p_bytes data) {
  p2p__der_element(d, P2P__DER_OCTET_STRING, data);
  size_t before = d->at;
  p2p__der_element(d, P2P__DER_NULL, p2p__bytes(NULL, 0));
  p2p__der_element(d, P2P__DER_OID, P2P__OID(P2P__OID_RSA));
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
  return 0;
}

static int put_ed25519(p2p__der *d, p2p_bytes data) {
  size_t before = d->at;
  p2p__der_element(d, P2P__DER_OCTET_STRING, p2p__bytes(data.p, SEED));
  p2p__der_wrap(d, P2P__DER_OCTET_STRING, before);
  before = d->at;
  p2p__der_element(d, P2P__DER_OID, P2P__OID(P2P__OID_ED25519));
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
  return 0;
}

static int put_ec_key(p2p__der *d, const p2p__ec_private *key) {
  size_t before = d->at;
  p2p__ec_private_write(d, key, false);
  p2p__der_wrap(d, P2P__DER_OCTET_STRING, before);
  before = d->at;
  p2p__der_element(d, P2P__DER_OID, key->curve->oid);
  p2p__der_element(d, P2P__DER_OID, P2P__OID(P2P__OID_EC));
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
  return 0;
}

static int put_ecdsa(p2p__der *d, p2p_bytes data) {
  p2p__ec_private key;
  int err = p2p__ec_private_read(data, NULL, &key);
  return err ? err : put_ec_key(d, &key);
}

static int put_secp256k1(p2p__der *d, p2p_bytes data) {
  uint8_t point[P2P__POINT_MAX];
  p2p__ec_private key = { .curve = &p2p__secp256k1, .scalar = data.p };
  int err = p2p__ec_public(key.curve, data.p, point);
  if (err) return err;
  key.point = p2p__bytes(point, 1 + 2 * key.curve->size);
  return put_ec_key(d, &key);
}

int p2p__pkcs8_write(p2p_key_type type, p2p_bytes data, p2p__wr *w) {
  static int (*const put[])(p2p__der *d, p2p_bytes data) = { [P2P_KEY_RSA] = put_rsa,
                                                             [P2P_KEY_ED25519] = put_ed25519,
                                                             [P2P_KEY_SECP256K1] = put_secp256k1,
                                                             [P2P_KEY_ECDSA] = put_ecdsa };
  static const uint8_t version = 0;
  uint8_t buf[P2P_PRIVKEY_MAX];
  p2p__der d = p2p__der_of(buf, sizeof buf);
  int err = put[type](&d, data);
  p2p__der_integer(&d, p2p__bytes(&version, 1));
  p2p__der_wrap(&d, P2P__DER_SEQUENCE, sizeof buf);
  if (!err) err = d.err;
  if (!err) p2p__wr_bytes_in(w, p2p__der_bytes(&d));
  p2p__wipe(buf, sizeof buf);
  return err ? err : w->err;
}
