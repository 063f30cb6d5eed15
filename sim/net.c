/* The network: whose address it is, and the way of a packet: out of a node, between two nodes, into
 * the other. Each part is a channel: loss, a rate with a drop-tail queue, latency, jitter. */
#include "sim/world.h"
#include <assert.h>
#include <string.h>

#define LOOPBACK_LATENCY (10 * P2P_US)

enum { STAGES = 3, BITS = 8 };

/* ---- addresses ---- */

enum { IP_KEY_LEN = 21 };

typedef struct sim_address {
  uint8_t key[IP_KEY_LEN]; /* network, family, ip */
  sim_node *node;
} sim_address;

p2p_bytes sim_address_key(const void *value) {
  return (p2p_bytes){ ((const sim_address *)value)->key, IP_KEY_LEN };
}

/* box: behind which the network is; NULL: the one of all. */
static void ip_key(const sim_node *box, const p2p_endpoint *e, uint8_t key[IP_KEY_LEN]) {
  uint32_t network = box ? box->number + 1 : 0;
  for (int i = 0; i < 4; i++) key[i] = (uint8_t)(network >> 8 * i);
  key[4] = e->family;
  memcpy(key + 5, e->ip, sizeof e->ip);
}

static sim_node *find_in(p2p_sim *sim, const sim_node *box, const p2p_endpoint *ip) {
  uint8_t key[IP_KEY_LEN];
  ip_key(box, ip, key);
  sim_address *a = p2p__map_find(&sim->addresses, (p2p_bytes){ key, sizeof key });
  return a ? a->node : NULL;
}

sim_node *sim_net_find(const sim_node *node, const p2p_endpoint *ip) {
  return find_in(node->sim, node->gateway, ip);
}

sim_node *sim_net_find_behind(const sim_node *box, const p2p_endpoint *ip) {
  return find_in(box->sim, box, ip);
}

sim_node *sim_net_route(sim_node *node, const p2p_endpoint *to) {
  if (sim_is_loopback(to)) return node;
  sim_node *owner = sim_net_find(node, to);
  return owner ? owner : node->gateway;
}

int sim_net_add(sim_node *node, const p2p_endpoint *ip) {
  if (sim_net_find(node, ip)) return P2P_EADDRINUSE;
  sim_address *a = sim_alloc(node->sim, sizeof *a);
  ip_key(node->gateway, ip, a->key);
  a->node = node;
  if (p2p__map_add(&node->sim->addresses, a) < 0) sim_need(NULL);
  return 0;
}

void sim_net_del(sim_node *node, const p2p_endpoint *ip) {
  uint8_t key[IP_KEY_LEN];
  ip_key(node->gateway, ip, key);
  sim_address *a = p2p__map_del(&node->sim->addresses, (p2p_bytes){ key, sizeof key });
  if (a) sim_release(node->sim, a, sizeof *a);
}

