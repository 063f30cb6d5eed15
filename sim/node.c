/* A node: its p2p_io, its sockets by number, the facts it is told. */
#include "sim/world.h"
#include <assert.h>
#include <string.h>

enum { PORT_FIRST = 49152, PORT_LAST = 65535 }; /* RFC 6335, section 6 */
enum { SEND_BUFFER = 256 << 10, RECV_BUFFER = 6 << 20 };
#define WALL_START ((int64_t)1767225600 * (int64_t)P2P_SECOND) /* 2026-01-01 */

/* ---- facts ---- */

static uint32_t sock_facts(const sim_sock *s) {
  if (s->kind == SIM_SOCK_STREAM) {
    uint32_t ready = sim_tcp_ready(s->tcp);
    return ready & (s->connecting ? (uint32_t)P2P_IO_WRITABLE : s->want);
  }
  uint32_t ready = p2p__list_empty(&s->arrived) ? 0 : P2P_IO_READABLE;
  if (s->kind != SIM_SOCK_UDP) return ready & s->want;
  bool refused = !p2p__list_empty(&s->refused) && !s->refused_told;
  return ((ready | P2P_IO_WRITABLE) & s->want) | (refused ? P2P_IO_ERRORS : 0);
}

void sim_sock_changed(sim_sock *s) {
  if (!s) return;
  bool is_hot = sock_facts(s) != 0;
  if (!is_hot) {
    p2p__list_del(&s->hot);
  } else if (!p2p__list_linked(&s->hot)) {
    p2p__list_add(&s->node->hot, &s->hot);
    sim_node_due(s->node);
  }
}

void sim_fact_add(sim_node *node, uint64_t token, uint32_t what, int error) {
  sim_fact *f = sim_alloc(node->sim, sizeof *f);
  f->fact = (p2p_io_fact){ .token = token, .what = what, .error = error };
  p2p__list_add(&node->facts, &f->link);
  sim_node_due(node);
}

static int take_once(sim_node *node, p2p_io_fact *out, int n) {
  int taken = 0;
  while (taken < n && !p2p__list_empty(&node->facts)) {
    sim_fact *f = P2P_CONTAINER(p2p__list_pop(&node->facts), sim_fact, link);
    out[taken++] = f->fact;
    sim_release(node->sim, f, sizeof *f);
  }
  return taken;
}

/* Each socket once, the first to the end, so that everybody comes in turn. */
static int take_hot(sim_node *node, p2p_io_fact *out, int n) {
  p2p__list told;
  p2p__list_init(&told);
  int taken = 0;
  while (taken < n && !p2p__list_empty(&node->hot)) {
    p2p__list *link = p2p__list_pop(&node->hot);
    sim_sock *s = P2P_CONTAINER(link, sim_sock, hot);
    int error = s->kind == SIM_SOCK_STREAM ? sim_tcp_error(s->tcp) : 0;
    out[taken++] = (p2p_io_fact){ .token = s->token, .what = sock_facts(s), .error = error };
    s->refused_told = true;
    s->connecting = false; /* only an outcome makes a connecting socket hot */
    if (sock_facts(s)) p2p__list_add(&told, link);
  }
  while (!p2p__list_empty(&told)) p2p__list_add(&node->hot, p2p__list_pop(&told));
  return taken;
}

static int node_wait(p2p_io *io, p2p_time until, p2p_io_fact *out, int n) {
  (void)until; /* time is the driver's */
  if (n <= 0) return P2P_EINVAL;
  sim_node *node = sim_node_of(io);
  int taken = take_once(node, out, n);
  return taken + take_hot(node, out + taken, n - taken);
}

bool p2p_sim_has_facts(p2p_io *io) {
  const sim_node *node = sim_node_of(io);
  return !p2p__list_empty(&node->facts) || !p2p__list_empty(&node->hot);
}

