/* Unix sockets: /unix/PATH as pipes under byte links. No document; as go-multiaddr and js-libp2p have
 * it, the address is the path from its first slash on. */
#ifndef P2P_TRANSPORT_UNIX_H
#define P2P_TRANSPORT_UNIX_H

#include "transport/transport.h"

/* *out is NULL when the io has no unix sockets. upgrades outlives the transport. P2P_ENOMEM. */
P2P_MUST_USE int p2p__unix_new(const p2p__upgrades *upgrades, p2p__transport **out);

#endif
