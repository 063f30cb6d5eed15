/* RSA and ECDSA over libcrypto. Spec: RFC 8017, section 8.2; RFC 3279, section 2.3; RFC 5480,
 * section 2. */
#define OPENSSL_API_COMPAT 0x10101000L /* since 3.0 EC_KEY is called deprecated in favour of EVP */

#include "crypto/pkey.h"
#include "crypto/crypto.h"
#include "crypto/curve.h"
#include "crypto/der.h"
#include "crypto/oid.h"
#include "crypto/spki.h"
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

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
  return p2p__rd_done(&algorithm) && p2p__bytes_eq(oid, P2P__OID(P2P__OID_RSA)) && null.len == 0 &&
         is_rsa_pair(bits);
}

bool p2p__ecdsa_is_key(p2p_bytes key) {
  p2p__rd algorithm;
  p2p_bytes point;
  if (!open_spki(key, &algorithm, &point)) return false;
  p2p_bytes oid = p2p__der_read(&algorithm, P2P__DER_OID);
  const p2p__curve *curve = p2p__curve_by_oid(p2p__der_read(&algorithm, P2P__DER_OID));
  if (!p2p__rd_done(&algorithm) || !p2p__bytes_eq(oid, P2P__OID(P2P__OID_EC))) return false;
  if (!curve || curve == &p2p__secp256k1) return false; /* that one is a key type of its own */
  return point.len == 1 + 2 * curve->size && point.p[0] == 4;
}

/* ---- the shape of signatures ---- */

/* ECDSA-Sig-Value ::= SEQUENCE { r, s } */
bool p2p__ecdsa_is_signature(p2p_bytes sig) {
  p2p__rd r = p2p__rd_of(sig);
  p2p__rd pair = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p2p__der_positive(&pair);
  p2p__der_positive(&pair);
  return p2p__rd_done(&r) && p2p__rd_done(&pair);
}

/* ---- libcrypto ---- */

int p2p__rsa_verify_hashed(p2p_bytes spki, const EVP_MD *hash, bool pss, p2p_bytes msg,
                           p2p_bytes sig) {
  int err = P2P_EKEY;
  const unsigned char *p = spki.p;
  EVP_PKEY_CTX *options = NULL; /* the digest context's */
  EVP_MD_CTX *ctx = NULL;
  ERR_set_mark();
  EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)spki.len);
  if (!key) goto out;
  err = P2P_ENOMEM;
  ctx = EVP_MD_CTX_new();
  if (!ctx || EVP_DigestVerifyInit(ctx, &options, hash, NULL, key) != 1) goto out;
  if (pss && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
              EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1))
    goto out;
  err = EVP_DigestVerify(ctx, sig.p, sig.len, msg.p, msg.len) == 1 ? 0 : P2P_ESIG;
out:
  EVP_MD_CTX_free(ctx);
  EVP_PKEY_free(key);
  ERR_pop_to_mark();
  return err;
}

/* ---- ECDSA ---- */

static const struct {
  unsigned bits;
  int nid;
} nids[] = {
  { 256, NID_X9_62_prime256v1 },
  { 384, NID_secp384r1 },
  { 521, NID_secp521r1 },
};

static int nid_of(const p2p__curve *curve) {
  for (size_t i = 0; i < P2P_COUNT(nids); i++)
    if (nids[i].bits == curve->bits) return nids[i].nid;
  return NID_undef;
}

static bool hash_message(const EVP_MD *hash, p2p_bytes msg, uint8_t *out, size_t *len) {
  unsigned n = 0;
  *len = P2P__SHA256;
  if (hash == EVP_sha256()) {
    p2p__sha256(&msg, 1, out); /* needs no memory and no fetch */
    return true;
  }
  if (EVP_Digest(msg.p, msg.len, out, &n, hash, NULL) != 1) return false;
  *len = n;
  return true;
}

/* Over libcrypto's low-level EC_KEY on purpose: the decoder and the fetches that EVP needs for one key
 * cost four times what the verification does. */
int p2p__ecdsa_verify_hashed(p2p_bytes spki, const EVP_MD *hash, p2p_bytes msg, p2p_bytes sig) {
  p2p__rd algorithm;
  p2p_bytes point;
  uint8_t digest[EVP_MAX_MD_SIZE];
  size_t len;
  if (!open_spki(spki, &algorithm, &point)) return P2P_EKEY;
  p2p__der_read(&algorithm, P2P__DER_OID);
  const p2p__curve *curve = p2p__curve_by_oid(p2p__der_read(&algorithm, P2P__DER_OID));
  if (!curve) return P2P_EKEY;
  int err = P2P_ENOMEM;
  ERR_set_mark();
  EC_KEY *key = EC_KEY_new_by_curve_name(nid_of(curve));
  if (!key || !hash_message(hash, msg, digest, &len)) goto out;
  err = P2P_EKEY; /* no point of the curve */
  if (EC_KEY_oct2key(key, point.p, point.len, NULL) != 1) goto out;
  err = ECDSA_verify(0, digest, (int)len, sig.p, (int)sig.len, key) == 1 ? 0 : P2P_ESIG;
out:
  EC_KEY_free(key);
  ERR_pop_to_mark();
  return err;
}

/* ---- both ---- */

int p2p__rsa_verify(p2p_bytes key, p2p_bytes msg, p2p_bytes sig) {
  return p2p__rsa_is_key(key) ? p2p__rsa_verify_hashed(key, EVP_sha256(), false, msg, sig)
                              : P2P_EKEY;
}

int p2p__ecdsa_verify(p2p_bytes key, p2p_bytes msg, p2p_bytes sig) {
  if (!p2p__ecdsa_is_key(key)) return P2P_EKEY;
  return p2p__ecdsa_is_signature(sig) ? p2p__ecdsa_verify_hashed(key, EVP_sha256(), msg, sig)
                                      : P2P_ESIG;
}
