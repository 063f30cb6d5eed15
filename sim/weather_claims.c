/* What must be true after the weather. */
#include "sim/pair.h"
#include "sim/weather.h"
#include "sim/world.h"
#include <string.h>

/* An open stream has dialed and agreed on its protocol, or is over. */
#define OPEN_LIMIT (25 * P2P_SECOND)

enum {
  TURNS_PER_EVENT = 3, /* of the network */
  TURNS_PER_DEED = 8,
  TURNS_PER_SECOND = 4,
  SLAB_PAGE = 16384,                               /* a slab keeps an empty one */
  BLOCKS_KEPT = 64 * (1024 + 4096 + 16384) + 65536 /* a pool's free lists */
};

/* ---- streams ---- */

static bool stream_error_is_weather(int err) {
  switch (err) {
  case 0:
  case P2P_ECLOSED:
  case P2P_ERESET:
  case P2P_ESTOPPED:
  case P2P_ETIMEOUT:
  case P2P_EREFUSED:
  case P2P_EUNREACH:
  case P2P_ELIMIT:
  case P2P_EGOAWAY:
  case P2P_ECANCELED:
  case P2P_EBACKOFF:
  case P2P_ENOADDR: return true;
  default: return false;
  }
}

static void claim_flow(weather_node *node, const flow *f) {
  weather *w = node->w;
  p2p_time known = f->opened_at ? f->opened_at : f->closed ? f->closed_at : p2p_sim_now(w->r->sim);
  w->whole += !f->template && !f->inbound && flow_is_whole(f);
  scenario_claim(w->r, f->template || stream_error_is_weather(f->err),
                 "node %u: a stream ends with %s, but all are honest", node->index,
                 p2p_error_name(f->err));
  scenario_claim(w->r, f->template || f->inbound || known <= f->born_at + OPEN_LIMIT,
                 "node %u: a stream waited %llu ms for OPEN or CLOSED", node->index,
                 (unsigned long long)((known - f->born_at) / P2P_MS));
}

/* ---- a life ---- */

void weather_claim_life(weather_node *node) {
  scenario_run *r = node->w->r;
  claim_rules(r, &node->n);
  for (p2p__list *at = node->n.flows.next; at != &node->n.flows; at = at->next)
    claim_flow(node, P2P_CONTAINER(at, flow, link));
  size_t i = 0;
  p2p_time now = p2p_sim_now(r->sim);
  for (const weather_conn *c; (c = p2p__u64map_next(&node->conns, &i));) {
    scenario_claim(r, c->opened <= 1 && c->closed <= 1 && (c->opened || c->closed || c->answer_by),
                   "node %u: a connection was told OPEN %u, CLOSED %u times", node->index,
                   c->opened, c->closed);
    scenario_claim(r, !c->answer_by || now <= c->answer_by,
                   "node %u: a connection owes an answer since %llu ms", node->index,
                   (unsigned long long)((now - c->answer_by) / P2P_MS));
  }
  for (uint32_t k = 0; k < WEATHER_FRIENDS; k++)
    scenario_claim(r, !node->ping_by[k] || now <= node->ping_by[k],
                   "node %u: a ping was never answered", node->index);
}

/* ---- everybody, calm ---- */

static uint32_t conns_to(const weather_node *node, uint32_t peer) {
  uint32_t n = 0;
  size_t i = 0;
  for (const weather_conn *c; (c = p2p__u64map_next(&node->conns, &i));)
    n += c->peer == peer && c->opened && !c->closed;
  return n;
}

/* Who is connected knows it from both sides. */
static void claim_both_sides(weather *w, const weather_node *node) {
  size_t i = 0;
  for (const weather_conn *c; (c = p2p__u64map_next(&node->conns, &i));) {
    if (!c->opened || c->closed || c->peer >= w->n) continue;
    uint32_t ours = conns_to(node, c->peer), theirs = conns_to(&w->nodes[c->peer], node->index);
    if (!scenario_claim(w->r, ours == theirs,
                        "node %u believes in %u connections to node %u, that one in %u",
                        node->index, ours, c->peer, theirs))
      return;
  }
}

