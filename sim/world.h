/* The inside of the simulator: world, nodes, paths, packets, sockets. */
#ifndef P2P_SIM_WORLD_H
#define P2P_SIM_WORLD_H

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "sim/rng.h"
#include "sim/sim.h"

typedef struct sim_node sim_node;
typedef struct sim_tcp sim_tcp;
typedef struct sim_nat sim_nat;

/* One direction of a way, with what is in its queue. */
typedef struct sim_channel {
  p2p_sim_path path;
  uint32_t owner;     /* number of the node that sends, for the trace */
  p2p_time free_at;   /* the last byte of the queue has left by then */
  uint64_t remainder; /* of the last division, so that a busy link loses no nanosecond */
  p2p_time last_exit; /* nothing overtakes it but what is reordered */
  bool cut, home;     /* home: from a node to itself */
  p2p__list held;     /* lossless packets that wait for the cut to heal */
} sim_channel;

typedef enum sim_proto { SIM_UDP, SIM_TCP } sim_proto;

enum { SIM_SYN = 1, SIM_ACK = 2, SIM_FIN = 4, SIM_RST = 8, SIM_PROBE = 16 }; /* segment flags */
enum { SIM_REFUSED = 32 }; /* of a datagram: ICMP's word about the one whose beginning it carries */

typedef struct sim_packet {
  p2p__timer timer; /* its next hop */
  p2p_sim *sim;
  p2p__list link; /* in a socket's queue, a reassembly list or a cut channel */
  sim_node *from, *to;
  p2p_endpoint src, dst;
  sim_proto proto;
  uint8_t stage; /* 0: out of the node, 1: between nodes, 2: into the node, 3: there */
  uint8_t flags, ecn;
  bool lossless;
  uint64_t seq, ack, edge; /* of a segment; edge: up to where the sender of it has room */
  p2p_time stamp, echo;    /* when it was sent; the stamp it answers */
  size_t wire, len;        /* bytes on the wire, bytes of data */
  uint8_t data[];
} sim_packet;

typedef enum sim_sock_kind { SIM_SOCK_LISTENER, SIM_SOCK_STREAM, SIM_SOCK_UDP } sim_sock_kind;

typedef struct sim_sock {
  sim_node *node;
  int slot;
  sim_sock_kind kind;
  uint64_t token;
  uint32_t want;
  p2p__list hot;      /* in sim_node.hot while something wanted is true */
  p2p__list bound;    /* in sim_node.bound: a listener or UDP socket */
  p2p_endpoint local; /* its address */
  sim_tcp *tcp;       /* of a stream */
  bool connecting;    /* of a stream: until the outcome was told */
  p2p__list arrived;  /* listener: connections to accept; UDP: packets to read */
  size_t queued;      /* how many connections (also half-open ones), or bytes */
  size_t backlog;
  p2p__list refused;          /* UDP: ICMP's words to be taken */
  bool refused_told;          /* ERRORS was raised for them */
  char path[P2P_IO_PATH_MAX]; /* of a unix listener, else "" */
} sim_sock;

/* A fact that is told once: a lookup, a work, a wake-up. */
typedef struct sim_fact {
  p2p__list link;
  p2p_io_fact fact;
} sim_fact;

struct sim_node {
  p2p_io io; /* first: the caller's pointer */
  p2p_sim *sim;
  uint32_t number;
  p2p_sim_node_opts opts;
  sim_channel *up, *down; /* NULL: no limit */
  sim_node *gateway;      /* the box it is behind; NULL: none */
  sim_nat *nat;           /* it is a box itself */
  bool unplugged;
  p2p_sim_sleep_kind sleeps;
  p2p_time slept_at; /* since when */
  p2p_time behind;   /* what its monotonic clock does not know of */
  sim_rng rng;
  uint16_t next_port;
  p2p__list hot;   /* sockets with facts */
  p2p__list facts; /* sim_fact */
  sim_sock **socks;
  int n_socks, lowest; /* lowest: no number below it is free */
  p2p__list bound;     /* listeners and UDP sockets */
  p2p__map conns;      /* local, remote -> sim_tcp */
  p2p__list lookups;
  uint64_t ifwatch; /* token of who watches its addresses; 0: nobody */
  bool readdressed; /* its addresses are not those of its birth */
  bool refuses;     /* says so of datagrams for ports where nobody listens */
  p2p_sim_actor actor;
  bool acting;      /* has an actor */
  p2p__timer alarm; /* the actor's deadline */
  p2p__list due;    /* in p2p_sim.due while the actor has something to do */
};

