/* Base64 (RFC 4648, section 4) of private keys: without tables and branches that depend on them. */
#ifndef P2P_PEER_BASE64_H
#define P2P_PEER_BASE64_H

#include "base/bytes.h"

/* Appends the bytes of text: white space anywhere, padding or none. P2P_EKEY: something else, or bits
 * left over that are not zero; w's sticky error. */
P2P_MUST_USE int p2p__base64_read(p2p_bytes text, p2p__wr *w);
/* Appends b as text with padding; line > 0: a line feed behind every so many characters, and behind
 * the last. */
void p2p__base64_write(p2p_bytes b, size_t line, p2p__wr *w);

#endif
