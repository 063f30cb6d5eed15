/* libp2p's certificate, made and judged. A parser of our own for this one shape: strict DER, no
 * recursion, no allocation; names are skipped as bytes.
 * Spec: tls/tls.md, "Peer Authentication"; RFC 5280, section 4.1. */
#include "peer/certificate.h"
#include "crypto/crypto.h"
#include "crypto/ec.h"
#include "crypto/signer.h"
#include "crypto/x509.h"
#include "peer/pkcs8.h"

static const char signed_prefix[] = "libp2p-tls-handshake:";
/* 1.3.6.1.4.1.53594.1.1, contents */
static const uint8_t extension_oid[] = { 0x2b, 6, 1, 4, 1, 0x83, 0xa2, 0x5a, 1, 1 };

enum {
  PREFIX = sizeof signed_prefix - 1,
  SIGNED_MAX = PREFIX + P2P__SPKI_MAX,
  DAY = 86400,
  SERIAL = 8,       /* bytes */
  SCALAR_DRAWS = 64 /* a draw fails once in 2^32 */
};

/* Ours are valid at any time: nobody trusts them for their age, clocks are wrong by hours and years
 * (a board without battery wakes in 1970), and a date would tell how wrong ours is. The end is the one
 * that means none: RFC 5280, section 4.1.2.5. */
static const char valid_from[] = "700101000000Z", valid_until[] = "99991231235959Z";

/* What the host's key signs: the prefix and the certificate's SubjectPublicKeyInfo. */
static p2p_bytes signed_text(p2p_bytes spki, uint8_t out[SIGNED_MAX]) {
  memcpy(out, signed_prefix, PREFIX);
  memcpy(out + PREFIX, spki.p, spki.len);
  return p2p__bytes(out, PREFIX + spki.len);
}

/* ---- dates: proleptic Gregorian, no leap seconds ---- */

/* Days from 1970-01-01; a year begins in March here, so that the leap day is its last. */
static int64_t days_of(int64_t year, int month, int day) {
  int64_t y = year - (month <= 2);
  int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return y * 365 + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

static int days_in(int64_t year, int month) {
  static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap);
}

static int digits(p2p__rd *r, size_t n) {
  int v = 0;
  for (size_t i = 0; i < n; i++) {
    uint8_t c = p2p__rd_u8(r);
    if (c < '0' || c > '9') p2p__rd_fail(r, P2P_EPROTO);
    v = v * 10 + (c - '0');
  }
  return v;
}

/* UTCTime YYMMDDhhmmssZ or GeneralizedTime YYYYMMDDhhmmssZ as seconds since 1970. RFC 5280, section
 * 4.1.2.5. */
static int64_t read_time(p2p__rd *r) {
  bool utc = p2p__der_is(r, P2P__DER_UTC_TIME);
  p2p__rd t = p2p__der_enter(r, utc ? P2P__DER_UTC_TIME : P2P__DER_GENERALIZED_TIME);
  int year = digits(&t, utc ? 2 : 4);
  if (utc) year += year < 50 ? 2000 : 1900;
  int month = digits(&t, 2), day = digits(&t, 2);
  int hour = digits(&t, 2), minute = digits(&t, 2), second = digits(&t, 2);
  if (p2p__rd_u8(&t) != 'Z' || !p2p__rd_done(&t) || month < 1 || month > 12 || day < 1 ||
      hour > 23 || minute > 59 || second > 59 || day > days_in(year, month)) {
    p2p__rd_fail(r, P2P_EPROTO);
    return 0;
  }
  return days_of(year, month, day) * DAY + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
}

/* ---- judging ---- */

/* Parts of a certificate, inside it. */
typedef struct parts {
  p2p_bytes tbs, spki, algorithm, signature; /* tbs and spki with their headers */
  p2p_bytes pubkey, host_signature;          /* of the one extension */
  int64_t not_before, not_after;
} parts;

