/* TLS handshake messages cut from a stream of bytes: type, 24 bits of length, body. RFC 8446, section
 * 4. For the engine and for what comes behind the handshake. */
#ifndef P2P_CRYPTO_TLS_MESSAGES_H
#define P2P_CRYPTO_TLS_MESSAGES_H

#include "base/bytes.h"
#include "base/mem.h"

enum { P2P__TLS_MESSAGE_HEAD = 4 };

/* A message that has not arrived whole is kept, in room that grows with what has arrived and not
 * with what was announced. */
typedef struct p2p__tls_messages {
  p2p__mem *mem;
  size_t max; /* longest message taken, with its header */
  uint8_t *p;
  size_t len, cap;
  bool lent; /* what is kept is a whole message, which the caller has */
} p2p__tls_messages;

void p2p__tls_messages_init(p2p__tls_messages *m, p2p__mem *mem, size_t max);
void p2p__tls_messages_fini(p2p__tls_messages *m);

/* Eats from the front of *in. 1: *message is a whole one, valid until the next call or as long as
 * *in's bytes, whichever ends first; 0: all eaten, more is needed; P2P_ELIMIT: one longer than max;
 * P2P_ENOMEM. */
P2P_MUST_USE int p2p__tls_messages_next(p2p__tls_messages *m, p2p_bytes *in, p2p_bytes *message);
/* Whether part of a message is kept. */
bool p2p__tls_messages_is_partial(const p2p__tls_messages *m);

#endif
