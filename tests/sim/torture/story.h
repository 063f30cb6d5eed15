/* Stories of two hosts in which something fails. A row says what they are made of and what happens;
 * it is told once with nothing failing, and then as often as something can fail. Whatever fails:
 * nobody crashes, nothing leaks, nobody hangs, every stream and connection ends once, no byte is
 * lost, doubled or out of order in a stream that ends well; and what fails harmlessly (a call that
 * says "again", one that is cut short) changes nothing of what the story comes to. */
#ifndef TESTS_SIM_TORTURE_STORY_H
#define TESTS_SIM_TORTURE_STORY_H

#include "sim/flow.h"
#include "support/faulty_io.h"
#include "torture/library_memory.h"

enum { STORY_FLOWS = 32, STORY_CONNS = 32, STORY_DATAGRAMS = 64 };

typedef enum story_over { OVER_TCP, OVER_QUIC, OVER_MEMORY } story_over;

/* What hosts are made of; NULL: the defaults. */
typedef struct story_base {
  const char *name;
  story_over over;
  const char *security, *muxer;
  bool in_private; /* of a private network */
  int key;         /* 1 + p2p_key_type of both identities (RSA: the listener's); 0: Ed25519 */
} story_base;

typedef struct story story;

typedef struct story_row {
  const char *name;
  void (*plot)(story *s);
  uint32_t bases;       /* bits: over which of them it is told */
  const char *security; /* what only the listener speaks */
  const char *muxer;
  const p2p_setting *limits; /* of the listener */
  size_t n_limits;
  bool gated;  /* the listener lets nobody in */
  bool mute;   /* the listener's host is not there: nothing listens */
  bool apart;  /* no connection may ever open */
  bool varies; /* harmless failures may change what comes out: a plot against the clock */
} story_row;

extern const story_base story_bases[];
extern const int n_story_bases;
extern const story_row story_rows[];
extern const int n_story_rows;

/* ---- what fails ---- */

typedef struct story_fault {
  int side;              /* 0: the dialer's, 1: the listener's */
  uint64_t n;            /* the n-th, from 1; 0: nothing */
  bool from_then_on;     /* memory only: all after it, too */
  bool of_libraries;     /* memory of the libraries below, whichever side they serve */
  const faulty_way *way; /* NULL: memory fails, else a call of the door does so */
} story_fault;

/* What a story came to. */
typedef struct story_end {
  bool told;                    /* false: this build has no such base */
  bool failed;                  /* the fault happened */
  uint64_t allocs[2], calls[2]; /* of each side */
  uint64_t sum;                 /* of what went well: equal for equal ends */
  library_memory libraries;     /* told of when the fault is of_libraries */
} story_end;

/* Tells it. kinds: room for what each call of the faulty side's door was; may be NULL. */
story_end story_tell(const story_row *row, const story_base *base, const story_fault *fault,
                     uint8_t *kinds, size_t n_kinds);

/* ---- for plots ---- */

typedef struct story_conn {
  uint64_t id;
  uint32_t dialed, opened, closed;
} story_conn;

typedef struct story_memory {
  uint64_t calls, fail_at;
  bool from_then_on, failed;
  size_t live;
} story_memory;

typedef struct story_side {
  host_node n;
  story_memory memory;
  faulty_io door;
  story_conn conns[STORY_CONNS];
  size_t n_conns;
  uint32_t pings, perfs; /* asked for */
  uint32_t perfs_done, perfs_failed;
  uint32_t datagrams;            /* sent */
  size_t lens[STORY_DATAGRAMS];  /* of each */
  bool arrived[STORY_DATAGRAMS]; /* at the other side */
} story_side;

struct story {
  const story_row *row;
  const story_base *base;
  const story_fault *fault;
  uint8_t *kinds;
  size_t n_kinds;
  p2p_sim *sim;
  p2p_memory *hub;
  story_side sides[2];
  flow *flows[STORY_FLOWS]; /* that the dialer opened */
  size_t n_flows;
};

p2p_host *story_host(story *s, int side); /* NULL: gone */
void story_go(story *s, p2p_time so_long);
/* The listener's address; peer: with its name. Text lives until the next call. */
const char *story_addr(const story *s, bool peer, char *out, size_t cap);
void story_dial(story *s, const char *const *addrs, size_t n);
void story_meet(story *s); /* dials it, waits a second */
flow *story_open(story *s, const char *const *ids, size_t n, uint64_t bytes);
flow *story_send(story *s, const char *id, uint64_t bytes); /* NULL: it could not */
void story_ping(story *s, int side);
void story_perf(story *s, uint64_t up, uint64_t down);
/* A datagram of a pattern over the connection that opened last. */
void story_datagram(story *s, int side, size_t len);
/* It leaves its events where they are, as busy users do, until it hears again. */
void story_deafen(story *s, int side);
void story_hear(story *s, int side);
void story_free(story *s, int side); /* a host that is gone without a word */

#endif
