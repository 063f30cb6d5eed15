/* Bytes as text in a base, with multibase's letter before it or without. Spec: multiformats/
 * multibase. The inputs are names: keys, certificates, content; so all is bounded and short. */
#ifndef P2P_MULTIFORMATS_MULTIBASE_H
#define P2P_MULTIFORMATS_MULTIBASE_H

#include "base/bytes.h"
#include <p2p/multibase.h>

enum {
  P2P__BASE58BTC = 'z',
  P2P__BASE36 = 'k',
  P2P__BASE32 = 'b',    /* lower case, no padding */
  P2P__BASE64URL = 'u', /* no padding */
  P2P__BASE16 = 'f',
  P2P__BASE_I2P64 = 1, /* I2P's own base64, in no registry: multibase does not know it */
  P2P__BASE_BYTES_MAX = P2P_MULTIBASE_BYTES_MAX,
  P2P__BASE_BITS_MAX = P2P_MULTIBASE_BITS_MAX
};

/* Appends the bytes of text. false: no such base, a character outside it, wrong padding, bits left
 * over that are not zero, too long; then w is as it was. Upper and lower case mean the same where
 * the base has letters of one case only (base16, base32, base32hex, base36). */
bool p2p__base_decode(char base, p2p_bytes text, p2p__wr *w);
/* Appends b as text; w's sticky error (P2P_ELIMIT) when there is no room or b is too long. */
void p2p__base_encode(char base, p2p_bytes b, p2p__wr *w);

/* The same with the base's letter in front; every base of the registry but base45, proquint and
 * base256emoji. */
bool p2p__multibase_decode(p2p_bytes text, p2p__wr *w);
void p2p__multibase_encode(char base, p2p_bytes b, p2p__wr *w);

#endif
