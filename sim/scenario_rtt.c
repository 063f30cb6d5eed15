/* Scenario: how long a stranger waits. Flights until the first byte of an application leaves, and
 * until it can be answered, for {peer has early muxer, has not} x {first contact, known peer}, with one
 * protocol id and with two of which the peer speaks the second. docs/internals/round-trips.md derives
 * the numbers; here they are pinned.
 *
 * A flight is what crosses the path one way: with latency L, the n-th leaves at (n - 1) L after the
 * dial. TCP's SYN is the first. */
#include "sim/pair.h"

#define ONE_WAY (50 * P2P_MS)
enum { BYTES = 100, OTHER_SALT = 7 };

static const char *const ids[] = { "/flow/unheard-of/1.0.0", FLOW_ECHO };

typedef struct wait_case {
  bool early, known;
  size_t n_ids;          /* 1: FLOW_ECHO; 2: both ids */
  uint64_t leaves, back; /* the flight in which the byte leaves; flights until the answer is here */
  const char *name;
} wait_case;

/* Closes what there is and waits until both sides know. */
static bool part(scenario_run *r, host_pair *p) {
  if (p2p_conn_close(p->a.host, p->a.conn, 0) < 0) return false;
  host_node_poke(&p->a);
  p2p_sim_run(r->sim, p2p_sim_now(r->sim) + 5 * P2P_SECOND, NULL, NULL);
  return p->a.conns_closed == 1 && p->b.conns_closed == 1;
}

static bool answered(void *user) { return ((const flow *)user)->first_at; }

/* Dials, opens, writes: all at once. */
static void claim_wait(scenario_run *r, host_pair *p, const wait_case *c) {
  p2p_time start = p2p_sim_now(r->sim);
  p2p_conn conn;
  flow *f = NULL;
  int err = host_node_dial(&p->a, &p->b, &conn);
  if (err >= 0)
    err = flow_open_any(&p->a, NULL, &conn, ids + 2 - c->n_ids, c->n_ids, BYTES, OTHER_SALT, &f);
  if (!scenario_claim(r, err >= 0, "%s: %s", c->name, p2p_error_name(err))) return;
  p2p_sim_run(r->sim, start + 100 * ONE_WAY, answered, f);
  const flow *in = flow_inbound(&p->b, 0);
  if (!scenario_claim(r, in && in->first_at && f->first_at, "%s: no answer", c->name)) return;
  uint64_t leaves = (in->first_at - start) / ONE_WAY, back = (f->first_at - start) / ONE_WAY;
  scenario_figure(r, c->name, leaves, "is the flight it leaves in");
  scenario_claim(r, (in->first_at - start) % ONE_WAY == 0, "%s: a byte waited", c->name);
  scenario_claim(r, leaves == c->leaves && back == c->back,
                 "%s: left in flight %d, answer after %d", c->name, (int)leaves, (int)back);
  p2p_conn_info info = { .size = sizeof info };
  err = p2p_conn_get(p->a.host, conn, &info);
  scenario_claim(r, err == 0 && info.early_muxer == c->early, "%s: the muxer came otherwise",
                 c->name);
}

static void one_case(scenario_run *r, const wait_case *c) {
  p2p_setting late_muxer = { "early_muxer", 0 };
  p2p_host_opts without = { .size = sizeof without, .limits = &late_muxer, .n_limits = 1 };
  p2p_sim_path path = { .latency = ONE_WAY };
  host_pair p = { 0 };
  p2p_sim_default(r->sim, &path);
  int err = host_node_init(&p.a, r->sim, 1, NULL);
  if (err >= 0) err = host_node_init(&p.b, r->sim, 2, c->early ? NULL : &without);
  if (err >= 0) err = flow_serve(&p.b);
  if (scenario_claim(r, err >= 0, "no hosts: %s", p2p_error_name(err))) {
    bool ready = !c->known || (host_node_meet(&p.a, &p.b) && part(r, &p));
    if (scenario_claim(r, ready, "%s: the first contact failed", c->name)) claim_wait(r, &p, c);
    p.met = true;
  }
  pair_end(r, &p);
}

void scenario_rtt(scenario_run *r) {
  static const wait_case cases[] = {
    { true, false, 1, 5, 6, "early_first" },       { true, true, 1, 5, 6, "early_known" },
    { false, false, 1, 5, 6, "late_first" },       { false, true, 1, 5, 6, "late_known" },
    { true, false, 2, 9, 10, "early_first_of_2" }, { true, true, 2, 5, 6, "early_known_of_2" },
    { false, false, 2, 9, 10, "late_first_of_2" }, { false, true, 2, 5, 6, "late_known_of_2" },
  };
  for (size_t i = 0; i < P2P_COUNT(cases); i++) {
    if (i) scenario_fresh_world(r);
    one_case(r, &cases[i]);
  }
}
