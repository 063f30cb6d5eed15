/* RSA private keys. Spec: RFC 8017, appendix A.1.2; RFC 3279, section 2.3.1. */
#include "crypto/rsa.h"
#include "crypto/der.h"
#include "crypto/oid.h"
#include "crypto/pkey.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

enum { PUBLIC_MAX = P2P__RSA_BITS_MAX / 8 + 64, FACTORS = 6 };

int p2p__rsa_make(unsigned bits, p2p__wr *w) {
  if (bits < P2P__RSA_BITS_MIN || bits > P2P__RSA_BITS_MAX || bits % 8) return P2P_EINVAL;
  unsigned char *der = NULL;
  EVP_PKEY *key = EVP_RSA_gen(bits);
  int len = key ? i2d_PrivateKey(key, &der) : -1;
  if (len > 0) p2p__wr_bytes_in(w, p2p__bytes(der, (size_t)len));
  if (len > 0) OPENSSL_clear_free(der, (size_t)len);
  EVP_PKEY_free(key);
  return len > 0 ? w->err : P2P_ENOMEM;
}

/* n and e of an RSAPrivateKey; false: it is none. */
static bool open_private(p2p_bytes der, p2p_bytes *n, p2p_bytes *e) {
  p2p__rd r = p2p__rd_of(der);
  p2p__rd key = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  p2p__der_expect(&key, 0); /* two primes */
  *n = p2p__der_positive(&key);
  *e = p2p__der_positive(&key);
  for (size_t i = 0; i < FACTORS; i++) { /* d, p, q, d mod (p-1), d mod (q-1), 1/q mod p */
    if (p2p__der_positive(&key).len > n->len) return false;
  }
  return p2p__rd_done(&r) && p2p__rd_done(&key);
}

/* AlgorithmIdentifier { rsaEncryption, NULL } and the two numbers. */
static void write_spki(p2p__der *d, p2p_bytes n, p2p_bytes e) {
  size_t end = d->at;
  p2p__der_integer(d, e);
  p2p__der_integer(d, n);
  p2p__der_wrap(d, P2P__DER_SEQUENCE, end);
  p2p__der_wrap_bits(d, end);
  size_t before = d->at;
  p2p__der_element(d, P2P__DER_NULL, p2p__bytes(NULL, 0));
  p2p__der_element(d, P2P__DER_OID, P2P__OID(P2P__OID_RSA));
  p2p__der_wrap(d, P2P__DER_SEQUENCE, before);
  p2p__der_wrap(d, P2P__DER_SEQUENCE, end);
}

int p2p__rsa_public(p2p_bytes der, p2p__wr *w) {
  uint8_t buf[PUBLIC_MAX];
  p2p__der d = p2p__der_of(buf, sizeof buf);
  p2p_bytes n, e;
  if (!open_private(der, &n, &e)) return P2P_EKEY;
  write_spki(&d, n, e);
  if (!p2p__rsa_is_key(p2p__der_bytes(&d))) return P2P_EKEY; /* bounds, and d.err */
  p2p__wr_bytes_in(w, p2p__der_bytes(&d));
  return w->err;
}

bool p2p__rsa_is_private(p2p_bytes der) {
  uint8_t buf[PUBLIC_MAX];
  p2p__wr w = p2p__wr_of(buf, sizeof buf);
  return p2p__rsa_public(der, &w) == 0;
}
