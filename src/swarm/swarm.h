/* SWARM: connections and streams of one host on top of links; dialing, listening, admission,
 * negotiation of streams, and the driver of behaviours.
 *
 * conn.c connections | stream.c, stream_io.c streams | dial.c, attempt.c, lookup.c, rank.c, backoff.c,
 * blackhole.c, report.c dialing | duplicate.c simultaneous dials | listen.c, half_open.c, arrivals.c
 * admission | drive.c, frame.c behaviours | interfaces.c | peers.c peerstore. Everything runs on the
 * host's thread; user code and behaviours are called only from dispatch (swarm.c), never from inside a
 * link, an engine or a container walk. */
#ifndef P2P_SWARM_SWARM_H
#define P2P_SWARM_SWARM_H

#include "base/dgrams.h"
#include "base/handle.h"
#include "base/list.h"
#include "base/slab.h"
#include "multistream/multistream.h"
#include "swarm/arrivals.h"
#include "swarm/backoff.h"
#include "swarm/behaviour.h"
#include "swarm/blackhole.h"
#include "swarm/peers.h"
#include "transport/transport.h"

enum { P2P__SLICES = 512, P2P__TRANSPORTS = 8 };

typedef struct p2p__swarm p2p__swarm;
typedef struct p2p__sconn p2p__sconn;
typedef struct p2p__sstream p2p__sstream;

/* ---- streams ---- */

/* Whom a stream tells; called from dispatch only. closed is the last and exactly once; the stream
 * is freed after it returns. */
typedef struct p2p__stream_ops {
  void (*open)(p2p__sstream *s, p2p_time now);
  void (*readable)(p2p__sstream *s, p2p_time now);
  void (*writable)(p2p__sstream *s, p2p_time now);
  void (*closed)(p2p__sstream *s, p2p_time now);
  void (*drop)(p2p__sstream *s); /* instead of closed: the host is being freed; may be NULL */
} p2p__stream_ops;

/* A protocol we serve: who gets its inbound streams. accept sets the stream's ops and ctx, or
 * refuses (P2P_ELIMIT): the stream is reset. */
typedef struct p2p__served p2p__served;
struct p2p__served {
  const char *id; /* owned by whoever registered; what peers are told */
  /* Whether it serves another id, too; asked when no id fits. NULL: only its own. */
  bool (*match)(p2p__served *p, const char *id);
  int (*accept)(p2p__served *p, p2p__sstream *s);
  void *ctx;
  p2p__list node;
};

/* A slice of this turn's read buffer. */
typedef struct p2p__slice {
  struct p2p__slice *next;
  p2p_bytes bytes;
} p2p__slice;

typedef enum p2p__sstream_state {
  P2P__STREAM_NEGOTIATING, /* no protocol agreed */
  P2P__STREAM_OPEN,
  P2P__STREAM_CLOSED /* closed is or was told */
} p2p__sstream_state;

enum { /* bits of p2p__sstream.due: what dispatch has to tell */
       P2P__DUE_OPEN = 1,
       P2P__DUE_READABLE = 2,
       P2P__DUE_WRITABLE = 4,
       P2P__DUE_CLOSED = 8,
       P2P__DUE_DATAGRAM = 16, /* of a connection: one came, or there is room for some */
       P2P__DUE_ADDR = 32      /* of a connection: its remote or local address is another one */
};

/* What exists only while a stream's protocol is being agreed. */
typedef struct p2p__negotiation {
  p2p__step *step;
  p2p__multistream_offer offer;
  p2p__list node; /* in swarm.negotiating, oldest first */
  p2p__sstream *stream;
  p2p_time until;
  char **ids; /* outbound: copies of what is offered */
  size_t n_ids;
  p2p__name *matched; /* inbound: what the peer asked for and a match function took; referenced */
} p2p__negotiation;

