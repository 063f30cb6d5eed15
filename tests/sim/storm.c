#include "storm.h"

#include "unit/base/test.h"
#include <p2p/addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IPS = 4, FACTS = 64 };

struct storm_node {
  storm *storm;
  p2p_io *io;
};

p2p_endpoint storm_addr(storm_from from, size_t i) {
  p2p_endpoint ep = { .family = 4, .ip = { 20, 0, 0, (uint8_t)i } };
  if (from == STORM_ONE_NET) return ep;
  ep.ip[1] = (uint8_t)(i >> 8);
  ep.ip[2] = (uint8_t)i;
  ep.ip[3] = 7;
  return ep;
}

/* ---- connections ---- */
static void shut(storm *s, p2p_io *io, size_t i) {
  io->ops->close(io, s->socks[i]);
  s->socks[i] = -1;
  s->open--;
}

static void connected(storm *s, p2p_io *io, size_t i) {
  if (!s->hello) return;
  p2p_bytes hello = { (const uint8_t *)s->hello, strlen(s->hello) };
  (void)io->ops->send(io, s->socks[i], &hello, 1);
}

static void happened(storm *s, p2p_io *io, const p2p_io_fact *fact) {
  uint8_t bytes[1024];
  size_t i = (size_t)fact->token;
  if (s->socks[i] < 0) return;
  if (fact->error) {
    shut(s, io, i);
    return;
  }
  if (fact->what & P2P_IO_WRITABLE) connected(s, io, i);
  ptrdiff_t n = io->ops->recv(io, s->socks[i], bytes, sizeof bytes);
  if (n <= 0 && n != P2P_EAGAIN)
    shut(s, io, i);
  else
    io->ops->want(io, s->socks[i], P2P_IO_READABLE);
}

static int node_step(void *user) {
  storm_node *node = user;
  p2p_io_fact facts[FACTS];
  int n = node->io->ops->wait(node->io, 0, facts, FACTS);
  for (int i = 0; i < n; i++) happened(node->storm, node->io, &facts[i]);
  return n;
}

static void open_one(storm *s) {
  size_t i = s->opened++, addr = i % s->n_addrs;
  p2p_io *io = s->nodes[addr / IPS].io;
  bool one = s->n_addrs <= 256;
  p2p_endpoint from = storm_addr(one ? STORM_ONE_NET : STORM_MANY_NETS, addr);
  p2p_endpoint to = { .family = 4, .port = 4001, .ip = { 10, 0, 0, 2 } };
  s->socks[i] = io->ops->tcp_connect(io, &from, &to, i);
  assert_true(s->socks[i] >= 0);
  s->open++;
  p2p_sim_poke(io);
}

/* ---- life ---- */
void storm_begin(storm *s, p2p_sim *sim, storm_from from, size_t n, const char *hello) {
  *s = (storm){ .sim = sim, .hello = hello, .n = n };
  s->n_addrs = from == STORM_ONE_NET ? 256 : n / IPS * IPS;
  s->nodes = calloc(s->n_addrs / IPS, sizeof *s->nodes);
  s->socks = calloc(n, sizeof *s->socks);
  assert_true(s->nodes && s->socks);
  for (size_t k = 0; k < s->n_addrs / IPS; k++) {
    p2p_sim_node_opts opts = { .n_ip = IPS };
    for (size_t i = 0; i < IPS; i++) opts.ip[i] = storm_addr(from, k * IPS + i);
    assert_int_equal(p2p_sim_node(sim, &opts, &s->nodes[k].io), 0);
    s->nodes[k].storm = s;
    p2p_sim_attach(s->nodes[k].io, &(p2p_sim_actor){ .step = node_step, .user = &s->nodes[k] });
  }
}

void storm_end(storm *s) {
  free(s->nodes);
  free(s->socks);
}

/* ---- the honest peer ---- */
typedef struct ride {
  troupe *t;
  const char *addr;
  p2p_conn conn;
  p2p_time dialed;
  bool dialing;
  storm_tale tale;
} ride;

static void dial(ride *r) {
  r->t->b.n[P2P_EV_CONN_OPEN] = r->t->a.n[P2P_EV_CONN_CLOSED] = 0;
  assert_int_equal(p2p_dial(r->t->a.host, r->addr, &r->conn), 0);
  player_poke(&r->t->a);
  r->dialed = p2p_sim_now(r->t->sim);
  r->dialing = true;
  r->tale.tried++;
}

/* It is up when the other side says so, half a round trip after this one. */
static void look(ride *r) {
  p2p_time took = p2p_sim_now(r->t->sim) - r->dialed;
  bool up = r->t->b.n[P2P_EV_CONN_OPEN] > 0, failed = r->t->a.n[P2P_EV_CONN_CLOSED] > 0;
  if (r->dialing && !up && !failed && took <= P2P_SECOND) return;
  if (r->dialing && up && took <= P2P_SECOND) {
    r->tale.up++;
    r->tale.worst = p2p__max(r->tale.worst, took);
  }
  if (r->dialing) {
    (void)p2p_conn_close(r->t->a.host, r->conn, 0);
    player_poke(&r->t->a);
  }
  r->dialing = false;
  if (failed) dial(r); /* the last one is wholly over */
}

storm_tale storm_ride_out(troupe *t, const char *addr, bool (*blow)(void *user), void *user) {
  ride r = { .t = t, .addr = addr };
  for (int i = 0; i < 50; i++) { /* until the storm is at its height */
    (void)blow(user);
    troupe_wait(t, P2P_MS);
  }
  for (dial(&r); blow(user); look(&r)) troupe_wait(t, P2P_MS);
  for (; r.dialing && !r.t->a.n[P2P_EV_CONN_CLOSED]; look(&r)) troupe_wait(t, P2P_MS);
  return r.tale;
}

void storm_aim(const troupe *t, const char *rest, char out[P2P_ADDR_TEXT_MAX]) {
  char id[P2P_PEER_ID_TEXT_MAX];
  assert_true(p2p_peer_id_print(p2p_host_peer(t->b.host), id, sizeof id) > 0);
  snprintf(out, P2P_ADDR_TEXT_MAX, "/ip4/10.0.0.2/%s/p2p/%s", rest, id);
}

void storm_meet(troupe *t, const char *security, p2p_time latency) {
  const p2p_sim_path path = { .latency = latency };
  const p2p_host_opts opts = { .size = sizeof opts, .security = &security, .n_security = 1 };
  troupe_begin(t, 1);
  troupe_join(t, &t->a, &opts);
  troupe_join(t, &t->b, &opts);
  p2p_sim_link(t->sim, t->a.node.io, t->b.node.io, &path);
}

static bool gust(void *user) {
  storm *s = user;
  for (int i = 0; i < 10 && s->opened < s->n; i++) open_one(s);
  return s->opened < s->n;
}

storm_tale storm_ride(storm *s, troupe *t) {
  char addr[P2P_ADDR_TEXT_MAX];
  storm_aim(t, "tcp/4001", addr);
  return storm_ride_out(t, addr, gust, s);
}
