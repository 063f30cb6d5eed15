/* One side of a security handshake: an Ed25519 identity made from one byte, and a world. */
#ifndef P2P_TESTS_PARTY_H
#define P2P_TESTS_PARTY_H

#include "crypto/crypto.h"
#include "security/noise.h"
#include "support/step_pair.h"

#define PARTY_DEADLINE (10 * P2P_SECOND)

typedef struct party {
  step_world world;
  p2p__crypto *crypto;
  p2p__ed25519 key;
  p2p_identity identity;
  p2p__noise_static noise;
  bool lies; /* signs something else */
} party;

/* No memory fails in here. */
void party_init(party *p, uint8_t seed);
void party_fini(party *p);

p2p__noise_config party_config(const party *p, bool initiator);
p2p__step *party_noise(party *p, const p2p__noise_config *config);

/* A handshake's result, with record NULL and muxer -1 before take. */
p2p__step_result party_take(p2p__step *s);

/* Text of digits as bytes; returns their number. */
size_t unhex(const char *hex, uint8_t *out, size_t cap);

#endif