/* The deadlines of a stream that has some. One timer: for the next of them. */
typedef struct p2p__stream_clock {
  p2p__timer timer;
  p2p__sstream *stream;
  p2p_time at[P2P_DEADLINES]; /* P2P_NEVER: none */
} p2p__stream_clock;

struct p2p__sstream {
  uint64_t handle;
  p2p__swarm *swarm;
  p2p__sconn *conn; /* outlives its streams */
  const p2p__stream_ops *ops;
  void *ctx;  /* of ops */
  void *user; /* the user's */
  p2p__list of_conn, due_node, dirty_node, slice_node, host_node, starve_node;
  uint64_t sid;
  p2p__negotiation *nego;          /* NULL when agreed */
  p2p__stream_clock *clock;        /* NULL: no deadline was ever set */
  p2p__name *protocol;             /* agreed; referenced */
  p2p__slice *slices, *slices_end; /* arrived this turn, borrowed */
  p2p__queue in;                   /* arrived before, owned */
  p2p__queue out;                  /* written, not handed to the link */
  size_t unsent;                   /* written or staged, not reported as left */
  size_t sliced;                   /* bytes in slices */
  size_t credit;                   /* consumed, not told to the link */
  size_t reserved;                 /* of `out`, by the user, not committed */
  uint64_t bytes_in, bytes_out;
  uint32_t code;
  int err; /* why it was closed */
  uint8_t state, due;
  bool inbound;
  bool opened;      /* the link knows it */
  bool optimistic;  /* what is written follows the proposal without waiting */
  bool in_ended;    /* FIN has arrived (behind what is unread) */
  bool stopped;     /* we read no more */
  bool stop_wanted; /* … as soon as a protocol is agreed; code says why */
  bool finishing;   /* the user finished … */
  bool finished;    /* … and the link was told */
  bool peer_stopped;
  bool cut_short; /* … before all was sent */
  bool want_writable;
  uint8_t events; /* the host's: due bits to come out as events */
  uint8_t priority;
  bool by_peer; /* opened to a peer: any connection with it will do */
  bool held;    /* set in `closed`: its owner frees it, with p2p__stream_free */
};

P2P_MUST_USE int p2p__stream_open(p2p__swarm *w, p2p__sconn *c, const char *const *ids, size_t n,
                                  const p2p__stream_ops *ops, void *ctx, p2p__sstream **out);
void p2p__stream_free(p2p__sstream *s); /* of a held stream */
/* Notes that s has news for whoever holds it; told from dispatch. later: not in this turn. */
void p2p__stream_due(p2p__sstream *s, unsigned bits, bool later);
p2p__sstream *p2p__stream_get(p2p__swarm *w, uint64_t handle); /* NULL: stale */

/* The next unread bytes: 1 and *out; 0: none now; P2P_EEOF; P2P_ERESET, P2P_ECLOSED …. */
int p2p__stream_peek(p2p__sstream *s, p2p_bytes *out);
void p2p__stream_consume(p2p__sstream *s, size_t n, p2p_time now); /* n <= what peek showed */
size_t p2p__stream_unread(const p2p__sstream *s);
/* As p2p_write, p2p_reserve, p2p_commit. */
ptrdiff_t p2p__stream_write(p2p__sstream *s, p2p_bytes b);
P2P_MUST_USE int p2p__stream_reserve(p2p__sstream *s, size_t hint, p2p__span *out);
void p2p__stream_commit(p2p__sstream *s, size_t n);
/* Bytes of a message that must not be cut short: the share that others have does not bound it. */
ptrdiff_t p2p__stream_put(p2p__sstream *s, p2p_bytes b);
P2P_MUST_USE int p2p__stream_share(p2p__sstream *s, p2p__block *b, size_t off, size_t len);
/* Bytes that could be written now. */
size_t p2p__stream_room(const p2p__sstream *s);
void p2p__stream_set_priority(p2p__sstream *s, p2p_priority priority);
/* at: P2P_NEVER takes it back. P2P_ENOMEM. */
P2P_MUST_USE int p2p__stream_set_deadline(p2p__sstream *s, p2p_deadline which, p2p_time at);
int p2p__stream_finish(p2p__sstream *s);
int p2p__stream_stop(p2p__sstream *s, uint32_t code, p2p_time now);
int p2p__stream_reset(p2p__sstream *s, uint32_t code, p2p_time now);

