/* secp256k1 over libcrypto, which has no code of its own for this curve: it is slow, and works
 * everywhere. */
#include "crypto/backend.h"
#include "crypto/ec.h"
#include "crypto/signer.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

enum { SCALAR = P2P__SECP256K1_SCALAR, POINT = P2P__SECP256K1_POINT, DER_MAX = 80 };

static int public_of(const uint8_t secret[SCALAR], uint8_t pub[POINT]) {
  uint8_t point[P2P__POINT_MAX];
  int err = p2p__ec_public(&p2p__secp256k1, secret, point);
  if (err) return err;
  pub[0] = point[SCALAR + SCALAR] & 1 ? 3 : 2; /* 2 or 3: the last bit of y */
  memcpy(pub + 1, point + 1, SCALAR);
  return 0;
}

static void align(p2p_bytes magnitude, uint8_t out[SCALAR]) {
  size_t len = p2p__min(magnitude.len, SCALAR);
  memset(out, 0, SCALAR);
  if (len) memcpy(out + SCALAR - len, magnitude.p, len);
}

static int sign(const uint8_t secret[SCALAR], const uint8_t hash[32], uint8_t sig[2 * SCALAR]) {
  uint8_t buf[P2P__EC_PRIVATE_MAX], out[DER_MAX];
  size_t len = 0;
  p2p__der d = p2p__der_of(buf, sizeof buf);
  p2p__ec_private key = { .curve = &p2p__secp256k1, .scalar = secret };
  p2p__signer *signer = NULL;
  p2p__ec_private_write(&d, &key, true);
  int err = p2p__signer_new(P2P__SIGNER_EC, p2p__der_bytes(&d), &signer);
  if (!err) err = p2p__signer_sign(signer, hash, out, sizeof out, &len);
  p2p__signer_free(signer);
  p2p__wipe(buf, sizeof buf);
  if (err) return err;
  p2p__rd r = p2p__rd_of(p2p__bytes(out, len));
  p2p__rd pair = p2p__der_enter(&r, P2P__DER_SEQUENCE);
  align(p2p__der_positive(&pair), sig);
  align(p2p__der_positive(&pair), sig + SCALAR);
  return pair.err ? P2P_EKEY : 0;
}

static EVP_PKEY *public_key(const uint8_t pub[POINT]) {
  uint8_t buf[P2P__EC_PRIVATE_MAX];
  p2p__der d = p2p__der_of(buf, sizeof buf);
  p2p__ec_spki_write(&d, &p2p__secp256k1, p2p__bytes(pub, POINT));
  p2p_bytes der = p2p__der_bytes(&d);
  const unsigned char *p = der.p;
  return d2i_PUBKEY(NULL, &p, (long)der.len); /* asks whether the point is on the curve */
}

static int verify(const uint8_t pub[POINT], const uint8_t hash[32], const uint8_t sig[2 * SCALAR]) {
  uint8_t buf[DER_MAX];
  p2p__der d = p2p__der_of(buf, sizeof buf);
  p2p__der_integer(&d, p2p__bytes(sig + SCALAR, SCALAR));
  p2p__der_integer(&d, p2p__bytes(sig, SCALAR));
  p2p__der_wrap(&d, P2P__DER_SEQUENCE, sizeof buf);
  p2p_bytes der = p2p__der_bytes(&d);
  int err = P2P_EKEY;
  EVP_PKEY_CTX *ctx = NULL;
  ERR_set_mark();
  EVP_PKEY *key = public_key(pub);
  if (!key) goto out;
  err = P2P_ENOMEM;
  ctx = EVP_PKEY_CTX_new(key, NULL);
  if (!ctx || EVP_PKEY_verify_init(ctx) != 1) goto out;
  err = EVP_PKEY_verify(ctx, der.p, der.len, hash, 32) == 1 ? 0 : P2P_ESIG;
out:
  EVP_PKEY_CTX_free(ctx);
  EVP_PKEY_free(key);
  ERR_pop_to_mark();
  return err;
}

const p2p__secp256k1_backend p2p__secp256k1_openssl = {
  .name = "libcrypto " OPENSSL_FULL_VERSION_STR,
  .public_of = public_of,
  .sign = sign,
  .verify = verify,
};
