/* PING, /ipfs/ping/1.0.0: echoes 32 bytes, and measures how long others take to.
 * Spec: ping/ping.md.
 *
 * One stream per pinged peer is kept for the next ping and finished when unused for a while; when the
 * peer has ended it meanwhile (go does after 30 s), the next ping opens another.
 *
 *   (none) --CALL--> OPENING --OPENED--> WAITING --echo--> IDLE --CALL--> WAITING
 *   WAITING --ended by the peer, after an echo--> OPENING, once
 *   IDLE --unused--> (none)     any --failed, timed out--> (none) */
#ifndef P2P_PROTOCOL_PING_PING_H
#define P2P_PROTOCOL_PING_PING_H

#include "base/env.h"
#include "swarm/behaviour.h"

enum p2p__ping_call {
  P2P__PING_START = 1 /* peer: ping it; one P2P_EV_PING {peer, rtt or err} follows */
};

/* env: borrowed until the behaviour is freed. P2P_ENOMEM. */
P2P_MUST_USE int p2p__ping_new(p2p__env *env, p2p__behaviour **out);
/* A ping to this peer is under way: P2P__PING_START would be ignored. */
bool p2p__ping_is_busy(const p2p__behaviour *b, uint32_t peer);

#endif
