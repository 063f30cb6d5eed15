/* RSA, ECDSA and secp256k1 over libcrypto. Spec: RFC 8017, section 8.2; RFC 3279, section 2.3;
 * RFC 5480, section 2; BIP 62. */
#include "crypto/pkey.h"
#include "crypto/der.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

enum { SECP256K1_POINT = 33, SECP256K1_SCALAR = 32 };

static bool is_text(p2p_bytes b, const char *text, size_t len) {
  return p2p__bytes_eq(b, p2p__bytes(text, len));
}
/* Whether b holds the bytes of a string literal. */
#define IS(b, literal) is_text(b, literal, sizeof(literal) - 1)

#define OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_EC "\x2a\x86\x48\xce\x3d\x02\x01"

/* ---- the shape of keys ---- */

/* SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey }: opens both. false: neither. */
static bool open_spki(p2p_bytes key, p2p__rd *algorithm, p2p_bytes *bits) {
  p2p__rd r = p2p__rd_of(key);
  p2p__rd spki = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  *algorithm = p2p__der_enter(&spki, P2P__DER_SEQUENCE);
  *bits = p2p__der_bits(&spki);
  return p2p__rd_done(&r) && p2p__rd_done(&spki);
}

static size_t bit_length(p2p_bytes n) {
  size_t bits = n.len * 8;
  for (unsigned mask = 0x80; n.len && mask && !(n.p[0] & mask); mask >>= 1) bits--;
  return bits;
}

static bool is_odd(p2p_bytes n) { return n.len && n.p[n.len - 1] & 1; }

/* RSAPublicKey ::= SEQUENCE { modulus, publicExponent }. Bounds come before arithmetic: a huge
 * modulus or exponent makes one verification take minutes. */
static bool is_rsa_pair(p2p_bytes bits) {
  p2p__rd r = p2p__rd_of(bits);
  p2p__rd pair = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p2p_bytes n = p2p__der_positive(&pair), e = p2p__der_positive(&pair);
  if (!p2p__rd_done(&r) || !p2p__rd_done(&pair) || !is_odd(n) || !is_odd(e)) return false;
  return bit_length(n) >= P2P__RSA_BITS_MIN && bit_length(n) <= P2P__RSA_BITS_MAX &&
         bit_length(e) >= 2 && bit_length(e) <= 31;
}

bool p2p__rsa_is_key(p2p_bytes key) {
  p2p__rd algorithm;
  p2p_bytes bits;
  if (!open_spki(key, &algorithm, &bits)) return false;
  p2p_bytes oid = p2p__der_read(&algorithm, P2P__DER_OID);
  p2p_bytes null = p2p__der_read(&algorithm, P2P__DER_NULL);
  return p2p__rd_done(&algorithm) && IS(oid, OID_RSA) && null.len == 0 && is_rsa_pair(bits);
}

/* Bytes of an uncompressed point of the curve; 0: not one of ours. */
static size_t point_size(p2p_bytes curve) {
  if (IS(curve, "\x2a\x86\x48\xce\x3d\x03\x01\x07")) return 1 + 2 * 32; /* P-256 */
  if (IS(curve, "\x2b\x81\x04\x00\x22")) return 1 + 2 * 48;             /* P-384 */
  if (IS(curve, "\x2b\x81\x04\x00\x23")) return 1 + 2 * 66;             /* P-521 */
  return 0;
}

bool p2p__ecdsa_is_key(p2p_bytes key) {
  p2p__rd algorithm;
  p2p_bytes point;
  if (!open_spki(key, &algorithm, &point)) return false;
  p2p_bytes oid = p2p__der_read(&algorithm, P2P__DER_OID);
  p2p_bytes curve = p2p__der_read(&algorithm, P2P__DER_OID);
  return p2p__rd_done(&algorithm) && IS(oid, OID_EC) && point.len > 0 &&
         point.len == point_size(curve) && point.p[0] == 4;
}

bool p2p__secp256k1_is_key(p2p_bytes key) {
  return key.len == SECP256K1_POINT && (key.p[0] == 2 || key.p[0] == 3);
}

/* ---- the shape of signatures ---- */

/* ECDSA-Sig-Value ::= SEQUENCE { r, s } */
static bool open_ecdsa(p2p_bytes sig, p2p_bytes *s) {
  p2p__rd r = p2p__rd_of(sig);
  p2p__rd pair = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p2p__der_positive(&pair);
  *s = p2p__der_positive(&pair);
  return p2p__rd_done(&r) && p2p__rd_done(&pair);
}

/* s <= n / 2. */
static bool is_low(p2p_bytes s) {
  static const uint8_t half[SECP256K1_SCALAR] = { 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                  0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d,
                                                  0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0 };
  return s.len < sizeof half || (s.len == sizeof half && memcmp(s.p, half, sizeof half) <= 0);
}

/* ---- libcrypto ---- */

static int verify(p2p_bytes spki, p2p_bytes msg, p2p_bytes sig) {
  int err = P2P_EKEY;
  const unsigned char *p = spki.p;
  EVP_MD_CTX *ctx = NULL;
  ERR_set_mark();
  EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)spki.len); /* asks whether a point is on its curve */
  if (!key) goto out;
  err = P2P_ENOMEM;
  ctx = EVP_MD_CTX_new();
  if (!ctx || EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) != 1) goto out;
  err = EVP_DigestVerify(ctx, sig.p, sig.len, msg.p, msg.len) == 1 ? 0 : P2P_ESIG;
out:
  EVP_MD_CTX_free(ctx);
  EVP_PKEY_free(key);
  ERR_pop_to_mark();
  return err;
}

int p2p__rsa_verify(p2p_bytes key, p2p_bytes msg, p2p_bytes sig) {
  return p2p__rsa_is_key(key) ? verify(key, msg, sig) : P2P_EKEY;
}

int p2p__ecdsa_verify(p2p_bytes key, p2p_bytes msg, p2p_bytes sig) {
  p2p_bytes s;
  if (!p2p__ecdsa_is_key(key)) return P2P_EKEY;
  return open_ecdsa(sig, &s) ? verify(key, msg, sig) : P2P_ESIG;
}

int p2p__secp256k1_verify(p2p_bytes key, p2p_bytes msg, p2p_bytes sig) {
  /* SubjectPublicKeyInfo of a compressed point, up to the point. */
  static const uint8_t head[] = { 0x30, 0x36, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
                                  0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
                                  0x81, 0x04, 0x00, 0x0a, 0x03, 0x22, 0x00 };
  uint8_t spki[sizeof head + SECP256K1_POINT];
  p2p_bytes s;
  if (!p2p__secp256k1_is_key(key)) return P2P_EKEY;
  if (!open_ecdsa(sig, &s) || !is_low(s)) return P2P_ESIG;
  memcpy(spki, head, sizeof head);
  memcpy(spki + sizeof head, key.p, SECP256K1_POINT);
  return verify(p2p__bytes(spki, sizeof spki), msg, sig);
}
