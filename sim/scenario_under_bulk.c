/* Scenario: pings beside a bulk stream of the same connection. The path has a queue of 10 ms; what
 * we keep waiting before it must not cost more. */
#include "sim/pair.h"
#include <stdlib.h>

enum { PINGS = 600, PERCENTILE_OF = 100 };
#define EVERY (50 * P2P_MS) /* after the last answer */
#define BOUND (60 * P2P_MS)

typedef struct series {
  p2p_time rtts[PINGS];
  int n;
  uint64_t asked;
} series;

static void note_ping(host_node *n, const p2p_event *e) {
  series *s = n->user;
  if (e->kind == P2P_EV_PING && e->err == 0 && s->n < PINGS) s->rtts[s->n++] = e->rtt;
}

static bool answered(void *user) {
  const host_node *n = user;
  return n->pings == ((const series *)n->user)->asked;
}

/* Equal values are equal: the order is total. */
static int by_value(const void *a, const void *b) {
  p2p_time x = *(const p2p_time *)a, y = *(const p2p_time *)b;
  return (x > y) - (x < y);
}

static p2p_time percentile(const series *s, int percent) {
  return s->n ? s->rtts[(s->n - 1) * percent / PERCENTILE_OF] : 0;
}

static void ping_on(scenario_run *r, host_node *from, const host_node *to) {
  series *s = from->user;
  for (int i = 0; i < PINGS; i++) {
    s->asked += p2p_ping(from->host, p2p_host_peer(to->host)) == 0;
    host_node_poke(from);
    p2p_sim_run(r->sim, p2p_sim_now(r->sim) + 20 * P2P_SECOND, answered, from);
    p2p_sim_run(r->sim, p2p_sim_now(r->sim) + EVERY, NULL, NULL);
  }
}

/* from_sender: the pings' way is the bulk stream's; else the answers' is. */
static void one_side(scenario_run *r, bool from_sender, const char *p50, const char *p99,
                     const char *share) {
  p2p_sim_path path = { .latency = 20 * P2P_MS,
                        .bits_per_second = 10000000,
                        .queue = 10 * P2P_MS,
                        .tcp = P2P_SIM_NEWRENO };
  static series s; /* large; one run at a time */
  s = (series){ 0 };
  host_pair p;
  if (!pair_meet(r, &p, &path, NULL) || !pair_open(r, &p, FLOW_SINK, UINT64_MAX, 1)) goto out;
  p2p_sim_run(r->sim, p2p_sim_now(r->sim) + 2 * P2P_SECOND, NULL, NULL);
  host_node *from = from_sender ? &p.a : &p.b;
  from->on_event = note_ping;
  from->user = &s;
  uint64_t before = flow_inbound(&p.b, 0)->received;
  p2p_time start = p2p_sim_now(r->sim);
  ping_on(r, from, from_sender ? &p.b : &p.a);
  p2p_time took = p2p_sim_now(r->sim) - start;
  uint64_t bytes = flow_inbound(&p.b, 0)->received - before;
  qsort(s.rtts, (size_t)s.n, sizeof s.rtts[0], by_value);
  scenario_figure(r, p50, percentile(&s, 50) / P2P_US, "us");
  scenario_figure(r, p99, percentile(&s, 99) / P2P_US, "us");
  scenario_figure(r, share, bytes * 8 * 100 / (path.bits_per_second / 1000 * (took / P2P_MS)),
                  "% of the link");
  scenario_claim(r, s.n == PINGS, "%d of %d pings were answered", s.n, PINGS);
  scenario_claim(r, percentile(&s, 99) <= BOUND, "p99 of %s: %llu us", p99,
                 (unsigned long long)(percentile(&s, 99) / P2P_US));
out:
  pair_end(r, &p);
}

void scenario_under_bulk(scenario_run *r) {
  one_side(r, true, "p50_from_sender", "p99_from_sender", "bulk_beside_sender");
  scenario_fresh_world(r);
  one_side(r, false, "p50_from_receiver", "p99_from_receiver", "bulk_beside_receiver");
}
