/* The limits of a host, one struct member per line of limits.def. */
#ifndef P2P_BASE_LIMITS_H
#define P2P_BASE_LIMITS_H

#include "base/attr.h"
#include <p2p/types.h>

typedef struct p2p__limits {
#define P2P_LIMIT(name, unit, value, min, max, reason) uint64_t name;
#include "base/limits.def"
#undef P2P_LIMIT
} p2p__limits;

void p2p__limits_default(p2p__limits *limits);
/* Sets a limit by its name. P2P_ENOTFOUND; P2P_EINVAL: outside [min, max]. */
P2P_MUST_USE int p2p__limits_set(p2p__limits *limits, const char *name, uint64_t value);

typedef struct p2p__limit_line {
  const char *name, *unit, *reason;
  uint64_t value, min, max;
} p2p__limit_line;

/* The i-th line of limits.def; NULL past the end. For --help, configuration and documentation. */
const p2p__limit_line *p2p__limit_at(size_t i);

#endif
