/* One host that listens nowhere and one connection: what most commands need. */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include <p2p/p2p.h>

#include "network.h"
#include "signals.h"

typedef struct session session;

typedef struct session_opts {
  const char *command; /* who speaks in reports */
  const char *addr;
  p2p_time timeout; /* of the dial; 0: the default */
  const p2p_setting *limits;
  size_t n_limits;
  const char *security, *muxer; /* NULL: the defaults */
  const p2p_psk *psk;           /* borrowed; NULL: the public network */
  const network *network;       /* in place of these three; borrowed; NULL: they count */
  const p2p_identity *identity; /* borrowed while the session lives; NULL: a new one */
  p2p_trace_fn trace;
  void *trace_user;
  /* Events that are not of our connection's life; may be NULL. */
  void (*on_event)(session *s, const p2p_event *e, void *user);
  void *user;
} session_opts;

struct session {
  session_opts o;
  p2p_host *host;
  p2p_conn conn;
  p2p_peer_id peer;
  bool up;  /* it was connected */
  int lost; /* why the connection ended; 0: it has not */
  p2p_stage stage;
  bool identified;  /* identify has answered, or failed: */
  int identify_err; /* why */
  signals signals;
};

/* Makes the host and nothing else. Returns 0, or an exit code after a report. */
int session_start(session *s, const session_opts *o);
/* Makes the host, dials, waits until connected. Returns 0, or an exit code after a report. */
int session_open(session *s, const session_opts *o);
/* Takes what the host has to tell; for loops of one's own. */
void session_take_events(session *s);
/* Turns until *done; 0. P2P_ETIMEOUT: `until` (of clock_now) has passed; P2P_ECANCELED: a signal; or
 * why the connection ended. */
P2P_MUST_USE int session_wait(session *s, const bool *done, p2p_time until);
/* Says goodbye and frees. All zero is accepted. */
void session_close(session *s);

#endif
