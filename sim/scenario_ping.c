/* Scenario: two hosts meet, identify each other, ping each other. */
#include "sim/host_node.h"
#include "sim/scenarios.h"
#include <p2p/host.h>
#include <string.h>

enum { PINGS = 10 };
#define ONE_WAY (20 * P2P_MS)
#define RTT (2 * ONE_WAY)

static bool pinged(void *user) {
  const host_node *n = user;
  return n->pings == PINGS || n->ping_errors;
}

/* The next one when the last was answered. */
static void ping_again(host_node *n, const p2p_event *e) {
  if (e->kind == P2P_EV_PING && n->pings < PINGS && p2p_ping(n->host, &e->peer) < 0)
    n->ping_errors++;
}

static void claim_identified(scenario_run *r, const host_node *n, const host_node *other) {
  p2p_peer_info info = { .size = sizeof info };
  int err = p2p_peer_get(n->host, p2p_host_peer(other->host), &info);
  scenario_claim(r, err == 0 && info.identified, "node %u has not identified node %u", n->number,
                 other->number);
  if (err < 0) return;
  scenario_claim(r, strncmp(info.agent, "libp2p-c/", 9) == 0, "agent %s", info.agent);
  scenario_claim(r, info.record && info.n_addrs, "no signed addresses");
  bool ping = false;
  for (size_t i = 0; i < info.n_protocols; i++) {
    const char *id = p2p_peer_protocol(n->host, p2p_host_peer(other->host), i);
    ping |= strcmp(id, "/ipfs/ping/1.0.0") == 0;
  }
  scenario_claim(r, ping, "identify did not tell of ping");
}

static void claim_rtts(scenario_run *r, host_node *a, host_node *b) {
  a->on_event = ping_again;
  int err = p2p_ping(a->host, p2p_host_peer(b->host));
  host_node_poke(a);
  p2p_sim_run(r->sim, p2p_sim_now(r->sim) + P2P_SECOND * PINGS, pinged, a);
  scenario_claim(r, err == 0 && a->pings == PINGS && !a->ping_errors, "%d of %d pings, %d failed",
                 (int)a->pings, PINGS, (int)a->ping_errors);
  p2p_conn_info info = { .size = sizeof info };
  err = p2p_conn_get(a->host, a->conn, &info);
  scenario_figure(r, "ping", a->rtt, "ns");
  scenario_figure(r, "rtt_of_the_connection", info.rtt, "ns");
  scenario_claim(r, a->rtt == RTT, "a ping took %llu ns", (unsigned long long)a->rtt);
  scenario_claim(r, err == 0 && info.rtt == RTT, "the connection measured %llu ns",
                 (unsigned long long)info.rtt);
  scenario_claim(r, info.early_muxer && info.security && !strcmp(info.security, "/noise"),
                 "not Noise with the muxer inside");
}

/* A path without a rate adds nothing to its latency, and a host acts in no time: exactly a round
 * trip. */
void scenario_ping(scenario_run *r) {
  host_node a = { 0 }, b = { 0 };
  p2p_sim_default(r->sim, &(p2p_sim_path){ .latency = ONE_WAY });
  int err = host_node_init(&a, r->sim, 1, NULL);
  if (err >= 0) err = host_node_init(&b, r->sim, 2, NULL);
  if (scenario_claim(r, err >= 0, "no host: %s", p2p_error_name(err))) {
    scenario_claim(r, host_node_meet(&a, &b), "they did not meet");
    scenario_figure(r, "met_after", p2p_sim_now(r->sim), "ns");
    claim_identified(r, &a, &b);
    claim_identified(r, &b, &a);
    claim_rtts(r, &a, &b);
    scenario_claim(r, a.late == 0 && b.late == 0, "a deadline was missed");
  }
  host_node_fini(&a);
  host_node_fini(&b);
}