/* ---- connections ---- */
typedef enum p2p__sconn_state {
  P2P__CONN_DIALING,
  P2P__CONN_SECURING, /* inbound: half open */
  P2P__CONN_UP,
  P2P__CONN_CLOSING,
  P2P__CONN_CLOSED
} p2p__sconn_state;

typedef struct p2p__dial p2p__dial;     /* a dial in progress: dial.h */
typedef struct p2p__report p2p__report; /* of a dial that has ended: report.c */
typedef struct p2p__redundant p2p__redundant;

struct p2p__sconn {
  p2p__link_owner owner;
  uint64_t handle;
  p2p__swarm *swarm;
  p2p__link *link; /* NULL while dialing, and when gone */
  p2p__peer *peer; /* referenced; NULL until known */
  p2p__list of_peer, due_node, host_node, streams;
  p2p__list starving; /* streams that wait for this connection's budget */
  p2p__sstream *last; /* of by_sid: the stream found last */
  p2p__u64map by_sid;
  p2p__dial *dial;
  p2p__redundant *redundant; /* another is kept: to be hung up when idle; NULL: it is not */
  p2p__report *report;       /* NULL: inbound, dialing, or no memory was left for it */
  void *user;
  char *reason; /* why the other side ended it, in its words; NULL: it did not say */
  const char *security, *muxer;
  uint8_t *addr; /* the remote's, packed, without /p2p */
  p2p__budget tx, rx;
  p2p__dgrams datagrams;   /* arrived, not taken */
  p2p__list datagram_node; /* in the host's list of those that have some to tell */
  size_t datagrams_unsent; /* their cost */
  uint64_t next_sid, sid_step;
  uint64_t bytes_in, bytes_out;
  p2p_time born;       /* it arrived, or its dial began */
  p2p_time up_at;      /* 0: it was not */
  p2p_time idle_since; /* its last stream went; of no meaning while it has some */
  uint32_t n_streams, n_in, n_negotiating; /* objects; inbound and alive; of those not agreed */
  uint32_t n_busy;                         /* streams with unsent bytes */
  int err;
  uint32_t code;
  uint32_t place;  /* in swarm.half_open, from 1; 0: it is not */
  uint32_t number; /* of those that were put into it; wraps */
  uint16_t addr_len;
  uint8_t state, stage, due;
  uint8_t events; /* the host's: due bits to come out as events */
  bool inbound, early, goaway;
  bool admitted;       /* counted in peer->n_admitted */
  bool heard;          /* the peer said something of a stream */
  bool counted;        /* outbound: in n_dialing */
  bool arrived;        /* in swarm.arrivals … */
  bool unproven;       /* … as one that may lie about its address */
  bool adopted;        /* the user has its handle, up or not */
  bool datagram_waits; /* the user met P2P_EAGAIN … */
  bool datagram_room;  /* … and is to be told of room */
  bool was_up;         /* behaviours were told */
  bool released;       /* the host is done with it: freed with its last stream */
};

p2p__sconn *p2p__conn_get(p2p__swarm *w, uint64_t handle); /* NULL: stale */
/* Dials n packed addresses of one peer (expected may be all zero: anybody). forced: the user named
 * them, so those that failed lately are tried all the same. */
P2P_MUST_USE int p2p__swarm_dial(p2p__swarm *w, const p2p_peer_id *expected, const p2p_bytes *addrs,
                                 size_t n, bool forced, p2p__sconn **out);
