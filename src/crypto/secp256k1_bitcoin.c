/* secp256k1 over libsecp256k1, Bitcoin's own. Empty where it was not found. */
#include "crypto/backend.h"

#ifdef P2P_HAVE_SECP256K1
#include <secp256k1_preallocated.h>
#include <stddef.h>

/* A context for signing, in memory of ours: secp256k1_context_create aborts when there is none. It
 * needs 208 bytes in 0.2. Nothing is random about it: the library's code takes the same time for every
 * key. */
typedef struct signing_space {
  max_align_t bytes[64];
} signing_space;

static secp256k1_context *begin(signing_space *space) {
  if (secp256k1_context_preallocated_size(SECP256K1_CONTEXT_NONE) > sizeof *space) return NULL;
  return secp256k1_context_preallocated_create(space, SECP256K1_CONTEXT_NONE);
}

static int public_of(const uint8_t secret[32], uint8_t pub[33]) {
  signing_space space;
  secp256k1_context *ctx = begin(&space);
  secp256k1_pubkey key;
  size_t len = 33;
  if (!ctx) return P2P_ENOMEM;
  int ok = secp256k1_ec_pubkey_create(ctx, &key, secret);
  if (ok) secp256k1_ec_pubkey_serialize(ctx, pub, &len, &key, SECP256K1_EC_COMPRESSED);
  secp256k1_context_preallocated_destroy(ctx);
  return ok ? 0 : P2P_EKEY;
}

static int sign(const uint8_t secret[32], const uint8_t hash[32], uint8_t sig[64]) {
  signing_space space;
  secp256k1_context *ctx = begin(&space);
  secp256k1_ecdsa_signature s;
  if (!ctx) return P2P_ENOMEM;
  int ok = secp256k1_ecdsa_sign(ctx, &s, hash, secret, secp256k1_nonce_function_rfc6979, NULL);
  if (ok) secp256k1_ecdsa_signature_serialize_compact(ctx, sig, &s);
  secp256k1_context_preallocated_destroy(ctx);
  return ok ? 0 : P2P_EKEY;
}

static int verify(const uint8_t pub[33], const uint8_t hash[32], const uint8_t sig[64]) {
  const secp256k1_context *ctx = secp256k1_context_static; /* verifying needs no other */
  secp256k1_pubkey key;
  secp256k1_ecdsa_signature s;
  if (!secp256k1_ec_pubkey_parse(ctx, &key, pub, 33)) return P2P_EKEY;
  if (!secp256k1_ecdsa_signature_parse_compact(ctx, &s, sig)) return P2P_ESIG;
  return secp256k1_ecdsa_verify(ctx, &s, hash, &key) ? 0 : P2P_ESIG;
}

const p2p__secp256k1_backend p2p__secp256k1_bitcoin = {
  .name = "libsecp256k1",
  .public_of = public_of,
  .sign = sign,
  .verify = verify,
};
#endif
