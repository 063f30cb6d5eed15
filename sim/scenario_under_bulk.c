/* Scenario: pings beside a bulk stream of the same connection, 40 ms round trip.
 *
 * What we answer for is what waits on our side: with a TCP that loses nothing every ping is back
 * within 20 ms of the round trip, p99. Over NewReno with a drop-tail queue of 10 ms, 60 ms hold
 * while nothing is lost. But NewReno finds the rate by losing: once a second a packet is dropped, and
 * all that was sent behind it waits one round trip more at the receiver, in order, whatever we do. So
 * there p85 stays within 60 ms and p99 within a round trip more. */
#include "sim/pair.h"

enum { PINGS = 1000, PERCENTILE_OF = 100 };
#define ONE_WAY (20 * P2P_MS)
#define QUEUE (10 * P2P_MS)
#define BOUND (60 * P2P_MS)
#define BOUND_LOST (BOUND + 2 * ONE_WAY + QUEUE) /* behind a packet that is sent again */
/* Between an answer and the next ping, by chance: else pings keep in step with the losses. */
#define EVERY_MIN (10 * P2P_MS)
#define EVERY_MORE (80 * P2P_MS)

typedef struct series {
  p2p_time rtts[PINGS];
  int n;
  uint64_t asked;
} series;

/* Into the order of their lengths. */
static void insert(series *s, p2p_time rtt) {
  int at = s->n++;
  for (; at > 0 && s->rtts[at - 1] > rtt; at--) s->rtts[at] = s->rtts[at - 1];
  s->rtts[at] = rtt;
}

static void note_ping(host_node *n, const p2p_event *e) {
  series *s = n->user;
  if (e->kind == P2P_EV_PING && e->err == 0 && s->n < PINGS) insert(s, e->rtt);
}

static bool answered(void *user) {
  const host_node *n = user;
  return n->pings == ((const series *)n->user)->asked;
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
    p2p_time pause = EVERY_MIN + p2p_sim_random(r->sim, EVERY_MORE);
    p2p_sim_run(r->sim, p2p_sim_now(r->sim) + pause, NULL, NULL);
  }
}

typedef struct under_bulk {
  p2p_sim_tcp tcp;
  bool from_sender; /* the pings' way is the bulk stream's; else the answers' is */
  int percent;      /* of the pings are back within BOUND */
  p2p_time p99;     /* and 99 % within this */
  const char *name, *name_p99, *name_share;
} under_bulk;

static void tell_side(scenario_run *r, const under_bulk *side, series *s, uint64_t share) {
  scenario_figure(r, side->name, percentile(s, side->percent) / P2P_US, "us");
  scenario_figure(r, side->name_p99, percentile(s, 99) / P2P_US, "us");
  scenario_figure(r, side->name_share, share, "% of the link");
  scenario_claim(r, s->n == PINGS, "%d of %d pings were answered", s->n, PINGS);
  scenario_claim(r, percentile(s, side->percent) <= BOUND, "%s: %llu us", side->name,
                 (unsigned long long)(percentile(s, side->percent) / P2P_US));
  scenario_claim(r, percentile(s, 99) <= side->p99, "%s: %llu us", side->name_p99,
                 (unsigned long long)(percentile(s, 99) / P2P_US));
  scenario_claim(r, share >= 75, "%s: only %llu %%", side->name_share, (unsigned long long)share);
}

static void one_side(scenario_run *r, const under_bulk *side) {
  p2p_sim_path path = {
    .latency = ONE_WAY, .bits_per_second = 10000000, .queue = QUEUE, .tcp = side->tcp
  };
  series s = { 0 };
  host_pair p;
  if (pair_meet(r, &p, &path, NULL) && pair_open(r, &p, FLOW_SINK, UINT64_MAX, 1)) {
    p2p_sim_run(r->sim, p2p_sim_now(r->sim) + 2 * P2P_SECOND, NULL, NULL);
    host_node *from = side->from_sender ? &p.a : &p.b;
    from->on_event = note_ping;
    from->user = &s;
    uint64_t before = flow_inbound(&p.b, 0)->received;
    p2p_time start = p2p_sim_now(r->sim);
    ping_on(r, from, side->from_sender ? &p.b : &p.a);
    uint64_t ms = (p2p_sim_now(r->sim) - start) / P2P_MS;
    uint64_t bits = 8 * (flow_inbound(&p.b, 0)->received - before);
    tell_side(r, side, &s, bits * 100 / (path.bits_per_second / 1000 * ms));
  }
  pair_end(r, &p);
}

void scenario_under_bulk(scenario_run *r) {
  static const under_bulk sides[] = {
    { P2P_SIM_NEWRENO, true, 85, BOUND_LOST, "from_sender_p85", "from_sender_p99", "bulk_1" },
    { P2P_SIM_NEWRENO, false, 85, BOUND_LOST, "from_receiver_p85", "from_receiver_p99", "bulk_2" },
    { P2P_SIM_IDEAL, true, 99, BOUND, "lossless_from_sender", "lossless_from_sender_p99",
      "bulk_3" },
    { P2P_SIM_IDEAL, false, 99, BOUND, "lossless_from_receiver", "lossless_from_receiver_p99",
      "bulk_4" },
  };
  for (size_t i = 0; i < P2P_COUNT(sides); i++) {
    if (i) scenario_fresh_world(r);
    one_side(r, &sides[i]);
  }
}
