/* The simulator: a p2p_io in virtual time, on a virtual network. One 64-bit seed decides everything,
 * and nobody but the driver moves time: a p2p_io of this kind never blocks in wait.
 *
 * A node is named by its p2p_io. A world belongs to one thread. When memory is out the program ends:
 * a simulation that goes on without memory proves nothing. */
#ifndef P2P_SIM_SIM_H
#define P2P_SIM_SIM_H

#include <p2p/io.h>

typedef struct p2p_sim p2p_sim;

typedef enum p2p_sim_tcp {
  /* Latency and rate, no loss, no header, no slow start; bytes wait while the path is cut. */
  P2P_SIM_IDEAL = 0,
  /* Segments with headers, acknowledgements, slow start, fast retransmit and retransmission timer
   * over a path that loses. RFC 5681, 6298, 6582. */
  P2P_SIM_NEWRENO
} p2p_sim_tcp;

/* One direction between two nodes, or one node's own way into or out of the network. */
typedef struct p2p_sim_path {
  p2p_time latency;
  p2p_time jitter;          /* added to it, evenly from 0 to this; keeps the order */
  uint64_t bits_per_second; /* 0: no limit */
  p2p_time queue;     /* drop-tail: the longest wait before the own transmission; 0: no limit */
  size_t queue_bytes; /* the same in bytes; 0: no limit */
  uint32_t loss_ppm;  /* chances in a million for each packet */
  uint32_t duplicate_ppm;
  uint32_t reorder_ppm; /* … to come later by reorder_by, out of order */
  p2p_time reorder_by;
  uint16_t mtu;    /* bytes of a packet with its headers; longer ones vanish; 0: 1500 */
  p2p_sim_tcp tcp; /* how TCP senders in this direction behave */
} p2p_sim_path;

typedef struct p2p_sim_node_opts {
  p2p_endpoint ip[4]; /* addresses (port ignored); at least one, none of another node */
  int n_ip;
  p2p_io *gateway;               /* the NAT box that it is behind; NULL: none. nat.h */
  size_t send_buffer;            /* bytes not yet sent that a TCP socket takes; 0: 256 KiB */
  size_t recv_buffer;            /* bytes not yet read that a socket holds; 0: 6 MiB */
  p2p_time clock;                /* what its monotonic clock shows when the world's shows 0 */
  int64_t wall;                  /* error of its wall clock, ns */
  const p2p_sim_path *up, *down; /* its own way out and in, copied; NULL: no limit */
} p2p_sim_node_opts;

/* ---- the world ---- */

p2p_sim *p2p_sim_new(uint64_t seed);
void p2p_sim_free(p2p_sim *sim); /* with all its nodes; their p2p_io are gone then */

/* A new node. P2P_EINVAL, P2P_EADDRINUSE. Its io->ops->free closes its sockets; the node stays. */
P2P_MUST_USE int p2p_sim_node(p2p_sim *sim, const p2p_sim_node_opts *opts, p2p_io **out);
/* The path of pairs that were not linked. At first 1 ms, no limits, ideal TCP. */
void p2p_sim_default(p2p_sim *sim, const p2p_sim_path *path);
/* Both directions; what is under way is not changed. One direction only: from a to b. */
void p2p_sim_link(p2p_sim *sim, p2p_io *a, p2p_io *b, const p2p_sim_path *path);
void p2p_sim_link_one_way(p2p_sim *sim, p2p_io *a, p2p_io *b, const p2p_sim_path *path);
/* Cuts both directions between a and b, or heals them. */
void p2p_sim_cut(p2p_sim *sim, p2p_io *a, p2p_io *b, bool cut);
/* The addresses of a node from now on, n of at most 4: what is under way to others is lost, and whoever
 * watches its interfaces is told. P2P_EINVAL, P2P_EADDRINUSE: nothing has changed. */
P2P_MUST_USE int p2p_sim_readdress(p2p_io *io, const p2p_endpoint *ip, int n);
/* Whether the node says so (ICMP) when a datagram comes to a port where nobody listens; at first not. */
void p2p_sim_refuse(p2p_io *io, bool refuses);
/* Every pair is linked anew by this path, and no cut between two is left. */
void p2p_sim_calm(p2p_sim *sim, const p2p_sim_path *path);
/* Pulls the plug of a node, or puts it back: nothing leaves it and nothing reaches it. */
void p2p_sim_unplug(p2p_io *io, bool unplugged);
/* The power is cut: every socket is gone without a word to anybody, and nobody acts on the node any
 * more. Its memory (p2p_io, addresses, links) is as before: a host may be started on it at once. */