/* A connection to peer: one that is up, one being dialed, or a new dial of its known addresses. */
P2P_MUST_USE int p2p__swarm_reach(p2p__swarm *w, p2p__peer *peer, p2p__sconn **out);
void p2p__conn_close(p2p__sconn *c, uint32_t code, int err);
/* As p2p_datagram_send, and the longest that goes now; 0: none does. */
int p2p__datagram_send(p2p__sconn *c, p2p_bytes datagram);
size_t p2p__datagram_max(const p2p__sconn *c);
/* The host has told the end of c: it may be freed. */
void p2p__conn_release(p2p__sconn *c);
P2P_MUST_USE int p2p__conn_print_addr(p2p__sconn *c, p2p__wr *w); /* packed, with /p2p */

/* One address, or one name, of a dial. err P2P_EAGAIN: not over yet. */
typedef struct p2p__report_line {
  p2p_bytes addr; /* inside the report */
  p2p_stage stage;
  int err;
  bool remote;             /* the other side's doing, or the network's */
  p2p_time began, elapsed; /* since the dial began; since then */
  size_t found;            /* addresses of a name */
  const char *reason;      /* the other side's words; NULL: none; lives as long as the report */
} p2p__report_line;
bool p2p__report_get(p2p__sconn *c, size_t i, p2p__report_line *out); /* false: no more */

/* ---- listeners ---- */
P2P_MUST_USE int p2p__swarm_listen(p2p__swarm *w, p2p_bytes addr, uint64_t *handle);
int p2p__swarm_unlisten(p2p__swarm *w, uint64_t handle);
/* Duplicates of descriptors: a listening one, a connected one (expected: who must answer, may be all
 * zero). P2P_ENOTSUP, P2P_EINVAL. */
P2P_MUST_USE int p2p__swarm_listen_fd(p2p__swarm *w, int fd, uint64_t *handle);
P2P_MUST_USE int p2p__swarm_adopt(p2p__swarm *w, int fd, p2p_direction dir,
                                  const p2p_peer_id *expected, p2p__sconn **out);
/* The i-th address we listen on, wildcards expanded, without /p2p: 1 and *w; 0: no more. */
int p2p__swarm_addr(p2p__swarm *w, size_t i, p2p__wr *out);

/* ---- protocols and behaviours ---- */
P2P_MUST_USE int p2p__swarm_serve(p2p__swarm *w, p2p__served *p); /* P2P_EEXIST */
void p2p__swarm_unserve(p2p__served *p);
/* The i-th protocol id served; NULL: no more. */
const char *p2p__swarm_protocol(const p2p__swarm *w, size_t i);
/* Takes the behaviour: serves its protocols, drives it, frees it with the swarm. */
P2P_MUST_USE int p2p__swarm_add(p2p__swarm *w, p2p__behaviour *b);
/* Gives it a CALL fact. */
void p2p__swarm_call(p2p__swarm *w, p2p__behaviour *b, uint32_t call, uint32_t peer, uint64_t tag);
/* Tells all behaviours a fact of the swarm (PEER_UP …); used by conn.c. drive.c implements. */
void p2p__drive_fact(p2p__swarm *w, const p2p__fact *f);
void p2p__drive_fini(p2p__swarm *w);

/* ---- the swarm ---- */

/* A question to the connection gater. */
typedef enum p2p__gate_point {
  P2P__GATE_PEER_DIAL, /* peer */
  P2P__GATE_ADDR_DIAL, /* peer (may be all zero), addr */
  P2P__GATE_ACCEPT,    /* addr */
  P2P__GATE_SECURED,   /* peer, addr, dir */
  P2P__GATE_UPGRADED   /* peer, addr, dir, conn */
} p2p__gate_point;

typedef struct p2p__gate {
  p2p__gate_point point;
  const p2p_peer_id *peer;
  p2p_bytes addr;
  p2p_direction dir;
  uint64_t conn;
} p2p__gate;

