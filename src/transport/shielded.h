/* A pipe over a pipe: every byte of the one is hidden on the other. */
#ifndef P2P_TRANSPORT_SHIELDED_H
#define P2P_TRANSPORT_SHIELDED_H

#include "transport/pipe.h"
#include "transport/transport.h"

/* inner becomes the new pipe's, and is freed by it. initiator: it speaks first, so that its greeting
 * leaves with its first bytes; the other side greets at once. P2P_ENOMEM, P2P_EIO. */
P2P_MUST_USE int p2p__shielded_new(const p2p__upgrades *upgrades, p2p__pipe *inner, bool initiator,
                                   p2p__pipe **out);
/* Undoes new: inner is the caller's again. */
void p2p__shielded_drop(p2p__pipe *pipe);

#endif
