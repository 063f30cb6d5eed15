/* GnuTLS asks for a signature; libcrypto gives it. See tls_gnutls_key.h. Spec: RFC 8446, section 4.4.3. */
#include "crypto/tls_gnutls_key.h"
#include "crypto/crypto.h"
#include "crypto/signer.h"
#include <gnutls/abstract.h>

enum { SIGNATURE_MAX = 80 }; /* ECDSA on P-256 in DER: 72 */

static bool can_sign(gnutls_sign_algorithm_t algorithm) {
  return algorithm == GNUTLS_SIGN_ECDSA_SECP256R1_SHA256 ||
         algorithm == GNUTLS_SIGN_ECDSA_SHA256; /* its name before TLS 1.3 */
}

static int on_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *signer,
                   unsigned flags, const gnutls_datum_t *hash, gnutls_datum_t *out) {
  uint8_t signature[SIGNATURE_MAX];
  size_t len;
  (void)key;
  (void)flags;
  if (!can_sign(algorithm) || hash->size != P2P__SHA256) return GNUTLS_E_UNIMPLEMENTED_FEATURE;
  int err = p2p__signer_sign(signer, hash->data, signature, sizeof signature, &len);
  if (err < 0) return err == P2P_ENOMEM ? GNUTLS_E_MEMORY_ERROR : GNUTLS_E_PK_SIGN_FAILED;
  out->data = gnutls_malloc(len); /* freed by the library */
  if (!out->data) return GNUTLS_E_MEMORY_ERROR;
  memcpy(out->data, signature, len);
  out->size = (unsigned)len;
  return 0;
}

/* Which of the two is asked depends on the version. */
static int on_data(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *signer,
                   unsigned flags, const gnutls_datum_t *data, gnutls_datum_t *out) {
  uint8_t hash[P2P__SHA256];
  p2p_bytes message = p2p__bytes(data->data, data->size);
  p2p__sha256(&message, 1, hash);
  const gnutls_datum_t hashed = { hash, sizeof hash };
  return on_hash(key, algorithm, signer, flags, &hashed, out);
}

static int on_info(gnutls_privkey_t key, unsigned flags, void *signer) {
  (void)key;
  (void)signer;
  if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) return GNUTLS_PK_ECDSA;
  if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
    return (int)GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
  if (flags & GNUTLS_PRIVKEY_INFO_SIGN_ALGO) return GNUTLS_SIGN_ECDSA_SHA256;
  if (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) return can_sign(GNUTLS_FLAGS_TO_SIGN_ALGO(flags));
  return -1;
}

static void on_deinit(gnutls_privkey_t key, void *signer) {
  (void)key;
  p2p__signer_free(signer);
}

/* A key that signs with s, and takes it. */
static int lend(p2p__signer *s, gnutls_privkey_t *out) {
  int err = gnutls_privkey_init(out);
  if (err >= 0) {
    err = gnutls_privkey_import_ext4(*out, s, on_data, on_hash, NULL, on_deinit, on_info, 0);
    if (err >= 0) return 0;
    gnutls_privkey_deinit(*out);
  }
  p2p__signer_free(s);
  return err;
}

static int error_of(int gnutls) { return gnutls == GNUTLS_E_MEMORY_ERROR ? P2P_ENOMEM : P2P_EKEY; }

int p2p__tls_gnutls_key(gnutls_certificate_credentials_t c, p2p_bytes cert, p2p_bytes key) {
  const gnutls_datum_t der = { (unsigned char *)(uintptr_t)cert.p, (unsigned)cert.len };
  gnutls_pcert_st certificate;
  gnutls_privkey_t lent;
  p2p__signer *signer;
  int err = p2p__signer_new(P2P__SIGNER_EC, key, &signer);
  if (err < 0) return err;
  err = lend(signer, &lent);
  if (err < 0) return error_of(err);
  err = gnutls_pcert_import_x509_raw(&certificate, &der, GNUTLS_X509_FMT_DER, 0);
  if (err < 0) goto fail;
  err = gnutls_certificate_set_key(c, NULL, 0, &certificate, 1, lent); /* takes both */
  if (err >= 0) return 0;
  gnutls_pcert_deinit(&certificate);
fail:
  gnutls_privkey_deinit(lent);
  return error_of(err);
}
