/* CIDs for the rest of the library: text that is not ended by a zero. */
#ifndef P2P_MULTIFORMATS_CID_H
#define P2P_MULTIFORMATS_CID_H

#include "base/bytes.h"
#include <p2p/cid.h>

/* p2p_cid_parse of exactly these characters. */
bool p2p__cid_parse(p2p_bytes text, p2p_cid *out, char *base);

#endif
