/* Noise's transport messages as a record: 2 bytes of length, ciphertext, tag.
 * Spec: noise/README.md, "Wire Format". */
#ifndef P2P_SECURITY_NOISE_RECORD_H
#define P2P_SECURITY_NOISE_RECORD_H

#include "base/env.h"
#include "base/record.h"
#include "crypto/crypto.h"

enum {
  P2P__NOISE_HEAD = 2,
  P2P__NOISE_MAX = 65535 - P2P__AEAD_TAG /* plaintext of one record */
};

/* One direction. n never reaches 2^64 - 1: Noise reserves it. */
typedef struct p2p__noise_way {
  p2p__aead aead;
  uint64_t n; /* nonce of the next record */
  int err;    /* why this direction is dead; a failed decryption never advances n */
} p2p__noise_way;

typedef struct p2p__noise_record {
  p2p__record record;
  p2p__mem *mem;
  p2p__noise_way out, in;
} p2p__noise_record;

/* Copies the keys. P2P_ENOMEM. */
P2P_MUST_USE int p2p__noise_record_new(p2p__env *env, const uint8_t seal[P2P__AEAD_KEY],
                                       const uint8_t open[P2P__AEAD_KEY], p2p__record **out);

#endif
