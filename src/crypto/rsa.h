/* RSA private keys as bytes: DER RSAPrivateKey, which libp2p carries them in. Spec: RFC 8017,
 * appendix A.1. */
#ifndef P2P_CRYPTO_RSA_H
#define P2P_CRYPTO_RSA_H

#include "base/bytes.h"

/* Makes a key of `bits` (2,048 to 8,192, a multiple of 8) with libcrypto's own random generator, the
 * one thing here that brings its randomness: finding primes takes too much of it. Takes seconds at
 * 8,192 bits. P2P_EINVAL, P2P_ENOMEM; w's sticky error. */
P2P_MUST_USE int p2p__rsa_make(unsigned bits, p2p__wr *w);
/* Whether this is one key in DER: two primes, 2,048 to 8,192 bits, its numbers in their bounds. What
 * the numbers are to each other a signature shows. Cheap. */
bool p2p__rsa_is_private(p2p_bytes der);
/* Appends the SubjectPublicKeyInfo of a private key. P2P_EKEY; w's sticky error. */
P2P_MUST_USE int p2p__rsa_public(p2p_bytes der, p2p__wr *w);

#endif
