/* Certificates that prove nothing. */
#include "lie.h"
#include <gnutls/x509.h>
#include <stdlib.h>
#include <time.h>

static const char OID[] = "1.3.6.1.4.1.53594.1.1";
enum { DER_MAX = 4096 };

/* ---- the certificate ---- */

enum { SIGNED_KEY_MAX = 62000 };

static void put_der(p2p__wr *w, uint8_t tag, p2p_bytes b) {
  p2p__wr_u8(w, tag);
  if (b.len >= 256)
    p2p__wr_u8(w, 0x82);
  else if (b.len >= 128)
    p2p__wr_u8(w, 0x81);
  if (b.len >= 256)
    p2p__wr_be16(w, (uint16_t)b.len);
  else
    p2p__wr_u8(w, (uint8_t)b.len);
  p2p__wr_bytes_in(w, b);
}

/* SignedKey: a host's key, and a signature over the certificate's. */
static size_t signed_key(p2p_bytes key, p2p_bytes sig, uint8_t *out, size_t cap) {
  static uint8_t inner[SIGNED_KEY_MAX];
  p2p__wr i = p2p__wr_of(inner, sizeof inner), w = p2p__wr_of(out, cap);
  put_der(&i, 0x04, key);
  put_der(&i, 0x04, sig);
  put_der(&w, 0x30, p2p__wr_bytes(&i));
  return w.err || i.err ? 0 : w.len;
}

static size_t signature(const p2p_identity *signer, p2p_bytes spki, uint8_t *sig) {
  uint8_t text[512];
  size_t len = 0;
  p2p__wr t = p2p__wr_of(text, sizeof text);
  p2p__wr_str(&t, "libp2p-tls-handshake:");
  p2p__wr_bytes_in(&t, spki);
  return signer->sign(signer->ctx, p2p__wr_bytes(&t), sig, &len) ? 0 : len;
}

/* A key whose signature would take minutes to judge; it has none. */
static size_t burden(const lie *l, uint8_t *out, size_t cap) {
  static uint8_t spki[SIGNED_KEY_MAX], key[SIGNED_KEY_MAX], sig[KEY_BOMB];
  size_t n = key_rsa_spki(l->modulus, l->exponent, spki, sizeof spki);
  n = key_protobuf(P2P_KEY_RSA, p2p__bytes(spki, n), key, sizeof key);
  evil_random(sig, 256);
  sig[0] = 0;
  return signed_key(p2p__bytes(key, n), p2p__bytes(sig, p2p__min(l->modulus, sizeof sig)), out,
                    cap);
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

/* Who signs: the peer itself, one that only signs, or one of another type of key. */
static bool signer_make(evil *e, const lie *l, p2p_identity *out) {
  bool typed = l->rsa || l->type;
  if (!typed && !l->forged) return true;
  return p2p_identity_generate(out, typed ? l->type : P2P_KEY_ED25519, e->io) >= 0;
}

static size_t extension(evil *e, const lie *l, p2p_bytes spki, uint8_t *out, size_t cap) {
  p2p_identity other = { 0 };
  uint8_t sig[P2P_SIGNATURE_MAX];
  if (l->modulus) return burden(l, out, cap);
  if (!signer_make(e, l, &other)) return 0;
  const p2p_identity *signer = other.sign ? &other : &e->self,
                     *named = l->forged ? &e->self : signer;
  size_t n = signature(signer, spki, sig);
  if (l->flipped && n) sig[n - 1] ^= 1;
  if (n) n = signed_key(p2p__bytes(named->pubkey, named->pubkey_len), p2p__bytes(sig, n), out, cap);
  p2p_identity_fini(&other);
  return n;
}

static bool extend(evil *e, const lie *l, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key) {
  static uint8_t signed_by[SIGNED_KEY_MAX];
  uint8_t spki[256];
  gnutls_x509_privkey_t elsewhere = l->stranger ? new_key() : NULL;
  size_t n = spki_of(elsewhere ? elsewhere : key, spki, sizeof spki);
  size_t len = extension(e, l, p2p__bytes(spki, n), signed_by, sizeof signed_by);
  if (elsewhere) gnutls_x509_privkey_deinit(elsewhere);
  return len > 0 && gnutls_x509_crt_set_extension_by_oid(crt, l->oid ? l->oid : OID, signed_by, len,
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
