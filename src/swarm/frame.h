/* FRAMER: cuts the bytes of one stream into messages, as a protocol's line says. Pure.
 *
 * A message that lies whole in the caller's bytes is given out in place. Any other is assembled in a
 * buffer that grows with what has arrived, never with the length that was announced, is charged to
 * the connection, and is given back with the message: an idle stream owns no buffer. */
#ifndef P2P_SWARM_FRAME_H
#define P2P_SWARM_FRAME_H

#include "base/queue.h"
#include "swarm/behaviour.h"

/* Bytes being put together. All zero but mem and budget: empty. */
typedef struct p2p__pile {
  uint8_t *p;
  size_t len, cap;
  p2p__mem *mem;
  p2p__budget *budget; /* may be NULL */
} p2p__pile;

/* Appends b; the pile stays at most max bytes large. P2P_ELIMIT: max or the budget; P2P_ENOMEM. */
P2P_MUST_USE int p2p__pile_put(p2p__pile *pile, p2p_bytes b, size_t max);
void p2p__pile_fini(p2p__pile *pile); /* gives it all back; usable again */

enum { P2P__FRAME_HEAD = 9 }; /* longest varint of multiformats */

typedef struct p2p__frame {
  p2p__framing framing;
  size_t limit;
  int err;    /* sticky */
  bool sized; /* the length of the message under way is known: need */
  bool given; /* the pile is a message that was given out: it ends with the next call */
  uint8_t head_len, head[P2P__FRAME_HEAD]; /* a length that has not fully arrived */
  size_t need;
  p2p__pile pile;
} p2p__frame;

/* limit: longest message, for P2P__FIXED the length of each. */
void p2p__frame_init(p2p__frame *f, p2p__framing framing, size_t limit, p2p__mem *mem,
                     p2p__budget *budget);
void p2p__frame_fini(p2p__frame *f);

/* Eats from the front of *in until one message is whole. 1: *msg is it, inside the caller's bytes or
 * inside f until the next call; 0: all eaten, more is needed. P2P_EPROTO: not a length; P2P_ELIMIT:
 * longer than the limit, told before anything of it is kept; P2P_ENOMEM. An error stays. */
P2P_MUST_USE int p2p__frame_next(p2p__frame *f, p2p_bytes *in, p2p_bytes *msg);
/* A message has begun and is not whole: the stream must not end here. */
bool p2p__frame_is_partial(const p2p__frame *f);

/* What comes before a message of len bytes. */
void p2p__frame_head(p2p__framing framing, size_t len, p2p__wr *w);

#endif
