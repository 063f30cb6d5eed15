/* The world a muxer lives in: an owner who gives any command, a peer of whom any frame comes, memory that
 * may fail. For the fuzzers of muxers. */
#ifndef P2P_FUZZ_SUPPORT_MUXER_WORLD_H
#define P2P_FUZZ_SUPPORT_MUXER_WORLD_H

#include "base/bytes.h"
#include "base/env.h"
#include "base/mux.h"
#include "base/slab.h"
#include "must.h"

enum { MUXER_IDS = 16, MUXER_SIDS = 2 * MUXER_IDS, MUXER_BODY = 300000 };

typedef struct muxer_world muxer_world;

/* What a muxer brings along. */
typedef struct muxer_kind {
  size_t stream_size;
  int (*make)(muxer_world *w, bool client); /* sets w->m */
  void (*limits)(p2p__limits *l, uint8_t flags);
  void (*frame)(muxer_world *w);           /* reads a frame out of w->in, and feeds it */
  const char *(*check)(const p2p__mux *m); /* NULL: all is well */
  bool farewell;                           /* it has a last word when it dies */
} muxer_kind;

struct muxer_world {
  const muxer_kind *kind;
  p2p__mem mem;
  p2p__pool pool;
  p2p__slab slab;
  p2p__budget budget;
  p2p__limits limits;
  p2p__env env;
  p2p__mux *m;
  p2p_time now;
  p2p__rd in; /* the fuzzer's */
  uint64_t next;
  bool dead;
  /* by stream id, for the small ones: what was handed up and not given back */
  uint64_t unread[MUXER_SIDS];
  bool fin[MUXER_SIDS], gone[MUXER_SIDS];
};

/* One life of a muxer: one byte of flags, then instructions: a byte that says what, and what it needs.
 * Frames are mostly built from small numbers, so that the fuzzer meets live streams; raw bytes come too. */
void muxer_world_run(const muxer_kind *kind, p2p_bytes in);
/* What the peer sent. */
void muxer_world_feed(muxer_world *w, const uint8_t *bytes, size_t len);

#endif
