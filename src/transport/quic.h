/* QUIC as a transport: /ip4|ip6/…/udp/…/quic-v1. One UDP socket for each address listened on, which dials
 * too. Spec: quic/README.md; docs/internals/quic.md. */
#ifndef P2P_TRANSPORT_QUIC_H
#define P2P_TRANSPORT_QUIC_H

#include "quic/quic.h"
#include "transport/transport.h"

/* shared: makes what connections share when the first address is listened on or dialed; what it made
 * is freed with the transport. P2P_ENOMEM. */
P2P_MUST_USE int p2p__quic_transport_new(p2p__loop *loop,
                                         int (*shared)(void *ctx, p2p__quic_shared **out),
                                         void *ctx, p2p__transport **out);

#endif
