/* The framer. The first bytes choose the framing, the limit and where to split; the rest is a stream.
 * Oracles: the split stream gives the messages and the end of the whole one; FRAMED messages framed
 * again are the stream; nothing kept is left, and never more is kept than twice what arrived. */
#include "swarm/frame.h"
#include <stdlib.h>

#define CHECK(x)                                                                                   \
  do {                                                                                             \
    if (!(x)) abort();                                                                             \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT_MAX = 4096, STREAM_MAX = 8192 };

typedef struct cut {
  p2p__mem mem;
  p2p__frame frame;
  size_t fed, n;
  int end;
  bool partial;
  uint8_t again[4 * STREAM_MAX]; /* the messages, framed again */
  p2p__wr w;
} cut;

static void cut_begin(cut *c, p2p__framing framing, size_t limit) {
  p2p__mem_init(&c->mem, NULL);
  p2p__frame_init(&c->frame, framing, limit, &c->mem, NULL);
  c->fed = c->n = 0;
  c->end = 0;
  c->w = p2p__wr_of(c->again, sizeof c->again);
}

static void cut_feed(cut *c, p2p_bytes piece) {
  uint8_t *copy = malloc(piece.len + 1); /* exact, so that the sanitizer sees an overread */
  if (!copy) return;
  if (piece.len) memcpy(copy + 1, piece.p, piece.len);
  p2p_bytes in = p2p__bytes(copy + 1, piece.len), msg;
  c->fed += piece.len;
  while (c->end >= 0 && (c->end = p2p__frame_next(&c->frame, &in, &msg)) == 1) {
    CHECK(msg.len <= p2p__max(c->frame.limit, piece.len));
    if (c->frame.framing != P2P__RAW) p2p__frame_head(P2P__FRAMED, msg.len, &c->w);
    p2p__wr_bytes_in(&c->w, msg);
    c->n++;
  }
  CHECK(c->end < 0 || in.len == 0);
  CHECK(c->mem.total <= 256 + 2 * c->fed);
  free(copy);
}

static void cut_finish(cut *c) {
  c->partial = p2p__frame_is_partial(&c->frame);
  p2p__frame_fini(&c->frame);
  CHECK(c->mem.total == 0 && !c->w.err);
}

static void split(cut *c, p2p_bytes stream, uint64_t seed) {
  while (stream.len && c->end >= 0) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    size_t n = p2p__min(stream.len, 1 + (seed >> 33) % (1 + (seed >> 60) * 40));
    cut_feed(c, p2p__bytes(stream.p, n));
    stream.p += n;
    stream.len -= n;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static cut whole, parts;
  p2p__rd r = p2p__rd_of(p2p__bytes(data, size));
  p2p__framing framing = (p2p__framing)(P2P__FRAMED + p2p__rd_u8(&r) % 3);
  size_t limit = 1 + p2p__rd_be16(&r) % LIMIT_MAX;
  uint64_t seed = p2p__rd_u8(&r);
  if (r.err || p2p__rd_left(&r) > STREAM_MAX) return 0;
  p2p_bytes stream = p2p__rd_rest(&r);
  cut_begin(&whole, framing, limit);
  cut_feed(&whole, stream);
  cut_finish(&whole);
  cut_begin(&parts, framing, limit);
  split(&parts, stream, seed);
  cut_finish(&parts);
  CHECK(whole.end == parts.end && whole.partial == parts.partial);
  CHECK(p2p__bytes_eq(p2p__wr_bytes(&whole.w), p2p__wr_bytes(&parts.w)));
  if (framing != P2P__RAW) CHECK(whole.n == parts.n);
  if (framing != P2P__FIXED) {
    CHECK(whole.w.len <= stream.len);
    CHECK(p2p__bytes_eq(p2p__wr_bytes(&whole.w), p2p__bytes(stream.p, whole.w.len)));
  }
  return 0;
}
