/* Matching multiaddrs against patterns. */
#include "multiformats/pattern.h"
#include "multiformats/multiaddr.h"

static bool has_code(const p2p__ma_step *step, uint32_t code) {
  for (size_t i = 0; i < P2P__MA_STEP_CODES && step->codes[i]; i++) {
    if (step->codes[i] == code) return true;
  }
  return false;
}

/* Eats one component when it is one of the step's. */
static bool eat(const p2p__ma_step *step, p2p__rd *r) {
  p2p__rd at = *r;
  p2p__ma_part part;
  if (p2p__ma_next(&at, &part) != 1 || !has_code(step, part.code)) return false;
  *r = at;
  return true;
}

bool p2p__ma_match(const p2p__ma_pattern *pattern, p2p_bytes addr, p2p_bytes *rest) {
  p2p__rd r = p2p__rd_of(addr);
  for (size_t i = 0; i < pattern->n; i++) {
    const p2p__ma_step *step = &pattern->steps[i];
    bool ate = eat(step, &r);
    if (!ate && step->times == P2P__MA_ONE) return false;
    while (ate && step->times == P2P__MA_MANY) ate = eat(step, &r);
  }
  if (rest) *rest = p2p__bytes(r.p, p2p__rd_left(&r));
  return true;
}

bool p2p__ma_is(const p2p__ma_pattern *pattern, p2p_bytes addr) {
  static const p2p__ma_step peer = { P2P__MA_ONE, { P2P__MA_P2P } };
  p2p_bytes rest;
  if (!p2p__ma_match(pattern, addr, &rest)) return false;
  p2p__rd r = p2p__rd_of(rest);
  return p2p__rd_done(&r) || (eat(&peer, &r) && p2p__rd_done(&r));
}
