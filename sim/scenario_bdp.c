/* Scenario: one stream over a long fat path. The receive window follows the bandwidth-delay product
 * up, and not beyond four times of it. */
#include "sim/pair.h"

enum { SECONDS = 5, BITS = 8, PERCENT = 100, TIMES_BDP = 4 };
#define RATE ((uint64_t)100000000) /* bits per second */
#define ONE_WAY (100 * P2P_MS)
#define LOOK (10 * P2P_MS)

static const uint64_t BDP = RATE / BITS * 2 * ONE_WAY / P2P_SECOND;

static uint64_t window_of(host_node *n) {
  p2p_conn_info info = { .size = sizeof info };
  return p2p_conn_get(n->host, n->conn, &info) < 0 ? 0 : info.window;
}

/* Runs to `until`; the largest window seen on the way. */
static uint64_t watch(scenario_run *r, host_node *n, p2p_time until) {
  uint64_t most = 0;
  while (p2p_sim_now(r->sim) < until) {
    p2p_sim_run(r->sim, p2p_sim_now(r->sim) + LOOK, NULL, NULL);
    uint64_t w = window_of(n);
    most = w > most ? w : most;
  }
  return most;
}

void scenario_bdp(scenario_run *r) {
  host_pair p;
  p2p_sim_path path = { .latency = ONE_WAY, .bits_per_second = RATE };
  flow *f = NULL;
  if (pair_meet(r, &p, &path, NULL)) f = pair_open(r, &p, FLOW_SINK, UINT64_MAX, 1);
  p2p_time start = p2p_sim_now(r->sim);
  uint64_t second = RATE / BITS, before = 0, sum = 0, last = 0, most = 0;
  for (int i = 1; f && i <= SECONDS; i++) {
    uint64_t w = watch(r, &p.b, start + (p2p_time)i * P2P_SECOND);
    most = w > most ? w : most;
    const flow *in = flow_inbound(&p.b, 0);
    sum = in ? in->received : 0;
    last = sum - before;
    before = sum;
  }
  scenario_figure(r, "fifth_second", last * PERCENT / second, "% of the link");
  scenario_figure(r, "average_of_five", sum * PERCENT / second / SECONDS, "% of the link");
  scenario_figure(r, "window", most * PERCENT / BDP, "% of bandwidth x delay");
  scenario_figure(r, "window_bytes", most, "bytes");
  scenario_claim(r, last >= second * 9 / 10, "%llu of %llu bytes in the fifth second",
                 (unsigned long long)last, (unsigned long long)second);
  scenario_claim(r, most && most <= TIMES_BDP * BDP,
                 "a window of %llu bytes; four times the BDP: %llu", (unsigned long long)most,
                 (unsigned long long)(TIMES_BDP * BDP));
  pair_end(r, &p);
}
