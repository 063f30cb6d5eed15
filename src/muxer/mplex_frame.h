/* The mplex frame header on the wire. Spec: mplex/README.md, "Message format". */
#ifndef P2P_MUXER_MPLEX_FRAME_H
#define P2P_MUXER_MPLEX_FRAME_H

#include "base/bytes.h"

/* "Flag Values". Who opened a stream sends the even ones, the other side the odd ones. */
typedef enum p2p__mplex_flag {
  P2P__MPLEX_NEW = 0,
  P2P__MPLEX_MESSAGE_RECEIVER = 1,
  P2P__MPLEX_MESSAGE_INITIATOR = 2,
  P2P__MPLEX_CLOSE_RECEIVER = 3,
  P2P__MPLEX_CLOSE_INITIATOR = 4,
  P2P__MPLEX_RESET_RECEIVER = 5,
  P2P__MPLEX_RESET_INITIATOR = 6
} p2p__mplex_flag;

typedef struct p2p__mplex_frame {
  uint8_t flag;
  uint64_t num; /* the stream's number on the wire, 60 bits */
  uint64_t len; /* bytes that follow */
} p2p__mplex_frame;

enum {
  P2P__MPLEX_HEADER = 18, /* bytes; two varints of nine */
  P2P__MPLEX_NUM_BITS = 60
};

/* Reads one header. P2P_ESHORT; P2P_EPROTO (a flag or a varint that is none). */
P2P_MUST_USE int p2p__mplex_frame_read(p2p__rd *r, p2p__mplex_frame *f);

/* How many bytes the header has. */
size_t p2p__mplex_frame_size(p2p__mplex_frame f);

/* Writes the header to out, which has room for it; returns its size. */
size_t p2p__mplex_frame_write(uint8_t *out, p2p__mplex_frame f);

#endif