void p2p_sim_crash(p2p_io *io);
/* How many sockets a node has. */
int p2p_sim_sockets(p2p_io *io);
/* One more address of a host name; NULL: name servers do not answer for it. Lookups take `latency` of p2p_sim_name_latency (1 ms). */
void p2p_sim_name(p2p_sim *sim, const char *host, const p2p_endpoint *address);
void p2p_sim_name_latency(p2p_sim *sim, p2p_time latency);
/* How many of a million calls of recv and send are cut short, to as little as a byte or to
 * P2P_EAGAIN. 50,000 at first. */
void p2p_sim_split(p2p_sim *sim, uint32_t ppm);

/* ---- faults: for tests of the tests ---- */

typedef enum p2p_sim_fault_kind {
  P2P_SIM_NO_FAULT,
  P2P_SIM_DROP,   /* the byte is not there */
  P2P_SIM_DOUBLE, /* it is there twice */
  P2P_SIM_FLIP    /* its lowest bit is another */
} p2p_sim_fault_kind;
/* Does to one byte what no network may: to the `at`-th that TCP brings to anybody in this world, from
 * 0. Whoever claims to see such things must fail then. */
void p2p_sim_fault(p2p_sim *sim, p2p_sim_fault_kind kind, uint64_t at);

/* ---- what happened ---- */

typedef enum p2p_sim_kind {
  P2P_SIM_SYN = 1,
  P2P_SIM_DATA,
  P2P_SIM_ACK,
  P2P_SIM_FIN,
  P2P_SIM_RST,
  P2P_SIM_DATAGRAM,
  P2P_SIM_LOST, /* node: whose path lost it */
  P2P_SIM_LOOKUP
} p2p_sim_kind;

/* Every event, as it happens. node: number of the node in the order of birth, from 0. */
typedef void (*p2p_sim_trace_fn)(void *user, p2p_time at, uint32_t node, p2p_sim_kind kind,
                                 p2p_bytes data);
void p2p_sim_trace(p2p_sim *sim, p2p_sim_trace_fn fn, void *user);
uint64_t p2p_sim_hash(const p2p_sim *sim);   /* of all events so far with time, node, kind, bytes */
uint64_t p2p_sim_events(const p2p_sim *sim); /* how many there were */
/* A number below n > 0 out of the world's seed, for scenarios. */
uint64_t p2p_sim_random(p2p_sim *sim, uint64_t n);

/* ---- time ---- */

p2p_time p2p_sim_now(const p2p_sim *sim);
p2p_time p2p_sim_next_event_time(const p2p_sim *sim); /* P2P_NEVER: none */
bool p2p_sim_step(p2p_sim *sim); /* goes to the next event, lets it happen; false: none */
void p2p_sim_advance(p2p_sim *sim, p2p_time t); /* all events up to t; now is t after it */
bool p2p_sim_has_facts(p2p_io *io);             /* wait would return some */

/* The wall clock of a node is set: by so many ns forward, or back. */
void p2p_sim_set_wall(p2p_io *io, int64_t by);

typedef enum p2p_sim_sleep_kind {
  P2P_SIM_AWAKE,
  P2P_SIM_STOPPED,  /* the process does not run; its system goes on, and so do its clocks */
  P2P_SIM_SUSPENDED /* the machine does not run: as unplugged, its TCP stands still */
} p2p_sim_sleep_kind;
/* From now on nobody acts on the node, until it wakes. clock_stood: its monotonic clock shows nothing of
 * the time it slept, as Linux's does after a suspend; else it leaps. */
void p2p_sim_sleep(p2p_io *io, p2p_sim_sleep_kind kind);
void p2p_sim_wake(p2p_io *io, bool clock_stood);

/* ---- driving: who acts on a node ---- */

typedef struct p2p_sim_actor {
  int (*step)(void *user);          /* takes facts and due timers; < 0: never again */
  p2p_time (*deadline)(void *user); /* on the node's clock; 0: at once; NULL: never */
  void *user;
} p2p_sim_actor;

void p2p_sim_attach(p2p_io *io, const p2p_sim_actor *actor); /* copied; NULL: nobody */
/* Has the actor's deadline read again and its step called: after it was called from outside. */
void p2p_sim_poke(p2p_io *io);
/* Lets events happen and actors act until `done` says so (1), the time is `until` (0), or an actor
 * keeps being due in one instant without end (P2P_ELIMIT: it wants facts that it does not handle). */
int p2p_sim_run(p2p_sim *sim, p2p_time until, bool (*done)(void *user), void *user);

#endif
