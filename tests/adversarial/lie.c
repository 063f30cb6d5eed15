/* Certificates that prove nothing. */
#include "lie.h"
#include <gnutls/x509.h>
#include <stdlib.h>
#include <time.h>

static const char OID[] = "1.3.6.1.4.1.53594.1.1";
enum { DER_MAX = 4096 };

/* ---- the certificate ---- */

static size_t put_octets(p2p__wr *w, p2p_bytes b) {
  p2p__wr_u8(w, 0x04);
  if (b.len >= 128) p2p__wr_u8(w, 0x81);
  p2p__wr_u8(w, (uint8_t)b.len);
  p2p__wr_bytes_in(w, b);
  return w->len;
}

/* SignedKey: our identity's key, and its signature over the certificate's. */
static size_t signed_key(const p2p_identity *named, const p2p_identity *signer, p2p_bytes spki,
                         uint8_t *out, size_t cap) {
  uint8_t text[512], sig[P2P_SIGNATURE_MAX], inner[512];
  size_t sig_len = 0;
  p2p__wr t = p2p__wr_of(text, sizeof text), i = p2p__wr_of(inner, sizeof inner);
  p2p__wr w = p2p__wr_of(out, cap);
  p2p__wr_str(&t, "libp2p-tls-handshake:");
  p2p__wr_bytes_in(&t, spki);
  if (signer->sign(signer->ctx, p2p__wr_bytes(&t), sig, &sig_len)) return 0;
  put_octets(&i, p2p__bytes(named->pubkey, named->pubkey_len));
  put_octets(&i, p2p__bytes(sig, sig_len));
  p2p__wr_u8(&w, 0x30);
  if (i.len >= 128) p2p__wr_u8(&w, 0x81);
  p2p__wr_u8(&w, (uint8_t)i.len);
  p2p__wr_bytes_in(&w, p2p__wr_bytes(&i));
  return w.err ? 0 : w.len;
}

static gnutls_x509_privkey_t new_key(void) {
  gnutls_x509_privkey_t key;
  unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
  if (gnutls_x509_privkey_init(&key) < 0 ||
      gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, bits, 0) < 0)
    abort();
  return key;
}

static size_t spki_of(gnutls_x509_privkey_t key, uint8_t *out, size_t cap) {
  gnutls_privkey_t abstract;
  gnutls_pubkey_t pub;
  size_t len = cap;
  if (gnutls_privkey_init(&abstract) < 0 || gnutls_pubkey_init(&pub) < 0) abort();
  bool ok = gnutls_privkey_import_x509(abstract, key, 0) >= 0 &&
            gnutls_pubkey_import_privkey(pub, abstract, 0, 0) >= 0 &&
            gnutls_pubkey_export(pub, GNUTLS_X509_FMT_DER, out, &len) >= 0;
  gnutls_pubkey_deinit(pub);
  gnutls_privkey_deinit(abstract);
  return ok ? len : 0;
}

static bool extend(evil *e, const lie *l, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key) {
  uint8_t spki[256], extension[512];
  p2p_identity other = { 0 };
  gnutls_x509_privkey_t elsewhere = l->stranger ? new_key() : NULL;
  if (l->forged && p2p_identity_generate(&other, P2P_KEY_ED25519, e->io) < 0) return false;
  size_t n = spki_of(elsewhere ? elsewhere : key, spki, sizeof spki);
  size_t len = signed_key(&e->self, l->forged ? &other : &e->self, p2p__bytes(spki, n), extension,
                          sizeof extension);
  if (elsewhere) gnutls_x509_privkey_deinit(elsewhere);
  p2p_identity_fini(&other);
  return len > 0 && gnutls_x509_crt_set_extension_by_oid(crt, l->oid ? l->oid : OID, extension, len,
                                                         l->critical) >= 0;
}

static gnutls_x509_crt_t certify(evil *e, const lie *l, gnutls_x509_privkey_t key) {
  static const uint8_t serial[] = { 0x42 };
  struct timespec now;
  gnutls_x509_crt_t crt;
  clock_gettime(CLOCK_REALTIME, &now);
  bool dated = l->from || l->until;
  if (gnutls_x509_crt_init(&crt) < 0) abort();
  bool ok = gnutls_x509_crt_set_version(crt, 3) >= 0 &&
            gnutls_x509_crt_set_serial(crt, serial, sizeof serial) >= 0 &&
            gnutls_x509_crt_set_activation_time(crt, now.tv_sec + (dated ? l->from : -DAY)) >= 0 &&
            gnutls_x509_crt_set_expiration_time(crt, now.tv_sec + (dated ? l->until : YEAR)) >= 0 &&
            gnutls_x509_crt_set_key(crt, key) >= 0 && (l->naked || extend(e, l, crt, key)) &&
            gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) >= 0;
  if (!ok) abort();
  return crt;
}

/* The same with the last byte of its signature changed. */
static void spoil(gnutls_x509_crt_t *crt) {
  uint8_t der[DER_MAX];
  size_t len = sizeof der;
  if (gnutls_x509_crt_export(*crt, GNUTLS_X509_FMT_DER, der, &len) < 0) abort();
  der[len - 1] ^= 1;
  gnutls_x509_crt_deinit(*crt);
  const gnutls_datum_t d = { der, (unsigned)len };
  if (gnutls_x509_crt_init(crt) < 0 || gnutls_x509_crt_import(*crt, &d, GNUTLS_X509_FMT_DER) < 0)
    abort();
}

/* As a list that nobody sorts: the other way GnuTLS leaves out what does not belong together. */
void lie_present(evil *e, const lie *l, gnutls_certificate_credentials_t to) {
  gnutls_x509_privkey_t key = new_key();
  gnutls_pcert_st *chain = gnutls_malloc((1 + LIE_CHAIN) * sizeof *chain);
  gnutls_privkey_t private;
  gnutls_x509_privkey_t signs = l->other_key ? new_key() : key;
  if (!chain || gnutls_privkey_init(&private) < 0 ||
      gnutls_privkey_import_x509(private, signs, GNUTLS_PRIVKEY_IMPORT_COPY) < 0)
    abort();
  if (l->other_key) gnutls_certificate_set_flags(to, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
  for (unsigned i = 0; i <= l->chain; i++) {
    gnutls_x509_crt_t crt = certify(e, l, key);
    if (l->unsigned_der) spoil(&crt);
    if (gnutls_pcert_import_x509(&chain[i], crt, 0) < 0) abort();
    gnutls_x509_crt_deinit(crt);
  }
  int n = 1 + (int)l->chain;
  if (gnutls_certificate_set_key(to, NULL, 0, chain, n, private) < 0) abort();
  gnutls_free(chain); /* the certificates and the key are theirs now */
  if (l->other_key) gnutls_x509_privkey_deinit(signs);
  gnutls_x509_privkey_deinit(key);
}
