/* A client of QUIC that knocks and goes no further: the first datagram of a connection of its own, and,
 * where it is asked for its address, the answer to that. What a flood is made of. */
#ifndef TESTS_SUPPORT_QUIC_KNOCK_H
#define TESTS_SUPPORT_QUIC_KNOCK_H

#include "quic/quic.h"

enum { QUIC_KNOCK_MAX = P2P__QUIC_SPACE };

typedef struct quic_knock {
  p2p__quic_user user;
  p2p__budget budget;
  p2p__quic *quic;
  p2p_endpoint to;
} quic_knock;

/* Of host, which speaks QUIC and whose identity is not told so early. */
P2P_MUST_USE int quic_knock_init(quic_knock *k, p2p_host *host, const p2p_endpoint *to);
void quic_knock_fini(quic_knock *k);
/* The datagram it sends next, written into out; 0: it waits. */
size_t quic_knock_say(quic_knock *k, p2p_host *host, uint8_t out[QUIC_KNOCK_MAX]);
void quic_knock_hear(quic_knock *k, p2p_host *host, p2p_bytes datagram);

#endif
