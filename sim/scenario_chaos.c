/* Scenario: many hosts, and whatever may happen: streams are opened, reset, stopped, finished early,
 * read slowly; connections are closed; the network is cut and heals. Then all is let go, and:
 * every stream and every connection was told OPEN at most once and CLOSED exactly once; bytes came
 * in order, once, as sent; no deadline was missed; nothing is left, not one byte of memory. */
#include "sim/pair.h"
#include "sim/world.h"

enum {
  HOSTS_MIN = 2,
  HOSTS_MORE = 19,
  DEEDS = 300, /* what happens in a run */
  CONNS = 2048,
  CUTS = 16,
  BYTES_MAX = 300000
};
#define PAUSE_MAX (40 * P2P_MS)
#define QUIET (600 * P2P_SECOND) /* everything must be over by then */

/* What a host was told of one connection. */
typedef struct told {
  uint64_t conn;
  uint32_t opened, closed;
} told;

typedef struct chaos_node {
  host_node n;
  p2p__mem mem; /* its host's */
  told conns[CONNS];
  int n_conns;
} chaos_node;

typedef struct chaos {
  scenario_run *r;
  chaos_node nodes[HOSTS_MIN + HOSTS_MORE];
  uint32_t n_nodes;
  struct {
    p2p_io *a, *b;
  } cuts[CUTS];
  uint32_t n_cuts;
  uint32_t streams, whole, conns; /* opened; of those, arrived whole; told of, both sides */
} chaos;

static uint64_t dice(chaos *c, uint64_t n) { return p2p_sim_random(c->r->sim, n); }

/* ---- hosts ---- */

static void *count_alloc(void *user, size_t size) {
  return p2p__alloc_raw(user, P2P__MEM_HOST, size);
}

static void count_release(void *user, void *p, size_t size) {
  p2p__release(user, P2P__MEM_HOST, p, size);
}

static told *told_of(chaos_node *node, p2p_conn conn) {
  for (int i = 0; i < node->n_conns; i++)
    if (node->conns[i].conn == conn.id) return &node->conns[i];
  if (node->n_conns == CONNS) return NULL;
  node->conns[node->n_conns] = (told){ .conn = conn.id };
  return &node->conns[node->n_conns++];
}

static void note_conn(host_node *n, const p2p_event *e) {
  told *t = NULL;
  if (e->kind == P2P_EV_CONN_OPEN || e->kind == P2P_EV_CONN_CLOSED) t = told_of(n->user, e->conn);
  if (!t) return;
  if (e->kind == P2P_EV_CONN_OPEN)
    t->opened++;
  else
    t->closed++;
}

static int host_begin(chaos *c, uint32_t i) {
  chaos_node *node = &c->nodes[i];
  p2p__mem_init(&node->mem, NULL);
  p2p_allocator counted = { .alloc = count_alloc, .release = count_release, .user = &node->mem };
  p2p_host_opts opts = { .size = sizeof opts, .allocator = &counted };
  int err = host_node_init(&node->n, c->r->sim, (uint8_t)(i + 1), &opts);
  node->n.on_event = note_conn;
  node->n.user = node;
  return err < 0 ? err : flow_serve(&node->n);
}

/* Everybody knows where everybody is. */
static int introduce(chaos *c) {
  int err = 0;
  for (uint32_t i = 0; i < c->n_nodes * c->n_nodes && err >= 0; i++) {
    host_node *a = &c->nodes[i / c->n_nodes].n;
    const host_node *b = &c->nodes[i % c->n_nodes].n;
    char addr[1200];
    if (a == b) continue;
    host_node_addr(b->number, p2p_host_peer(b->host), addr, sizeof addr);
    err = p2p_peer_add_addr(a->host, addr);
  }
  return err;
}