static void claim_turns(const weather_node *node) {
  scenario_run *r = node->w->r;
  uint64_t may = node->events * TURNS_PER_EVENT + node->deeds * TURNS_PER_DEED +
                 p2p_sim_now(r->sim) / P2P_SECOND * TURNS_PER_SECOND;
  scenario_claim(r, node->n.turns <= may, "node %u took %llu turns for %llu events in %llu s",
                 node->index, (unsigned long long)node->n.turns, (unsigned long long)node->events,
                 (unsigned long long)(p2p_sim_now(r->sim) / P2P_SECOND));
}

void weather_claim_calm(weather *w) {
  char text[FLOW_STATE_MAX];
  for (uint32_t i = 0; i < w->n; i++) {
    weather_node *node = &w->nodes[i];
    claim_both_sides(w, node);
    claim_turns(node);
    const flow *f = flow_alive_at(&node->n, 0);
    scenario_claim(w->r, !f, "node %u: %s does not end", i,
                   f ? flow_state(f, text, sizeof text) : "");
  }
}

/* ---- after the end ---- */

/* What a host without connections may hold for a purpose beside what it had at birth; what it
 * remembers of peers has limits of its own. */
static size_t may_hold_more(const char *purpose) {
  static const struct {
    const char *purpose;
    size_t bytes;
  } kept[] = { { "link", 0 },        { "conn", 0 },           { "quic", SLAB_PAGE },
               { "mux", SLAB_PAGE }, { "stream", SLAB_PAGE }, { "block", BLOCKS_KEPT } };
  for (size_t i = 0; i < P2P_COUNT(kept); i++)
    if (strcmp(purpose, kept[i].purpose) == 0) return kept[i].bytes;
  return SIZE_MAX / 2;
}

static void claim_counters(const weather_node *node) {
  scenario_run *r = node->w->r;
  p2p_host_stats s = { .size = sizeof s };
  p2p_host_get(node->n.host, &s);
  scenario_claim(r, !s.conns && !s.streams && !s.dials && !s.half_open && !s.buffered,
                 "node %u counts %u connections, %u streams, %u dials, %u half-open, %llu bytes",
                 node->index, s.conns, s.streams, s.dials, s.half_open,
                 (unsigned long long)s.buffered);
  size_t bytes;
  const char *purpose;
  for (size_t i = 0; (purpose = p2p_host_memory(node->n.host, i, &bytes)) != NULL; i++)
    scenario_claim(r, bytes <= node->born_with[i] + may_hold_more(purpose),
                   "node %u holds %zu bytes for %s, at birth %zu", node->index, bytes, purpose,
                   node->born_with[i]);
}

static int listeners(const weather_node *node) {
  return node->n_addrs - (node->w->row->ways & WEATHER_MEMORY ? 1 : 0);
}

void weather_claim_idle(weather_node *node) {
  scenario_run *r = node->w->r;
  claim_counters(node);
  p2p_time next = p2p_host_deadline(node->n.host);
  scenario_claim(r, next == P2P_NEVER,
                 "node %u, without connections, waits for something in %llu ms", node->index,
                 (unsigned long long)((next - p2p_host_now(node->n.host)) / P2P_MS));
  int socks = p2p_sim_sockets(node->n.io);
  scenario_claim(r, socks == listeners(node), "node %u, without connections, has %d sockets",
                 node->index, socks);
  size_t i = 0;
  for (const weather_conn *c; (c = p2p__u64map_next(&node->conns, &i));)
    scenario_claim(r, c->closed == 1, "node %u: a connection was told CLOSED %u times", node->index,
                   c->closed);
}

void weather_claim_closed(weather_node *node) {
  int socks = p2p_sim_sockets(node->n.io);
  claim_counters(node);
  scenario_claim(node->w->r, socks == 0, "node %u, closed, has %d sockets", node->index, socks);
}
