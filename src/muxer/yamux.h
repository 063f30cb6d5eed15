/* yamux as a muxer. Spec: yamux/README.md; hashicorp/yamux spec.md. */
#ifndef P2P_MUXER_YAMUX_H
#define P2P_MUXER_YAMUX_H

#include "base/env.h"
#include "base/mux.h"
#include "base/slab.h"

enum { P2P__YAMUX_PAYLOAD = 16367 }; /* payload of one data frame: four frames fit a Noise record */

/* A session. client: this side dialed (odd stream ids). send_budget: what the streams' send queues
 * are charged to. streams: the loop's slab of p2p__yamux_stream_size() objects. P2P_ENOMEM. */
P2P_MUST_USE int p2p__yamux_new(p2p__env *env, p2p__slab *streams, p2p__budget *send_budget,
                                bool client, p2p_time now, p2p__mux **out);
size_t p2p__yamux_stream_size(void);

#endif
