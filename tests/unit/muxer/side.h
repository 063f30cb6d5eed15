/* One yamux session with all it needs, driven by hand: feed it frames, look at what it says and
 * what it sends. */
#ifndef P2P_TESTS_UNIT_MUXER_SIDE_H
#define P2P_TESTS_UNIT_MUXER_SIDE_H

#include "muxer/yamux.h"
#include "muxer/yamux_frame.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { SIDE_EVENTS = 4096, SIDE_FRAMES = 8192 };

typedef struct side {
  p2p__mem mem;
  p2p__pool pool;
  p2p__slab slab;
  p2p__budget budget;
  p2p__limits limits;
  p2p__env env;
  p2p__mux *m;
  p2p_time now;

  int err; /* what the last feed ended with */
  p2p__mux_event ev[SIDE_EVENTS];
  size_t n_ev;
  size_t data_bytes; /* of DATA events of the last feed */

  p2p__yamux_frame out[SIDE_FRAMES]; /* what the last drain sent */
  size_t n_out;
  size_t records, out_bytes;
} side;

/* client: odd ids. Limits are the defaults; change them before side_start. */
void side_init(side *s);
void side_start(side *s, bool client);
/* Frees the session, and asserts that no byte of memory is left. */
void side_fini(side *s);

/* Offers bytes to recv until it is hungry or wrong; collects events. Returns s->err. */
int side_feed(side *s, p2p_bytes in);
/* One header, and `body` zeros behind it. */
int side_frame(side *s, p2p__yamux_type type, uint16_t flags, uint32_t sid, uint32_t len,
               size_t body);
/* Pulls records of at most max bytes until nothing is left; collects the frames. */
void side_drain(side *s, size_t max);

/* Appends n bytes (zeros) to a stream and says so. */
void side_write(side *s, uint64_t sid, size_t n);

/* The i-th frame of the last drain that is of this type and sid, or NULL. */
const p2p__yamux_frame *side_sent(const side *s, p2p__yamux_type type, uint32_t sid, size_t i);
/* How many events of this kind the last feed gave for sid. */
size_t side_events(const side *s, p2p__mux_kind kind, uint64_t sid);
/* The first event of this kind for sid; fails the test when there is none. */
const p2p__mux_event *side_event(const side *s, p2p__mux_kind kind, uint64_t sid);

#endif
