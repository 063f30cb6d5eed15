/* NAT boxes. RFC 4787, RFC 5382. */
#include "sim/nat.h"
#include "sim/world.h"

#define UDP_EXPIRY (120 * P2P_SECOND)
#define TCP_EXPIRY (7440 * P2P_SECOND)
#define TCP_TRANSITORY (240 * P2P_SECOND) /* half-open, or closing. RFC 5382, REQ-5 */

enum { PORT_FIRST = 1024, PORTS = 65536 - PORT_FIRST };

/* Somebody outside to whom an insider sent. */
typedef struct contact {
  p2p__list link;
  p2p_endpoint to;
  p2p_time until;
} contact;

typedef struct mapping {
  p2p__list link; /* in sim_nat.mappings */
  sim_proto proto;
  p2p_endpoint inside;
  p2p_endpoint to; /* as far as the kind of mapping looks at it */
  uint16_t port;   /* outside */
  p2p_time until;
  bool answered, closing; /* of TCP */
  p2p__list contacts;
} mapping;

struct sim_nat {
  p2p_sim_nat_opts opts;
  sim_node *box;
  p2p__list mappings;
  bool moved; /* ports are others than before */
};

/* ---- what is kept ---- */

static void mapping_free(p2p_sim *sim, mapping *m) {
  for (p2p__list *at; (at = p2p__list_pop(&m->contacts)) != NULL;)
    sim_release(sim, P2P_CONTAINER(at, contact, link), sizeof(contact));
  p2p__list_del(&m->link);
  sim_release(sim, m, sizeof *m);
}

static void nat_forget(sim_nat *nat, p2p_time until) {
  p2p__list *next;
  for (p2p__list *at = nat->mappings.next; at != &nat->mappings; at = next) {
    mapping *m = P2P_CONTAINER(at, mapping, link);
    next = at->next;
    if (m->until <= until) mapping_free(nat->box->sim, m);
  }
}

static bool same_endpoint(const p2p_endpoint *a, const p2p_endpoint *b) {
  return sim_ip_eq(a, b) && a->port == b->port;
}

/* The part of an endpoint that a kind looks at. */
static bool same_for(p2p_sim_nat_kind kind, const p2p_endpoint *a, const p2p_endpoint *b) {
  if (kind == P2P_SIM_ENDPOINT_INDEPENDENT) return true;
  return kind == P2P_SIM_ADDRESS_DEPENDENT ? sim_ip_eq(a, b) : same_endpoint(a, b);
}

static mapping *mapping_at(const sim_nat *nat, sim_proto proto, uint16_t port) {
  for (p2p__list *at = nat->mappings.next; at != &nat->mappings; at = at->next) {
    mapping *m = P2P_CONTAINER(at, mapping, link);
    if (m->proto == proto && m->port == port) return m;
  }
  return NULL;
}

static mapping *mapping_of(const sim_nat *nat, const sim_packet *p) {
  for (p2p__list *at = nat->mappings.next; at != &nat->mappings; at = at->next) {
    mapping *m = P2P_CONTAINER(at, mapping, link);
    if (m->proto == p->proto && same_endpoint(&m->inside, &p->src) &&
        same_for(nat->opts.mapping, &m->to, &p->dst))
      return m;
  }
  return NULL;
}

static uint16_t port_for(const sim_nat *nat, const sim_packet *p) {
  uint16_t port = p->src.port;
  bool keep = nat->opts.keeps_port && !nat->moved;
  while (!keep || mapping_at(nat, p->proto, port)) {
    port = (uint16_t)(PORT_FIRST + sim_rng_below(&nat->box->sim->rng, PORTS));
    keep = true;
  }
  return port;
}

static mapping *mapping_new(sim_nat *nat, const sim_packet *p) {
  uint16_t port = port_for(nat, p);
  mapping *m = sim_alloc(nat->box->sim, sizeof *m);
  m->proto = p->proto;
  m->inside = p->src;
  m->to = p->dst;
  m->port = port;
  p2p__list_init(&m->contacts);
  p2p__list_add(&nat->mappings, &m->link);
  return m;
}

/* ---- how long ---- */

static p2p_time life_of(const sim_nat *nat, const mapping *m) {
  if (m->proto == SIM_UDP) return nat->opts.udp_expiry;
  return m->answered && !m->closing ? nat->opts.tcp_expiry : TCP_TRANSITORY;
}

static void mapping_used(const sim_nat *nat, mapping *m, const sim_packet *p) {
  if (p->proto == SIM_TCP && p->flags & (SIM_FIN | SIM_RST)) m->closing = true;
  if (p->proto == SIM_TCP && p->flags & SIM_SYN && !(p->flags & SIM_ACK)) m->closing = false;
  m->until = nat->box->sim->now + life_of(nat, m);
}

