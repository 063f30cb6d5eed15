/* What an engine may use of the loop it runs on. Passed to constructors; engines have no other
 * way to memory, randomness, configuration or the log. */
#ifndef P2P_BASE_ENV_H
#define P2P_BASE_ENV_H

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/queue.h"

struct p2p__crypto; /* crypto/crypto.h: backends chosen, spare cipher contexts; one per loop */

typedef struct p2p__env {
  p2p__mem *mem;
  p2p__pool *pool;
  const p2p__limits *limits;
  p2p__log log;
  struct p2p__crypto *crypto;
  int (*random)(void *ctx, void *buf, size_t len); /* 0 or P2P_EIO */
  void *random_ctx;
  uint8_t hash_key[16]; /* siphash key of tables keyed by what peers choose; per host */
} p2p__env;

static inline int p2p__random(p2p__env *env, void *buf, size_t len) {
  return env->random(env->random_ctx, buf, len);
}

#endif
