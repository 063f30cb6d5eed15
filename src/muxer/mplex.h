/* mplex as a muxer, for peers that have nothing better. Spec: mplex/README.md (deprecated).
 *
 * mplex has no flow control: a peer may send whatever it likes. What a stream's reader has not taken
 * is bounded by mplex_recv_queue; beyond it that stream is reset, and the others go on. It has no
 * way to stop reading, no codes of resets, no ping, no farewell, no limit of streams and no answer to
 * an opened one.
 *
 * Where the specification leaves a choice:
 * - The two sides number their streams apart: who sent a frame's flag says whose number it is. Ours
 *   are odd when we dialed, else even; those of a peer may be any.
 * - A frame is at most mplex_frame bytes long; ours are as long as yamux's. Names are empty, and those
 *   of a peer are not looked at; nor is what follows a Close or a Reset.
 * - A number in use that is opened again ends the session, as does a frame for a stream of ours that
 *   was never opened. Data behind a Close resets the stream. Frames of streams that are gone are
 *   skipped.
 * - A stream stopped (nobody reads) drops what comes. When our Close is out, a peer that pushes on, or
 *   has not closed within mplex_linger, is reset. */
#ifndef P2P_MUXER_MPLEX_H
#define P2P_MUXER_MPLEX_H

#include "base/env.h"
#include "base/mux.h"
#include "base/slab.h"

enum { P2P__MPLEX_PAYLOAD = 16367 }; /* payload of one frame: four frames fit a Noise record */

/* A session. client: this side dialed (odd numbers). send_budget: what the streams' send queues are
 * charged to. streams: the loop's slab of objects of at least p2p__mplex_stream_size() bytes.
 * P2P_ENOMEM. */
P2P_MUST_USE int p2p__mplex_new(p2p__env *env, p2p__slab *streams, p2p__budget *send_budget,
                                bool client, p2p__mux **out);
size_t p2p__mplex_stream_size(void);

#endif
