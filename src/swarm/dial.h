/* A dial from the inside: what dial.c (order and end), attempt.c (one address), lookup.c (names) and
 * report.c share.
 *
 * An attempt is one line of the report:
 *   WAITING -> RUNNING -> OVER       an address: ranked, begun, won or lost
 *   LOOKUP -> OVER                   a name: its addresses become attempts of their own
 * WAITING and LOOKUP may go to OVER when the dial ends before their time. */
#ifndef P2P_SWARM_DIAL_H
#define P2P_SWARM_DIAL_H

#include "swarm/internal.h"
#include "swarm/rank.h"

typedef enum attempt_state {
  ATTEMPT_WAITING,
  ATTEMPT_LOOKUP,
  ATTEMPT_RUNNING,
  ATTEMPT_OVER
} attempt_state;

typedef struct p2p__attempt {
  p2p__link_owner owner;
  p2p__ranked ranked;
  p2p__source source; /* of a lookup: its token is the lookup's */
  p2p__dial *dial;
  p2p__link *link; /* while RUNNING */
  p2p__peer *peer; /* referenced once secured */
  const char *security;
  char *reason; /* the other side's words about its end; NULL: none */
  uint32_t code;
  p2p_time began, ended;
  int err;
  uint16_t found; /* addresses of a name */
  uint8_t stage, state;
  bool optimistic;
  bool suspects; /* optimism killed its first try, it seems: so it did when the second succeeds */
  bool remote;   /* err is the other side's doing, or the network's */
  uint16_t len;
  uint8_t addr[];
} p2p__attempt;

struct p2p__dial {
  p2p__sconn *conn;
  p2p__timer timer; /* for the next address, or the end of a lookup */
  p2p_peer_id expected;
  p2p_time began;
  p2p_time next_at; /* when the first of waiting may begin */
  size_t n, cap;    /* attempts */
  size_t live;      /* RUNNING */
  size_t lookups;   /* LOOKUP */
  size_t n_waiting;
  p2p__attempt **attempts;
  p2p__ranked **waiting; /* in the order in which they begin; same cap */
  bool forced;           /* the user named the addresses: no back-off, no black holes */
  bool done;             /* won or given up: what attempts still say is ignored */
};

static inline p2p_bytes p2p__attempt_addr(const p2p__attempt *a) {
  return p2p__bytes(a->addr, a->len);
}
static inline p2p__swarm *p2p__dial_swarm(const p2p__dial *d) { return d->conn->swarm; }

/* ---- dial.c ---- */
/* One more address: waiting to be ranked, or a lookup, or refused at once (then it is over). Known
 * ones and those beyond limits.dial_addrs_max are ignored. P2P_ENOMEM. */
P2P_MUST_USE int p2p__dial_add(p2p__dial *d, p2p_bytes addr, p2p_time now);
/* Ranks what waits; begins what may. May free the dial. */
void p2p__dial_rank(p2p__dial *d);
void p2p__dial_go(p2p__dial *d, p2p_time now);
/* Ends every attempt but `winner` (NULL: all), keeps the report, frees the dial. */
void p2p__dial_end(p2p__dial *d, const p2p__attempt *winner, p2p_time now);

/* ---- attempt.c ---- */
void p2p__attempt_up(p2p__link_owner *owner, const p2p__up *u, p2p_time now);
/* 0: it runs; else it is over. */
P2P_MUST_USE int p2p__attempt_begin(p2p__attempt *a, p2p_time now);
/* The same over a descriptor that is connected. */
P2P_MUST_USE int p2p__attempt_adopt(p2p__attempt *a, p2p__transport *t, int fd, p2p__wr *remote);
void p2p__attempt_over(p2p__attempt *a, int err, p2p_stage stage, bool remote, p2p_time now);

/* ---- lookup.c ---- */
/* Whether addr begins with a name that is to be looked up. */
bool p2p__lookup_is_needed(p2p_bytes addr);
/* The address with `at` in the place of its name. P2P_EADDR. */
P2P_MUST_USE int p2p__lookup_replace(p2p_bytes addr, const p2p_endpoint *at, p2p__wr *out);
P2P_MUST_USE int p2p__lookup_begin(p2p__attempt *a, p2p_time now);
void p2p__lookup_end(p2p__attempt *a, int err, bool remote, p2p_time now);
/* The time after which the first lookup is given up; those whose time has come are. */
p2p_time p2p__lookups_expire(p2p__dial *d, p2p_time now);

/* ---- report.c ---- */
/* What is kept of a dial that has ended: c->report. Without memory nothing is. */
void p2p__report_keep(const p2p__dial *d);

#endif
