/* SHIELD: hides every byte of a pipe before anything is negotiated on it (pnet). It has no frames:
 * behind a greeting of each side bytes stay as many as they are. */
#ifndef P2P_BASE_SHIELD_H
#define P2P_BASE_SHIELD_H

#include "base/bytes.h"

typedef struct p2p__shield p2p__shield;

typedef struct p2p__shield_ops {
  /* What must leave before anything else; lives as long as the shield. */
  p2p_bytes (*greeting)(const p2p__shield *s);
  /* Bytes that arrived, in order, opened in place. How many of them, at the front, were the peer's
   * greeting and are nobody's; P2P_EAUTH: the peer cannot be who it must be. */
  ptrdiff_t (*open)(p2p__shield *s, p2p__span in);
  /* Hides what we send from byte `at` on (the greeting apart); out has room for in.len. The same
   * place may be asked for again while its bytes have not left. */
  void (*seal)(const p2p__shield *s, uint64_t at, p2p_bytes in, uint8_t *out);
  void (*free)(p2p__shield *s); /* wipes keys */
} p2p__shield_ops;

struct p2p__shield {
  const p2p__shield_ops *ops;
};

static inline void p2p__shield_free(p2p__shield *s) {
  if (s) s->ops->free(s);
}

#endif
