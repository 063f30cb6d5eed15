/* Private networks: XSalsa20 with a key that all members share, under every byte of a connection.
 * Spec: pnet/Private-Networks-PSK-V1.md. */
#ifndef P2P_SECURITY_PNET_H
#define P2P_SECURITY_PNET_H

#include "base/env.h"
#include "base/shield.h"
#include <p2p/psk.h>

/* One connection's shield, with a nonce of its own. psk is borrowed until it is freed. P2P_ENOMEM,
 * P2P_EIO. */
P2P_MUST_USE int p2p__pnet_new(p2p__env *env, const p2p_psk *psk, p2p__shield **out);

#endif
