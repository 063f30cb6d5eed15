/* SIDE: one host on one thread, with the protocols of these tests and counts of what happened.
 * Counts may be read by the other thread; everything else belongs to the host's.
 *
 *   /bulk/1   8 bytes: n; n bytes, the end; the same number back, the end. Contents are checked.
 *   /flood/1  both write for ever; who opened resets after FLOOD bytes, with code FLOOD_CODE. */
#ifndef TESTS_THREADS_SIDE_H
#define TESTS_THREADS_SIDE_H

#include <p2p/p2p.h>
#include <stdatomic.h>

enum { SIDE_BULKS = 256, FLOOD = 1 << 20, FLOOD_CODE = 7 };

typedef struct side side;

/* What one stream has done; in the side's table, so that no thread allocates for a test. */
typedef struct bulk {
  side *side;
  bool opener, flood, counted, eof, finished;
  uint8_t head[8];
  size_t head_len;
  uint64_t size, sent, received;
} bulk;

struct side {
  p2p_host *host;
  p2p_io *watcher;  /* woken when a count changes; NULL: nobody else looks */
  p2p_peer_id peer; /* whom we talk to */
  bulk bulks[SIDE_BULKS];
  size_t n_bulks;
  bool closed;     /* p2p_host_step said so */
  bool loses;      /* connections and streams may end in any way */
  bool refuses;    /* whoever comes */
  int err;         /* how the last connection ended … */
  p2p_stage stage; /* … and when */
  size_t live;     /* bytes of the host's allocator; wraps around, see base/mem.h */
  atomic_uint up, down, pings, perfs; /* events */
  atomic_uint gated;                  /* peers that the gate was asked about */
  atomic_uint sent, served;           /* bulks whole and ended in order: opened, accepted */
  atomic_uint resets, was_reset;      /* floods: by us, by the peer with the right code */
  atomic_uint faults;                 /* everything that must not happen … */
  _Atomic(const char *) fault;        /* … and what it was last; static */
};

/* listen NULL: none; io NULL: the host's own. */
void side_init(side *s, const char *listen, p2p_io *io, p2p_io *watcher);
void side_turn(side *s, p2p_time max_wait); /* one step and its events */
void side_free(side *s);

/* On the side's thread. */
void side_bulk(side *s, uint64_t size);
void side_flood(side *s);

#endif
