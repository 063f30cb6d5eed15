/* Weather: hosts that talk while the network around them, their machines and their clocks do what they
 * do in the world. A row of the table (weather_rows.c) says how many hosts, over which transports, in
 * which weather; the seed says everything else. When the weather is over the claims are made:
 *
 *   - every connection, stream and ping was told of exactly once and in time;
 *   - no byte was lost, doubled or out of order in a stream that ended well, nor before the end of one
 *     that did not;
 *   - nobody accuses anybody of having broken a protocol: all are honest;
 *   - nobody turns in circles;
 *   - everybody who should reach somebody does so again;
 *   - once all has been closed nothing is left: no connection, stream, dial, timer, socket, byte.
 *
 * docs/internals/weather.md. */
#ifndef P2P_SIM_WEATHER_H
#define P2P_SIM_WEATHER_H

#include "base/map.h"
#include "sim/flow.h"
#include "sim/scenarios.h"

enum { /* ways on which hosts reach each other */
       WEATHER_TCP = 1,
       WEATHER_QUIC = 2,
       WEATHER_MEMORY = 4,
       WEATHER_WAYS = 3
};

enum { /* what happens */
       WEATHER_LOSS = 1,
       WEATHER_REORDER = 2,
       WEATHER_DOUBLE = 4,
       WEATHER_PART = 8,   /* partitions, which heal */
       WEATHER_FLAP = 16,  /* a host's plug is pulled and put back, again and again */
       WEATHER_CRASH = 32, /* hosts are killed or their power is cut; they come back */
       WEATHER_SLEEP = 64, /* processes stop, machines are suspended: seconds to hours */
       WEATHER_WALL = 128, /* wall clocks are set, by up to a year */
       WEATHER_SLOW = 256, /* readers that stop reading */
       WEATHER_NAT = 512,  /* hosts behind NAT boxes, which rebind and get other addresses */
       WEATHER_MOVE = 1024 /* hosts whose address changes */
};

typedef struct weather_row {
  const char *name, *about;
  uint32_t least, most; /* hosts */
  unsigned ways, what;
  const char *security, *muxer; /* NULL: the defaults */
  uint32_t deeds, seconds;      /* so much happens in so long */
  uint64_t bytes;               /* longest stream */
  uint32_t every;               /* a long run of seeds takes one in so many */
} weather_row;

extern const weather_row weather_rows[];
extern const int n_weather_rows;
bool weather_is_possible(const weather_row *row); /* this build has all it takes */
/* Its trace depends on the seed alone: no TLS in it, which brings randomness of its own. */
bool weather_is_exact(const weather_row *row);
void weather_run(scenario_run *r, const weather_row *row);

/* ---- the inside ---- */

enum {
  WEATHER_FRIENDS = 24,      /* all others, where they are no more */
  WEATHER_CROWD_FRIENDS = 4, /* else */
  WEATHER_BOXES = 3,
  WEATHER_SPELLS = 4096
};

/* What a host was told of one connection. */
typedef struct weather_conn {
  p2p_conn conn;
  uint32_t opened, closed;
  uint32_t peer;      /* once opened: index of the host at the other end */
  p2p_time answer_by; /* a dial of one address, or a close: told by then, 0: nobody waits */
} weather_conn;

typedef struct weather weather;
typedef struct weather_node {
  host_node n; /* its host is NULL while it is down */
  weather *w;
  uint32_t index;
  p2p_identity identity;
  p2p__mem mem;                    /* its host's */
  size_t born_with[P2P__MEM_TAGS]; /* bytes by purpose, of this life */
  p2p__u64map conns;               /* weather_conn, of this life */
  bool asleep, apart;              /* apart: in the smaller part of a partition */
  p2p_time asleep_at;
  p2p_time ping_by[WEATHER_FRIENDS]; /* an answer must have come by then; 0: none is awaited */
  uint64_t deeds;                    /* done to it */
  uint64_t events;                   /* of the network, with it */
  bool hidden;                       /* behind a box: nobody can dial it */
  uint32_t moves;                    /* of its address, so far */
  char addrs[WEATHER_WAYS][P2P_ADDR_TEXT_MAX];
  int n_addrs;
} weather_node;

/* Something that will end. */
typedef struct weather_spell {
  p2p_time until;
  void (*end)(weather *w, uint32_t node);
  uint32_t node;
} weather_spell;

struct weather {
  scenario_run *r;
  const weather_row *row;
  weather_node *nodes;
  uint32_t n;
  p2p_memory *hub;
  p2p_io *boxes[WEATHER_BOXES];
  uint32_t n_boxes, box_moves;
  uint8_t map_key[16];
  p2p_sim_tcp tcp;
  weather_spell spells[WEATHER_SPELLS];
  int n_spells;
  bool parted;
  bool calm; /* every ping must be answered */
  uint64_t streams, whole, conns, pings, crashes, sleeps, answers;
};

/* weather.c */
uint64_t weather_dice(weather *w, uint64_t n); /* below n > 0 */
void weather_say(weather *w, uint32_t node, const char *format, ...) P2P_PRINTF(3, 4);
bool weather_go(weather *w, p2p_time until, bool (*done)(void *user));

/* weather_node.c: hosts and what they are told */
P2P_MUST_USE int weather_node_place(weather *w, uint32_t i);
P2P_MUST_USE int weather_node_start(weather_node *node);
void weather_node_stop(weather_node *node); /* its claims first; flows are gone with it */
void weather_node_fini(weather_node *node);
/* The k-th of those it knows, of weather_friends; it should reach those that are not hidden. */
uint32_t weather_friends(const weather *w);
uint32_t weather_friend(const weather_node *node, uint32_t k);
P2P_MUST_USE int weather_node_introduce(weather_node *node); /* where its friends are now */
/* It has slept: what it waits for may come so much later. */
void weather_node_slept(weather_node *node, p2p_time so_long);
void weather_node_dial(weather_node *node, uint32_t to);
void weather_node_ping(weather_node *node, uint32_t k); /* its k-th friend */
void weather_node_hang_up(weather_node *node);          /* one of its connections */
void weather_node_part(weather_node *node);             /* all of them */
void weather_node_move(weather_node *node);             /* to another address */
bool weather_node_reaches(const weather_node *node, uint32_t to);

/* weather_deeds.c: what happens */
void weather_deed(weather *w);
void weather_sky(weather *w);               /* the network at first */
P2P_MUST_USE int weather_boxes(weather *w); /* what hosts may be behind */
/* The next end of a spell, or P2P_NEVER; ends those that are due. */
p2p_time weather_next_spell(const weather *w);
void weather_end_spells(weather *w, bool all);

/* weather_claims.c */
void weather_claim_life(weather_node *node);   /* of its flows and connections so far */
void weather_claim_calm(weather *w);           /* before anything is closed */
void weather_claim_idle(weather_node *node);   /* without connections */
void weather_claim_closed(weather_node *node); /* its host is done */

#endif
