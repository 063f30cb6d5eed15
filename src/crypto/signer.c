/* Signing with RSA and ECDSA over libcrypto. Spec: RFC 8017, section 8.2; FIPS 186-5, section 6;
 * RFC 6979 where libcrypto has it (3.2). */
#include "crypto/signer.h"
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

int p2p__signer_new(p2p__signer_kind kind, p2p_bytes der, p2p__signer **out) {
  const unsigned char *p = der.p;
  *out = NULL;
  if (der.len == 0) return P2P_EKEY;
  ERR_set_mark();
  *out = d2i_PrivateKey(kind == P2P__SIGNER_RSA ? EVP_PKEY_RSA : EVP_PKEY_EC, NULL, &p,
                        (long)der.len);
  ERR_pop_to_mark();
  return *out ? 0 : P2P_EKEY;
}

void p2p__signer_free(p2p__signer *s) { EVP_PKEY_free(s); }

/* The nonce of ECDSA from key and message: a signature then needs no randomness, and a bad source of
 * it gives no key away. */
static bool derive_nonce(EVP_PKEY_CTX *ctx) {
#ifdef OSSL_SIGNATURE_PARAM_NONCE_TYPE
  unsigned deterministic = 1;
  OSSL_PARAM params[] = {
    OSSL_PARAM_construct_uint(OSSL_SIGNATURE_PARAM_NONCE_TYPE, &deterministic),
    OSSL_PARAM_construct_end(),
  };
  return EVP_PKEY_CTX_set_params(ctx, params) == 1;
#else
  return ctx != NULL; /* before 3.2: of libcrypto's own generator */
#endif
}

int p2p__signer_sign(p2p__signer *s, const uint8_t hash[32], uint8_t *sig, size_t cap,
                     size_t *len) {
  int err = P2P_ENOMEM;
  size_t n = cap;
  ERR_set_mark();
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(s, NULL);
  if (!ctx || EVP_PKEY_sign_init(ctx) != 1) goto out;
  if (EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1) goto out;
  if (EVP_PKEY_get_base_id(s) == EVP_PKEY_EC && !derive_nonce(ctx)) goto out;
  err = P2P_ELIMIT;
  if ((size_t)EVP_PKEY_get_size(s) > cap) goto out;
  err = EVP_PKEY_sign(ctx, sig, &n, hash, 32) == 1 ? 0 : P2P_EKEY;
  if (!err && n > cap) err = P2P_ENOMEM; /* 3.0 says so of a signature it had no memory to encode */
  if (!err) *len = n;
out:
  EVP_PKEY_CTX_free(ctx);
  ERR_pop_to_mark();
  return err;
}
