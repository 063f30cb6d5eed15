/* The certificate's key as GnuTLS may use it: libcrypto's signature, which takes two thirds of the time of
 * nettle's. The key itself GnuTLS does not get. */
#ifndef P2P_CRYPTO_TLS_GNUTLS_KEY_H
#define P2P_CRYPTO_TLS_GNUTLS_KEY_H

#include "base/bytes.h"
#include <gnutls/gnutls.h>

/* Puts a certificate and its key into credentials, for every handshake that uses them.
 *
 * cert: DER; key: ECDSA on P-256, PKCS #8 DER. Both are copied. After a failure c must be freed.
 * P2P_ENOMEM, P2P_EKEY. */
P2P_MUST_USE int p2p__tls_gnutls_key(gnutls_certificate_credentials_t c, p2p_bytes cert,
                                     p2p_bytes key);

#endif
