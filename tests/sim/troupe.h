/* Hosts in a simulated network that a test treats roughly, and what their users are told.
 *
 * A player is a host_node whose events are written down. It may be made deaf (it takes its turns, but
 * nobody takes its events) or put to sleep (it takes no turns: the test steps it by hand). */
#ifndef TESTS_SIM_TROUPE_H
#define TESTS_SIM_TROUPE_H

#include "host/internal.h"
#include "sim/host_node.h"
#include "sim/sim.h"
#include <p2p/report.h>

enum { TROUPE_EVENTS = P2P_EV_CONN_ADDR + 1 };

typedef struct player {
  host_node node;
  p2p_host *host;            /* the node's */
  unsigned n[TROUPE_EVENTS]; /* how many of each kind came out */
  p2p_event last[TROUPE_EVENTS];
} player;

typedef struct troupe {
  p2p_sim *sim;
  player a, b, c; /* at 10.0.0.1, 2, 3 */
} troupe;

void troupe_begin(troupe *t, uint64_t seed); /* a world with nobody in it */
void troupe_end(troupe *t);                  /* frees those who joined, and the world */
/* opts: NULL: the defaults. Fails the test when there is no host. */
void troupe_join(troupe *t, player *p, const p2p_host_opts *opts);
/* The same with limits. */
void troupe_join_limited(troupe *t, player *p, const p2p_setting *limits, size_t n);
void troupe_meet(troupe *t, player *from, player *to); /* connected, and identify is over */

/* Lets the world go on: so long; until `done` says so, or false after `within`. */
void troupe_wait(troupe *t, p2p_time so_long);
bool troupe_until(troupe *t, p2p_time within, bool (*done)(void *user), void *user);

void player_deafen(player *p);
void player_sleep(player *p);
void player_wake(player *p);                /* ends both */
void player_poke(const player *p);          /* after calls into its host from outside */
bool player_knows_nothing(const player *p); /* its counts and statistics are zero */
p2p_conn player_dial(player *from, const player *to);
p2p_host_stats player_stats(const player *p);

/* ---- streams ---- */

/* What the handler of a stream was told. When it serves, the last inbound stream is its stream. */
typedef struct told {
  p2p_sim *sim;
  p2p_host *host;
  p2p_stream stream;
  bool paused;  /* reads nothing */
  bool answers; /* finishes when the end has come */
  unsigned opened, writable, closed;
  unsigned late; /* calls after the last */
  size_t got;
  bool ended;
  p2p_time first_at, ended_at; /* the first byte, the end */
  int err;                     /* of CLOSED */
  uint32_t code;
} told;

p2p_handler told_handler(told *t);
void told_serve(troupe *t, player *p, const char *id, told *out);
/* Opens a stream over the connection that p has. */
void told_open(troupe *t, player *p, const char *id, told *out);
void told_open_on(troupe *t, player *p, p2p_conn c, const char *const *ids, size_t n, told *out);
void told_read(told *t); /* all there is */
bool told_is_closed(void *t);
bool told_is_open(void *t);

#endif