/* SignedKey ::= SEQUENCE { publicKey OCTET STRING, signature OCTET STRING } */
static int read_signed_key(p2p_bytes value, parts *p) {
  p2p__rd r = p2p__rd_of(value);
  p2p__rd pair = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p2p_bytes pubkey = p2p__der_read(&pair, P2P__DER_OCTET_STRING);
  p2p_bytes signature = p2p__der_read(&pair, P2P__DER_OCTET_STRING);
  if (!p2p__rd_done(&r) || !p2p__rd_done(&pair) || p->pubkey.len) return P2P_EPROTO; /* or twice */
  if (pubkey.len == 0) return P2P_EPROTO;
  p->pubkey = pubkey;
  p->host_signature = signature;
  return 0;
}

/* BOOLEAN DEFAULT FALSE. FALSE should be left out, which not everybody does. */
static bool read_critical(p2p__rd *r) {
  if (!p2p__der_is(r, P2P__DER_BOOLEAN)) return false;
  p2p_bytes v = p2p__der_read(r, P2P__DER_BOOLEAN);
  if (v.len != 1 || (v.p[0] != 0 && v.p[0] != 0xff)) p2p__rd_fail(r, P2P_EPROTO);
  return v.len == 1 && v.p[0];
}

/* Extension ::= SEQUENCE { extnID, critical, extnValue }: ours, or one to ignore. */
static int read_extension(p2p__rd *list, parts *p) {
  p2p__rd r = p2p__der_enter(list, P2P__DER_SEQUENCE);
  p2p_bytes oid = p2p__der_read(&r, P2P__DER_OID);
  bool critical = read_critical(&r);
  p2p_bytes value = p2p__der_read(&r, P2P__DER_OCTET_STRING);
  if (!p2p__rd_done(&r)) return P2P_EPROTO;
  if (p2p__bytes_eq(oid, p2p__bytes(extension_oid, sizeof extension_oid)))
    return read_signed_key(value, p);
  return critical ? P2P_EPROTO : 0;
}

static int read_extensions(p2p__rd *tbs, parts *p) {
  p2p__rd tagged = p2p__der_enter(tbs, P2P__DER_CONTEXT_3);
  p2p__rd list = p2p__der_enter(&tagged, P2P__DER_SEQUENCE);
  if (list.err || !p2p__rd_done(&tagged)) return P2P_EPROTO;
  while (p2p__rd_left(&list) > 0) {
    int err = read_extension(&list, p);
    if (err) return err;
  }
  return p->pubkey.len ? 0 : P2P_EPROTO;
}

/* TBSCertificate, version 3. The unique identifiers of version 2 must not be there. */
static int read_tbs(p2p_bytes contents, parts *p) {
  p2p__rd r = p2p__rd_of(contents);
  p2p__rd version = p2p__der_enter(&r, P2P__DER_CONTEXT_0);
  p2p__der_expect(&version, 2);
  p2p__der_read(&r, P2P__DER_INTEGER); /* serial number: any */
  p2p_bytes algorithm = p2p__der_read(&r, P2P__DER_SEQUENCE);
  p2p__der_read(&r, P2P__DER_SEQUENCE); /* issuer: any name */
  p2p__rd validity = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p->not_before = read_time(&validity);
  p->not_after = read_time(&validity);
  p2p__der_read(&r, P2P__DER_SEQUENCE); /* subject: any name */
  p->spki = p2p__der_element_read(&r, P2P__DER_SEQUENCE);
  if (r.err || !p2p__rd_done(&version) || !p2p__rd_done(&validity)) return P2P_EPROTO;
  if (!p2p__bytes_eq(algorithm, p->algorithm)) return P2P_EPROTO; /* RFC 5280, section 4.1.1.2 */
  int err = read_extensions(&r, p);
  if (err) return err;
  return p2p__rd_done(&r) ? 0 : P2P_EPROTO;
}

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } */
static int read_certificate(p2p_bytes der, parts *p) {
  p2p__rd r = p2p__rd_of(der);
  p2p__rd outer = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p2p__rd again = outer;
  p->tbs = p2p__der_element_read(&outer, P2P__DER_SEQUENCE);
  p2p_bytes contents = p2p__der_read(&again, P2P__DER_SEQUENCE);
  p->algorithm = p2p__der_read(&outer, P2P__DER_SEQUENCE);
  p->signature = p2p__der_bits(&outer);
  if (!p2p__rd_done(&r) || !p2p__rd_done(&outer)) return P2P_EPROTO;
  return read_tbs(contents, p);
}