/* One draw after the other: in what order the parts of an initializer are made is the compiler's. */
static void any_weather(chaos *c) {
  p2p_sim_path path = { .latency = P2P_MS + dice(c, 50 * P2P_MS) };
  path.jitter = dice(c, 5 * P2P_MS);
  path.bits_per_second = 1000000 + dice(c, 99000000);
  path.queue = 5 * P2P_MS + dice(c, 200 * P2P_MS);
  path.tcp = dice(c, 2) ? P2P_SIM_NEWRENO : P2P_SIM_IDEAL;
  if (path.tcp == P2P_SIM_NEWRENO) {
    path.loss_ppm = (uint32_t)dice(c, 5000);
    path.duplicate_ppm = (uint32_t)dice(c, 5000);
    path.reorder_ppm = (uint32_t)dice(c, 5000);
    path.reorder_by = 3 * P2P_MS;
  }
  p2p_sim_default(c->r->sim, &path);
  p2p_sim_split(c->r->sim, (uint32_t)dice(c, 300000));
}

/* ---- deeds ---- */

static host_node *any_host(chaos *c) { return &c->nodes[dice(c, c->n_nodes)].n; }

static host_node *other_host(chaos *c, const host_node *n) {
  uint32_t i = (n->number + (uint32_t)dice(c, c->n_nodes - 1)) % c->n_nodes;
  return &c->nodes[i].n;
}

static flow *any_flow(chaos *c, host_node *n) {
  size_t alive = flow_alive(n);
  return alive ? flow_alive_at(n, dice(c, alive)) : NULL;
}

static void deed_open(chaos *c) {
  host_node *a = any_host(c);
  const host_node *b = other_host(c, a);
  const char *id = dice(c, 2) ? FLOW_ECHO : FLOW_SINK;
  uint64_t bytes = dice(c, 4) ? dice(c, 2000) : dice(c, BYTES_MAX);
  flow *f;
  int err = flow_open(a, p2p_host_peer(b->host), NULL, id, bytes, (uint8_t)dice(c, 256), &f);
  c->streams += err >= 0;
  scenario_claim(c->r, err >= 0, "a stream could not be opened: %s", p2p_error_name(err));
}

static void deed_reset(chaos *c) {
  host_node *n = any_host(c);
  flow *f = any_flow(c, n);
  if (f) p2p_reset(n->host, f->stream, (uint32_t)dice(c, 1000));
  host_node_poke(n);
}

static void deed_stop(chaos *c) {
  host_node *n = any_host(c);
  flow *f = any_flow(c, n);
  if (f && p2p_stop(n->host, f->stream, (uint32_t)dice(c, 1000)) == 0) f->wild = true;
  host_node_poke(n);
}

/* With what was written so far. */
static void deed_finish(chaos *c) {
  host_node *n = any_host(c);
  flow *f = any_flow(c, n);
  if (!f || f->inbound || f->finished || p2p_finish(n->host, f->stream) < 0) return;
  f->to_send = f->sent;
  f->finished = true;
  host_node_poke(n);
}

static void deed_pause(chaos *c) {
  flow *f = any_flow(c, any_host(c));
  if (f && !f->paused)
    f->paused = true;
  else if (f)
    flow_resume(f);
}

static void deed_close(chaos *c) {
  host_node *n = any_host(c);
  if (p2p_conn_close(n->host, n->conn, 0) == 0) host_node_poke(n);
}

static void deed_cut(chaos *c) {
  const host_node *a = any_host(c), *b = other_host(c, a);
  if (c->n_cuts == CUTS) return;
  p2p_sim_cut(c->r->sim, a->io, b->io, true);
  c->cuts[c->n_cuts].a = a->io;
  c->cuts[c->n_cuts++].b = b->io;
}

static void heal_last(chaos *c) {
  c->n_cuts--;
  p2p_sim_cut(c->r->sim, c->cuts[c->n_cuts].a, c->cuts[c->n_cuts].b, false);
}

static void deed_heal(chaos *c) {
  if (c->n_cuts) heal_last(c);
}

static void deed_ping(chaos *c) {
  host_node *a = any_host(c);
  (void)!p2p_ping(a->host, p2p_host_peer(other_host(c, a)->host));
  host_node_poke(a);
}

static void (*const deeds[])(chaos *c) = {
  deed_open,   deed_open,  deed_open,  deed_open,  deed_open, deed_open, deed_reset, deed_stop,
  deed_finish, deed_pause, deed_pause, deed_close, deed_cut,  deed_heal, deed_heal,  deed_ping,
};

