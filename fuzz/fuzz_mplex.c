/* mplex against any bytes, in both roles, between any commands of its owner: support/muxer_world.h says
 * what the input is. */
#include "../tests/unit/muxer/mplex_check.h"
#include "support/muxer_world.h"

static int make(muxer_world *w, bool client) {
  return p2p__mplex_new(&w->env, &w->slab, &w->budget, client, &w->m);
}

static void limits(p2p__limits *l, uint8_t flags) {
  if (flags & 2) l->mplex_resets_queued = 2;
  if (flags & 8) l->mplex_recv_queue = 1048576;
}

static void frame(muxer_world *w) {
  static uint8_t bytes[P2P__MPLEX_HEADER + MUXER_BODY];
  uint8_t shape = p2p__rd_u8(&w->in), num = p2p__rd_u8(&w->in);
  uint32_t len = shape & 0x40 ? p2p__rd_be32(&w->in) : p2p__rd_u8(&w->in);
  size_t body = p2p__min(len, MUXER_BODY);
  if (shape & 0x80) body /= 2; /* the rest comes as whatever comes next */
  p2p__mplex_frame f = { shape & 7, num % MUXER_IDS, len };
  size_t head = p2p__mplex_frame_write(bytes, f);
  memset(bytes + head, 0, body);
  muxer_world_feed(w, bytes, head + body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const muxer_kind kind = { .stream_size = p2p__mplex_stream_size(),
                            .make = make,
                            .limits = limits,
                            .frame = frame,
                            .check = mplex_check };
  muxer_world_run(&kind, p2p__bytes(data, size));
  return 0;
}
