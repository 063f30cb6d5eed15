/* libp2p's payload of a Noise handshake message: who is there, and which muxers it speaks.
 * Spec: noise/README.md, "The libp2p Handshake Payload"; connections/inlined-muxer-negotiation.md. */
#ifndef P2P_SECURITY_NOISE_PAYLOAD_H
#define P2P_SECURITY_NOISE_PAYLOAD_H

#include "security/noise.h"
#include "security/noise_xx.h"

/* A WebTransport server rotates two or three certificates; the array bounds what a stranger may
 * make us look at. */
enum { P2P__NOISE_CERTHASHES = 16 };

typedef struct p2p__noise_payload {
  p2p_bytes key, sig; /* inside the message */
  int muxer;          /* index into our own list; -1: none in common */
  size_t n_certhashes;
  p2p_bytes certhashes[P2P__NOISE_CERTHASHES];
} p2p__noise_payload;

/* What is signed: "noise-libp2p-static-key:" and the static public key. */
enum { P2P__NOISE_SIGNED = 24 + P2P__NOISE_KEY };
void p2p__noise_signed(const uint8_t pub[P2P__NOISE_KEY], uint8_t out[P2P__NOISE_SIGNED]);

size_t p2p__noise_payload_len(const p2p__noise_config *config);
void p2p__noise_payload_put(p2p__wr *w, const p2p__noise_config *config);

/* Takes the remote's payload apart; nothing of it is verified yet. P2P_EPROTO, P2P_ELIMIT. */
P2P_MUST_USE int p2p__noise_payload_read(p2p_bytes bytes, const p2p__noise_config *config,
                                         p2p__noise_payload *out);

/* The payload's key signed the static key `rs`, and its owner is the peer expected. *peer is
 * written on success. P2P_EAUTH, P2P_EPEER, P2P_ENOTSUP (a key type this build does not know). */
P2P_MUST_USE int p2p__noise_payload_verify(const p2p__noise_payload *payload,
                                           const uint8_t rs[P2P__NOISE_KEY],
                                           const p2p_peer_id *expected, p2p_peer_id *peer);

#endif
