/* What the files of the host share: host.c (life), builtin.c (what it is made of), events.c,
 * post.c, conns.c, streams.c, peers.c, info.c. */
#ifndef P2P_HOST_INTERNAL_H
#define P2P_HOST_INTERNAL_H

#include "crypto/crypto.h"
#include "swarm/swarm.h"
#include <assert.h>
#include <stdatomic.h>

enum { HOST_POSTS = 256, HOST_SECURITIES = 4, HOST_MUXERS = 4 };

/* A bounded ring that any thread may push to and the host's thread pops from. */
typedef struct host_post {
  atomic_size_t turn;
  void (*fn)(p2p_host *h, void *arg);
  void *arg;
} host_post;

typedef struct host_posts {
  host_post slots[HOST_POSTS];
  atomic_size_t tail;
  size_t head;
} host_posts;

/* Behaviour events: grown up to limits.events_max. */
typedef struct host_ring {
  p2p_event *events;
  size_t head, n, cap;
} host_ring;

/* A stream handler, shared by the streams that have it. */
typedef struct host_handler {
  size_t refs;
  p2p_handler handler;
} host_handler;

/* A protocol that the user serves. */
typedef struct host_protocol {
  p2p__served served;
  p2p_host *host;
  host_handler *handler; /* NULL: events */
  p2p_match_fn match;    /* NULL: its own id only */
  void *match_user;
  p2p__list node;
  char id[];
} host_protocol;

struct p2p_host {
  p2p__mem mem;
  p2p__limits limits;
  p2p__env env;
  p2p__loop loop;
  p2p__swarm swarm;
  p2p_io *io;
  p2p_identity own_identity;
  const p2p_identity *identity;
  p2p__crypto *crypto;
  struct host_engines *engines; /* builtin.c */
  p2p__upgrades upgrades;
  p2p__security securities[HOST_SECURITIES];
  const char *security_ids[HOST_SECURITIES];
  p2p__muxer muxers[HOST_MUXERS];
  const char *muxer_ids[HOST_MUXERS];
  p2p__behaviour *ping, *identify, *perf;
  p2p__list protocols; /* host_protocol */
  /* Objects with events to come out: connections that are up; closed before their OPEN was taken;
   * closed. Streams that live; that are closed. */
  p2p__list opened, flown, closed;
  p2p__list stream_events, stream_ends;
  p2p__list datagrams; /* connections that have some, or room */
  size_t n_closed, n_ended;
  host_ring ring;
  p2p_event event;        /* the one given last … */
  p2p__sconn *event_conn; /* … whose object is freed with the next call */
  p2p__sstream *event_stream;
  p2p__dgram *event_datagram;
  host_posts posts;
  atomic_bool stop;
  p2p_memory *memory;
  p2p_gate_fn gate;
  void *gate_user;
  p2p_gater gater; /* all zero: none */
  p2p_trace_fn trace;
  void *trace_user;
  atomic_uint_least64_t turning; /* the thread in run or step; 0: none, or the io cannot say */
  bool guarded;                  /* inside of gate or trace: the host must not be called */
  p2p_time close_by;
  char agent[128];
  bool own_io, has_loop, closing, is_closed, addrs_dirty, serve_perf;
  bool forced; /* closing took too long: what is left was cut off */
  bool news;   /* an event came up outside a turn: step returns at once */
};

/* host.c */
/* Whether this thread, at this moment, may call the host: nobody else is in it, and it does not ask
 * one of its guards. NULL is accepted. */
bool p2p__host_may_call(const p2p_host *h);
/* Every public function but post and stop begins with it. */
static inline void p2p__host_assert(const p2p_host *h) {
  assert(p2p__host_may_call(h));
  (void)h;
}

/* builtin.c */
P2P_MUST_USE int p2p__host_engines_new(p2p_host *h);
void p2p__host_engines_free(p2p_host *h);
P2P_MUST_USE int p2p__host_upgrades(p2p_host *h, const p2p_host_opts *opts);
size_t p2p__host_mux_stream_size(void);
P2P_MUST_USE int p2p__host_transports(p2p_host *h);
const char *p2p__host_listen_at(size_t i); /* the i-th default address; NULL past the last */
P2P_MUST_USE int p2p__host_behaviours(p2p_host *h);

/* events.c */
void p2p__host_conn_due(void *host, p2p__sconn *c, unsigned due);
void p2p__host_emit(void *host, const p2p_event *e);
/* Room for the first events, so that what was promised can be told when memory is out. */
P2P_MUST_USE int p2p__host_events_init(p2p_host *h);
void p2p__host_events_fini(p2p_host *h);
void p2p__host_stream_event(p2p__sstream *s, unsigned bits);
void p2p__host_stream_ended(p2p__sstream *s);

/* post.c */
void p2p__host_posts_init(host_posts *p);
void p2p__host_posts_run(p2p_host *h);

/* streams.c */
void p2p__host_protocols_fini(p2p_host *h);
void p2p__host_handler_unref(p2p_host *h, host_handler *hh);

/* The packed form of a text address. Returns the length; P2P_EADDR. */
ptrdiff_t p2p__host_parse(const char *text, uint8_t *out, size_t cap);

#endif
