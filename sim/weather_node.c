/* A host of the weather: it is born, crashes, comes back as itself, and remembers what it was told. */
#include "sim/weather.h"
#include "sim/world.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The defaults of limits.def. */
#define DIAL_TIMEOUT (15 * P2P_SECOND)
#define CLOSE_TIMEOUT (2 * P2P_SECOND)
#define PING_LIMIT (35 * P2P_SECOND) /* dial_timeout, negotiate_timeout, ping_timeout */

/* ---- its connections ---- */

static weather_conn *conn_of(weather_node *node, p2p_conn conn) {
  weather_conn *c = p2p__u64map_find(&node->conns, conn.id);
  if (c) return c;
  c = sim_alloc(node->n.sim, sizeof *c);
  c->conn = conn;
  c->peer = UINT32_MAX;
  if (p2p__u64map_add(&node->conns, conn.id, c) < 0) sim_need(NULL);
  return c;
}

static void conns_forget(weather_node *node) {
  size_t i = 0;
  for (weather_conn *c; (c = p2p__u64map_next(&node->conns, &i));)
    sim_release(node->n.sim, c, sizeof *c);
  p2p__u64map_fini(&node->conns);
}

static uint32_t index_of(const weather *w, const p2p_peer_id *peer) {
  for (uint32_t i = 0; i < w->n; i++)
    if (p2p_peer_id_eq(&w->nodes[i].identity.peer, peer)) return i;
  return UINT32_MAX;
}

bool weather_node_reaches(const weather_node *node, uint32_t to) {
  size_t i = 0;
  for (const weather_conn *c; (c = p2p__u64map_next(&node->conns, &i));)
    if (c->peer == to && !c->closed) return true;
  return false;
}

/* ---- what it is told ---- */

/* Errors that an honest world can bring about. */
static bool is_weather(int err) {
  switch (err) {
  case 0:
  case P2P_ECLOSED:
  case P2P_ERESET:
  case P2P_ETIMEOUT:
  case P2P_EREFUSED:
  case P2P_EUNREACH:
  case P2P_EGOAWAY:
  case P2P_ELIMIT:
  case P2P_ECANCELED:
  case P2P_EBACKOFF:
  case P2P_ENOADDR: return true;
  default: return false;
  }
}

static void told(weather_node *node, p2p_time *by, const char *what, int err) {
  weather *w = node->w;
  p2p_time now = p2p_sim_now(node->n.sim);
  scenario_claim(w->r, !*by || now <= *by, "node %u: %s came %llu ms late", node->index, what,
                 (unsigned long long)((now - *by) / P2P_MS));
  scenario_claim(w->r, is_weather(err), "node %u: %s says %s, but all are honest", node->index,
                 what, p2p_error_name(err));
  *by = 0;
}

static void told_open(weather_node *node, const p2p_event *e) {
  weather_conn *c = conn_of(node, e->conn);
  told(node, &c->answer_by, "a connection's OPEN", 0);
  scenario_claim(node->w->r, !c->opened && !c->closed,
                 "node %u: OPEN of a connection known already", node->index);
  c->opened++;
  c->peer = index_of(node->w, &e->peer);
}

static void told_closed(weather_node *node, const p2p_event *e) {
  weather_conn *c = conn_of(node, e->conn);
  told(node, &c->answer_by, "a connection's CLOSED", e->err);
  c->closed++;
  node->w->conns++;
}

static void told_ping(weather_node *node, const p2p_event *e) {
  weather *w = node->w;
  uint32_t k = 0, n = weather_friends(w);
  while (k < n && !p2p_peer_id_eq(&w->nodes[weather_friend(node, k)].identity.peer, &e->peer)) k++;
  bool asked = k < n && node->ping_by[k];
  if (!scenario_claim(w->r, asked, "node %u: an answer to no ping", node->index)) return;
  told(node, &node->ping_by[k], "a ping's answer", e->err);
  scenario_claim(w->r, !w->calm || !e->err, "node %u cannot ping node %u after the weather: %s",
                 node->index, weather_friend(node, k), p2p_error_name(e->err));
  w->pings += e->err == 0;
  w->answers++;
}

static void on_event(host_node *n, const p2p_event *e) {
  weather_node *node = n->user;
  weather_say(node->w, node->index, "told event %d, connection %" PRIx64 ": %s", e->kind,
              e->conn.id, p2p_error_name(e->err));
  switch (e->kind) {
  case P2P_EV_CONN_OPEN: told_open(node, e); break;
  case P2P_EV_CONN_CLOSED: told_closed(node, e); break;
  case P2P_EV_PING: told_ping(node, e); break;
  default: break;
  }
}

static void on_log(void *user, p2p_log_level level, const char *line) {
  const weather_node *node = user;
  (void)level;
  weather_say(node->w, node->index, "  %s", line);
}

/* ---- life ---- */

