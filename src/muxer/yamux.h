/* yamux as a muxer. Spec: yamux/README.md; hashicorp/yamux spec.md.
 *
 * Where the specification leaves a choice:
 * - A FIN has a frame of its own (js-libp2p drops bytes that come with it); SYN and ACK ride on data
 *   when there is any, else on a window update of the same pull.
 * - Any frame of the peer but RST acknowledges a stream: some peers send the ACK flag late.
 * - The length of a window update with RST is go-libp2p's error code, both ways; others ignore it.
 * - Wrong headers, windows overrun and credit above 32 bits end the session (GoAway 1). Data behind
 *   a FIN ends the stream only: racing writers of go-yamux can cause it. Frames of streams that are
 *   gone are skipped.
 * - A stream stopped (nobody reads) drops what comes and returns its credit for one initial window,
 *   no more; when our FIN is out, a peer that pushes on, or has not finished within
 *   yamux_ack_timeout, is reset. */
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
