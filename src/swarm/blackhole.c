/* The black-hole detector. See blackhole.h. */
#include "swarm/blackhole.h"

p2p__blackhole_state p2p__blackhole_state_of(const p2p__blackhole *b) {
  if (b->n < P2P__BLACKHOLE_WINDOW) return P2P__BLACKHOLE_PROBING;
  return b->successes >= P2P__BLACKHOLE_ENOUGH ? P2P__BLACKHOLE_OPEN : P2P__BLACKHOLE_BLOCKED;
}

p2p__blackhole_state p2p__blackhole_ask(p2p__blackhole *b) {
  p2p__blackhole_state state = p2p__blackhole_state_of(b);
  if (state != P2P__BLACKHOLE_BLOCKED) {
    b->asked = 0;
    return state;
  }
  if (++b->asked < P2P__BLACKHOLE_WINDOW) return state;
  b->asked = 0;
  return P2P__BLACKHOLE_PROBING;
}

static bool result_at(const p2p__blackhole *b, unsigned i) {
  return b->results[i / 8] >> i % 8 & 1;
}

static void result_set(p2p__blackhole *b, unsigned i, bool on) {
  uint8_t bit = (uint8_t)(1u << i % 8);
  if (on)
    b->results[i / 8] |= bit;
  else
    b->results[i / 8] &= (uint8_t)~bit;
}

void p2p__blackhole_told(p2p__blackhole *b, bool answered) {
  /* An answer where there were none: we are somewhere else now, what was counted says nothing. */
  if (answered && p2p__blackhole_state_of(b) == P2P__BLACKHOLE_BLOCKED) *b = (p2p__blackhole){ 0 };
  if (b->n == P2P__BLACKHOLE_WINDOW && result_at(b, b->at)) b->successes--;
  if (b->n < P2P__BLACKHOLE_WINDOW) b->n++;
  result_set(b, b->at, answered);
  b->at = (uint8_t)((b->at + 1u) % P2P__BLACKHOLE_WINDOW);
  if (answered) b->successes++;
}