static void raise_chaos(chaos *c) {
  for (int i = 0; i < DEEDS; i++) {
    deeds[dice(c, P2P_COUNT(deeds))](c);
    p2p_time until = p2p_sim_now(c->r->sim) + (dice(c, 3) ? dice(c, PAUSE_MAX) : 0);
    int err = p2p_sim_run(c->r->sim, until, NULL, NULL);
    if (!scenario_claim(c->r, err >= 0, "somebody spins: %s", p2p_error_name(err))) return;
  }
}

/* ---- quiet ---- */

static bool flows_over(void *user) {
  const chaos *c = user;
  for (uint32_t i = 0; i < c->n_nodes; i++)
    if (flow_alive(&c->nodes[i].n)) return false;
  return true;
}

static bool conns_over(void *user) {
  const chaos *c = user;
  for (uint32_t i = 0; i < c->n_nodes; i++)
    for (int k = 0; k < c->nodes[i].n_conns; k++)
      if (!c->nodes[i].conns[k].closed) return false;
  return true;
}

static void let_go(chaos *c) {
  while (c->n_cuts) heal_last(c);
  for (uint32_t i = 0; i < c->n_nodes; i++) flow_resume_all(&c->nodes[i].n);
  p2p_time until = p2p_sim_now(c->r->sim) + QUIET;
  int r = p2p_sim_run(c->r->sim, until, flows_over, c);
  scenario_claim(c->r, r == 1, "streams were not over after ten minutes");
  for (uint32_t i = 0; i < c->n_nodes; i++) {
    p2p_host_close(c->nodes[i].n.host, 30 * P2P_SECOND);
    host_node_poke(&c->nodes[i].n);
  }
  r = p2p_sim_run(c->r->sim, until + QUIET, conns_over, c);
  scenario_claim(c->r, r == 1, "connections were not over after ten minutes");
}

static void claim_node(chaos *c, chaos_node *node) {
  scenario_run *r = c->r;
  claim_rules(r, &node->n);
  c->conns += (uint32_t)node->n_conns;
  for (p2p__list *at = node->n.flows.next; at != &node->n.flows; at = at->next) {
    const flow *f = P2P_CONTAINER(at, flow, link);
    c->whole += !f->template && !f->inbound && flow_is_whole(f);
  }
  for (int i = 0; i < node->n_conns; i++) {
    const told *t = &node->conns[i];
    scenario_claim(r, t->opened <= 1 && t->closed == 1,
                   "node %u: a connection was told OPEN %u, CLOSED %u times", node->n.number,
                   t->opened, t->closed);
  }
  p2p_host_stats stats = { .size = sizeof stats };
  p2p_host_get(node->n.host, &stats);
  scenario_claim(r, !stats.conns && !stats.streams && !stats.dials && !stats.half_open,
                 "node %u counts %u connections, %u streams, %u dials, %u half-open",
                 node->n.number, stats.conns, stats.streams, stats.dials, stats.half_open);
}

static void chaos_run(chaos *c) {
  any_weather(c);
  c->n_nodes = HOSTS_MIN + (uint32_t)dice(c, HOSTS_MORE);
  int err = 0;
  for (uint32_t i = 0; i < c->n_nodes && err >= 0; i++) err = host_begin(c, i);
  if (err >= 0) err = introduce(c);
  if (scenario_claim(c->r, err >= 0, "no hosts: %s", p2p_error_name(err))) {
    raise_chaos(c);
    let_go(c);
    for (uint32_t i = 0; i < c->n_nodes; i++) claim_node(c, &c->nodes[i]);
  }
  for (uint32_t i = 0; i < c->n_nodes; i++) {
    host_node_fini(&c->nodes[i].n);
    scenario_claim(c->r, p2p__mem_used(&c->nodes[i].mem) == 0, "node %u leaks %zu bytes", i + 1,
                   p2p__mem_used(&c->nodes[i].mem));
  }
}

void scenario_chaos(scenario_run *r) {
  chaos *c = sim_alloc(r->sim, sizeof *c);
  c->r = r;
  chaos_run(c);
  scenario_figure(r, "hosts", c->n_nodes, "");
  scenario_figure(r, "streams", c->streams, "");
  scenario_figure(r, "whole", c->whole, "of them");
  scenario_figure(r, "connections", c->conns, "ends");
  sim_release(r->sim, c, sizeof *c);
}
