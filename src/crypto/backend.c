/* The tables of curve backends: the one place that knows which libraries this build has. */
#include "crypto/backend.h"
#include "crypto/crypto.h"
#include <openssl/opensslv.h>
#ifdef P2P_HAVE_SODIUM
#include <sodium.h>
#endif

/* libsodium 1.0.18 signs and verifies twice as fast as libcrypto 3.0. */
static const p2p__backend *const backends[] = {
#ifdef P2P_HAVE_SODIUM
  &p2p__backend_sodium,
#endif
  &p2p__backend_openssl,
};

const p2p__backend *p2p__backend_at(size_t i) {
  return i < P2P_COUNT(backends) ? backends[i] : NULL;
}

/* libsecp256k1 0.2 is twelve times as fast as libcrypto 3.0. */
static const p2p__secp256k1_backend *const secp256k1_backends[] = {
#ifdef P2P_HAVE_SECP256K1
  &p2p__secp256k1_bitcoin,
#endif
  &p2p__secp256k1_openssl,
};

const p2p__secp256k1_backend *p2p__secp256k1_backend_at(size_t i) {
  return i < P2P_COUNT(secp256k1_backends) ? secp256k1_backends[i] : NULL;
}

const char *p2p__crypto_backends(void) {
  return "libcrypto " OPENSSL_FULL_VERSION_STR
#ifdef P2P_HAVE_SODIUM
         ", libsodium " SODIUM_VERSION_STRING
#endif
#ifdef P2P_HAVE_SECP256K1
         ", libsecp256k1"
#endif
      ;
}
