/* mplex headers: two varints. Spec: mplex/README.md, "Message format". */
#include "muxer/mplex_frame.h"

enum { FLAG_BITS = 3, FLAG_MASK = 7 };

int p2p__mplex_frame_read(p2p__rd *r, p2p__mplex_frame *f) {
  uint64_t head = p2p__rd_varint(r), len = p2p__rd_varint(r);
  if ((head & FLAG_MASK) > P2P__MPLEX_RESET_INITIATOR) p2p__rd_fail(r, P2P_EPROTO);
  if (r->err) return r->err;
  *f = (p2p__mplex_frame){ .flag = (uint8_t)(head & FLAG_MASK),
                           .num = head >> FLAG_BITS,
                           .len = len };
  return 0;
}

static uint64_t head_of(p2p__mplex_frame f) { return f.num << FLAG_BITS | f.flag; }

size_t p2p__mplex_frame_size(p2p__mplex_frame f) {
  return p2p__varint_len(head_of(f)) + p2p__varint_len(f.len);
}

size_t p2p__mplex_frame_write(uint8_t *out, p2p__mplex_frame f) {
  p2p__wr w = p2p__wr_of(out, P2P__MPLEX_HEADER);
  p2p__wr_varint(&w, head_of(f));
  p2p__wr_varint(&w, f.len);
  return w.len;
}
