/* The yamux frame header on the wire. Spec: yamux/README.md, "Framing". */
#ifndef P2P_MUXER_YAMUX_FRAME_H
#define P2P_MUXER_YAMUX_FRAME_H

#include "base/bytes.h"

enum {
  P2P__YAMUX_HEADER = 12,      /* bytes */
  P2P__YAMUX_INITIAL = 262144, /* "Flow Control": what both sides assume of a new stream's window */
};

typedef enum p2p__yamux_type {
  P2P__YAMUX_DATA = 0,
  P2P__YAMUX_WINDOW = 1,
  P2P__YAMUX_PING = 2,
  P2P__YAMUX_GOAWAY = 3
} p2p__yamux_type;

enum { /* "Flag Field" */
       P2P__YAMUX_SYN = 1,
       P2P__YAMUX_ACK = 2,
       P2P__YAMUX_FIN = 4,
       P2P__YAMUX_RST = 8
};

enum { /* "Session termination" */
       P2P__YAMUX_NORMAL = 0,
       P2P__YAMUX_PROTOCOL_ERROR = 1,
       P2P__YAMUX_INTERNAL_ERROR = 2
};

typedef struct p2p__yamux_frame {
  uint8_t type;
  uint16_t flags;
  uint32_t sid;
  uint32_t
      len; /* DATA: bytes that follow; WINDOW: credit, with RST a code; PING: opaque; GOAWAY: code */
} p2p__yamux_frame;

/* Reads one header and checks what can be told from it alone: version, type, flags, and that
 * exactly the session's frames carry stream id 0. P2P_ESHORT, P2P_EPROTO. */
P2P_MUST_USE int p2p__yamux_frame_read(p2p__rd *r, p2p__yamux_frame *f);

/* Writes the header to out. */
void p2p__yamux_frame_write(uint8_t out[P2P__YAMUX_HEADER], p2p__yamux_frame f);

#endif
