/* TLS rows: certificates that prove nothing, and handshakes that are none. GnuTLS speaks and signs, so
 * that every certificate is well made but for its lie. Spec: tls/tls.md. */
#include "evil.h"
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <time.h>

static const char ID[] = "/tls/1.0.0", OID[] = "1.3.6.1.4.1.53594.1.1";
static const char TLS_13[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3",
                  TLS_12[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
enum { DAY = 86400, YEAR = 365 * DAY, CHAIN_MAX = 200, DER_MAX = 4096 };

/* What is wrong with it; all zero: nothing. */
typedef struct lie {
  bool none;         /* no certificate at all */
  bool naked;        /* no extension */
  bool stranger;     /* the extension's signature is over another certificate's key */
  bool forged;       /* … is by another key than the one it names */
  bool unsigned_der; /* the certificate's own signature is broken */
  bool critical;     /* the extension is critical: allowed */
  long from, until;  /* seconds from now; both 0: a day before, a year after */
  unsigned chain;    /* certificates behind the first */
  const char *oid;   /* of the extension, when it is not libp2p's */
  const char *priority;
} lie;

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
static void present(evil *e, const lie *l, gnutls_certificate_credentials_t to) {
  gnutls_x509_privkey_t key = new_key();
  gnutls_pcert_st *chain = gnutls_malloc((1 + CHAIN_MAX) * sizeof *chain);
  gnutls_privkey_t private;
  if (!chain || gnutls_privkey_init(&private) < 0 ||
      gnutls_privkey_import_x509(private, key, GNUTLS_PRIVKEY_IMPORT_COPY) < 0)
    abort();
  for (unsigned i = 0; i <= l->chain; i++) {
    gnutls_x509_crt_t crt = certify(e, l, key);
    if (l->unsigned_der) spoil(&crt);
    if (gnutls_pcert_import_x509(&chain[i], crt, 0) < 0) abort();
    gnutls_x509_crt_deinit(crt);
  }
  int n = 1 + (int)l->chain;
  if (gnutls_certificate_set_key(to, NULL, 0, chain, n, private) < 0) abort();
  gnutls_free(chain); /* the certificates and the key are theirs now */
  gnutls_x509_privkey_deinit(key);
}

/* ---- the handshake ---- */

static ssize_t push(gnutls_transport_ptr_t to, const void *bytes, size_t n) {
  return peer_send(to, bytes, n) ? (ssize_t)n : -1;
}

/* Before there is a channel of ours what has come lies in plain. */
static ssize_t pull(gnutls_transport_ptr_t from, void *out, size_t cap) {
  peer *p = from;
  size_t n = p2p__min(cap, p->plain_len);
  if (n == 0 && !p->over) {
    errno = EAGAIN;
    return -1;
  }
  memcpy(out, p->plain, n);
  p->plain_len -= n;
  memmove(p->plain, p->plain + n, p->plain_len);
  return (ssize_t)n;
}

static bool shake(peer *p, const lie *l) {
  static const uint8_t alpn[] = "libp2p";
  gnutls_certificate_credentials_t certificates;
  gnutls_session_t s;
  p2p_time deadline = evil_now() + p->e->brief;
  int err = GNUTLS_E_AGAIN;
  if (gnutls_certificate_allocate_credentials(&certificates) < 0 ||
      gnutls_init(&s, (p->dialed ? GNUTLS_CLIENT : GNUTLS_SERVER) | GNUTLS_NONBLOCK |
                          GNUTLS_NO_SIGNAL) < 0)
    abort();
  if (!l->none) present(p->e, l, certificates);
  const gnutls_datum_t protocol = { (unsigned char *)(uintptr_t)alpn, sizeof alpn - 1 };
  gnutls_alpn_set_protocols(s, &protocol, 1, 0);
  gnutls_priority_set_direct(s, l->priority ? l->priority : TLS_13, NULL);
  gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, certificates);
  if (!p->dialed) gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUEST);
  gnutls_transport_set_ptr(s, p);
  gnutls_transport_set_push_function(s, push);
  gnutls_transport_set_pull_function(s, pull);
  while (err < 0 && !gnutls_error_is_fatal(err)) {
    err = gnutls_handshake(s);
    if (err == GNUTLS_E_AGAIN && !peer_wait(p, deadline) && !p->over) break;
  }
  gnutls_deinit(s);
  gnutls_certificate_free_credentials(certificates);
  return err >= 0;
}

/* NULL with EVIL_NA: it speaks no TLS. A dialer that was sure of Noise sends its first message with
 * the proposal, and has to come again. */
static peer *begun(evil *e, verdict *v) {
  enum { TRIES = 2 };
  for (int i = 0; i < TRIES; i++) {
    peer *p = peer_new(e);
    if (p && line_agree(p, ID)) return p;
    *v = p && (!p->over || !p->dialed) ? EVIL_NA : EVIL_BROKEN;
    peer_free(p);
    if (e->listener < 0) break;
  }
  return NULL;
}