bool sim_ip_eq(const p2p_endpoint *a, const p2p_endpoint *b) {
  return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

bool sim_ip_any(const p2p_endpoint *a) {
  static const uint8_t zero[16];
  return memcmp(a->ip, zero, sizeof zero) == 0;
}

bool sim_is_loopback(const p2p_endpoint *e) {
  static const uint8_t one[16] = { [15] = 1 };
  return e->family == 4 ? e->ip[0] == 127 : memcmp(e->ip, one, sizeof one) == 0;
}

/* ---- channels ---- */

/* A limit in bytes is a limit of time once the rate is known. */
static p2p_sim_path path_normal(const p2p_sim_path *path) {
  p2p_sim_path p = *path;
  if (!p.mtu) p.mtu = 1500;
  if (p.bits_per_second && p.queue_bytes) {
    p2p_time by_bytes = (uint64_t)p.queue_bytes * BITS * P2P_SECOND / p.bits_per_second;
    if (!p.queue || by_bytes < p.queue) p.queue = by_bytes;
  }
  return p;
}

sim_channel *sim_channel_new(p2p_sim *sim, uint32_t owner, const p2p_sim_path *path) {
  sim_channel *ch = sim_alloc(sim, sizeof *ch);
  ch->path = path_normal(path);
  ch->owner = owner;
  p2p__list_init(&ch->held);
  return ch;
}

void sim_channel_free(p2p_sim *sim, sim_channel *ch) {
  if (!ch) return;
  while (!p2p__list_empty(&ch->held))
    sim_packet_free(P2P_CONTAINER(p2p__list_pop(&ch->held), sim_packet, link));
  sim_release(sim, ch, sizeof *ch);
}

sim_channel *sim_channel_between(p2p_sim *sim, const sim_node *a, const sim_node *b) {
  static const p2p_sim_path loopback = { .latency = LOOPBACK_LATENCY, .mtu = 65535 };
  uint64_t key = ((uint64_t)a->number << 32 | b->number) + 1;
  sim_channel *ch = p2p__u64map_find(&sim->channels, key);
  if (ch) return ch;
  ch = sim_channel_new(sim, a->number, a == b ? &loopback : &sim->path);
  ch->home = a == b;
  if (p2p__u64map_add(&sim->channels, key, ch) < 0) sim_need(NULL);
  return ch;
}

void p2p_sim_default(p2p_sim *sim, const p2p_sim_path *path) { sim->path = *path; }

void p2p_sim_link_one_way(p2p_sim *sim, p2p_io *a, p2p_io *b, const p2p_sim_path *path) {
  sim_channel_between(sim, sim_node_of(a), sim_node_of(b))->path = path_normal(path);
}

void p2p_sim_link(p2p_sim *sim, p2p_io *a, p2p_io *b, const p2p_sim_path *path) {
  p2p_sim_link_one_way(sim, a, b, path);
  p2p_sim_link_one_way(sim, b, a, path);
}

static void channel_cut(sim_channel *ch, bool cut) {
  ch->cut = cut;
  while (!cut && !p2p__list_empty(&ch->held)) {
    sim_packet *p = P2P_CONTAINER(p2p__list_pop(&ch->held), sim_packet, link);
    p->stage--; /* the channel is entered anew */
    sim_packet_hop(&p->timer, p->sim->now);
  }
}

void p2p_sim_cut(p2p_sim *sim, p2p_io *a, p2p_io *b, bool cut) {
  channel_cut(sim_channel_between(sim, sim_node_of(a), sim_node_of(b)), cut);
  channel_cut(sim_channel_between(sim, sim_node_of(b), sim_node_of(a)), cut);
}

void p2p_sim_calm(p2p_sim *sim, const p2p_sim_path *path) {
  sim->path = *path;
  size_t i = 0;
  for (sim_channel *ch; (ch = p2p__u64map_next(&sim->channels, &i));) {
    if (ch->home) continue;
    ch->path = path_normal(path);
    channel_cut(ch, false);
  }
}

/* A node's own way that was not limited is made when it is to be cut. */
static void way_cut(sim_node *node, sim_channel **way, bool cut) {
  static const p2p_sim_path open = { .mtu = UINT16_MAX };
  if (!*way && !cut) return;
  if (!*way) *way = sim_channel_new(node->sim, node->number, &open);
  channel_cut(*way, cut);
}

void sim_node_plug(sim_node *node) {
  bool cut = node->unplugged || node->sleeps == P2P_SIM_SUSPENDED;
  way_cut(node, &node->up, cut);
  way_cut(node, &node->down, cut);
}

void p2p_sim_unplug(p2p_io *io, bool unplugged) {
  sim_node *node = sim_node_of(io);
  node->unplugged = unplugged;
  sim_node_plug(node);
}

/* ---- packets ---- */

static size_t packet_size(size_t len) { return sizeof(sim_packet) + len; }

sim_packet *sim_packet_new(sim_node *from, sim_proto proto, size_t len) {
  p2p_sim *sim = from->sim;
  sim_packet *p = sim_need(p2p__alloc_raw(&sim->mem, P2P__MEM_LOOP, packet_size(len)));
  memset(p, 0, sizeof *p);
  p->sim = sim;
  p->from = from;
  p->proto = proto;
  p->len = len;
  p2p__list_init(&p->link);
  sim_timer_init(sim, &p->timer, sim_packet_hop);
  return p;
}

void sim_packet_free(sim_packet *p) {
  if (!p) return;
  p2p__list_del(&p->link);
  sim_timer_fini(p->sim, &p->timer);
  sim_release(p->sim, p, packet_size(p->len));
}

static sim_packet *packet_copy(const sim_packet *p) {
  sim_packet *c = sim_packet_new(p->from, p->proto, p->len);
  p2p__timer timer = c->timer;
  memcpy(c, p, packet_size(p->len));
  c->timer = timer;
  p2p__list_init(&c->link);
  return c;
}

static void packet_lose(sim_packet *p, const sim_channel *ch) {
  sim_note(p->sim, ch->owner, P2P_SIM_LOST, (p2p_bytes){ p->data, p->len });
  sim_packet_free(p);
}

/* The nanoseconds of n bytes at the channel's rate, the remainder carried over. */
static p2p_time channel_transmit(sim_channel *ch, size_t n) {
  uint64_t bits = ch->path.bits_per_second;
  if (!bits) return 0;
  uint64_t total = (uint64_t)n * BITS * P2P_SECOND + ch->remainder;
  ch->remainder = total % bits;
  return total / bits;
}

/* Passes p through ch: when it comes out, or false when it is lost. */
static bool channel_pass(sim_channel *ch, const sim_packet *p, p2p_time *out) {
  p2p_sim *sim = p->sim;
  const p2p_sim_path *path = &ch->path;
  if (p->proto == SIM_UDP && p->wire > path->mtu) return false;
  if (!p->lossless && sim_rng_chance(&sim->rng, path->loss_ppm)) return false;
  p2p_time start = ch->free_at > sim->now ? ch->free_at : sim->now;
  if (!p->lossless && path->queue && start - sim->now > path->queue) return false;
  if (ch->free_at < sim->now) ch->remainder = 0; /* it was idle */
  ch->free_at = start + channel_transmit(ch, p->wire);
  p2p_time at = ch->free_at + path->latency;
  if (path->jitter) at += sim_rng_below(&sim->rng, path->jitter + 1);
  if (at < ch->last_exit) at = ch->last_exit;
  ch->last_exit = at;
  if (!p->lossless && sim_rng_chance(&sim->rng, path->reorder_ppm)) at += path->reorder_by;
  *out = at;
  return true;
}

/* Nobody's: from or to an address that its node has no more. */
static void packet_strand(sim_packet *p) {
  sim_note(p->sim, p->from->number, P2P_SIM_LOST, (p2p_bytes){ p->data, p->len });
  sim_packet_free(p);
}

static void packet_arrive(sim_packet *p) {
  if (p->to->nat) {
    sim_nat_input(p);
    return;
  }
  if (!sim_is_home(p->to, &p->dst)) {
    packet_strand(p);
    return;
  }
  if (p->proto == SIM_UDP)
    sim_udp_input(p);
  else
    sim_tcp_input(p);
}

static sim_channel *packet_channel(const sim_packet *p) {
  if (p->stage == 1) return sim_channel_between(p->sim, p->from, p->to);
  if (p->from == p->to) return NULL;
  /* A box's own ways are those of its outside. */
  if (p->stage == 0) return p->to->gateway == p->from ? NULL : p->from->up;
  return p->from->gateway == p->to ? NULL : p->to->down;
}

/* A duplicate leaves the channel with the original, and never doubles again in it. */
static void packet_double(const sim_packet *p, const sim_channel *ch, p2p_time at) {
  if (p->lossless || !sim_rng_chance(&p->sim->rng, ch->path.duplicate_ppm)) return;
  p2p__timer_set(&p->sim->events, &packet_copy(p)->timer, at);
}

/* Enters the next channel of the way, or arrives. */
void sim_packet_hop(p2p__timer *t, p2p_time now) {
  (void)now;
  sim_packet *p = P2P_CONTAINER(t, sim_packet, timer);
  while (p->stage < STAGES) {
    sim_channel *ch = packet_channel(p);
    p->stage++;
    if (!ch) continue;
    p2p_time at;
    if (ch->cut && p->lossless && !(p->flags & SIM_SYN)) { /* who connects tries again */
      p2p__list_add(&ch->held, &p->link);
    } else if (ch->cut || !channel_pass(ch, p, &at)) {
      packet_lose(p, ch);
    } else {
      packet_double(p, ch, at);
      p2p__timer_set(&p->sim->events, &p->timer, at);
    }
    return;
  }
  packet_arrive(p);
}

p2p_time sim_packet_send(sim_packet *p) {
  p2p_sim *sim = p->sim;
  p->to = sim_net_route(p->from, &p->dst);
  if (!p->to || !sim_is_home(p->from, &p->src)) {
    packet_strand(p);
    return sim->now;
  }
  const sim_node *from = p->from, *to = p->to;
  sim_packet_hop(&p->timer, sim->now);
  const sim_channel *ch = from->up && from != to ? from->up : sim_channel_between(sim, from, to);
  return ch->free_at > sim->now ? ch->free_at : sim->now;
}

void sim_packet_forward(sim_packet *p, sim_node *from, sim_node *to) {
  p->from = from;
  p->to = to;
  p->stage = 0;
  if (to)
    sim_packet_hop(&p->timer, p->sim->now);
  else
    packet_strand(p);
}

void sim_net_fini(p2p_sim *sim) {
  size_t i = 0;
  for (sim_channel *ch; (ch = p2p__u64map_next(&sim->channels, &i));) sim_channel_free(sim, ch);
  i = 0;
  for (sim_address *a; (a = p2p__map_next(&sim->addresses, &i));) sim_release(sim, a, sizeof *a);
}
