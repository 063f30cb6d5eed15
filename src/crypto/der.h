/* A strict DER cursor, as much as public keys and ECDSA signatures need. */
#ifndef P2P_CRYPTO_DER_H
#define P2P_CRYPTO_DER_H

#include "base/bytes.h"

enum p2p__der_tag {
  P2P__DER_INTEGER = 0x02,
  P2P__DER_BIT_STRING = 0x03,
  P2P__DER_NULL = 0x05,
  P2P__DER_OID = 0x06,
  P2P__DER_SEQUENCE = 0x30
};

/* The contents of the next element, which must have this tag; empty on error. Lengths are definite,
 * minimal and below 65,536, else the cursor fails with P2P_EPROTO. */
p2p_bytes p2p__der_read(p2p__rd *r, enum p2p__der_tag tag);
/* A cursor over the contents of the next element; it has the error of r when that failed. */
p2p__rd p2p__der_enter(p2p__rd *r, enum p2p__der_tag tag);
/* A positive INTEGER in its minimal form: its magnitude, first byte not zero. */
p2p_bytes p2p__der_positive(p2p__rd *r);
/* The contents of a BIT STRING of whole bytes. */
p2p_bytes p2p__der_bits(p2p__rd *r);

#endif
