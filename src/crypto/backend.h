/* The curve arithmetic of one library. Each backend is one file; backend.c holds the tables of those
 * built, the preferred first, and every entry is tested against the others. */
#ifndef P2P_CRYPTO_BACKEND_H
#define P2P_CRYPTO_BACKEND_H

#include "base/bytes.h"

typedef struct p2p__backend {
  const char *name;  /* with the version of the headers it was built with */
  int (*init)(void); /* 0 or P2P_ENOTSUP; may be called often and from any thread */

  /* 0 or P2P_ENOMEM. */
  int (*x25519_public)(const uint8_t secret[32], uint8_t pub[32]);
  /* 0, P2P_ENOMEM or P2P_EAUTH; an all-zero result need not be noticed here. */
  int (*x25519)(const uint8_t secret[32], const uint8_t pub[32], uint8_t shared[32]);

  int (*ed25519_public)(const uint8_t seed[32], uint8_t pub[32]); /* 0 or P2P_ENOMEM */
  int (*ed25519_sign)(const uint8_t seed[32], const uint8_t pub[32], p2p_bytes msg,
                      uint8_t sig[64]);
  /* The equation only: ed25519.c has judged the encodings. 0, P2P_ESIG or P2P_ENOMEM. */
  int (*ed25519_verify)(const uint8_t pub[32], p2p_bytes msg, const uint8_t sig[64]);
} p2p__backend;

extern const p2p__backend p2p__backend_openssl;
extern const p2p__backend p2p__backend_sodium;   /* where libsodium was found */
extern const p2p__backend p2p__backend_lib25519; /* where lib25519 was found */

/* The i-th backend built, NULL past the last. The first is the one in use. */
const p2p__backend *p2p__backend_at(size_t i);

/* secp256k1 of one library. Points are compressed, signatures r ‖ s, numbers big-endian; the callers
 * in secp256k1.c have judged them, and bring S into the lower half of the order. */
typedef struct p2p__secp256k1_backend {
  const char *name;
  int (*public_of)(const uint8_t secret[32], uint8_t pub[33]); /* 0, P2P_EKEY or P2P_ENOMEM */
  int (*sign)(const uint8_t secret[32], const uint8_t hash[32], uint8_t sig[64]); /* the same */
  /* 0, P2P_EKEY (no point of the curve), P2P_ESIG or P2P_ENOMEM. */
  int (*verify)(const uint8_t pub[33], const uint8_t hash[32], const uint8_t sig[64]);
} p2p__secp256k1_backend;

extern const p2p__secp256k1_backend p2p__secp256k1_openssl;
extern const p2p__secp256k1_backend p2p__secp256k1_bitcoin; /* where libsecp256k1 was found */

/* The i-th one built, NULL past the last. The first is the one in use. */
const p2p__secp256k1_backend *p2p__secp256k1_backend_at(size_t i);

/* p2p__ed25519_verify with a backend of the caller's choice. */
int p2p__ed25519_verify_with(const p2p__backend *backend, const uint8_t pub[32], p2p_bytes msg,
                             p2p_bytes sig);

#endif
