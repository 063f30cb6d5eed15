/* Two hosts that have met over one path: what most scenarios begin with. */
#ifndef P2P_SIM_PAIR_H
#define P2P_SIM_PAIR_H

#include "sim/flow.h"
#include "sim/scenarios.h"

typedef struct host_pair {
  host_node a, b; /* a has dialed b */
  bool met;
} host_pair;

/* Both serve flows. False, and the scenario has failed: they did not meet. opts: NULL: defaults. */
bool pair_meet(scenario_run *r, host_pair *p, const p2p_sim_path *path, const p2p_host_opts *opts);
void pair_end(scenario_run *r, host_pair *p); /* claims that no rule was broken; frees both */
/* A stream of a's to b. NULL: failed, and claimed so. */
flow *pair_open(scenario_run *r, host_pair *p, const char *protocol, uint64_t to_send,
                uint8_t salt);
/* Claims that every flow of the node keeps the rules. */
void claim_rules(scenario_run *r, const host_node *n);

#endif
