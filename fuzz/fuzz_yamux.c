/* yamux against any bytes, in both roles, between any commands of its owner: support/muxer_world.h says
 * what the input is. */
#include "../tests/unit/muxer/yamux_check.h"
#include "support/muxer_world.h"

static int make(muxer_world *w, bool client) {
  return p2p__yamux_new(&w->env, &w->slab, &w->budget, client, w->now, &w->m);
}

static void limits(p2p__limits *l, uint8_t flags) {
  if (flags & 2) l->yamux_inflight = 2;
  if (flags & 8) l->yamux_window = 400000;
  if (flags & 16) l->yamux_window_conn = 600000;
}

static void frame(muxer_world *w) {
  static uint8_t bytes[P2P__YAMUX_HEADER + MUXER_BODY];
  uint8_t shape = p2p__rd_u8(&w->in), sid = p2p__rd_u8(&w->in), type = shape & 3;
  uint32_t len = shape & 0x40 ? p2p__rd_be32(&w->in) : p2p__rd_u8(&w->in);
  size_t body = type == P2P__YAMUX_DATA ? p2p__min(len, MUXER_BODY) : 0;
  if (shape & 0x80) body /= 2; /* the rest comes as whatever comes next */
  p2p__yamux_frame f = { type, shape >> 2 & 15, type < 2 ? sid % MUXER_SIDS : 0, len };
  p2p__yamux_frame_write(bytes, f);
  muxer_world_feed(w, bytes, P2P__YAMUX_HEADER + body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const muxer_kind kind = { .stream_size = p2p__yamux_stream_size(),
                            .make = make,
                            .limits = limits,
                            .frame = frame,
                            .check = yamux_check,
                            .farewell = true }; /* the GoAway */
  muxer_world_run(&kind, p2p__bytes(data, size));
  return 0;
}
