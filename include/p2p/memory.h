/* Connections inside one process: hosts that share a hub and run on one thread reach each other at
 * /memory/N, N being any number a host listens on. For tests and for programs made of many peers. */
#ifndef P2P_MEMORY_H
#define P2P_MEMORY_H

#include <p2p/types.h>

P2P_BEGIN

/* A hub, opaque. */
typedef struct p2p_memory p2p_memory;

/* Give it to hosts in p2p_host_opts.memory; free it after them. P2P_ENOMEM. */
P2P_API P2P_MUST_USE int p2p_memory_new(p2p_memory **out);
P2P_API void p2p_memory_free(p2p_memory *hub);

P2P_END
#endif
