/* Verification with RSA and ECDSA. Keys and signatures are judged by their encoding before any
 * arithmetic is done with them.
 * Spec: peer-ids/peer-ids.md, "Key Types". */
#ifndef P2P_CRYPTO_PKEY_H
#define P2P_CRYPTO_PKEY_H

#include "base/bytes.h"

enum { P2P__RSA_BITS_MIN = 2048, P2P__RSA_BITS_MAX = 8192 };

/* Whether these bytes are encoded as such a key must be. Cheap: whether a point is on its curve is
 * found out when something is verified.
 *
 * rsa: DER SubjectPublicKeyInfo, 2,048 to 8,192 bits, an odd exponent from 3 below 2^31.
 * ecdsa: DER SubjectPublicKeyInfo, P-256, P-384 or P-521 by name, point not compressed. */
bool p2p__rsa_is_key(p2p_bytes key);
bool p2p__ecdsa_is_key(p2p_bytes key);

/* 0; P2P_EKEY; P2P_ESIG; P2P_ENOMEM. The hash is SHA-256 with both.
 * rsa: RSASSA-PKCS1-v1_5. ecdsa: DER, canonical. */
P2P_MUST_USE int p2p__rsa_verify(p2p_bytes key, p2p_bytes msg, p2p_bytes sig);
P2P_MUST_USE int p2p__ecdsa_verify(p2p_bytes key, p2p_bytes msg, p2p_bytes sig);

#endif
