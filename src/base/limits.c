/* The limits of a host by name: defaults, bounds, reasons. */
#include "base/limits.h"
#include <p2p/error.h>
#include <string.h>

static const p2p__limit_line lines[] = {
#define P2P_LIMIT(name_, unit_, value_, min_, max_, reason_)                                       \
  { .name = #name_, .unit = unit_, .reason = reason_, .value = value_, .min = min_, .max = max_ },
#include "base/limits.def"
#undef P2P_LIMIT
};

void p2p__limits_default(p2p__limits *limits) {
  *limits = (p2p__limits){
#define P2P_LIMIT(name_, unit_, value_, min_, max_, reason_) .name_ = value_,
#include "base/limits.def"
#undef P2P_LIMIT
  };
}

/* The member of the i-th line: both lists come from one file, in one order. */
static uint64_t *limits_member(p2p__limits *limits, size_t i) {
  uint64_t *const members[] = {
#define P2P_LIMIT(name_, unit_, value_, min_, max_, reason_) &limits->name_,
#include "base/limits.def"
#undef P2P_LIMIT
  };
  return members[i];
}

int p2p__limits_set(p2p__limits *limits, const char *name, uint64_t value) {
  for (size_t i = 0; i < P2P_COUNT(lines); i++) {
    if (strcmp(lines[i].name, name) != 0) continue;
    if (value < lines[i].min || value > lines[i].max) return P2P_EINVAL;
    *limits_member(limits, i) = value;
    return 0;
  }
  return P2P_ENOTFOUND;
}

const p2p__limit_line *p2p__limit_at(size_t i) { return i < P2P_COUNT(lines) ? &lines[i] : NULL; }