/* What the host (above) does for the swarm (below). */
typedef struct p2p__swarm_host {
  void (*conn_due)(void *host, p2p__sconn *c, unsigned due); /* OPEN, CLOSED */
  void (*emit)(void *host, const p2p_event *e);              /* behaviour event */
  bool (*gate)(void *host, const p2p__gate *g);              /* false: refused */
  void (*trace)(void *host, uint64_t conn, uint64_t stream, bool in, p2p_bytes line); /* or NULL */
  void (*addrs_changed)(void *host);
  void (*listener_closed)(void *host, uint64_t handle, int err);
  void *ctx;
} p2p__swarm_host;

enum { P2P__IFADDRS = 32 };

/* The machine's addresses, as they were when they were asked for last. listen.c */
typedef struct p2p__ifaddrs {
  bool known;
  int n;       /* < 0: the question failed */
  p2p_time at; /* the turn it was */
  p2p_endpoint all[P2P__IFADDRS];
} p2p__ifaddrs;

/* Inbound connections that are not up. half_open.c */
typedef struct p2p__half_open {
  p2p__sconn **at; /* n_silent that have said nothing yet, then those that have spoken */
  uint32_t n, n_silent, cap;
  uint32_t arrived; /* so many in all */
  uint64_t draws;   /* numbers drawn to choose who goes */
} p2p__half_open;

struct p2p__swarm {
  p2p__loop *loop;
  p2p__swarm_host host;
  const p2p_identity *identity;
  p2p__budget budget;
  p2p__handles conns, streams, listeners;
  p2p__slab stream_slab, nego_slab;
  p2p__peers peers;
  p2p__backoffs backoffs;
  p2p__blackhole udp_hole, ip6_hole;
  p2p__half_open half_open;
  p2p__arrivals arrivals; /* of half_open */
  p2p__transport *transports[P2P__TRANSPORTS];
  size_t n_transports;
  const p2p__upgrades *upgrades;
  p2p__list served;
  p2p__list due; /* streams with something to tell */
  p2p__list due_conns;
  p2p__list dirty;       /* streams with something to hand to their link */
  p2p__list sliced;      /* streams with slices of this turn */
  p2p__list starving;    /* streams that wait for the host's budget */
  p2p__list dialing;     /* connections that are */
  p2p__list negotiating; /* inbound and outbound, oldest first: one timeout for all */
  p2p__task dispatch_task, flush_task;
  p2p__source interfaces; /* what the io says of them … */
  p2p__timer settled;     /* … and when to look */
  uint64_t addrs_seen;    /* ours, in short, when they were told of last */
  p2p__ifaddrs ifaddrs;
  p2p__timer negotiate_timer;
  p2p__slice slices[P2P__SLICES];
  size_t n_slices;
  uint32_t n_dialing;
  uint64_t conns_in, conns_out;
  bool ready, closing, dispatching;
  void *drive; /* drive.c: the behaviours */
};

P2P_MUST_USE int p2p__swarm_init(p2p__swarm *w, p2p__loop *loop, const p2p_identity *identity,
                                 const p2p__upgrades *upgrades, const p2p__swarm_host *host);
void p2p__swarm_fini(p2p__swarm *w); /* cuts everything off without a word */
/* Closes every connection, gracefully when err is 0; no dials, no accepts from now on. */
void p2p__swarm_close(p2p__swarm *w, int err);
/* No connection is left, and everybody has been told. */
bool p2p__swarm_closed(const p2p__swarm *w);
/* Whose address this is; NULL: nobody's. */
p2p__transport *p2p__swarm_transport(p2p__swarm *w, p2p_bytes addr, bool listen);

static inline p2p_time p2p__swarm_now(const p2p__swarm *w) { return w->loop->now; }
static inline p2p__env *p2p__swarm_env(const p2p__swarm *w) { return &w->loop->env; }
static inline bool p2p__swarm_gate(const p2p__swarm *w, p2p__gate g) {
  return w->host.gate(w->host.ctx, &g);
}

#endif
