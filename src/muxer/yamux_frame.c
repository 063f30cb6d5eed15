/* The yamux frame header. Spec: yamux/README.md, "Framing". */
#include "muxer/yamux_frame.h"

enum { KNOWN_FLAGS = P2P__YAMUX_SYN | P2P__YAMUX_ACK | P2P__YAMUX_FIN | P2P__YAMUX_RST };

static bool is_valid(uint8_t version, const p2p__yamux_frame *f) {
  if (version != 0 || f->type > P2P__YAMUX_GOAWAY || f->flags & ~KNOWN_FLAGS) return false;
  bool session = f->type == P2P__YAMUX_PING || f->type == P2P__YAMUX_GOAWAY;
  if (session != (f->sid == 0)) return false;
  /* A ping is asked (SYN) or answered (ACK), never both: else an answer could ask for one. */
  if (f->type != P2P__YAMUX_PING) return true;
  return f->flags == P2P__YAMUX_SYN || f->flags == P2P__YAMUX_ACK;
}

int p2p__yamux_frame_read(p2p__rd *r, p2p__yamux_frame *f) {
  uint8_t version = p2p__rd_u8(r);
  f->type = p2p__rd_u8(r);
  f->flags = p2p__rd_be16(r);
  f->sid = p2p__rd_be32(r);
  f->len = p2p__rd_be32(r);
  if (!r->err && !is_valid(version, f)) p2p__rd_fail(r, P2P_EPROTO);
  return r->err;
}

void p2p__yamux_frame_write(uint8_t out[P2P__YAMUX_HEADER], p2p__yamux_frame f) {
  out[0] = 0;
  out[1] = f.type;
  p2p__put_be16(out + 2, f.flags);
  p2p__put_be32(out + 4, f.sid);
  p2p__put_be32(out + 8, f.len);
}