/* What a failed verification says of who is there. */
static int verdict(int err) {
  return err == 0 || err == P2P_ENOMEM || err == P2P_ENOTSUP ? err : P2P_EAUTH;
}

int p2p__certificate_judge(p2p_bytes der, int64_t unix_s, const p2p_peer_id *expected,
                           p2p_peer_id *peer, p2p_bytes *pubkey) {
  parts p = { 0 };
  p2p_peer_id id;
  uint8_t text[SIGNED_MAX];
  int err = read_certificate(der, &p);
  if (err) return err;
  if (unix_s < p.not_before || unix_s > p.not_after) return P2P_EAUTH;
  if (p.spki.len > P2P__SPKI_MAX) return P2P_EAUTH;
  err = p2p_peer_id_from_pubkey(p.pubkey, &id);
  if (!err) err = p2p__x509_verify(p.spki, p.algorithm, p.tbs, p.signature);
  if (!err) err = p2p_verify(p.pubkey, signed_text(p.spki, text), p.host_signature);
  if (err) return verdict(err);
  if (expected->len && !p2p_peer_id_eq(expected, &id)) return P2P_EPEER;
  *peer = id;
  *pubkey = p.pubkey;
  return 0;
}

/* ---- making ---- */

static int make_scalar(p2p__env *env, const p2p__curve *curve, uint8_t *scalar) {
  for (size_t i = 0; i < SCALAR_DRAWS; i++) {
    int err = p2p__random(env, scalar, curve->size);
    if (err) return err;
    if (p2p__curve_is_scalar(curve, scalar)) return 0;
  }
  return P2P_EIO; /* that source is not random */
}

/* A key pair: the signer, its public key as DER, its private key as PKCS #8 in *out. */
static int make_key(p2p__env *env, p2p__der *spki, p2p__signer **signer, p2p__certificate *out) {
  const p2p__curve *curve = p2p__curve_by_bits(256);
  uint8_t scalar[P2P__SCALAR_MAX], point[P2P__POINT_MAX], private[P2P__EC_PRIVATE_MAX];
  p2p__der d = p2p__der_of(private, sizeof private);
  p2p__wr w = p2p__wr_of(out->key, sizeof out->key);
  int err = make_scalar(env, curve, scalar);
  if (!err) err = p2p__ec_public(curve, scalar, point);
  if (err) goto out;
  p2p__ec_private key = { .curve = curve, .scalar = scalar };
  key.point = p2p__bytes(point, 1 + 2 * curve->size);
  p2p__ec_private_write(&d, &key, true);
  p2p__ec_spki_write(spki, curve, key.point);
  err = p2p__pkcs8_write(P2P_KEY_ECDSA, p2p__der_bytes(&d), &w);
  if (!err) err = p2p__signer_new(P2P__SIGNER_EC, p2p__der_bytes(&d), signer);
  out->key_len = w.len;
out:
  p2p__wipe(scalar, sizeof scalar);
  p2p__wipe(private, sizeof private);
  return err;
}

/* [3] { SEQUENCE { Extension } }: the one, not critical, as go-libp2p has it. */
static int put_extensions(p2p__der *d, const p2p_identity *id, p2p_bytes spki) {
  uint8_t text[SIGNED_MAX], sig[P2P_SIGNATURE_MAX];
  size_t len = 0, before = d->at;
  int err = id->sign(id->ctx, signed_text(spki, text), sig, &len);
  if (err) return err;
  p2p__der_element(d, P2P__DER_OCTET_STRING, p2p__bytes(sig, len));
  p2p__der_element(d, P2P__DER_OCTET_STRING, p2p__bytes(id->pubkey, id->pubkey_len));
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
  p2p__der_wrap(d, P2P__DER_OCTET_STRING, before);
  p2p__der_element(d, P2P__DER_OID, p2p__bytes(extension_oid, sizeof extension_oid));
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
  p2p__der_wrap(d, P2P__DER_CONTEXT_3, before);
  return 0;
}

