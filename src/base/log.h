/* The log sink: one line per fact, key=value, to the user's function. No secrets, no payloads. */
#ifndef P2P_BASE_LOG_H
#define P2P_BASE_LOG_H

#include "base/attr.h"
#include <p2p/log.h>

typedef struct p2p__log {
  p2p_log_fn fn; /* NULL: silent */
  void *user;
  p2p_log_level level; /* lines above it are not even formatted */
} p2p__log;

static inline bool p2p__log_on(const p2p__log *log, p2p_log_level level) {
  return log->fn && level <= log->level;
}

/* Formats one line of at most 1,023 bytes ("swarm conn=… what happened": the module first) and hands it over. */
void p2p__logf(const p2p__log *log, p2p_log_level level, const char *format, ...) P2P_PRINTF(3, 4);

#endif
