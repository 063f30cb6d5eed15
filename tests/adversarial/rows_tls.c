/* TLS rows: handshakes that are none, and what rows of certificates want of it. GnuTLS speaks and signs, so
 * that every certificate is well made but for its lie. Spec: tls/tls.md. */
#include "lie.h"
#include <errno.h>
#include <stdlib.h>

static const char ID[] = "/tls/1.0.0";
static const char TLS_13[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3",
                  TLS_12[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2";

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
  if (!l->none) lie_present(p->e, l, certificates);
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

verdict tls_refuses(evil *e, const lie *l) {
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  shake(p, l);
  return must_end(p);
}

/* Though nothing follows. */
verdict tls_accepts(evil *e, const lie *l) {
  verdict v;
  peer *p = begun(e, &v);
  if (!p) return v;
  bool good = shake(p, l) && !peer_ends(p, P2P_SECOND / 2);
  peer_free(p);
  return good ? EVIL_SURVIVED : EVIL_STRICT;
}

static verdict hs20(evil *e) {
  const lie old = { .priority = TLS_12 };
  return tls_refuses(e, &old);
}

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
  { "HS-04.tls", "tls", "litep2p#373", "agrees on TLS, then nothing", BOTH, hs04 },
  { "HS-04.record", "tls", "litep2p#373", "a ClientHello that stops", ROW_DIAL, hs04_record },
  { "HS-07", "tls", "RUSTSEC-2024-0336", "close_notify instead of a handshake", BOTH, hs07 },
  { "HS-07.garbage", "tls", "RUSTSEC-2024-0336", "a handshake message that is none", BOTH,
    hs07_garbage },
  { "HS-20.tls12", "tls", SPEC, "TLS 1.2", ROW_DIAL, hs20 },
};
const family evil_tls = { rows, P2P_COUNT(rows), false };