static void node_wake(p2p_io *io) {
  sim_node *node = sim_node_of(io);
  for (p2p__list *l = node->facts.next; l != &node->facts; l = l->next)
    if (P2P_CONTAINER(l, sim_fact, link)->fact.what == P2P_IO_WOKEN) return;
  sim_fact_add(node, 0, P2P_IO_WOKEN, 0);
}

static int node_fd(p2p_io *io) {
  (void)io;
  return -1;
}

/* ---- time, chance, work, addresses ---- */

static p2p_time node_now(p2p_io *io) { return sim_node_now(sim_node_of(io)); }

static int64_t node_unix_ns(p2p_io *io) {
  const sim_node *node = sim_node_of(io);
  return WALL_START + (int64_t)node->sim->now + node->opts.wall;
}

void p2p_sim_set_wall(p2p_io *io, int64_t by) { sim_node_of(io)->opts.wall += by; }

static int node_random(p2p_io *io, void *buf, size_t len) {
  sim_node *node = sim_node_of(io);
  for (size_t i = 0; i < len;) {
    uint64_t v = sim_rng_next(&node->rng);
    for (int k = 0; k < 8 && i < len; k++, v >>= 8) ((uint8_t *)buf)[i++] = (uint8_t)v;
  }
  return 0;
}

static int node_work(p2p_io *io, void (*fn)(void *arg), void *arg, uint64_t token) {
  if (!fn) return P2P_EINVAL;
  fn(arg);
  sim_fact_add(sim_node_of(io), token, P2P_IO_WORKED, 0);
  return 0;
}

static int node_ifaddrs(p2p_io *io, p2p_endpoint *out, int n) {
  const p2p_sim_node_opts *opts = &sim_node_of(io)->opts;
  for (int i = 0; i < n && i < opts->n_ip; i++) {
    out[i] = opts->ip[i];
    out[i].port = 0;
  }
  return opts->n_ip;
}

/* ---- sockets by number ---- */

/* The lowest free number; below `lowest` all are taken. */
static int slot_free(sim_node *node) {
  for (int i = node->lowest; i < node->n_socks; i++) {
    node->lowest = i;
    if (!node->socks[i]) return i;
  }
  int n = node->n_socks ? 2 * node->n_socks : 8;
  void *socks = node->socks;
  if (p2p__resize(&node->sim->mem, P2P__MEM_LOOP, &socks,
                  (size_t)node->n_socks * sizeof(sim_sock *), (size_t)n * sizeof(sim_sock *)) < 0)
    sim_need(NULL);
  int slot = node->n_socks;
  node->socks = socks;
  node->n_socks = n;
  return slot;
}

sim_sock *sim_sock_new(sim_node *node, sim_sock_kind kind, uint64_t token) {
  sim_sock *s = sim_alloc(node->sim, sizeof *s);
  s->node = node;
  s->kind = kind;
  s->token = token;
  s->want = kind == SIM_SOCK_STREAM ? 0 : P2P_IO_READABLE;
  p2p__list_init(&s->hot);
  p2p__list_init(&s->arrived);
  p2p__list_init(&s->bound);
  p2p__list_init(&s->refused);
  if (kind != SIM_SOCK_STREAM) p2p__list_add(&node->bound, &s->bound);
  s->slot = slot_free(node);
  node->socks[s->slot] = s;
  return s;
}

static sim_sock *sock_any(p2p_io *io, int sock) {
  const sim_node *node = sim_node_of(io);
  return sock >= 0 && sock < node->n_socks ? node->socks[sock] : NULL;
}

sim_sock *sim_sock_get(p2p_io *io, int sock, sim_sock_kind kind) {
  sim_sock *s = sock_any(io, sock);
  return s && s->kind == kind ? s : NULL;
}

/* The socket of that kind that is bound to `at`: to its very address, or to all of them. */
sim_sock *sim_sock_bound(sim_node *node, sim_sock_kind kind, const p2p_endpoint *at) {
  sim_sock *all = NULL;
  for (p2p__list *l = node->bound.next; l != &node->bound; l = l->next) {
    sim_sock *s = P2P_CONTAINER(l, sim_sock, bound);
    if (s->kind != kind || s->local.port != at->port || s->local.family != at->family) continue;
    if (sim_ip_eq(&s->local, at)) return s;
    if (sim_ip_any(&s->local)) all = s;
  }
  return all;
}

