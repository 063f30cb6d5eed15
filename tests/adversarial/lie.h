/* Certificates with one lie in each, made and signed by GnuTLS. Spec: tls/tls.md. */
#ifndef EVIL_LIE_H
#define EVIL_LIE_H

#include "evil.h"
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

enum { DAY = 86400, YEAR = 365 * DAY, LIE_CHAIN = 200 };

/* What is wrong with it; all zero: nothing. */
typedef struct lie {
  bool none;         /* no certificate at all */
  bool naked;        /* no extension */
  bool stranger;     /* the extension's signature is over another certificate's key */
  bool forged;       /* … is by another key than the one it names */
  bool other_key;    /* the handshake is signed by another key than the certificate's */
  bool flipped;      /* … has a bit inverted */
  p2p_key_type type; /* of the host's key; RSA, which is 0: Ed25519 unless `rsa` */
  bool rsa;
  size_t modulus, exponent; /* the host's key is an RSA key of such numbers, and signs nothing */
  bool unsigned_der;        /* the certificate's own signature is broken */
  bool critical;            /* the extension is critical: allowed */
  long from, until;         /* seconds from now; both 0: a day before, a year after */
  unsigned chain;           /* certificates behind the first */
  const char *oid;          /* of the extension, when it is not libp2p's */
  const char *priority;
} lie;

/* What they make of one in a handshake of TLS: rows_tls.c. */
verdict tls_refuses(evil *e, const lie *l);
verdict tls_accepts(evil *e, const lie *l);
/* Gives `to` the certificates, and a key. */
void lie_present(evil *e, const lie *l, gnutls_certificate_credentials_t to);

#endif