/* A name of one serialNumber (2.5.4.5): some parsers want a name to have something in it. */
static void put_name(p2p__der *d, const uint8_t serial[SERIAL]) {
  uint8_t text[2 * SERIAL];
  size_t before = d->at;
  for (size_t i = 0; i < sizeof text; i++)
    text[i] = (uint8_t)"0123456789ABCDEF"[serial[i / 2] >> (i % 2 ? 0 : 4) & 15];
  p2p__der_element(d, P2P__DER_PRINTABLE_STRING, p2p__bytes(text, sizeof text));
  p2p__der_element(d, P2P__DER_OID, p2p__bytes("\x55\x04\x05", 3));
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
  p2p__der_wrap(d, P2P__DER_SET, before);
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
}

static void put_validity(p2p__der *d) {
  size_t before = d->at;
  p2p__der_element(d, P2P__DER_GENERALIZED_TIME, p2p__cstr(valid_until));
  p2p__der_element(d, P2P__DER_UTC_TIME, p2p__cstr(valid_from));
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
}

static void put_algorithm(p2p__der *d) {
  p2p__der_element(d, P2P__DER_SEQUENCE, p2p__x509_ecdsa_sha256);
}

static int put_tbs(p2p__der *d, const p2p_identity *id, p2p_bytes spki,
                   const uint8_t serial[SERIAL]) {
  static const uint8_t version = 2;
  size_t end = d->at;
  int err = put_extensions(d, id, spki);
  if (err) return err;
  p2p__der_put(d, spki);
  put_name(d, serial);
  put_validity(d);
  put_name(d, serial);
  put_algorithm(d);
  p2p__der_integer(d, p2p__bytes(serial, SERIAL));
  size_t before = d->at;
  p2p__der_integer(d, p2p__bytes(&version, 1));
  p2p__der_wrap(d, P2P__DER_CONTEXT_0, before);
  p2p__der_wrap(d, P2P__DER_SEQUENCE, end);
  return d->err;
}

/* Wraps what is to be signed into a certificate. */
static int sign_tbs(p2p__der *tbs, p2p__signer *signer, p2p__certificate *out) {
  uint8_t hash[P2P__SHA256], sig[128];
  size_t len = 0;
  p2p_bytes contents = p2p__der_bytes(tbs);
  p2p__sha256(&contents, 1, hash);
  int err = p2p__signer_sign(signer, hash, sig, sizeof sig, &len);
  if (err) return err;
  p2p__der d = p2p__der_of(out->der, sizeof out->der);
  size_t end = d.at;
  p2p__der_put(&d, p2p__bytes(sig, len));
  p2p__der_wrap_bits(&d, end);
  put_algorithm(&d);
  p2p__der_put(&d, contents);
  p2p__der_wrap(&d, P2P__DER_SEQUENCE, end);
  if (d.err) return d.err;
  out->len = p2p__der_bytes(&d).len;
  memmove(out->der, p2p__der_bytes(&d).p, out->len);
  return 0;
}

int p2p__certificate_make(p2p__env *env, const p2p_identity *id, p2p__certificate *out) {
  uint8_t serial[SERIAL], spki_room[128], tbs_room[P2P__CERTIFICATE_MAX];
  p2p__der spki = p2p__der_of(spki_room, sizeof spki_room);
  p2p__der tbs = p2p__der_of(tbs_room, sizeof tbs_room);
  p2p__signer *signer = NULL;
  memset(out, 0, sizeof *out);
  int err = p2p__random(env, serial, sizeof serial);
  serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and of one length */
  if (!err) err = make_key(env, &spki, &signer, out);
  if (!err) err = put_tbs(&tbs, id, p2p__der_bytes(&spki), serial);
  if (!err) err = sign_tbs(&tbs, signer, out);
  p2p__signer_free(signer);
  if (err) p2p__certificate_fini(out);
  return err;
}

void p2p__certificate_fini(p2p__certificate *c) {
  if (c) p2p__wipe(c, sizeof *c);
}
