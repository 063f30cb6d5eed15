/* BACK-OFF: addresses that failed are left alone for a while, twice as long with every failure up to
 * limits.backoff_max; a success forgets it. Bounded: beyond limits.backoffs the one that failed
 * longest ago is forgotten. */
#ifndef P2P_SWARM_BACKOFF_H
#define P2P_SWARM_BACKOFF_H

#include "base/env.h"
#include "base/list.h"
#include "base/map.h"

typedef struct p2p__backoffs {
  p2p__env *env;
  p2p__map map;
  p2p__list oldest; /* in the order of their last failure */
  size_t n;
} p2p__backoffs;

void p2p__backoffs_init(p2p__backoffs *b, p2p__env *env);
void p2p__backoffs_fini(p2p__backoffs *b);
/* When addr (packed, without /p2p) of peer may be dialed again; 0: now. */
p2p_time p2p__backoff_until(const p2p__backoffs *b, const p2p_peer_id *peer, p2p_bytes addr,
                            p2p_time now);
/* Without memory the failure is not remembered. */
void p2p__backoff_failed(p2p__backoffs *b, const p2p_peer_id *peer, p2p_bytes addr, p2p_time now);
void p2p__backoff_succeeded(p2p__backoffs *b, const p2p_peer_id *peer, p2p_bytes addr);

#endif
