/* A loop: what links share on one thread. Its io, its timers, its two big buffers, its pools, and
 * the list of those who have something to do at the end of the turn.
 *
 * A turn: wait for facts -> each source handles its fact -> due timers -> end of turn (writes are
 * handed to links, links flush, the dead are freed). `now` is read once per turn.
 *
 * A step of a handshake costs as much as hundreds of datagrams, so a turn takes one: what it brought forth
 * leaves before the next one begins. Else two hosts that shake hands many times at once compute in turns,
 * each waiting for the other, and who is up already waits for all of it. */
#ifndef P2P_TRANSPORT_LOOP_H
#define P2P_TRANSPORT_LOOP_H

#include "base/env.h"
#include "base/handle.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/slab.h"
#include <p2p/io.h>

enum {
  P2P__RX = 262144,                /* one read fills at most so much */
  P2P__RX_FAIR = 65536,            /* … while other sources are ready too */
  P2P__RX_EARLY = 32768,           /* … before the connection is up */
  P2P__RX_SPACE = P2P__RX + 65552, /* behind a carry */
  P2P__TX_RECORDS = 4,             /* of the longest records in one send */
  P2P__TX_CLEAR = 16384,           /* … and handshake messages before them */
  P2P__TX_SPACE = P2P__TX_RECORDS * (65537 + 16) + P2P__TX_CLEAR,
  P2P__FACTS = 64 /* facts taken in one wait */
};

/* Whoever is told facts: embed it, name it by its token. */
typedef struct p2p__source p2p__source;
struct p2p__source {
  void (*ready)(p2p__source *s, const p2p_io_fact *fact, p2p_time now);
  uint64_t token; /* of the loop's table; 0: not registered */
  bool costly;    /* what it reads now is of a handshake: one of those a turn */
};

/* Whoever has work at the end of the turn: embed it, mark it. */
typedef struct p2p__task p2p__task;
struct p2p__task {
  p2p__list node;
  void (*run)(p2p__task *t, p2p_time now);
};

typedef struct p2p__loop {
  p2p_io *io;
  p2p__env env;
  p2p__mem *mem;
  p2p__pool pool;
  p2p__timers timers;
  p2p__handles sources;
  p2p__slab mux_streams; /* the muxers' streams of all connections */
  p2p__list tasks;       /* marked for the end of this turn, in order */
  p2p__list later;       /* marked for the next turn: it will not wait */
  p2p_time now;
  bool turning; /* inside p2p__loop_turn: now stands still */
  bool watched; /* somebody hears when interfaces change, and tells transports */
  int n_facts;  /* in this turn: > 1 means others are ready */
  bool behind;  /* a step of a handshake waits for the next turn */
  uint8_t *rx, *tx;
} p2p__loop;

/* env: what engines get; its pool becomes the loop's. P2P_ENOMEM. */
P2P_MUST_USE int p2p__loop_init(p2p__loop *l, p2p_io *io, const p2p__env *env, uint64_t seed,
                                size_t mux_stream_size);
void p2p__loop_fini(p2p__loop *l); /* all sources and tasks must be gone */

P2P_MUST_USE int p2p__loop_add(p2p__loop *l, p2p__source *s); /* gives it a token. P2P_ENOMEM */
void p2p__loop_del(p2p__loop *l, p2p__source *s);

/* Marks t for the end of this turn; marking twice is once. A task that runs may mark others and
 * itself: they run in the same end of turn, unless marked `later`. */
void p2p__loop_mark(p2p__loop *l, p2p__task *t);
void p2p__loop_mark_later(p2p__loop *l, p2p__task *t);
void p2p__loop_unmark(p2p__task *t);

/* One turn that waits at most until `until`. Returns the number of facts, timers and tasks handled,
 * or what io->wait said when it failed. */
int p2p__loop_turn(p2p__loop *l, p2p_time until);
/* Runs tasks until none is marked, without waiting for anything: the loop is about to end, and dead
 * links free themselves in theirs. */
void p2p__loop_settle(p2p__loop *l);
/* Reads the clock for a call that comes between turns, maybe long after the last: its deadlines are
 * to count from now. Does nothing inside a turn. */
void p2p__loop_refresh(p2p__loop *l);
/* When the next turn should begin: 0 when tasks are marked. */
p2p_time p2p__loop_deadline(const p2p__loop *l);

#endif
