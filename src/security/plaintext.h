/* plaintext/2.0.0: exchanges public keys and encrypts nothing. For the simulator and tests; a host
 * uses it only when asked by name. Spec: plaintext/README.md. */
#ifndef P2P_SECURITY_PLAINTEXT_H
#define P2P_SECURITY_PLAINTEXT_H

#include "base/env.h"
#include "base/step.h"
#include <p2p/key.h>

/* id is borrowed until the step is freed; expected is copied, NULL or all zero: any peer. Returns 0
 * or P2P_ENOMEM. The step fails with P2P_EAUTH (the id is not the key's), P2P_EPEER, P2P_EPROTO,
 * P2P_ELIMIT, P2P_ETIMEOUT, P2P_ENOMEM. Its record has no framing: open returns all there is. */
P2P_MUST_USE int p2p__plaintext_step(p2p__env *env, const p2p_identity *id,
                                     const p2p_peer_id *expected, p2p_time deadline,
                                     p2p__step **out);

#endif
