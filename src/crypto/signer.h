/* A private key of RSA or ECDSA, loaded into libcrypto and ready to sign. */
#ifndef P2P_CRYPTO_SIGNER_H
#define P2P_CRYPTO_SIGNER_H

#include "base/bytes.h"

typedef struct evp_pkey_st p2p__signer; /* libcrypto's */

typedef enum p2p__signer_kind { P2P__SIGNER_RSA, P2P__SIGNER_EC } p2p__signer_kind;

/* From the DER of an RSAPrivateKey or ECPrivateKey, judged by the caller; copies it. P2P_EKEY,
 * P2P_ENOMEM. */
P2P_MUST_USE int p2p__signer_new(p2p__signer_kind kind, p2p_bytes der, p2p__signer **out);
void p2p__signer_free(p2p__signer *s); /* wipes; NULL accepted */

/* Signs a SHA-256: RSASSA-PKCS1-v1_5, or ECDSA in DER. cap: room at sig. P2P_ELIMIT; P2P_EKEY:
 * libcrypto cannot sign with such a key; P2P_ENOMEM. */
P2P_MUST_USE int p2p__signer_sign(p2p__signer *s, const uint8_t hash[32], uint8_t *sig, size_t cap,
                                  size_t *len);

#endif
