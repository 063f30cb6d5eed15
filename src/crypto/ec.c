/* Keys of ECDSA: the DER that libp2p and PEM files carry them in. Spec: RFC 5915, section 3; RFC
 * 5480, section 2. */
#include "crypto/ec.h"
#include "crypto/oid.h"
#include "crypto/signer.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>

/* ECParameters in the form of a name; *curve is NULL or must be that one. */
static int read_name(p2p__rd *key, const p2p__curve **curve) {
  p2p__rd r = p2p__der_enter(key, P2P__DER_CONTEXT_0);
  if (!r.err && !p2p__der_is(&r, P2P__DER_OID)) return P2P_ENOTSUP; /* a curve by its numbers */
  p2p_bytes oid = p2p__der_read(&r, P2P__DER_OID);
  if (!p2p__rd_done(&r)) return P2P_EKEY;
  const p2p__curve *named = p2p__curve_by_oid(oid);
  if (!named) return P2P_ENOTSUP;
  if (*curve && *curve != named) return P2P_EKEY;
  *curve = named;
  return 0;
}

static p2p_bytes read_point(p2p__rd *key) {
  p2p__rd r = p2p__der_enter(key, P2P__DER_CONTEXT_1);
  p2p_bytes point = p2p__der_bits(&r);
  if (!p2p__rd_done(&r)) p2p__rd_fail(key, P2P_EPROTO);
  return point;
}

int p2p__ec_private_read(p2p_bytes der, const p2p__curve *curve, p2p__ec_private *out) {
  p2p__rd r = p2p__rd_of(der);
  p2p__rd key = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p2p__der_expect(&key, 1);
  p2p_bytes scalar = p2p__der_read(&key, P2P__DER_OCTET_STRING), point = { 0 };
  int err = p2p__der_is(&key, P2P__DER_CONTEXT_0) ? read_name(&key, &curve) : 0;
  if (err) return err;
  if (p2p__der_is(&key, P2P__DER_CONTEXT_1)) point = read_point(&key);
  if (!p2p__rd_done(&r) || !p2p__rd_done(&key) || !curve) return P2P_EKEY;
  if (scalar.len != curve->size || !p2p__curve_is_scalar(curve, scalar.p)) return P2P_EKEY;
  *out = (p2p__ec_private){ .curve = curve, .scalar = scalar.p, .point = point };
  return 0;
}

static void write_point(p2p__der *d, p2p_bytes point) {
  size_t before = d->at;
  p2p__der_put(d, point);
  p2p__der_wrap_bits(d, before);
}

void p2p__ec_private_write(p2p__der *d, const p2p__ec_private *key, bool named) {
  static const uint8_t version = 1;
  size_t end = d->at;
  if (key->point.len) {
    write_point(d, key->point);
    p2p__der_wrap(d, P2P__DER_CONTEXT_1, end);
  }
  size_t before = d->at;
  if (named) {
    p2p__der_element(d, P2P__DER_OID, key->curve->oid);
    p2p__der_wrap(d, P2P__DER_CONTEXT_0, before);
  }
  p2p__der_element(d, P2P__DER_OCTET_STRING, p2p__bytes(key->scalar, key->curve->size));
  p2p__der_integer(d, p2p__bytes(&version, 1));
  p2p__der_wrap(d, P2P__DER_SEQUENCE, end);
}

void p2p__ec_spki_write(p2p__der *d, const p2p__curve *curve, p2p_bytes point) {
  size_t end = d->at;
  write_point(d, point);
  size_t before = d->at;
  p2p__der_element(d, P2P__DER_OID, curve->oid);
  p2p__der_element(d, P2P__DER_OID, P2P__OID(P2P__OID_EC));
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
  p2p__der_wrap(d, P2P__DER_SEQUENCE, end);
}

/* libcrypto computes the point of a private key that comes without. */
int p2p__ec_public(const p2p__curve *curve, const uint8_t *scalar, uint8_t point[P2P__POINT_MAX]) {
  uint8_t buf[P2P__EC_PRIVATE_MAX];
  p2p__der d = p2p__der_of(buf, sizeof buf);
  p2p__ec_private key = { .curve = curve, .scalar = scalar };
  p2p__signer *signer = NULL;
  size_t len = 0;
  p2p__ec_private_write(&d, &key, true);
  int err = p2p__signer_new(P2P__SIGNER_EC, p2p__der_bytes(&d), &signer);
  p2p__wipe(buf, sizeof buf);
  if (!err && (EVP_PKEY_get_octet_string_param(signer, OSSL_PKEY_PARAM_PUB_KEY, point,
                                               P2P__POINT_MAX, &len) != 1 ||
               len != 1 + 2 * curve->size || point[0] != 4)) {
    err = P2P_ENOMEM; /* nothing else can be wrong with a scalar in its bounds */
  }
  p2p__signer_free(signer);
  return err;
}
