/* Values of multiaddr components that are names inside Tor (onion, onion3) and I2P (garlic64,
 * garlic32). Spec: multiformats/multiaddr, protocols.csv; Tor rend-spec-v3, "[ONIONADDRESS]"; I2P
 * "naming" and "b32encrypted". */
#include "multiformats/multibase.h"
#include "multiformats/protocols.h"
#include "multiformats/text.h"

enum {
  ONION_LEN = 10,        /* bytes of a version 2 name: half a SHA-1 */
  ONION3_LEN = 35,       /* of a version 3 name: key, checksum, version */
  DESTINATION_MIN = 386, /* of an I2P destination: two keys, then a certificate */
  B32_LEN = 32,          /* of its SHA-256 */
  B32_ENCRYPTED_MIN = 35 /* of the name of an encrypted lease set: flags, types, key */
};

/* ---- onion: base32 name ':' port ---- */

static bool check_onion(p2p_bytes v) { return v.p[v.len - 2] != 0 || v.p[v.len - 1] != 0; }

static bool parse_onion_of(p2p_bytes text, size_t len, p2p__wr *w) {
  const uint8_t *colon = text.len ? memchr(text.p, ':', text.len) : NULL;
  uint64_t port;
  if (!colon) return false;
  p2p_bytes name = p2p__bytes(text.p, (size_t)(colon - text.p));
  p2p_bytes digits = p2p__bytes(colon + 1, text.len - name.len - 1);
  if (!p2p__base_decode(P2P__BASE32, name, w) || w->len != len) return false;
  if (!p2p__text_uint(digits, UINT16_MAX, &port) || port == 0) return false;
  p2p__wr_be16(w, (uint16_t)port);
  return true;
}

static bool parse_onion(p2p_bytes text, p2p__wr *w) { return parse_onion_of(text, ONION_LEN, w); }
static bool parse_onion3(p2p_bytes text, p2p__wr *w) { return parse_onion_of(text, ONION3_LEN, w); }

static void print_onion(p2p_bytes value, p2p__wr *w) {
  p2p__rd r = p2p__rd_of(value);
  p2p__base_encode(P2P__BASE32, p2p__rd_bytes(&r, value.len - 2), w);
  p2p__wr_u8(w, ':');
  p2p__text_put_uint(w, p2p__rd_be16(&r));
}

const p2p__ma_codec p2p__ma_onion = { check_onion, parse_onion, print_onion };
const p2p__ma_codec p2p__ma_onion3 = { check_onion, parse_onion3, print_onion };

/* ---- garlic ---- */

static bool check_garlic64(p2p_bytes v) { return v.len >= DESTINATION_MIN; }

static bool parse_garlic64(p2p_bytes text, p2p__wr *w) {
  return p2p__base_decode(P2P__BASE_I2P64, text, w) && check_garlic64(p2p__wr_bytes(w));
}

static void print_garlic64(p2p_bytes value, p2p__wr *w) {
  p2p__base_encode(P2P__BASE_I2P64, value, w);
}

static bool check_garlic32(p2p_bytes v) { return v.len == B32_LEN || v.len >= B32_ENCRYPTED_MIN; }

static bool parse_garlic32(p2p_bytes text, p2p__wr *w) {
  return p2p__base_decode(P2P__BASE32, text, w) && check_garlic32(p2p__wr_bytes(w));
}

static void print_garlic32(p2p_bytes value, p2p__wr *w) { p2p__base_encode(P2P__BASE32, value, w); }

const p2p__ma_codec p2p__ma_garlic64 = { check_garlic64, parse_garlic64, print_garlic64 };
const p2p__ma_codec p2p__ma_garlic32 = { check_garlic32, parse_garlic32, print_garlic32 };