static contact *contact_of(const mapping *m, p2p_sim_nat_kind kind, const p2p_endpoint *from,
                           p2p_time now) {
  for (p2p__list *at = m->contacts.next; at != &m->contacts; at = at->next) {
    contact *c = P2P_CONTAINER(at, contact, link);
    if (c->until > now && same_for(kind, &c->to, from)) return c;
  }
  return NULL;
}

static void contact_used(const sim_nat *nat, mapping *m, const p2p_endpoint *to) {
  contact *c = contact_of(m, P2P_SIM_PORT_DEPENDENT, to, 0);
  if (!c) {
    c = sim_alloc(nat->box->sim, sizeof *c);
    c->to = *to;
    p2p__list_add(&m->contacts, &c->link);
  }
  c->until = m->until;
}

/* ---- packets ---- */

static void drop(const sim_nat *nat, sim_packet *p) {
  sim_note(p->sim, nat->box->number, P2P_SIM_LOST, (p2p_bytes){ p->data, p->len });
  sim_packet_free(p);
}

/* Outward: the source becomes the box's. */
static void leave(sim_nat *nat, sim_packet *p) {
  mapping *m = mapping_of(nat, p);
  if (!m) m = mapping_new(nat, p);
  mapping_used(nat, m, p);
  contact_used(nat, m, &p->dst);
  p->src = nat->box->opts.ip[0];
  p->src.port = m->port;
}

/* Inward: whose it is, or NULL when nobody's or not let in. */
static mapping *admit(const sim_nat *nat, const sim_packet *p) {
  mapping *m = mapping_at(nat, p->proto, p->dst.port);
  return m && contact_of(m, nat->opts.filter, &p->src, p->sim->now) ? m : NULL;
}

static void refuse(const sim_nat *nat, sim_packet *p) {
  if (nat->opts.refuses && p->proto == SIM_TCP && !(p->flags & SIM_RST)) sim_tcp_refuse(p);
  drop(nat, p);
}

static void enter(sim_nat *nat, sim_packet *p) {
  mapping *m = admit(nat, p);
  if (!m) {
    refuse(nat, p);
    return;
  }
  m->answered = true;
  if (p->proto == SIM_TCP) mapping_used(nat, m, p); /* UDP: what comes in keeps nothing open */
  p->dst = m->inside;
  sim_packet_forward(p, nat->box, sim_net_find_behind(nat->box, &p->dst));
}

void sim_nat_input(sim_packet *p) {
  sim_node *box = p->to;
  sim_nat *nat = box->nat;
  bool outward = p->from->gateway == box;
  nat_forget(nat, p->sim->now);
  if (p->dst.family != box->opts.ip[0].family) {
    drop(nat, p);
    return;
  }
  bool home = sim_ip_eq(&p->dst, &box->opts.ip[0]);
  if (outward) leave(nat, p);
  if (outward && !home)
    sim_packet_forward(p, box, sim_net_route(box, &p->dst));
  else if (home && (!outward || nat->opts.hairpin))
    enter(nat, p);
  else
    drop(nat, p);
}

/* ---- life ---- */

int p2p_sim_nat(p2p_sim *sim, const p2p_sim_nat_opts *opts, p2p_io **out) {
  if (!opts) return P2P_EINVAL;
  p2p_sim_node_opts node = {
    .ip = { opts->ip }, .n_ip = 1, .gateway = opts->gateway, .up = opts->up, .down = opts->down
  };
  int err = p2p_sim_node(sim, &node, out);
  if (err < 0) return err;
  sim_nat *nat = sim_alloc(sim, sizeof *nat);
  nat->opts = *opts;
  if (!nat->opts.udp_expiry) nat->opts.udp_expiry = UDP_EXPIRY;
  if (!nat->opts.tcp_expiry) nat->opts.tcp_expiry = TCP_EXPIRY;
  nat->box = sim_node_of(*out);
  nat->box->nat = nat;
  p2p__list_init(&nat->mappings);
  return 0;
}

void sim_nat_free(sim_nat *nat) {
  if (!nat) return;
  nat_forget(nat, P2P_NEVER);
  sim_release(nat->box->sim, nat, sizeof *nat);
}

void p2p_sim_nat_rebind(p2p_io *box) {
  sim_nat *nat = sim_node_of(box)->nat;
  nat_forget(nat, P2P_NEVER);
  nat->moved = true;
}

int p2p_sim_nat_mappings(p2p_io *box) {
  sim_nat *nat = sim_node_of(box)->nat;
  int n = 0;
  nat_forget(nat, nat->box->sim->now);
  for (p2p__list *at = nat->mappings.next; at != &nat->mappings; at = at->next) n++;
  return n;
}
