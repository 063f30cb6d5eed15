/* ECDSA on secp256k1 with SHA-256, over the best library found. Spec: peer-ids/peer-ids.md,
 * "Secp256k1"; BIP 62, "Low S values in signatures"; RFC 6979. */
#ifndef P2P_CRYPTO_SECP256K1_H
#define P2P_CRYPTO_SECP256K1_H

#include "crypto/backend.h"
#include "crypto/curve.h"

enum { P2P__SECP256K1_SIG_MAX = 72 };

/* Whether these bytes are encoded as a public key must be: a compressed point, 33 bytes. Whether the
 * point is on the curve is found out when something is verified. */
bool p2p__secp256k1_is_key(p2p_bytes key);
/* P2P_EKEY: not a number from 1 to order - 1; P2P_ENOMEM. */
P2P_MUST_USE int p2p__secp256k1_public(const uint8_t secret[P2P__SECP256K1_SCALAR],
                                       uint8_t pub[P2P__SECP256K1_POINT]);
/* DER with S in the lower half of the order. The nonce comes from key and message (RFC 6979) where
 * the library can do that: libsecp256k1, libcrypto from 3.2 on. P2P_EKEY, P2P_ENOMEM. */
P2P_MUST_USE int p2p__secp256k1_sign(const uint8_t secret[P2P__SECP256K1_SCALAR], p2p_bytes msg,
                                     uint8_t sig[P2P__SECP256K1_SIG_MAX], size_t *len);
/* DER, canonical, S in the lower half of the order, so that nobody can make a second signature of
 * one he saw. 0; P2P_EKEY; P2P_ESIG; P2P_ENOMEM. */
P2P_MUST_USE int p2p__secp256k1_verify(p2p_bytes key, p2p_bytes msg, p2p_bytes sig);

/* The same with a backend of the caller's choice. */
P2P_MUST_USE int p2p__secp256k1_sign_with(const p2p__secp256k1_backend *backend,
                                          const uint8_t secret[P2P__SECP256K1_SCALAR],
                                          p2p_bytes msg, uint8_t sig[P2P__SECP256K1_SIG_MAX],
                                          size_t *len);
P2P_MUST_USE int p2p__secp256k1_verify_with(const p2p__secp256k1_backend *backend, p2p_bytes key,
                                            p2p_bytes msg, p2p_bytes sig);

#endif
