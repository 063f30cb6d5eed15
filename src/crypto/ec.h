/* Keys of ECDSA as bytes: points and scalars of a curve, and the DER around them. Spec: RFC 5915;
 * RFC 5480, section 2. */
#ifndef P2P_CRYPTO_EC_H
#define P2P_CRYPTO_EC_H

#include "crypto/curve.h"
#include "crypto/der.h"

enum { P2P__EC_PRIVATE_MAX = 256 }; /* an ECPrivateKey of P-521, with all that may be in it */

typedef struct p2p__ec_private {
  const p2p__curve *curve;
  const uint8_t *scalar; /* curve->size bytes, from 1 to order - 1 */
  p2p_bytes point;       /* its public key, uncompressed; empty: left out */
} p2p__ec_private;

/* Reads an ECPrivateKey. curve: what it must be on; NULL: the curve must be named inside. Whether the
 * point is the scalar's is not looked at. P2P_EKEY; P2P_ENOTSUP: a curve that is not ours. */
P2P_MUST_USE int p2p__ec_private_read(p2p_bytes der, const p2p__curve *curve, p2p__ec_private *out);
/* Writes one. named: with the curve's name, which inside PKCS #8 stands elsewhere. */
void p2p__ec_private_write(p2p__der *d, const p2p__ec_private *key, bool named);

/* The uncompressed point of a scalar: 1 + 2 size bytes. P2P_ENOMEM. */
P2P_MUST_USE int p2p__ec_public(const p2p__curve *curve, const uint8_t *scalar,
                                uint8_t point[P2P__POINT_MAX]);
/* The SubjectPublicKeyInfo of a point. */
void p2p__ec_spki_write(p2p__der *d, const p2p__curve *curve, p2p_bytes point);

#endif