static verdict refused(evil *e, lie l) {
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  shake(p, &l);
  return must_end(p);
}

/* What is in order must not cost the connection, though nothing follows. */
static verdict accepted(evil *e, lie l) {
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  bool good = shake(p, &l) && !peer_ends(p, P2P_SECOND / 2);
  peer_free(p);
  return good ? EVIL_SURVIVED : EVIL_STRICT;
}

static verdict id03(evil *e) { return refused(e, (lie){ .none = true }); }
static verdict id06_expired(evil *e) {
  return refused(e, (lie){ .from = -2L * YEAR, .until = -DAY });
}
static verdict id06_future(evil *e) {
  return refused(e, (lie){ .from = 10L * DAY, .until = YEAR });
}
static verdict id15_short(evil *e) { return accepted(e, (lie){ .from = -DAY, .until = DAY }); }
static verdict id15_long(evil *e) {
  return accepted(e, (lie){ .from = -DAY, .until = 200L * YEAR });
}
static verdict id16(evil *e) { return refused(e, (lie){ .stranger = true }); }
static verdict id17_forged(evil *e) { return refused(e, (lie){ .forged = true }); }
static verdict id17_naked(evil *e) { return refused(e, (lie){ .naked = true }); }
static verdict id17_oid(evil *e) { return refused(e, (lie){ .oid = "1.3.6.1.4.1.53594.1.2" }); }
static verdict id17_self(evil *e) { return refused(e, (lie){ .unsigned_der = true }); }
static verdict id17_critical(evil *e) { return accepted(e, (lie){ .critical = true }); }
static verdict id17_chain(evil *e) { return refused(e, (lie){ .chain = 1 }); }
static verdict hs06(evil *e) { return refused(e, (lie){ .chain = CHAIN_MAX }); }
static verdict hs20(evil *e) { return refused(e, (lie){ .priority = TLS_12 }); }

static verdict told(evil *e, const void *bytes, size_t n) {
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  peer_send(p, bytes, n);
  return must_end(p);
}

static verdict hs07(evil *e) {
  static const uint8_t close_notify[] = { 0x15, 3, 3, 0, 2, 1, 0 };
  return told(e, close_notify, sizeof close_notify);
}

static verdict hs07_garbage(evil *e) {
  static const uint8_t record[5 + 64] = { 0x16, 3, 3, 0, 64, 99 };
  return told(e, record, sizeof record);
}

static verdict hs04(evil *e) {
  verdict v;
  peer *p = begun(e, &v);
  return p ? must_end_in_time(p) : v;
}

static verdict hs04_record(evil *e) {
  static const uint8_t record[] = { 0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 };
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  peer_send(p, record, sizeof record);
  return must_end_in_time(p);
}

#define SPEC "tls/tls.md"
enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row rows[] = {
  { "ID-03", "tls", "py#1340", "no certificate", ROW_DIAL, id03 },
  { "ID-06.expired", "tls", "GHSA-5hq8-qhww-jm7q", "an expired certificate", BOTH, id06_expired },
  { "ID-06.future", "tls", "GHSA-5hq8-qhww-jm7q", "a certificate not yet valid", BOTH,
    id06_future },
  { "ID-15.short", "tls", "c e33d3e4", "two days of validity: allowed", ROW_DIAL, id15_short },
  { "ID-15.long", "tls", "c 281b0b5", "two hundred years of validity: allowed", ROW_DIAL,
    id15_long },
  { "ID-16", "tls", "specs#208", "the extension of another certificate", BOTH, id16 },
  { "ID-17.forged", "tls", SPEC, "an extension signed by another key", BOTH, id17_forged },
  { "ID-17.naked", "tls", SPEC, "no extension", BOTH, id17_naked },
  { "ID-17.oid", "tls", SPEC, "an extension of another name", BOTH, id17_oid },
  { "ID-17.self", "tls", SPEC, "the certificate's own signature is broken", BOTH, id17_self },
  { "ID-17.critical", "tls", "rust 1617abb3b", "the extension is critical: allowed", ROW_DIAL,
    id17_critical },
  { "ID-17.chain", "tls", SPEC, "two certificates", BOTH, id17_chain },
  { "HS-04.tls", "tls", "litep2p#373", "agrees on TLS, then nothing", BOTH, hs04 },
  { "HS-04.record", "tls", "litep2p#373", "a ClientHello that stops", ROW_DIAL, hs04_record },
  { "HS-06", "tls", "RUSTSEC-2023-0053, CVE-2024-28835", "two hundred certificates, 90 KiB", BOTH,
    hs06 },
  { "HS-07", "tls", "RUSTSEC-2024-0336", "close_notify instead of a handshake", BOTH, hs07 },
  { "HS-07.garbage", "tls", "RUSTSEC-2024-0336", "a handshake message that is none", BOTH,
    hs07_garbage },
  { "HS-20.tls12", "tls", SPEC, "TLS 1.2", ROW_DIAL, hs20 },
};
const family evil_tls = { rows, P2P_COUNT(rows) };
