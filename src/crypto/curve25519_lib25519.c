/* X25519 and Ed25519 over lib25519. Empty where it was not found.
 *
 * Of the library only what computes is used. What makes key pairs or signs draws randomness of its
 * own (from the system, waiting for it): its signatures are not those of RFC 8032, which are the same
 * every time. So signatures are made by the backend after this one, as are Ed25519's public keys, for
 * which it has no function of its own. The library's one piece of process-wide state is which
 * implementation belongs to this processor, found out when it is loaded. */
#include "crypto/backend.h"

#ifdef P2P_HAVE_LIB25519
#include <lib25519.h>

/* It opens a message only behind its signature and into room of its own: on the stack, up to here;
 * longer ones are for the next backend. */
enum { SIG = 64, MESSAGE_MAX = 4096 };

static const p2p__backend *next(void) { return p2p__backend_at(1); }

static int init(void) { return 0; }

static int x25519_public(const uint8_t secret[32], uint8_t pub[32]) {
  lib25519_nG_montgomery25519(pub, secret);
  return 0;
}

static int x25519(const uint8_t secret[32], const uint8_t pub[32], uint8_t shared[32]) {
  lib25519_dh(shared, pub, secret);
  return 0;
}

static int ed25519_public(const uint8_t seed[32], uint8_t pub[32]) {
  return next()->ed25519_public(seed, pub);
}

static int ed25519_sign(const uint8_t seed[32], const uint8_t pub[32], p2p_bytes msg,
                        uint8_t sig[64]) {
  return next()->ed25519_sign(seed, pub, msg, sig);
}

static int ed25519_verify(const uint8_t pub[32], p2p_bytes msg, const uint8_t sig[64]) {
  uint8_t signed_msg[SIG + MESSAGE_MAX], opened[SIG + MESSAGE_MAX];
  long long len = 0;
  if (msg.len > MESSAGE_MAX) return next()->ed25519_verify(pub, msg, sig);
  memcpy(signed_msg, sig, SIG);
  if (msg.len) memcpy(signed_msg + SIG, msg.p, msg.len);
  int err = lib25519_sign_open(opened, &len, signed_msg, (long long)msg.len + SIG, pub);
  return err ? P2P_ESIG : 0;
}

const p2p__backend p2p__backend_lib25519 = {
  .name = "lib25519 " lib25519_version,
  .init = init,
  .x25519_public = x25519_public,
  .x25519 = x25519,
  .ed25519_public = ed25519_public,
  .ed25519_sign = ed25519_sign,
  .ed25519_verify = ed25519_verify,
};
#endif
