/* CERTIFICATE: how TLS (TCP and QUIC) carries a libp2p identity: a self-signed X.509 certificate of a
 * key of its own, with one extension in which the host's key signs the certificate's.
 *
 * Made and judged with libcrypto on the DER, whatever library speaks TLS: others skip the
 * self-signature, know no secp256k1, or judge by rules of the web.
 * Spec: tls/tls.md, "libp2p Public Key Extension", "Peer Authentication". */
#ifndef P2P_PEER_CERTIFICATE_H
#define P2P_PEER_CERTIFICATE_H

#include "base/bytes.h"
#include "base/env.h"
#include <p2p/key.h>

enum {
  P2P__CERTIFICATE_MAX = 4096,   /* of ours: an RSA-8192 identity needs 3 KiB */
  P2P__CERTIFICATE_KEY_MAX = 256 /* PKCS #8 DER of a P-256 key */
};

/* A certificate of ours and its key. */
typedef struct p2p__certificate {
  size_t len, key_len;
  uint8_t der[P2P__CERTIFICATE_MAX];
  uint8_t key[P2P__CERTIFICATE_KEY_MAX];
} p2p__certificate;

/* Makes a P-256 certificate signed with SHA-256, valid from 1970 to 9999, with exactly one extension.
 * P2P_EIO, P2P_ENOMEM, P2P_ELIMIT, or what the identity's sign returned. */
P2P_MUST_USE int p2p__certificate_make(p2p__env *env, const p2p_identity *id,
                                       p2p__certificate *out);
void p2p__certificate_fini(p2p__certificate *c); /* wipes the key */

/* Judges the one certificate a peer presented. expected: all zero: any peer. 0: *peer and *pubkey
 * (protobuf, inside der) are who is there. P2P_EAUTH: a signature, a date, a key that cannot be;
 * P2P_EPROTO: no such certificate, the extension missing or twice, an unknown critical one;
 * P2P_EPEER: somebody else; P2P_ENOTSUP: a key type this build does not know; P2P_ENOMEM. */
P2P_MUST_USE int p2p__certificate_judge(p2p_bytes der, int64_t unix_s, const p2p_peer_id *expected,
                                        p2p_peer_id *peer, p2p_bytes *pubkey);

#endif
