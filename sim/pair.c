/* Two hosts that have met over one path. */
#include "sim/pair.h"

bool pair_meet(scenario_run *r, host_pair *p, const p2p_sim_path *path, const p2p_host_opts *opts) {
  *p = (host_pair){ 0 };
  p2p_sim_default(r->sim, path);
  int err = host_node_init(&p->a, r->sim, 1, opts);
  if (err >= 0) err = host_node_init(&p->b, r->sim, 2, opts);
  if (err >= 0) err = flow_serve(&p->a);
  if (err >= 0) err = flow_serve(&p->b);
  if (!scenario_claim(r, err >= 0, "no hosts: %s", p2p_error_name(err))) return false;
  p->met = host_node_meet(&p->a, &p->b);
  return scenario_claim(r, p->met, "they did not meet");
}

flow *pair_open(scenario_run *r, host_pair *p, const char *protocol, uint64_t to_send,
                uint8_t salt) {
  flow *f = NULL;
  int err = flow_open(&p->a, p2p_host_peer(p->b.host), NULL, protocol, to_send, salt, &f);
  scenario_claim(r, err >= 0, "no stream: %s", p2p_error_name(err));
  return f;
}

void claim_rules(scenario_run *r, const host_node *n) {
  for (p2p__list *at = n->flows.next; at != &n->flows; at = at->next) {
    const flow *f = P2P_CONTAINER(at, flow, link);
    const char *broken = flow_broken_rule(f);
    char state[FLOW_STATE_MAX];
    scenario_claim(r, !broken, "node %u, %s: %s", n->number, flow_state(f, state, sizeof state),
                   broken);
  }
  scenario_claim(r, n->late == 0, "node %u missed a deadline by %llu ns", n->number,
                 (unsigned long long)n->late);
}

void pair_end(scenario_run *r, host_pair *p) {
  if (p->met) {
    claim_rules(r, &p->a);
    claim_rules(r, &p->b);
  }
  host_node_fini(&p->a);
  host_node_fini(&p->b);
}
