/* Values of multiaddr components: bytes to text and back. Spec: multiformats/multiaddr. */
#include "multiformats/multibase.h"
#include "multiformats/multihash.h"
#include "multiformats/protocols.h"
#include "multiformats/text.h"

enum {
  LABEL_MAX = 255, /* a DNS name has at most 253 characters, a zone or SNI no more */
  PATH_MAX_LEN = 400
};

static bool any(p2p_bytes value) {
  (void)value;
  return true;
}

/* ---- numbers, big-endian ---- */

static bool parse_number(p2p_bytes text, size_t size, p2p__wr *w) {
  uint64_t v;
  if (!p2p__text_uint(text, UINT64_MAX >> (64 - 8 * size), &v)) return false;
  for (size_t i = size; i-- > 0;) p2p__wr_u8(w, (uint8_t)(v >> (8 * i)));
  return true;
}

static bool parse_u8(p2p_bytes text, p2p__wr *w) { return parse_number(text, 1, w); }
static bool parse_u16(p2p_bytes text, p2p__wr *w) { return parse_number(text, 2, w); }
static bool parse_u64(p2p_bytes text, p2p__wr *w) { return parse_number(text, 8, w); }

static void print_number(p2p_bytes value, p2p__wr *w) {
  uint64_t v = 0;
  for (size_t i = 0; i < value.len; i++) v = v << 8 | value.p[i];
  p2p__text_put_uint(w, v);
}

const p2p__ma_codec p2p__ma_u8 = { any, parse_u8, print_number };
const p2p__ma_codec p2p__ma_u16 = { any, parse_u16, print_number };
const p2p__ma_codec p2p__ma_u64 = { any, parse_u64, print_number };

/* ---- IP addresses ---- */

static bool parse_ip4(p2p_bytes text, p2p__wr *w) {
  p2p__span ip = p2p__wr_room(w, 4);
  return ip.len && p2p__text_ip4(text, ip.p);
}

static void print_ip4(p2p_bytes value, p2p__wr *w) { p2p__text_put_ip4(w, value.p); }

static bool parse_ip6(p2p_bytes text, p2p__wr *w) {
  p2p__span ip = p2p__wr_room(w, 16);
  return ip.len && p2p__text_ip6(text, ip.p);
}

static void print_ip6(p2p_bytes value, p2p__wr *w) { p2p__text_put_ip6(w, value.p); }

const p2p__ma_codec p2p__ma_ip4 = { any, parse_ip4, print_ip4 };
const p2p__ma_codec p2p__ma_ip6 = { any, parse_ip6, print_ip6 };

/* ---- names and paths: text as it is ---- */

/* What a peer calls itself ends up on terminals, in logs and in JSON. */
static bool check_label(p2p_bytes v) {
  return v.len > 0 && v.len <= LABEL_MAX && p2p__text_is_printable(v) && !memchr(v.p, '/', v.len) &&
         !memchr(v.p, ' ', v.len);
}

static bool parse_label(p2p_bytes text, p2p__wr *w) {
  p2p__wr_bytes_in(w, text);
  return check_label(text);
}

/* Absolute, as a relative one could not be told from it in text, and naming no folder (go). */
static bool check_path(p2p_bytes v) {
  return v.len > 1 && v.len <= PATH_MAX_LEN && v.p[0] == '/' && v.p[v.len - 1] != '/' &&
         p2p__text_is_printable(v);
}

static bool parse_path(p2p_bytes text, p2p__wr *w) {
  p2p__wr_bytes_in(w, text);
  return check_path(text);
}

static void print_text(p2p_bytes value, p2p__wr *w) { p2p__wr_bytes_in(w, value); }

const p2p__ma_codec p2p__ma_label = { check_label, parse_label, print_text };
const p2p__ma_codec p2p__ma_path = { check_path, parse_path, print_text };

/* ---- percent-encoded segments: RFC 3986, section 3.3, "segment-nz" ---- */

static bool check_segment(p2p_bytes v) { return v.len > 0; }

static bool parse_segment(p2p_bytes text, p2p__wr *w) {
  return text.len > 0 && p2p__text_unescape(text, w);
}

static void print_segment(p2p_bytes value, p2p__wr *w) { p2p__text_put_escaped(w, value); }

const p2p__ma_codec p2p__ma_segment = { check_segment, parse_segment, print_segment };

/* ---- multihashes ---- */

static void print_peer(p2p_bytes value, p2p__wr *w) { p2p__base_encode(P2P__BASE58BTC, value, w); }

static bool check_hash(p2p_bytes value) { return p2p__multihash_read(value, NULL); }

static bool parse_hash(p2p_bytes text, p2p__wr *w) {
  size_t before = w->len;
  return p2p__multibase_decode(text, w) && check_hash(p2p__bytes(w->p + before, w->len - before));
}

static void print_hash(p2p_bytes value, p2p__wr *w) {
  p2p__multibase_encode(P2P__BASE64URL, value, w);
}

const p2p__ma_codec p2p__ma_peer = { p2p__multihash_names_peer, p2p__multihash_parse_peer,
                                     print_peer };
const p2p__ma_codec p2p__ma_hash = { check_hash, parse_hash, print_hash };
