/* The curves of ECDSA that libp2p has keys on. Spec: SEC 2; RFC 5480, section 2.1.1.1. */
#ifndef P2P_CRYPTO_CURVE_H
#define P2P_CRYPTO_CURVE_H

#include "base/bytes.h"

enum {
  P2P__SCALAR_MAX = 66,                     /* bytes of a scalar of P-521 */
  P2P__POINT_MAX = 1 + 2 * P2P__SCALAR_MAX, /* an uncompressed point of it */
  P2P__SECP256K1_SCALAR = 32,
  P2P__SECP256K1_POINT = 33 /* compressed */
};

typedef struct p2p__curve {
  p2p_bytes oid; /* contents of the OBJECT IDENTIFIER */
  unsigned bits; /* of the order */
  size_t size;   /* bytes of a scalar, and of a coordinate */
  const uint8_t *order;
} p2p__curve;

extern const p2p__curve p2p__secp256k1;

const p2p__curve *p2p__curve_by_oid(p2p_bytes oid); /* NULL: none of ours */
/* P-256, P-384, P-521; NULL: another number. */
const p2p__curve *p2p__curve_by_bits(unsigned bits);
/* Whether `size` bytes are a number from 1 to order - 1: a private key. Constant time. */
bool p2p__curve_is_scalar(const p2p__curve *curve, const uint8_t *scalar);

#endif
