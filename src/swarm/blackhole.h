/* BLACK HOLE: whether a kind of address (over UDP, over IPv6) gets any answers from where we are.
 * Where hardly any dial of the last ones had one, further dials are of no use: one in a hundred is
 * let through to see whether that has changed, the first answer opens the way again. As go-libp2p's
 * detector, which asks for 5 successes among the last 100 and takes a refusal for none. Row SW-06 of the
 * attack catalogue. */
#ifndef P2P_SWARM_BLACKHOLE_H
#define P2P_SWARM_BLACKHOLE_H

#include <p2p/types.h>

enum { P2P__BLACKHOLE_WINDOW = 100, P2P__BLACKHOLE_ENOUGH = 5 };

typedef enum p2p__blackhole_state {
  P2P__BLACKHOLE_PROBING, /* too few results yet, or one dial to see */
  P2P__BLACKHOLE_OPEN,
  P2P__BLACKHOLE_BLOCKED
} p2p__blackhole_state;

/* All zero: nothing is known. */
typedef struct p2p__blackhole {
  uint8_t results[(P2P__BLACKHOLE_WINDOW + 7) / 8]; /* bit i: result i was an answer */
  uint8_t n, at, successes;                         /* results kept; where the next goes */
  uint8_t asked;                                    /* while blocked, since the last probe */
} p2p__blackhole;

p2p__blackhole_state p2p__blackhole_state_of(const p2p__blackhole *b); /* without asking */
/* May a dial use such addresses? While blocked every 100th may, to see. */
p2p__blackhole_state p2p__blackhole_ask(p2p__blackhole *b);
/* The outcome of one dial. answered: the other side, or its machine, gave any sign of life. */
void p2p__blackhole_told(p2p__blackhole *b, bool answered);

#endif
