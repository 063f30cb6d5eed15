/* RECORD: a secure channel after its handshake (Noise, TLS; also pnet, WebSocket, plaintext). It
 * has no queue and no buffer of its own. */
#ifndef P2P_BASE_RECORD_H
#define P2P_BASE_RECORD_H

#include "base/bytes.h"

typedef struct p2p__record p2p__record;

typedef struct p2p__record_ops {
  /* Opens the record at the front of in, in place.
   * 1: *used wire bytes eaten, *plain (inside in) is its plaintext, maybe empty.
   * 0: incomplete; *used is the size of the whole record when it is known, else 0.
   * <0: P2P_EAUTH, P2P_EPROTO, P2P_ECLOSED (the peer closed the channel properly); the record is
   * dead. */
  int (*open)(p2p__record *r, p2p__span in, size_t *used, p2p__span *plain);
  /* Gathers n pieces (in all at most `max` bytes, at least 1) into one record at out, which has
   * room for head + bytes + tail. *len: wire bytes. P2P_ELIMIT: nonces are used up. */
  int (*seal)(p2p__record *r, const p2p_bytes *v, size_t n, uint8_t *out, size_t *len);
  /* Writes the channel's last word, whatever ended it, at out, which has room for head + 64 + tail.
   * Returns its wire bytes, 0 when there is nothing to say; after it seal gives P2P_ECLOSED. NULL: the
   * channel has none. */
  size_t (*finish)(p2p__record *r, uint8_t *out);
  /* The connection is idle: give back what can be rebuilt from keys. NULL: nothing to give. */
  void (*idle)(p2p__record *r);
  void (*free)(p2p__record *r); /* wipes keys */
} p2p__record_ops;

struct p2p__record {
  const p2p__record_ops *ops;
  uint16_t head, tail; /* bytes a record adds before and behind */
  uint32_t max;        /* most plaintext bytes in one record */
};

static inline void p2p__record_free(p2p__record *r) {
  if (r) r->ops->free(r);
}

#endif
