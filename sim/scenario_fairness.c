/* Scenario: a hundred bulk streams on one connection have equal shares of every second. */
#include "sim/pair.h"

enum { STREAMS = 100, SECONDS = 3, PERCENT = 100, LIMIT = 120 };

typedef struct shares {
  uint64_t least, most, sum;
} shares;

/* What each stream received since `before`, which is then brought up to date. */
static shares shares_since(const host_node *n, uint64_t before[STREAMS]) {
  shares s = { .least = UINT64_MAX };
  for (size_t i = 0; i < STREAMS; i++) {
    const flow *f = flow_inbound(n, i);
    uint64_t all = f ? f->received : 0, got = all - before[i];
    before[i] = all;
    s.sum += got;
    s.least = got < s.least ? got : s.least;
    s.most = got > s.most ? got : s.most;
  }
  return s;
}

static uint64_t ratio(shares s) { return s.least ? s.most * PERCENT / s.least : UINT64_MAX; }

/* Each second by itself, the first one (windows of all sizes, streams just opened) only as a figure. */
static void claim_seconds(scenario_run *r, const host_pair *p, uint64_t rate) {
  static const char *const names[SECONDS] = { "first_second", "second_second", "third_second" };
  uint64_t before[STREAMS] = { 0 };
  for (int i = 0; i < SECONDS; i++) {
    p2p_sim_run(r->sim, p2p_sim_now(r->sim) + P2P_SECOND, NULL, NULL);
    shares s = shares_since(&p->b, before);
    scenario_figure(r, names[i], ratio(s), "% max / min");
    if (i == 0) continue;
    scenario_claim(r, ratio(s) <= LIMIT, "from %llu to %llu bytes", (unsigned long long)s.least,
                   (unsigned long long)s.most);
    scenario_claim(r, s.sum >= rate / 8 * 9 / 10, "only %llu bytes in a second",
                   (unsigned long long)s.sum);
  }
}

void scenario_fairness(scenario_run *r) {
  p2p_sim_path path = { .latency = 20 * P2P_MS, .bits_per_second = 100000000 };
  host_pair p;
  bool opened = pair_meet(r, &p, &path, NULL);
  for (int i = 0; opened && i < STREAMS; i++)
    opened = pair_open(r, &p, FLOW_SINK, UINT64_MAX, (uint8_t)i) != NULL;
  if (opened) claim_seconds(r, &p, path.bits_per_second);
  pair_end(r, &p);
}
