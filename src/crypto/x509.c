/* Algorithms that certificates are signed with, as a table: an AlgorithmIdentifier has one encoding,
 * which is compared and never parsed. Hashes shorter than 256 bits are not in it.
 * Spec: RFC 5758, section 3.2; RFC 4055, sections 3 and 5; RFC 8410. */
#include "crypto/x509.h"
#include "crypto/crypto.h"
#include "crypto/der.h"
#include "crypto/oid.h"
#include "crypto/pkey.h"
#include "crypto/spki.h"

typedef enum key_kind { KEY_EC, KEY_RSA, KEY_RSA_PSS, KEY_ED25519 } key_kind;

#define ECDSA_WITH(n) "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" n
#define RSA_WITH(n) "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" n "\x05\x00"
#define SHA2(n) "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" n "\x05\x00"
/* [0] the hash, [1] MGF1 with the same hash, [2] a salt of its length */
#define PSS_WITH(n, salt)                                                                          \
  "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"                                                   \
  "\x30\x34\xa0\x0f" SHA2(n) "\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SHA2(  \
      n) "\xa2\x03\x02\x01" salt
#define BYTES(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

const p2p_bytes p2p__x509_ecdsa_sha256 = BYTES(ECDSA_WITH("\x02"));

static const struct {
  p2p_bytes algorithm;
  key_kind kind;
  const EVP_MD *(*hash)(void);
} algorithms[] = {
  { BYTES(ECDSA_WITH("\x02")), KEY_EC, EVP_sha256 },
  { BYTES(ECDSA_WITH("\x03")), KEY_EC, EVP_sha384 },
  { BYTES(ECDSA_WITH("\x04")), KEY_EC, EVP_sha512 },
  { BYTES(RSA_WITH("\x0b")), KEY_RSA, EVP_sha256 },
  { BYTES(RSA_WITH("\x0c")), KEY_RSA, EVP_sha384 },
  { BYTES(RSA_WITH("\x0d")), KEY_RSA, EVP_sha512 },
  { BYTES(PSS_WITH("\x01", "\x20")), KEY_RSA_PSS, EVP_sha256 },
  { BYTES(PSS_WITH("\x02", "\x30")), KEY_RSA_PSS, EVP_sha384 },
  { BYTES(PSS_WITH("\x03", "\x40")), KEY_RSA_PSS, EVP_sha512 },
  { BYTES("\x06\x03" P2P__OID_ED25519), KEY_ED25519, NULL },
};

/* SubjectPublicKeyInfo of Ed25519: one header, then the key. RFC 8410, section 4. */
static int verify_ed25519(p2p_bytes spki, p2p_bytes msg, p2p_bytes sig) {
  static const uint8_t head[] = "\x30\x2a\x30\x05\x06\x03" P2P__OID_ED25519 "\x03\x21";
  const size_t n = sizeof head; /* the last zero is the BIT STRING's number of unused bits */
  if (spki.len != n + 32 || memcmp(spki.p, head, n) != 0) return P2P_EKEY;
  p2p_bytes key = p2p__bytes(spki.p + n, 32);
  return p2p__ed25519_is_key(key) ? p2p__ed25519_verify(key.p, msg, sig) : P2P_EKEY;
}

static int verify_ec(size_t i, p2p_bytes spki, p2p_bytes msg, p2p_bytes sig) {
  if (!p2p__ecdsa_is_key(spki)) return P2P_EKEY;
  if (!p2p__ecdsa_is_signature(sig)) return P2P_ESIG;
  return p2p__ecdsa_verify_hashed(spki, algorithms[i].hash(), msg, sig);
}

static int verify_with(size_t i, p2p_bytes spki, p2p_bytes msg, p2p_bytes sig) {
  key_kind kind = algorithms[i].kind;
  if (kind == KEY_ED25519) return verify_ed25519(spki, msg, sig);
  if (kind == KEY_EC) return verify_ec(i, spki, msg, sig);
  if (!p2p__rsa_is_key(spki)) return P2P_EKEY;
  return p2p__rsa_verify_hashed(spki, algorithms[i].hash(), kind == KEY_RSA_PSS, msg, sig);
}

int p2p__x509_verify(p2p_bytes spki, p2p_bytes algorithm, p2p_bytes msg, p2p_bytes sig) {
  for (size_t i = 0; i < P2P_COUNT(algorithms); i++) {
    if (p2p__bytes_eq(algorithm, algorithms[i].algorithm)) return verify_with(i, spki, msg, sig);
  }
  return P2P_ENOTSUP;
}
