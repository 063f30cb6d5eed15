/* X25519 and Ed25519 over libsodium. Empty where libsodium was not found. */
#include "crypto/backend.h"

#ifdef P2P_HAVE_SODIUM
#include <sodium.h>

static int init(void) { return sodium_init() < 0 ? P2P_ENOTSUP : 0; }

static int x25519_public(const uint8_t secret[32], uint8_t pub[32]) {
  return crypto_scalarmult_curve25519_base(pub, secret) ? P2P_EAUTH : 0;
}

static int x25519(const uint8_t secret[32], const uint8_t pub[32], uint8_t shared[32]) {
  return crypto_scalarmult_curve25519(shared, secret, pub) ? P2P_EAUTH : 0;
}

static int ed25519_public(const uint8_t seed[32], uint8_t pub[32]) {
  uint8_t both[64];
  crypto_sign_ed25519_seed_keypair(pub, both, seed);
  p2p__wipe(both, sizeof both);
  return 0;
}

static int ed25519_sign(const uint8_t seed[32], const uint8_t pub[32], p2p_bytes msg,
                        uint8_t sig[64]) {
  uint8_t both[64];
  memcpy(both, seed, 32);
  memcpy(both + 32, pub, 32);
  int err = crypto_sign_ed25519_detached(sig, NULL, msg.p, msg.len, both);
  p2p__wipe(both, sizeof both);
  return err ? P2P_EKEY : 0;
}

static int ed25519_verify(const uint8_t pub[32], p2p_bytes msg, const uint8_t sig[64]) {
  return crypto_sign_ed25519_verify_detached(sig, msg.p, msg.len, pub) ? P2P_ESIG : 0;
}

const p2p__backend p2p__backend_sodium = {
  .name = "libsodium " SODIUM_VERSION_STRING,
  .init = init,
  .x25519_public = x25519_public,
  .x25519 = x25519,
  .ed25519_public = ed25519_public,
  .ed25519_sign = ed25519_sign,
  .ed25519_verify = ed25519_verify,
};
#endif
