/* What a row asks of the other side in the end. */
#include "evil.h"

const char *const evil_verdicts[EVIL_VERDICTS] = {
  [EVIL_SURVIVED] = "survived",   [EVIL_NA] = "n/a",          [EVIL_BROKEN] = "no session",
  [EVIL_TOLERATED] = "tolerated", [EVIL_LATE] = "late",       [EVIL_STRICT] = "strict",
  [EVIL_GREW] = "grew",           [EVIL_STARVED] = "starved", [EVIL_DIED] = "died",
};

static verdict ended(peer *p, p2p_time within, verdict otherwise) {
  if (!p) return EVIL_BROKEN;
  bool yes = peer_ends(p, within);
  peer_free(p);
  return yes ? EVIL_SURVIVED : otherwise;
}

verdict must_end(peer *p) { return ended(p, p ? p->e->brief : 0, EVIL_TOLERATED); }

verdict must_end_in_time(peer *p) { return ended(p, p ? p->e->patience : 0, EVIL_LATE); }

verdict must_live(peer *p) {
  if (!p) return EVIL_BROKEN;
  bool lives = mux_lives(p);
  peer_free(p);
  return lives ? EVIL_SURVIVED : EVIL_STRICT;
}

verdict may_do_anything(peer *p) {
  peer_free(p);
  return EVIL_SURVIVED;
}