static void *count_alloc(void *user, size_t size) {
  return p2p__alloc_raw(user, P2P__MEM_HOST, size);
}

static void count_release(void *user, void *p, size_t size) {
  p2p__release(user, P2P__MEM_HOST, p, size);
}

static void addr_add(weather_node *node, const char *way) {
  char id[P2P_PEER_ID_TEXT_MAX];
  if (p2p_peer_id_print(&node->identity.peer, id, sizeof id) < 0) sim_need(NULL);
  snprintf(node->addrs[node->n_addrs++], P2P_ADDR_TEXT_MAX, "%s/p2p/%s", way, id);
}

enum { WAY_TEXT = 64 };

/* The ways to a host at e; returns how many. */
static int ways_at(const weather_node *node, p2p_endpoint e, char out[][WAY_TEXT]) {
  unsigned ways = node->w->row->ways;
  char ip[WAY_TEXT / 2];
  int n = 0;
  snprintf(ip, sizeof ip, "/ip4/%d.%d.%d.%d", e.ip[0], e.ip[1], e.ip[2], e.ip[3]);
  if (ways & WEATHER_QUIC) snprintf(out[n++], WAY_TEXT, "%s/udp/4001/quic-v1", ip);
  if (ways & WEATHER_TCP) snprintf(out[n++], WAY_TEXT, "%s/tcp/4001", ip);
  if (ways & WEATHER_MEMORY) snprintf(out[n++], WAY_TEXT, "/memory/%u", node->n.number);
  return n;
}

/* Where it is: behind a box, or on the network; the second byte says how often it has moved. */
static p2p_endpoint place_of(const weather_node *node) {
  p2p_endpoint e = host_node_ip(node->n.number + (node->moves << 16));
  if (!node->hidden) return e;
  e.ip[0] = 192;
  e.ip[1] = 168;
  return e;
}

static void addrs_make(weather_node *node) {
  char ways[WEATHER_WAYS][WAY_TEXT];
  int n = ways_at(node, place_of(node), ways);
  node->n_addrs = 0;
  for (int i = 0; i < n; i++) addr_add(node, ways[i]);
}

void weather_node_move(weather_node *node) {
  node->moves++;
  p2p_endpoint to = place_of(node);
  weather_say(node->w, node->index, "moves for the %u. time", node->moves);
  int err = p2p_sim_readdress(node->n.io, &to, 1);
  scenario_claim(node->w->r, err >= 0, "node %u cannot move: %s", node->index, p2p_error_name(err));
  addrs_make(node);
}

int weather_node_place(weather *w, uint32_t i) {
  weather_node *node = &w->nodes[i];
  node->w = w;
  node->index = i;
  p2p__mem_init(&node->mem, NULL);
  p2p__u64map_init(&node->conns, &w->r->sim->mem, P2P__MEM_LOOP, w->map_key);
  node->n.number = i + 1;
  node->hidden = w->n_boxes && i && (i == 1 || weather_dice(w, 2));
  p2p_sim_node_opts at = { .ip = { place_of(node) }, .n_ip = 1 };
  if (node->hidden) at.gateway = w->boxes[weather_dice(w, w->n_boxes)];
  int err = host_node_place(&node->n, w->r->sim, i + 1, &at);
  if (err >= 0) err = p2p_identity_generate(&node->identity, P2P_KEY_ED25519, node->n.io);
  if (err >= 0) addrs_make(node);
  return err;
}

int weather_node_introduce(weather_node *node) {
  int err = 0;
  for (uint32_t k = 0; k < weather_friends(node->w); k++) {
    const weather_node *to = &node->w->nodes[weather_friend(node, k)];
    for (int i = 0; !to->hidden && i < to->n_addrs && err >= 0; i++)
      err = p2p_peer_add_addr(node->n.host, to->addrs[i]);
  }
  return err;
}

int weather_node_start(weather_node *node) {
  const weather_row *row = node->w->row;
  p2p_allocator counted = { .alloc = count_alloc, .release = count_release, .user = &node->mem };
  const char *listen[WEATHER_WAYS];
  char ways[WEATHER_WAYS][WAY_TEXT];
  const p2p_endpoint any = { .family = 4 };
  int n = ways_at(node, row->what & WEATHER_MOVE ? any : place_of(node), ways);
  for (int i = 0; i < n; i++) listen[i] = ways[i];
  p2p_host_opts opts = { .size = sizeof opts,
                         .identity = &node->identity,
                         .allocator = &counted,
                         .listen = listen,
                         .n_listen = (size_t)n,
                         .security = row->security ? &row->security : NULL,
                         .n_security = row->security ? 1 : 0,
                         .muxers = row->muxer ? &row->muxer : NULL,
                         .n_muxers = row->muxer ? 1 : 0,
                         .memory = node->w->hub,
                         .log = node->w->r->say ? on_log : NULL,
                         .log_user = node,
                         .log_level = P2P_LOG_TRACE };
  int err = host_node_start(&node->n, &opts);
  node->n.on_event = on_event;
  node->n.user = node;
  if (err >= 0) err = flow_serve(&node->n);
  for (size_t i = 0; err >= 0 && i < P2P__MEM_TAGS; i++)
    (void)p2p_host_memory(node->n.host, i, &node->born_with[i]);
  return err < 0 ? err : weather_node_introduce(node);
}

