/* The multiaddr protocols this build knows: one line of the table each. */
#ifndef P2P_MULTIFORMATS_PROTOCOLS_H
#define P2P_MULTIFORMATS_PROTOCOLS_H

#include "base/bytes.h"

/* How a value is written. All three speak of the value alone, without length prefix. */
typedef struct p2p__ma_codec {
  bool (*check)(p2p_bytes value);             /* fixed sizes are checked before */
  bool (*parse)(p2p_bytes text, p2p__wr *w);  /* false: w's contents do not matter */
  void (*print)(p2p_bytes value, p2p__wr *w); /* value has passed check */
} p2p__ma_codec;

enum { P2P__MA_VARIABLE = -1 };

typedef struct p2p__ma_protocol {
  uint32_t code;
  int8_t size;                /* bytes of a value, or P2P__MA_VARIABLE */
  bool path;                  /* the value is the rest of the text, its slashes included */
  const char *name;           /* when two lines have one code, the first is what is printed */
  const p2p__ma_codec *codec; /* NULL when size is 0 */
} p2p__ma_protocol;

/* NULL: unknown. */
const p2p__ma_protocol *p2p__ma_by_code(uint64_t code);
const p2p__ma_protocol *p2p__ma_by_name(p2p_bytes name);
/* The i-th line, NULL past the last. */
const p2p__ma_protocol *p2p__ma_protocol_at(size_t i);

/* Codecs, in codecs.c. */
extern const p2p__ma_codec p2p__ma_ip4, p2p__ma_ip6, p2p__ma_u8, p2p__ma_u16, p2p__ma_u64;
extern const p2p__ma_codec p2p__ma_label, p2p__ma_path, p2p__ma_segment, p2p__ma_peer, p2p__ma_hash;
/* Names inside Tor and I2P, in codecs_overlay.c. */
extern const p2p__ma_codec p2p__ma_onion, p2p__ma_onion3, p2p__ma_garlic64, p2p__ma_garlic32;

#endif
