/* Two sides of a TLS handshake at the level of its messages: ours, or a stranger's own GnuTLS
 * session with whatever priorities, certificates and extensions he likes. */
#ifndef TESTS_SUPPORT_TLS_SIDE_H
#define TESTS_SUPPORT_TLS_SIDE_H

#include "support/forge.h"
#include "support/step_pair.h"

#include "crypto/tls_engine.h"
#include <gnutls/gnutls.h>

enum { SIDE_BYTES = 1 << 15, SIDE_PARTS = 64 };

typedef struct side_part {
  p2p__tls_level level;
  size_t at, len; /* in bytes */
} side_part;

typedef struct side {
  p2p__tls_user user;
  p2p__tls *tls;            /* ours, or … */
  gnutls_session_t session; /* … a stranger's */
  gnutls_certificate_credentials_t credentials;
  gnutls_priority_t priority;
  int result; /* last of recv */
  /* what it said */
  uint8_t bytes[SIDE_BYTES];
  size_t len, n_parts, n_ccs;
  size_t ccs_at; /* parts said before the first */
  side_part parts[SIDE_PARTS];
  size_t part, shown; /* how far the other side has it */
  /* what it was told */
  p2p__tls_secret secrets[3][2];
  uint8_t cert[P2P__CERTIFICATE_MAX], params[256];
  size_t cert_len, params_len, n_judged, n_params, n_put;
  /* what it answers */
  int judge_err, params_err, put_err, secret_err, say_err;
  const char *own_params;
} side;

typedef struct side_pair {
  step_world world;
  p2p_identity identity;
  p2p__certificate certificate;
  p2p__tls_context *context;
  side side[2]; /* 0 is the client */
  size_t chunk; /* bytes given at a time; 0: a part */
  size_t flip;  /* the bit of what side flip_side says that arrives changed, plus one; 0: none */
  int flip_side;
  int append; /* a byte goes behind the Finished of side append - 1; 0: none */
} side_pair;

/* Contexts for TCP or QUIC; both sides are made with defaults: ALPN "libp2p". */
side_pair *side_pair_new(bool quic);
void side_pair_free(side_pair *p);
p2p__tls_config side_config(side_pair *p, bool client);
/* Replaces what a side is. */
void side_ours(side_pair *p, bool client, const p2p__tls_config *config);
/* extra flags of gnutls_init; n_certs 0, 1 or 2; alpn NULL: none. */
void side_stranger(side_pair *p, bool client, const char *priorities, unsigned flags,
                   size_t n_certs, const char *alpn);
/* Lets both start, then gives each what the other said until nothing moves. Returns whether both
 * are done. */
bool side_run(side_pair *p);
/* The secrets of either side are the other's. */
void side_assert_secrets(const side_pair *p);
int side_alert(const side_pair *p, int i);

#endif
