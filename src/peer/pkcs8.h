/* Private keys as the rest of the world keeps them: PKCS #8 and its forerunners. Spec: RFC 5958;
 * RFC 8410, section 7; RFC 5915; RFC 8017, appendix A.1.2. */
#ifndef P2P_PEER_PKCS8_H
#define P2P_PEER_PKCS8_H

#include "base/bytes.h"
#include <p2p/key.h>

typedef enum p2p__der_form { P2P__DER_PKCS8, P2P__DER_PKCS1, P2P__DER_SEC1 } p2p__der_form;

/* Reads DER and appends the key's libp2p Data, to be judged by p2p__private_adopt. P2P_EKEY;
 * P2P_ENOTSUP: an algorithm or curve that is none of ours; P2P_ENOMEM; w's sticky error. */
P2P_MUST_USE int p2p__pkcs8_read(p2p__der_form form, p2p_bytes der, p2p_key_type *type, p2p__wr *w);
/* Appends libp2p Data, as p2p__private_adopt wrote it, as PKCS #8. */
P2P_MUST_USE int p2p__pkcs8_write(p2p_key_type type, p2p_bytes data, p2p__wr *w);

#endif
