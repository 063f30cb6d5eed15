/* One host that listens nowhere and one connection. */
#include "session.h"

#include <stdlib.h>

#include "clock.h"
#include "goodbye.h"
#include "report.h"

enum { LIMITS_MAX = 24 };

static const p2p_time GOODBYE = P2P_SECOND; /* for the close to reach the peer */

static int report_host(const session_opts *o, int err) {
  const char *what = report_remedy(err);
  report(o->command, "cannot start: %s%s%s", p2p_strerror(err), what ? "; " : "", what ? what : "");
  return EXIT_FAILURE;
}

int session_start(session *s, const session_opts *o) {
  static const char *const nowhere[] = { NULL };
  p2p_setting limits[LIMITS_MAX];
  size_t n = 0;
  *s = (session){ .o = *o };
  for (; n < o->n_limits && n + 1 < LIMITS_MAX; n++) limits[n] = o->limits[n];
  if (o->timeout) limits[n++] = (p2p_setting){ "dial_timeout", o->timeout };
  p2p_host_opts opts = { .size = sizeof opts,
                         .identity = o->identity,
                         .listen = nowhere,
                         .security = o->security ? &o->security : NULL,
                         .n_security = o->security != NULL,
                         .muxers = o->muxer ? &o->muxer : NULL,
                         .n_muxers = o->muxer != NULL,
                         .psk = o->psk,
                         .limits = limits,
                         .n_limits = n,
                         .trace = o->trace,
                         .trace_user = o->trace_user };
  if (o->network) network_apply(o->network, &opts);
  int err = p2p_host_new(&s->host, &opts);
  if (err < 0) return report_host(o, err);
  if (signals_start(&s->signals, s->host) == 0) return 0;
  report(o->command, "cannot start a thread");
  session_close(s);
  return EXIT_FAILURE;
}

static void take_event(session *s, const p2p_event *e) {
  bool ours = e->conn.id == s->conn.id && s->conn.id != 0;
  if (ours && e->kind == P2P_EV_CONN_OPEN) {
    s->up = true;
    s->peer = e->peer;
  } else if (ours && e->kind == P2P_EV_CONN_CLOSED) {
    s->lost = e->err < 0 ? e->err : P2P_ECLOSED;
    s->stage = e->stage;
  } else if (e->kind == P2P_EV_IDENTIFIED && p2p_peer_id_eq(&e->peer, &s->peer)) {
    s->identified = true;
    s->identify_err = e->err;
  }
  if (s->o.on_event) s->o.on_event(s, e, s->o.user);
}

void session_take_events(session *s) {
  const p2p_event *e;
  while ((e = p2p_next_event(s->host))) take_event(s, e);
}

int session_wait(session *s, const bool *done, p2p_time until) {
  for (;;) {
    session_take_events(s);
    if (*done) return 0;
    if (s->lost) return s->lost;
    if (s->signals.caught) return P2P_ECANCELED;
    p2p_time now = clock_now();
    if (now >= until) return P2P_ETIMEOUT;
    int err = p2p_host_step(s->host, until == P2P_NEVER ? P2P_NEVER : until - now);
    if (err < 0) return err;
  }
}

/* The address is dialed and the outcome awaited. */
static int connect_to(session *s) {
  if (!report_bad_address(s->o.command, s->o.addr)) return EXIT_USAGE;
  int err = p2p_dial(s->host, s->o.addr, &s->conn);
  if (err >= 0)
    err = session_wait(s, &s->up, P2P_NEVER);
  else
    s->stage = P2P_STAGE_ADDRESS;
  if (err >= 0) return 0;
  if (err != P2P_ECANCELED || !s->signals.caught)
    report_dial(s->o.command, s->o.addr, err, s->stage);
  return EXIT_FAILURE;
}

int session_open(session *s, const session_opts *o) {
  int code = session_start(s, o);
  if (code != 0) return code;
  code = connect_to(s);
  if (code != 0) session_close(s);
  return code;
}

void session_close(session *s) {
  signals_stop(&s->signals);
  goodbye(s->host, GOODBYE);
  s->host = NULL;
}
