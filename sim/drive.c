/* The driver: lets the world's events happen and has those act whom they concern. */
#include "sim/world.h"

enum { SPINS_MAX = 1000000 }; /* actions in one instant before the driver gives up */

void sim_node_due(sim_node *node) {
  if (node->acting && !node->sleeps && !p2p__list_linked(&node->due))
    p2p__list_add(&node->sim->due, &node->due);
}

void sim_alarm_fire(p2p__timer *t, p2p_time now) {
  (void)now;
  sim_node_due(P2P_CONTAINER(t, sim_node, alarm));
}

/* The actor's deadline as an event of the world; its facts as a reason to act now. */
static void node_refresh(sim_node *node) {
  if (!node->acting || node->sleeps) return;
  p2p_sim *sim = node->sim;
  p2p_time at = node->actor.deadline ? node->actor.deadline(node->actor.user) : P2P_NEVER;
  if (at != P2P_NEVER) at = sim_world_time(node, at);
  if (at <= sim->now || p2p_sim_has_facts(&node->io)) sim_node_due(node);
  p2p__timer_set(&sim->events, &node->alarm, at <= sim->now ? P2P_NEVER : at);
}

void p2p_sim_attach(p2p_io *io, const p2p_sim_actor *actor) {
  sim_node *node = sim_node_of(io);
  node->acting = actor != NULL;
  if (actor) {
    node->actor = *actor;
    sim_node_due(node);
  } else {
    p2p__list_del(&node->due);
    p2p__timer_clear(&node->sim->events, &node->alarm);
  }
}

/* ---- sleep ---- */

void p2p_sim_sleep(p2p_io *io, p2p_sim_sleep_kind kind) {
  sim_node *node = sim_node_of(io);
  if (node->sleeps || !kind) return;
  node->sleeps = kind;
  node->slept_at = node->sim->now;
  p2p__list_del(&node->due);
  p2p__timer_clear(&node->sim->events, &node->alarm);
  sim_node_plug(node);
}

void p2p_sim_wake(p2p_io *io, bool clock_stood) {
  sim_node *node = sim_node_of(io);
  if (!node->sleeps) return;
  node->sleeps = P2P_SIM_AWAKE;
  if (clock_stood) node->behind += node->sim->now - node->slept_at;
  sim_node_plug(node);
  sim_tcp_thaw(node);
  sim_node_due(node);
}

/* ---- the run ---- */

void p2p_sim_poke(p2p_io *io) { sim_node_due(sim_node_of(io)); }

static void node_act(sim_node *node) {
  int err = node->actor.step(node->actor.user);
  if (err < 0 && node->acting)
    p2p_sim_attach(&node->io, NULL);
  else
    node_refresh(node);
}

int p2p_sim_run(p2p_sim *sim, p2p_time until, bool (*done)(void *user), void *user) {
  for (uint32_t i = 0; i < sim->n_nodes; i++) node_refresh(sim->nodes[i]);
  p2p_time instant = sim->now;
  for (int spins = 0;;) {
    if (done && done(user)) return 1;
    p2p__list *first = p2p__list_pop(&sim->due);
    if (first) {
      if (++spins > SPINS_MAX) return P2P_ELIMIT;
      node_act(P2P_CONTAINER(first, sim_node, due));
      sim_tcp_reap(sim);
      continue;
    }
    p2p_time next = p2p_sim_next_event_time(sim);
    if (next > until || next == P2P_NEVER) {
      if (until != P2P_NEVER && until > sim->now) sim->now = until;
      return 0;
    }
    p2p_sim_step(sim);
    if (sim->now > instant) spins = 0;
    instant = sim->now;
  }
}
