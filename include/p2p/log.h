/* Log lines, delivered to a function of the user. */
#ifndef P2P_LOG_H
#define P2P_LOG_H

#include <p2p/types.h>

P2P_BEGIN

/* How much a line matters. A host that logs at a level logs those above it, too. */
typedef enum p2p_log_level {
  P2P_LOG_ERROR = 0, /* something of ours is broken */
  P2P_LOG_WARN = 1,  /* a person should look */
  P2P_LOG_INFO = 2,  /* lifecycle */
  P2P_LOG_DEBUG = 3, /* one line per connection event */
  P2P_LOG_TRACE = 4  /* one line per negotiation message */
} p2p_log_level;

/* line: zero-terminated, without newline, at most 1,023 bytes; its first word is the module ("swarm",
 * "quic", "identify"); borrowed for the call. Called on the host's thread; must not call the host. */
typedef void (*p2p_log_fn)(void *user, p2p_log_level level, const char *line);

P2P_END
#endif
