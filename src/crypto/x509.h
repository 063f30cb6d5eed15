/* The signature of an X.509 certificate. What else is in one is peer/certificate.c's. */
#ifndef P2P_CRYPTO_X509_H
#define P2P_CRYPTO_X509_H

#include "base/bytes.h"

enum { P2P__SPKI_MAX = 1104 }; /* bytes of a SubjectPublicKeyInfo: RSA of 8,192 bits, and some */

/* Verifies sig over msg under spki (DER SubjectPublicKeyInfo) by the algorithm (contents of the
 * AlgorithmIdentifier): ECDSA on P-256, P-384, P-521, RSASSA-PKCS1-v1_5 and RSASSA-PSS (2,048 to
 * 8,192 bits) with SHA-256, SHA-384, SHA-512; Ed25519. Key and signature are judged by their
 * encoding before any arithmetic. 0; P2P_ENOTSUP: another algorithm; P2P_EKEY; P2P_ESIG;
 * P2P_ENOMEM. */
P2P_MUST_USE int p2p__x509_verify(p2p_bytes spki, p2p_bytes algorithm, p2p_bytes msg,
                                  p2p_bytes sig);

/* Contents of the AlgorithmIdentifier of ECDSA with SHA-256: what ours are signed with. */
extern const p2p_bytes p2p__x509_ecdsa_sha256;

#endif
