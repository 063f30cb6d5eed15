/* Streams that know what they must carry: each end writes bytes of a pattern and checks every byte
 * that comes, and that it is told OPEN at most once and CLOSED exactly once, last.
 *
 * Served: FLOW_SINK reads to the end, says how many bytes there were, and finishes; FLOW_ECHO sends
 * back what comes. So the dialer of either knows at the end that everything arrived. */
#ifndef P2P_SIM_FLOW_H
#define P2P_SIM_FLOW_H

#include "sim/host_node.h"

enum { FLOW_STATE_MAX = 160 };

#define FLOW_SINK "/flow/sink/1.0.0"
#define FLOW_ECHO "/flow/echo/1.0.0"

typedef struct flow {
  p2p__list link; /* in its node's flows, in the order of birth */
  host_node *node;
  p2p_stream stream;
  bool template; /* what inbound streams of a protocol begin as */
  bool inbound;
  bool echo;        /* of FLOW_ECHO; else of FLOW_SINK */
  bool paused;      /* reads nothing until flow_resume */
  bool stays;       /* does not finish when all is sent */
  bool wild;        /* somebody stopped it: closing in order does not mean whole */
  uint8_t salt;     /* of the pattern it writes */
  uint8_t salt_in;  /* of the pattern that comes; a sink's is its first byte */
  uint64_t to_send; /* may be UINT64_MAX: without end */
  uint64_t sent, received;
  uint64_t counted;                       /* what the sink said */
  p2p_time first_at;                      /* its first byte was read (time of the world) */
  p2p_time born_at, opened_at, closed_at; /* the same of its birth, OPEN, CLOSED; 0: not yet */
  bool finished, ended, corrupt;
  uint32_t opened, closed, told_after_end; /* callbacks */
  int err;                                 /* of CLOSED */
  uint32_t code;
} flow;

/* Serves FLOW_SINK and FLOW_ECHO. */
P2P_MUST_USE int flow_serve(host_node *n);
/* Opens a stream of n's to `to`, over the connection there is or a new one, or on conn when it is
 * not NULL. The flow lives until its node's end. */
P2P_MUST_USE int flow_open(host_node *n, const p2p_peer_id *to, const p2p_conn *conn,
                           const char *protocol, uint64_t to_send, uint8_t salt, flow **out);
/* The same with several protocol ids, in order of preference. */
P2P_MUST_USE int flow_open_any(host_node *n, const p2p_peer_id *to, const p2p_conn *conn,
                               const char *const *ids, size_t n_ids, uint64_t to_send, uint8_t salt,
                               flow **out);
void flow_resume(flow *f);          /* ends a pause; reads at once; pokes */
void flow_resume_all(host_node *n); /* all that are paused */
/* Resets what was stopped and not finished: yamux cannot tell a writer that nobody reads. */
void flow_end_stopped(host_node *n);
/* Both sides finished, nothing broken, and everything arrived. */
bool flow_is_whole(const flow *f);
/* What is known of it, for people: "our echo (sent 5 of 7, …)". Returns out. */
const char *flow_state(const flow *f, char *out, size_t cap);
/* What the rules say of every flow at any time; NULL: they hold. */
const char *flow_broken_rule(const flow *f);
flow *flow_inbound(const host_node *n, size_t i);  /* the i-th that n served; NULL: none */
size_t flow_alive(const host_node *n);             /* flows not told CLOSED yet */
flow *flow_alive_at(const host_node *n, size_t i); /* the i-th of them */
void flow_free_all(host_node *n);                  /* after its host is gone */

#endif