struct p2p_sim {
  p2p__mem mem;
  p2p_time now;
  p2p__timers events;
  sim_rng rng;      /* of the network */
  sim_rng scenario; /* of p2p_sim_random */
  uint64_t seed;
  uint64_t hash, n_events;
  p2p_sim_trace_fn trace;
  void *trace_user;
  sim_node **nodes;
  uint32_t n_nodes, cap_nodes;
  p2p__u64map channels; /* (from << 32 | to) + 1 -> sim_channel */
  p2p__map addresses;   /* ip -> sim_address */
  p2p__list names;      /* sim_name */
  p2p_time name_latency;
  p2p_sim_path path; /* of pairs that were not linked */
  uint32_t split_ppm;
  const uint8_t *map_key;
  p2p_sim_fault_kind fault;
  uint64_t fault_in; /* bytes until it happens */
  p2p__list due;     /* nodes whose actor has something to do, in order */
  p2p__list dead;    /* connections to free after the event */
};

/* world.c */
void *sim_need(void *p); /* p, or the end when it is NULL */
void *sim_alloc(p2p_sim *sim, size_t size);
void sim_release(p2p_sim *sim, void *p, size_t size);
void sim_note(p2p_sim *sim, uint32_t node, p2p_sim_kind kind, p2p_bytes data);
void sim_timer_init(p2p_sim *sim, p2p__timer *t, void (*fire)(p2p__timer *t, p2p_time now));
void sim_timer_fini(p2p_sim *sim, p2p__timer *t);

/* A node's monotonic clock, and when it will show `at`. */
static inline p2p_time sim_node_now(const sim_node *node) {
  return node->sim->now + node->opts.clock - node->behind;
}

static inline p2p_time sim_world_time(const sim_node *node, p2p_time at) {
  at += node->behind;
  return at > node->opts.clock ? at - node->opts.clock : 0;
}

static inline sim_node *sim_node_of(p2p_io *io) { return P2P_CONTAINER(io, sim_node, io); }

/* net.c: addresses, channels, packets */
/* Whose it is in the network that the node is in; in the one behind a box. NULL: nobody's. */
sim_node *sim_net_find(const sim_node *node, const p2p_endpoint *ip);
sim_node *sim_net_find_behind(const sim_node *box, const p2p_endpoint *ip);
sim_node *sim_net_route(sim_node *node, const p2p_endpoint *to); /* the next on the way there */
int sim_net_add(sim_node *node, const p2p_endpoint *ip);         /* P2P_EADDRINUSE */
void sim_net_del(sim_node *node, const p2p_endpoint *ip);
void sim_net_fini(p2p_sim *sim);
sim_channel *sim_channel_new(p2p_sim *sim, uint32_t owner, const p2p_sim_path *path);
void sim_channel_free(p2p_sim *sim, sim_channel *ch);
sim_channel *sim_channel_between(p2p_sim *sim, const sim_node *a, const sim_node *b);
void sim_node_plug(
    sim_node *node); /* cuts or heals its own ways, as it is unplugged or suspended */
p2p_bytes sim_address_key(const void *value);
void sim_packet_hop(p2p__timer *t, p2p_time now);
sim_packet *sim_packet_new(sim_node *from, sim_proto proto, size_t len);
void sim_packet_free(sim_packet *p);
/* Takes p. Returns when the first limited way has let it go: the next one may follow then. */
p2p_time sim_packet_send(sim_packet *p);
void sim_packet_forward(sim_packet *p, sim_node *from, sim_node *to); /* takes p; to NULL: lost */
bool sim_is_loopback(const p2p_endpoint *e);
bool sim_ip_eq(const p2p_endpoint *a, const p2p_endpoint *b);
bool sim_ip_any(const p2p_endpoint *a);

