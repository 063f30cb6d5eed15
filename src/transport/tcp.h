/* TCP: /ip4|ip6/…/tcp/port as pipes under byte links. Spec: connections/README.md. */
#ifndef P2P_TRANSPORT_TCP_H
#define P2P_TRANSPORT_TCP_H

#include "transport/transport.h"

/* upgrades outlives the transport. P2P_ENOMEM. */
P2P_MUST_USE int p2p__tcp_new(const p2p__upgrades *upgrades, p2p__transport **out);

#endif