void weather_node_stop(weather_node *node) {
  weather_claim_life(node);
  host_node_stop(&node->n);
  flow_free_all(&node->n);
  conns_forget(node);
  memset(node->ping_by, 0, sizeof node->ping_by);
  scenario_claim(node->w->r, p2p__mem_used(&node->mem) == 0, "node %u leaks %zu bytes", node->index,
                 p2p__mem_used(&node->mem));
}

void weather_node_fini(weather_node *node) {
  if (!node->w) return;
  if (node->n.host) weather_node_stop(node);
  p2p_identity_fini(&node->identity);
}

static void postpone(p2p_time *by, p2p_time so_long) {
  if (*by) *by += so_long;
}

void weather_node_slept(weather_node *node, p2p_time so_long) {
  size_t i = 0;
  for (weather_conn *c; (c = p2p__u64map_next(&node->conns, &i));) postpone(&c->answer_by, so_long);
  for (int k = 0; k < WEATHER_FRIENDS; k++) postpone(&node->ping_by[k], so_long);
  for (p2p__list *at = node->n.flows.next; at != &node->n.flows; at = at->next) {
    flow *f = P2P_CONTAINER(at, flow, link);
    if (!f->closed) f->born_at += so_long;
  }
  node->n.woke = true;
}

/* ---- whom it knows ---- */

uint32_t weather_friends(const weather *w) {
  return w->n - 1 <= WEATHER_FRIENDS ? w->n - 1 : WEATHER_CROWD_FRIENDS;
}

/* All, or in a crowd some near and some far: who begins at any one reaches everybody. */
uint32_t weather_friend(const weather_node *node, uint32_t k) {
  static const uint32_t steps[WEATHER_CROWD_FRIENDS] = { 1, 7, 61, 350 };
  uint32_t n = node->w->n, step = n - 1 <= WEATHER_FRIENDS ? k + 1 : steps[k] % (n - 1) + 1;
  return (node->index + step) % n;
}

/* ---- what it does ---- */

void weather_node_dial(weather_node *node, uint32_t to) {
  const weather_node *b = &node->w->nodes[to];
  const char *addr = b->addrs[weather_dice(node->w, (uint64_t)b->n_addrs)];
  p2p_conn conn;
  weather_say(node->w, node->index, "dials node %u", to);
  int err = p2p_dial(node->n.host, addr, &conn);
  host_node_poke(&node->n);
  if (!scenario_claim(node->w->r, err >= 0, "node %u cannot dial %s: %s", node->index, addr,
                      p2p_error_name(err)))
    return;
  /* A stream to the same peer may add the other addresses to it as long as it is under way. */
  p2p_time limit = (p2p_time)b->n_addrs * DIAL_TIMEOUT;
  conn_of(node, conn)->answer_by = p2p_sim_now(node->n.sim) + limit;
}

/* It may have to dial, now or when the connection it had is lost. */
void weather_node_ping(weather_node *node, uint32_t k) {
  weather *w = node->w;
  uint32_t to = weather_friend(node, k);
  weather_say(w, node->index, "pings node %u", to);
  int err = p2p_ping(node->n.host, &w->nodes[to].identity.peer);
  host_node_poke(&node->n);
  if (err >= 0) node->ping_by[k] = p2p_sim_now(node->n.sim) + PING_LIMIT;
  scenario_claim(w->r, err >= 0 || (err == P2P_EAGAIN && node->ping_by[k]),
                 "node %u cannot ping node %u: %s", node->index, to, p2p_error_name(err));
}

static void conn_close(weather_node *node, weather_conn *c) {
  weather_say(node->w, node->index, "hangs up %" PRIx64, c->conn.id);
  uint32_t code = (uint32_t)weather_dice(node->w, 1000);
  if (p2p_conn_close(node->n.host, c->conn, code) == 0)
    c->answer_by = p2p_sim_now(node->n.sim) + CLOSE_TIMEOUT;
  host_node_poke(&node->n);
}

void weather_node_hang_up(weather_node *node) {
  size_t i = 0, n = 0, pick = weather_dice(node->w, node->conns.n + 1);
  for (weather_conn *c; (c = p2p__u64map_next(&node->conns, &i));) {
    if (c->closed || n++ < pick) continue;
    conn_close(node, c);
    return;
  }
}

void weather_node_part(weather_node *node) {
  size_t i = 0;
  for (weather_conn *c; (c = p2p__u64map_next(&node->conns, &i));)
    if (!c->closed) conn_close(node, c);
}
