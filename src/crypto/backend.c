/* The tables of backends, curves and AEADs: the one place that knows which libraries this build has. */
#include "crypto/backend.h"
#include "crypto/aead_backend.h"
#include "crypto/crypto.h"
#include "crypto/salsa20_backend.h"
#include <openssl/opensslv.h>
#ifdef P2P_HAVE_SODIUM
#include <sodium.h>
#endif
#ifdef P2P_HAVE_LIB25519
#include <lib25519.h>
#endif
#ifdef P2P_HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif
#ifdef P2P_HAVE_GNUTLS
#include <gnutls/gnutls.h>
#endif

/* libsodium 1.0.18 signs and verifies twice as fast as libcrypto 3.0, lib25519 twice as fast again. */
static const p2p__backend *const backends[] = {
#ifdef P2P_HAVE_LIB25519
  &p2p__backend_lib25519,
#endif
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

/* The best first; each knows on which processor, and at what, it is. */
static const p2p__aead_backend *const aead_backends[] = {
#ifdef P2P_HAVE_IPSEC_MB
  &p2p__aead_ipsec_mb,
#endif
#ifdef P2P_HAVE_GNUTLS
  &p2p__aead_gnutls,
#endif
  &p2p__aead_openssl,
};

_Static_assert(P2P_COUNT(aead_backends) <= P2P__AEAD_BACKENDS, "a loop has room for each");

const p2p__aead_backend *p2p__aead_backend_at(size_t i) {
  return i < P2P_COUNT(aead_backends) ? aead_backends[i] : NULL;
}

/* What every processor uses. */
#define LIBCRYPTO "libcrypto " OPENSSL_FULL_VERSION_STR
#ifdef P2P_HAVE_SODIUM
#define SODIUM ", libsodium " SODIUM_VERSION_STRING
#else
#define SODIUM ""
#endif
#ifdef P2P_HAVE_SECP256K1
#define SECP256K1 ", libsecp256k1"
#else
#define SECP256K1 ""
#endif
#ifdef P2P_HAVE_GNUTLS
#define GNUTLS ", GnuTLS " GNUTLS_VERSION
#else
#define GNUTLS ""
#endif
#ifdef P2P_HAVE_LIB25519
#define LIB25519 ", lib25519 " lib25519_version
#else
#define LIB25519 ""
#endif
#define BACKENDS LIBCRYPTO LIB25519 SODIUM SECP256K1 GNUTLS

/* libsodium 1.0.18 does four blocks at a time. */
static const p2p__salsa20_backend *const salsa20_backends[] = {
#ifdef P2P_HAVE_SODIUM
  &p2p__salsa20_sodium,
#endif
  &p2p__salsa20_own,
};

const p2p__salsa20_backend *p2p__salsa20_backend_at(size_t i) {
  return i < P2P_COUNT(salsa20_backends) ? salsa20_backends[i] : NULL;
}

const char *p2p__crypto_backends(void) {
#ifdef P2P_HAVE_IPSEC_MB
  if (p2p__cpu_of_here().wide) return BACKENDS ", ipsec-mb " IMB_VERSION_STR;
#endif
  return BACKENDS;
}
