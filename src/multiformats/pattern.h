/* Which multiaddrs somebody means: a transport those it dials, a filter those it drops. A pattern
 * is a table of steps; it is matched from the front, greedily and without going back, so that one
 * look at each component suffices. */
#ifndef P2P_MULTIFORMATS_PATTERN_H
#define P2P_MULTIFORMATS_PATTERN_H

#include "base/bytes.h"

enum { P2P__MA_STEP_CODES = 6 };

typedef enum p2p__ma_times {
  P2P__MA_ONE,   /* it stands here */
  P2P__MA_MAYBE, /* it may */
  P2P__MA_MANY   /* it may, several times */
} p2p__ma_times;

/* One of these codes (0 ends the list before its time). A MAYBE or MANY step takes what it can, so
 * the step behind it must not ask for the same code. */
typedef struct p2p__ma_step {
  p2p__ma_times times;
  uint32_t codes[P2P__MA_STEP_CODES];
} p2p__ma_step;

typedef struct p2p__ma_pattern {
  const p2p__ma_step *steps;
  size_t n;
} p2p__ma_pattern;

/* Steps that many patterns begin with: an IP address with its zone; an IP address or a name. */
#define P2P__MA_STEPS_IP                                                                           \
  { P2P__MA_MAYBE, { P2P__MA_IP6ZONE } }, {                                                        \
    P2P__MA_ONE, { P2P__MA_IP4, P2P__MA_IP6 }                                                      \
  }
#define P2P__MA_STEPS_HOST                                                                         \
  { P2P__MA_MAYBE, { P2P__MA_IP6ZONE } }, {                                                        \
    P2P__MA_ONE, {                                                                                 \
      P2P__MA_IP4, P2P__MA_IP6, P2P__MA_DNS, P2P__MA_DNS4, P2P__MA_DNS6, P2P__MA_DNSADDR           \
    }                                                                                              \
  }

/* Whether addr begins as the pattern says; *rest (may be NULL) is then what stands behind it:
 * nothing, /p2p/ID, or what another transport puts on top. */
bool p2p__ma_match(const p2p__ma_pattern *pattern, p2p_bytes addr, p2p_bytes *rest);
/* The same and nothing behind it but perhaps one /p2p/ID. */
bool p2p__ma_is(const p2p__ma_pattern *pattern, p2p_bytes addr);

#endif
