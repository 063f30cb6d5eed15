/* TLS 1.3 with libp2p's certificate, over a byte stream: handshake and records.
 * Spec: tls/tls.md; connections/inlined-muxer-negotiation.md; RFC 8446. */
#ifndef P2P_SECURITY_TLS_H
#define P2P_SECURITY_TLS_H

#include "base/env.h"
#include "base/step.h"
#include "crypto/tls_engine.h"
#include <p2p/key.h>

/* What a host's handshakes share: a certificate made for id, and all that comes of
 * it. P2P_ENOMEM, P2P_EIO, P2P_ENOTSUP (the system forbids TLS 1.3), or what the
 * identity's sign returned. */
P2P_MUST_USE int p2p__tls_host_new(p2p__env *env, const p2p_identity *id, p2p__tls_context **out);

typedef struct p2p__tls_step_config {
  p2p__tls_context *context; /* borrowed until the step is freed */
  bool client;
  p2p_peer_id expected; /* all zero: any peer; else another one is refused: P2P_EPEER */
  const char *const
      *muxers; /* offered in ALPN, in order of preference, before "libp2p"; borrowed */
  size_t n_muxers;
  int64_t unix_s;    /* what the peer's certificate is dated against */
  p2p_time deadline; /* recv fails with P2P_ETIMEOUT from then on */
} p2p__tls_step_config;

/* The handshake as a step. A client's hello is ready at birth: it may leave right behind an
 * optimistic proposal of "/tls/1.0.0". After recv returned 1 send has the client's last flight; then
 * take gives record, peer, pubkey, and muxer when ALPN agreed on one. No record behind the handshake
 * is eaten. When recv failed send has the alert that says why.
 *
 * A client is done before the server has judged its certificate: a refusal comes as the first record
 * (P2P_EAUTH).
 *
 * Returns 0 or P2P_ENOMEM. The step fails with P2P_EAUTH (a signature, a date, no certificate, an
 * alert of the peer's about ours), P2P_EPEER, P2P_EPROTO, P2P_ENOPROTO (no common ALPN), P2P_ELIMIT
 * (a message longer than tls_handshake, too many records without one), P2P_ENOTSUP (a key type or
 * signature that is not ours), P2P_ECLOSED (close_notify), P2P_ETIMEOUT, P2P_ENOMEM, P2P_EIO. Secrets
 * are wiped when it is freed. */
P2P_MUST_USE int p2p__tls_step(p2p__env *env, const p2p__tls_step_config *config, p2p__step **out);

#endif
