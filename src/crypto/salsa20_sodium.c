/* Salsa20 over libsodium. Empty where libsodium was not found. */
#include "crypto/salsa20_backend.h"

#ifdef P2P_HAVE_SODIUM
#include <sodium.h>

static void hsalsa20(const uint8_t key[32], const uint8_t nonce[16], uint8_t out[32]) {
  crypto_core_hsalsa20(out, nonce, key, NULL);
}

static void xor_from(const uint8_t key[32], const uint8_t nonce[8], uint64_t block, p2p_bytes in,
                     uint8_t *out) {
  if (in.len > 0) crypto_stream_salsa20_xor_ic(out, in.p, in.len, nonce, block, key);
}

const p2p__salsa20_backend p2p__salsa20_sodium = {
  .name = "libsodium " SODIUM_VERSION_STRING,
  .hsalsa20 = hsalsa20,
  .xor_from = xor_from,
};
#endif