/* node.c: sockets and facts */
sim_sock *sim_sock_new(sim_node *node, sim_sock_kind kind, uint64_t token);
sim_sock *sim_sock_get(p2p_io *io, int sock, sim_sock_kind kind); /* NULL: no such */
void sim_sock_changed(sim_sock *s);                               /* its facts may have */
void sim_fact_add(sim_node *node, uint64_t token, uint32_t what, int error);
uint16_t sim_port_take(sim_node *node, sim_sock_kind kind, const p2p_endpoint *at);
sim_sock *sim_sock_bound(sim_node *node, sim_sock_kind kind, const p2p_endpoint *at);
void sim_node_close(sim_node *node);
void sim_node_free(sim_node *node);
extern const p2p_io_ops sim_io_ops;

/* drive.c */
void sim_node_due(sim_node *node);
void sim_alarm_fire(p2p__timer *t, p2p_time now);

/* name.c */
int sim_resolve(p2p_io *io, const char *host, int family, uint64_t token);
int sim_resolved(p2p_io *io, uint64_t token, p2p_endpoint *out, int n);
void sim_resolve_cancel(p2p_io *io, uint64_t token);
void sim_resolve_close(sim_node *node);
void sim_names_fini(p2p_sim *sim);

/* udp.c */
int sim_udp_open(p2p_io *io, const p2p_endpoint *at, uint64_t token, p2p_endpoint *bound);
int sim_udp_recv(p2p_io *io, int sock, p2p_dgrams *d, int n);
int sim_udp_send(p2p_io *io, int sock, const p2p_dgrams *d, int n);
void sim_udp_input(sim_packet *p); /* takes p */
void sim_udp_close(sim_sock *s);

int sim_udp_errors(p2p_io *io, int sock, p2p_udp_error *out, int n);

/* address.c */
int sim_ifwatch(p2p_io *io, uint64_t token);
int sim_source(p2p_io *io, const p2p_endpoint *to, p2p_endpoint *from);
/* Whether node may send from, or be reached at, this address. */
bool sim_is_home(sim_node *node, const p2p_endpoint *ip);

/* unix.c */
int sim_unix_listen(p2p_io *io, const char *path, int backlog, uint64_t token);
int sim_unix_accept(p2p_io *io, int listener, uint64_t token, char *path, size_t cap);
int sim_unix_connect(p2p_io *io, const char *path, uint64_t token);

/* tcp_api.c */
int sim_tcp_listen(p2p_io *io, const p2p_endpoint *at, int backlog, uint64_t token,
                   p2p_endpoint *bound);
int sim_tcp_accept(p2p_io *io, int listener, uint64_t token, p2p_endpoint *local,
                   p2p_endpoint *remote);
int sim_tcp_connect(p2p_io *io, const p2p_endpoint *from, const p2p_endpoint *to, uint64_t token);
int sim_tcp_local(p2p_io *io, int sock, p2p_endpoint *local);
ptrdiff_t sim_tcp_recv(p2p_io *io, int sock, void *buf, size_t cap);
ptrdiff_t sim_tcp_send(p2p_io *io, int sock, const p2p_bytes *v, size_t n);
int sim_tcp_shutdown(p2p_io *io, int sock);
int sim_tcp_option(p2p_io *io, int sock, p2p_io_option option, uint64_t value);
void sim_tcp_close(sim_sock *s);
uint32_t sim_tcp_ready(const sim_tcp *c); /* READABLE, WRITABLE */
int sim_tcp_error(const sim_tcp *c);

/* nat.c */
void sim_nat_input(sim_packet *p); /* takes p */
void sim_nat_free(sim_nat *nat);

/* tcp_in.c, tcp.c */
void sim_tcp_refuse(const sim_packet *p); /* answers it with a reset */
void sim_tcp_input(sim_packet *p);        /* takes p */
void sim_tcp_reap(p2p_sim *sim);          /* frees the dead */
void sim_tcp_fini(sim_node *node);        /* ends them all, without a word */
void sim_tcp_thaw(sim_node *node);        /* their timers run again */
p2p_bytes sim_tcp_key(const void *value);

#endif
