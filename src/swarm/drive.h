/* What the two halves of the driver share: drive.c tells behaviours their facts and does what they
 * ask for, drive_stream.c is the streams it holds for them.
 *
 * Only dispatch, timers and the host call in here, so stream functions may be used directly; nothing
 * here is ever called while a behaviour runs. */
#ifndef P2P_SWARM_DRIVE_H
#define P2P_SWARM_DRIVE_H

#include "swarm/frame.h"
#include "swarm/swarm.h"

typedef struct p2p__drive p2p__drive;
typedef struct p2p__driven p2p__driven;

/* One line of a behaviour's table, as the swarm serves it. */
typedef struct p2p__driven_line {
  p2p__served served;
  p2p__driven *driven;
  const p2p__protocol_line *line;
  unsigned index; /* in the behaviour's table */
  uint32_t key;   /* unique in the driver */
} p2p__driven_line;

/* One behaviour. */
struct p2p__driven {
  p2p__behaviour *b;
  p2p__drive *drive;
  p2p__list node, streams;
  p2p__timer timer; /* its deadline */
  size_t n_lines;
  p2p__driven_line lines[];
};

struct p2p__drive {
  p2p__swarm *w;
  p2p__list behaviours;
  p2p__slab streams, crowds;
  p2p__u64map by_crowd; /* line and peer -> p2p__crowd */
  uint32_t n_lines;
  bool running; /* a behaviour is being called */
};

/* Inbound streams of one line and one peer. */
typedef struct p2p__crowd {
  uint32_t n;
} p2p__crowd;

/* A stream held for a behaviour; an ASK is one, too. */
typedef struct p2p__dstream {
  p2p__driven_line *line;
  p2p__sstream *s;
  p2p__list node;
  p2p__peer *peer; /* referenced */
  p2p__timer timer;
  p2p_time heard; /* its last sign of life */
  uint64_t tag;
  p2p__frame frame;
  uint32_t messages; /* arrived */
  int err;           /* why we reset it */
  bool asks, inbound;
  bool opened, ended; /* the behaviour was told */
  bool over;          /* reset by us: says no more */
  bool want_room;
  bool merge, answered;  /* ASK */
  uint32_t messages_max; /* ASK with merge */
  p2p__pile merged;
} p2p__dstream;

/* drive.c: gives the behaviour a fact and does what it wants then. */
void p2p__driven_tell(p2p__driven *d, const p2p__fact *f);

/* drive_stream.c */
int p2p__dstream_accept(p2p__served *served, p2p__sstream *s);
/* OPEN and ASK. When this fails nothing is left to be told by a stream. */
P2P_MUST_USE int p2p__dstream_open(p2p__driven *d, const p2p__act *a);
/* SEND. P2P_EAGAIN: not taken, ROOM will follow; every other failure has reset the stream. */
P2P_MUST_USE int p2p__dstream_send(p2p__dstream *ds, const p2p__act *a);
void p2p__dstream_reset(p2p__dstream *ds, uint32_t code, int err);
/* The stream of that handle when it is this behaviour's and can be used; else NULL. */
p2p__dstream *p2p__dstream_of(p2p__driven *d, uint64_t handle);
/* A fact about it: its names filled in. */
p2p__fact p2p__dstream_fact(const p2p__dstream *ds, p2p__fact_kind kind);
void p2p__dstream_free(p2p__dstream *ds);

#endif
