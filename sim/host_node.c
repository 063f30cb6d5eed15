/* A host on a simulated node. */
#include "sim/host_node.h"
#include "sim/flow.h"
#include <p2p/addr.h>
#include <stdio.h>
#include <string.h>

enum { PORT = 4001 };

/* ---- the actor ---- */

static void node_count(host_node *n, const p2p_event *e) {
  switch (e->kind) {
  case P2P_EV_CONN_OPEN:
    n->conn = e->conn;
    n->conns_opened++;
    break;
  case P2P_EV_CONN_CLOSED:
    n->conns_closed++;
    n->conn_err = e->err;
    n->conn_stage = e->stage;
    break;
  case P2P_EV_IDENTIFIED: n->identified += e->err == 0; break;
  case P2P_EV_PING:
    n->pings++;
    n->ping_errors += e->err != 0;
    n->rtt = e->rtt;
    break;
  default: break;
  }
}

static void node_events(host_node *n) {
  for (const p2p_event *e; n->host && (e = p2p_next_event(n->host)) != NULL;) {
    node_count(n, e);
    if (n->on_event) n->on_event(n, e);
  }
}

static int node_step(void *user) {
  host_node *n = user;
  p2p_time now = p2p_host_now(n->host), due = p2p_host_deadline(n->host);
  if (due && due < now && now - due > n->late && !n->woke) n->late = now - due;
  n->woke = false;
  n->turns++;
  int err = p2p_host_step(n->host, 0);
  node_events(n);
  return err;
}

static p2p_time node_deadline(void *user) {
  const host_node *n = user;
  return p2p_host_deadline(n->host);
}

/* ---- life ---- */

p2p_endpoint host_node_ip(uint32_t number) {
  return (p2p_endpoint){
    .family = 4, .ip = { 10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number }
  };
}

void host_node_addr(uint32_t number, const p2p_peer_id *peer, char *out, size_t cap) {
  p2p_endpoint e = host_node_ip(number);
  int len = snprintf(out, cap, "/ip4/%d.%d.%d.%d/tcp/%d", e.ip[0], e.ip[1], e.ip[2], e.ip[3], PORT);
  char id[P2P_PEER_ID_TEXT_MAX];
  if (peer && p2p_peer_id_print(peer, id, sizeof id) > 0)
    snprintf(out + len, cap - (size_t)len, "/p2p/%s", id);
}

int host_node_place(host_node *n, p2p_sim *sim, uint32_t number, const p2p_sim_node_opts *at) {
  *n = (host_node){ .sim = sim, .number = number };
  p2p__list_init(&n->flows);
  p2p_sim_node_opts own = { .ip = { host_node_ip(number) }, .n_ip = 1 };
  return p2p_sim_node(sim, at ? at : &own, &n->io);
}

static int node_start(host_node *n, const p2p_host_opts *opts, p2p_io *io) {
  char addr[P2P_ADDR_TEXT_MAX];
  host_node_addr(n->number, NULL, addr, sizeof addr);
  const char *listen[] = { addr };
  p2p_host_opts o = { .size = sizeof o };
  if (opts) memcpy(&o, opts, opts->size);
  o.size = sizeof o;
  o.io = io;
  if (!o.listen) {
    o.listen = listen;
    o.n_listen = 1;
  }
  int err = p2p_host_new(&n->host, &o);
  if (err >= 0) host_node_attach(n);
  return err;
}

int host_node_start(host_node *n, const p2p_host_opts *opts) { return node_start(n, opts, n->io); }

int host_node_init_behind(host_node *n, p2p_sim *sim, uint32_t number, const p2p_host_opts *opts,
                          p2p_io *(*door)(p2p_io *io, void *user), void *user) {
  int err = host_node_place(n, sim, number, NULL);
  return err < 0 ? err : node_start(n, opts, door ? door(n->io, user) : n->io);
}

int host_node_init(host_node *n, p2p_sim *sim, uint32_t number, const p2p_host_opts *opts) {
  return host_node_init_behind(n, sim, number, opts, NULL, NULL);
}

void host_node_attach(host_node *n) {
  p2p_sim_attach(n->io,
                 &(p2p_sim_actor){ .step = node_step, .deadline = node_deadline, .user = n });
}

void host_node_stop(host_node *n) {
  if (!n->io) return;
  p2p_sim_attach(n->io, NULL);
  p2p_host_free(n->host);
  n->host = NULL;
}

void host_node_fini(host_node *n) {
  host_node_stop(n);
  if (n->io) flow_free_all(n);
}

void host_node_poke(host_node *n) {
  if (n->host) p2p_sim_poke(n->io);
}

/* ---- meeting ---- */

int host_node_dial(host_node *a, const host_node *b, p2p_conn *out) {
  char addr[P2P_ADDR_TEXT_MAX];
  host_node_addr(b->number, p2p_host_peer(b->host), addr, sizeof addr);
  int err = p2p_dial(a->host, addr, out);
  host_node_poke(a);
  return err;
}

static bool have_met(void *user) {
  host_node **pair = user;
  for (int i = 0; i < 2; i++) {
    p2p_conn_info info = { .size = sizeof info };
    if (!pair[i]->identified || p2p_conn_get(pair[i]->host, pair[i]->conn, &info) < 0) return false;
    if (info.streams) return false; /* identify's own are not over */
  }
  return true;
}

bool host_node_meet(host_node *a, host_node *b) {
  host_node *pair[2] = { a, b };
  p2p_conn conn;
  if (host_node_dial(a, b, &conn) < 0) return false;
  return p2p_sim_run(a->sim, p2p_sim_now(a->sim) + 30 * P2P_SECOND, have_met, pair) == 1;
}
