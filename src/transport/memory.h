/* /memory/N as a transport: pairs of pipes between hosts that share a hub and a thread. */
#ifndef P2P_TRANSPORT_MEMORY_H
#define P2P_TRANSPORT_MEMORY_H

#include "transport/transport.h"
#include <p2p/memory.h>

P2P_MUST_USE int p2p__memory_new(const p2p__upgrades *upgrades, p2p_memory *hub,
                                 p2p__transport **out);

#endif
