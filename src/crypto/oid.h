/* Object identifiers of key algorithms, as the contents of their DER. Spec: RFC 8017, appendix A.1;
 * RFC 5480, section 2.1.1; RFC 8410, section 3. */
#ifndef P2P_CRYPTO_OID_H
#define P2P_CRYPTO_OID_H

#include "base/bytes.h"

#define P2P__OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define P2P__OID_EC "\x2a\x86\x48\xce\x3d\x02\x01"
#define P2P__OID_ED25519 "\x2b\x65\x70"

/* The bytes of one of these. */
#define P2P__OID(literal) p2p__bytes(literal, sizeof(literal) - 1)

#endif