static bool port_is_free(sim_node *node, sim_sock_kind kind, const p2p_endpoint *at) {
  for (p2p__list *l = node->bound.next; l != &node->bound; l = l->next) {
    const sim_sock *s = P2P_CONTAINER(l, sim_sock, bound);
    if (s->kind != kind || s->local.port != at->port || s->local.family != at->family) continue;
    if (sim_ip_eq(&s->local, at) || sim_ip_any(&s->local) || sim_ip_any(at)) return false;
  }
  return true;
}

uint16_t sim_port_take(sim_node *node, sim_sock_kind kind, const p2p_endpoint *at) {
  p2p_endpoint e = *at;
  if (e.port) return port_is_free(node, kind, &e) ? e.port : 0;
  for (int i = PORT_FIRST; i <= PORT_LAST; i++) {
    e.port = node->next_port;
    node->next_port = e.port == PORT_LAST ? PORT_FIRST : (uint16_t)(e.port + 1);
    if (port_is_free(node, kind, &e)) return e.port;
  }
  return 0;
}

static int node_want(p2p_io *io, int sock, uint32_t what) {
  sim_sock *s = sock_any(io, sock);
  if (!s || (what & ~(uint32_t)(P2P_IO_READABLE | P2P_IO_WRITABLE))) return P2P_EINVAL;
  s->want = what;
  sim_sock_changed(s);
  return 0;
}

static void sock_close(sim_sock *s) {
  sim_node *node = s->node;
  node->socks[s->slot] = NULL;
  if (s->slot < node->lowest) node->lowest = s->slot;
  p2p__list_del(&s->hot);
  p2p__list_del(&s->bound);
  s->want = 0;
  if (s->kind == SIM_SOCK_UDP)
    sim_udp_close(s);
  else
    sim_tcp_close(s);
  sim_release(node->sim, s, sizeof *s);
}

static void node_close_sock(p2p_io *io, int sock) {
  sim_sock *s = sock_any(io, sock);
  if (s) sock_close(s);
}

int p2p_sim_sockets(p2p_io *io) {
  const sim_node *node = sim_node_of(io);
  int n = 0;
  for (int i = 0; i < node->n_socks; i++) n += node->socks[i] != NULL;
  return n;
}

/* ---- life ---- */

void sim_node_close(sim_node *node) {
  for (int i = 0; i < node->n_socks; i++)
    if (node->socks[i]) sock_close(node->socks[i]);
  sim_resolve_close(node);
  node->ifwatch = 0;
  p2p_io_fact facts[16];
  while (take_once(node, facts, 16)) {}
  p2p_sim_attach(&node->io, NULL);
}

void p2p_sim_crash(p2p_io *io) {
  sim_node *node = sim_node_of(io);
  sim_tcp_fini(node);
  sim_node_close(node);
  sim_tcp_reap(node->sim);
}

static void node_free_io(p2p_io *io) {
  if (io) sim_node_close(sim_node_of(io));
}

void sim_node_free(sim_node *node) {
  p2p_sim *sim = node->sim;
  sim_nat_free(node->nat);
  sim_channel_free(sim, node->up);
  sim_channel_free(sim, node->down);
  sim_timer_fini(sim, &node->alarm);
  p2p__map_fini(&node->conns);
  sim_release(sim, node->socks, (size_t)node->n_socks * sizeof(sim_sock *));
  sim_release(sim, node, sizeof *node);
}

