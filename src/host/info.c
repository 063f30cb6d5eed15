/* Numbers and names: statistics, memory by purpose, limits, version. */
#include "host/internal.h"
#include <p2p/version.h>

static bool is_blocked(const p2p__blackhole *b) {
  return p2p__blackhole_state_of(b) == P2P__BLACKHOLE_BLOCKED;
}

int p2p_host_get(p2p_host *h, p2p_host_stats *out) {
  p2p__host_assert(h);
  if (!h || !out || !out->size) return P2P_EINVAL;
  p2p_host_stats stats = { .size = out->size,
                           .conns = h->swarm.conns.live,
                           .streams = h->swarm.streams.live,
                           .dials = h->swarm.n_dialing,
                           .half_open = h->swarm.half_open.n,
                           .conns_in = h->swarm.conns_in,
                           .conns_out = h->swarm.conns_out,
                           .memory = p2p__mem_used(&h->mem),
                           .udp_blackhole = is_blocked(&h->swarm.udp_hole),
                           .ip6_blackhole = is_blocked(&h->swarm.ip6_hole),
                           .buffered = h->swarm.budget.used };
  memcpy(out, &stats, p2p__min(stats.size, sizeof stats));
  return 0;
}

const char *p2p_host_memory(const p2p_host *h, size_t i, size_t *bytes) {
  p2p__host_assert(h);
  if (!h || i >= P2P__MEM_TAGS) return NULL;
  *bytes = h->mem.used[i];
  return p2p__tag_name((p2p__tag)i);
}

int p2p_limit_info(size_t i, p2p_limit *out) {
  if (!out || !out->size) return P2P_EINVAL;
  const p2p__limit_line *line = p2p__limit_at(i);
  if (!line) return P2P_ENOTFOUND;
  p2p_limit limit = { .size = out->size,
                      .name = line->name,
                      .unit = line->unit,
                      .reason = line->reason,
                      .value = line->value,
                      .min = line->min,
                      .max = line->max };
  memcpy(out, &limit, p2p__min(limit.size, sizeof limit));
  return 0;
}

static const char *const stage_names[] = {
  [P2P_STAGE_NONE] = "none",         [P2P_STAGE_ADDRESS] = "address",
  [P2P_STAGE_RESOLVE] = "resolve",   [P2P_STAGE_CONNECT] = "connect",
  [P2P_STAGE_SECURITY] = "security", [P2P_STAGE_IDENTITY] = "identity",
  [P2P_STAGE_MUXER] = "muxer",       [P2P_STAGE_GATER] = "gater",
  [P2P_STAGE_LIMIT] = "limit",       [P2P_STAGE_UP] = "up",
};

const char *p2p_stage_name(p2p_stage stage) {
  return (size_t)stage < P2P_COUNT(stage_names) ? stage_names[stage] : "unknown";
}

const char *p2p_version(void) { return P2P_VERSION; }

const char *p2p_libraries(void) { return p2p__crypto_backends(); }
