/* Text that says which base it is written in. Spec: multiformats/multibase. */
#ifndef P2P_MULTIBASE_H
#define P2P_MULTIBASE_H

#include <p2p/error.h>
#include <p2p/types.h>

P2P_BEGIN

/* Most bytes converted: bases 10, 36 and 58 take quadratic time; the others linear. */
enum { P2P_MULTIBASE_BYTES_MAX = 152, P2P_MULTIBASE_BITS_MAX = 1024 };

/* Decodes text, whose first character names the base: 0 (base2) 7 9 f F v V t T b B c C h k K z Z
 * m M u U, or a zero byte (the bytes as they are).
 *
 * text: not ended by a zero; exactly its bytes are read.
 * out:  room for cap bytes.
 * Returns the number of bytes; P2P_EINVAL when it is no such text, or longer than cap. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_multibase_decode(p2p_bytes text, uint8_t *out, size_t cap);
/* Encodes bytes with the base's letter in front, and a zero behind. Returns the text's length;
 * P2P_EINVAL: no such base; P2P_ELIMIT: no room, or more bytes than the base takes. */
P2P_API P2P_MUST_USE ptrdiff_t p2p_multibase_encode(char base, p2p_bytes bytes, char *out,
                                                    size_t cap);
/* The base's registered name, "base58btc". Static; NULL: no base of that letter. */
P2P_API const char *p2p_multibase_name(char base);

P2P_END
#endif