const p2p_io_ops sim_io_ops = {
  .size = sizeof(p2p_io_ops),
  .now = node_now,
  .unix_ns = node_unix_ns,
  .random = node_random,
  .wait = node_wait,
  .wake = node_wake,
  .fd = node_fd,
  .tcp_listen = sim_tcp_listen,
  .tcp_accept = sim_tcp_accept,
  .tcp_connect = sim_tcp_connect,
  .tcp_local = sim_tcp_local,
  .recv = sim_tcp_recv,
  .send = sim_tcp_send,
  .shutdown = sim_tcp_shutdown,
  .want = node_want,
  .option = sim_tcp_option,
  .close = node_close_sock,
  .udp_open = sim_udp_open,
  .udp_recv = sim_udp_recv,
  .udp_send = sim_udp_send,
  .resolve = sim_resolve,
  .resolved = sim_resolved,
  .resolve_cancel = sim_resolve_cancel,
  .work = node_work,
  .ifaddrs = node_ifaddrs,
  .ifwatch = sim_ifwatch,
  .source = sim_source,
  .udp_errors = sim_udp_errors,
  .free = node_free_io,
  .unix_listen = sim_unix_listen,
  .unix_accept = sim_unix_accept,
  .unix_connect = sim_unix_connect,
};

static bool opts_valid(const p2p_sim_node_opts *opts) {
  if (!opts || opts->n_ip < 1 || opts->n_ip > 4) return false;
  for (int i = 0; i < opts->n_ip; i++) {
    uint8_t family = opts->ip[i].family;
    if ((family != 4 && family != 6) || sim_is_loopback(&opts->ip[i])) return false;
  }
  return true;
}

static void nodes_add(p2p_sim *sim, sim_node *node) {
  if (sim->n_nodes == sim->cap_nodes) {
    uint32_t cap = sim->cap_nodes ? 2 * sim->cap_nodes : 8;
    void *nodes = sim->nodes;
    if (p2p__resize(&sim->mem, P2P__MEM_LOOP, &nodes, sim->cap_nodes * sizeof node,
                    cap * sizeof node) < 0)
      sim_need(NULL);
    sim->nodes = nodes;
    sim->cap_nodes = cap;
  }
  node->number = sim->n_nodes++;
  sim->nodes[node->number] = node;
}

int p2p_sim_node(p2p_sim *sim, const p2p_sim_node_opts *opts, p2p_io **out) {
  if (!sim || !out || !opts_valid(opts)) return P2P_EINVAL;
  sim_node *node = sim_alloc(sim, sizeof *node);
  node->sim = sim;
  node->gateway = opts->gateway ? sim_node_of(opts->gateway) : NULL;
  for (int i = 0; i < opts->n_ip; i++) {
    if (!sim_net_find(node, &opts->ip[i])) continue;
    sim_release(sim, node, sizeof *node);
    return P2P_EADDRINUSE;
  }
  node->io.ops = &sim_io_ops;
  node->opts = *opts;
  if (!node->opts.send_buffer) node->opts.send_buffer = SEND_BUFFER;
  if (!node->opts.recv_buffer) node->opts.recv_buffer = RECV_BUFFER;
  node->next_port = PORT_FIRST;
  p2p__list_init(&node->hot);
  p2p__list_init(&node->facts);
  p2p__list_init(&node->lookups);
  p2p__list_init(&node->bound);
  p2p__list_init(&node->due);
  p2p__map_init(&node->conns, &sim->mem, P2P__MEM_LOOP, sim->map_key, sim_tcp_key);
  sim_timer_init(sim, &node->alarm, sim_alarm_fire);
  nodes_add(sim, node);
  sim_rng_init(&node->rng, sim->seed ^ ((uint64_t)node->number + 1) * 0x9e3779b97f4a7c15u);
  if (opts->up) node->up = sim_channel_new(sim, node->number, opts->up);
  if (opts->down) node->down = sim_channel_new(sim, node->number, opts->down);
  int err = 0;
  for (int i = 0; i < opts->n_ip && !err; i++) err = sim_net_add(node, &opts->ip[i]);
  assert(err == 0 || opts->n_ip > 1); /* only its own address given twice is left */
  *out = &node->io;
  return err;
}
