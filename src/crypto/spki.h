/* Verification under a SubjectPublicKeyInfo by libcrypto: for those who have judged its encoding,
 * pkey.c and x509.c. */
#ifndef P2P_CRYPTO_SPKI_H
#define P2P_CRYPTO_SPKI_H

#include "base/bytes.h"
#include <openssl/evp.h>

/* RSA; pss: RSASSA-PSS with a salt as long as the hash; else RSASSA-PKCS1-v1_5. 0; P2P_EKEY;
 * P2P_ESIG; P2P_ENOMEM. */
P2P_MUST_USE int p2p__rsa_verify_hashed(p2p_bytes spki, const EVP_MD *hash, bool pss, p2p_bytes msg,
                                        p2p_bytes sig);
/* ECDSA. 0; P2P_EKEY; P2P_ESIG; P2P_ENOMEM. */
P2P_MUST_USE int p2p__ecdsa_verify_hashed(p2p_bytes spki, const EVP_MD *hash, p2p_bytes msg,
                                          p2p_bytes sig);
/* Whether these bytes are encoded as an ECDSA signature must be. */
bool p2p__ecdsa_is_signature(p2p_bytes sig);

#endif
