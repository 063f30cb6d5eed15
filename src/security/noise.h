/* Noise_XX_25519_ChaChaPoly_SHA256 with libp2p's payload, and its record layer.
 * Spec: noise/README.md; the Noise protocol framework, revision 34. */
#ifndef P2P_SECURITY_NOISE_H
#define P2P_SECURITY_NOISE_H

#include "base/env.h"
#include "base/step.h"
#include <p2p/key.h>

/* The host's Noise static key and the payload signature over it, made once per host. */
typedef struct p2p__noise_static {
  uint8_t secret[32], pub[32];
  const p2p_identity *identity; /* borrowed */
  uint8_t sig[P2P_SIGNATURE_MAX];
  size_t sig_len;
} p2p__noise_static;
/* Draws 32 bytes, signs once. P2P_EIO, or what the identity's sign returned. */
P2P_MUST_USE int p2p__noise_static_init(p2p__noise_static *k, p2p__env *env,
                                        const p2p_identity *id);
void p2p__noise_static_fini(p2p__noise_static *k); /* wipes */

typedef struct p2p__noise_config {
  const p2p__noise_static *key; /* borrowed until the step is freed */
  bool initiator;
  p2p_peer_id expected;      /* all zero: any peer; else another one is refused: P2P_EPEER */
  const char *const *muxers; /* early negotiation: offered in order of preference; borrowed */
  size_t n_muxers;
  p2p_bytes prologue;          /* mixed in first; empty for TCP; borrowed for the call */
  const p2p_bytes *certhashes; /* multihashes for our payload (WebTransport server); for the call */
  size_t n_certhashes;
  /* Told the remote's certhashes (WebTransport client); <0 refuses. NULL: ignored. */
  int (*on_certhashes)(void *ctx, const p2p_bytes *hashes, size_t n);
  void *ctx;
  p2p_time deadline; /* recv fails with P2P_ETIMEOUT from then on */
} p2p__noise_config;

/* The handshake as a step. The initiator's message 1 is ready at birth: it may leave right behind
 * an optimistic proposal of "/noise". After recv returned 1 send has message 3 (initiator); then
 * take gives record, peer, pubkey, and muxer when both sides speak the stream_muxers extension (the
 * first of the initiator's list that the responder has). No record behind the handshake is eaten.
 *
 * Returns 0; P2P_ENOMEM; P2P_EIO (no randomness); P2P_ELIMIT (our own payload is too long).
 * The step fails with P2P_EAUTH (decryption, signature, unusable key, low-order point), P2P_EPEER,
 * P2P_EPROTO, P2P_ELIMIT (longer than noise_handshake, too many certhashes), P2P_ENOTSUP (the
 * remote's key is of a type this build does not know), P2P_ETIMEOUT, P2P_ENOMEM, P2P_EIO, or what
 * on_certhashes returned. Secrets are wiped when it ends, in whatever way.
 * Spec: noise/README.md; connections/inlined-muxer-negotiation.md. */
P2P_MUST_USE int p2p__noise_step(p2p__env *env, const p2p__noise_config *config, p2p__step **out);

#endif
