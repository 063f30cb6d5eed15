/* A strict DER cursor: one encoding for one value, or an error. Spec: ITU-T X.690, sections 8, 10. */
#include "crypto/der.h"

static size_t read_length(p2p__rd *r) {
  uint8_t first = p2p__rd_u8(r);
  if (first < 0x80) return first;
  size_t len = 0, minimum = 0;
  if (first == 0x81) {
    len = p2p__rd_u8(r);
    minimum = 0x80;
  } else if (first == 0x82) {
    len = p2p__rd_be16(r);
    minimum = 0x100;
  } else {
    p2p__rd_fail(r, P2P_EPROTO); /* indefinite, or longer than any key */
  }
  if (len < minimum) p2p__rd_fail(r, P2P_EPROTO);
  return len;
}

p2p_bytes p2p__der_read(p2p__rd *r, enum p2p__der_tag tag) {
  if (p2p__rd_u8(r) != tag) p2p__rd_fail(r, P2P_EPROTO);
  size_t len = read_length(r);
  return p2p__rd_bytes(r, len);
}

p2p__rd p2p__der_enter(p2p__rd *r, enum p2p__der_tag tag) {
  p2p__rd inner = p2p__rd_of(p2p__der_read(r, tag));
  inner.err = r->err;
  return inner;
}

p2p_bytes p2p__der_positive(p2p__rd *r) {
  p2p_bytes v = p2p__der_read(r, P2P__DER_INTEGER);
  bool padded = v.len > 1 && v.p[0] == 0;
  if (v.len == 0 || v.p[0] & 0x80 || (v.p[0] == 0 && !padded) || (padded && !(v.p[1] & 0x80))) {
    p2p__rd_fail(r, P2P_EPROTO); /* none, negative, zero, or a zero byte too many */
    return p2p__bytes(NULL, 0);
  }
  return padded ? p2p__bytes(v.p + 1, v.len - 1) : v;
}

p2p_bytes p2p__der_bits(p2p__rd *r) {
  p2p__rd bits = p2p__der_enter(r, P2P__DER_BIT_STRING);
  if (p2p__rd_u8(&bits) != 0 || bits.err) { /* bits unused in the last byte */
    p2p__rd_fail(r, P2P_EPROTO);
    return p2p__bytes(NULL, 0);
  }
  return p2p__rd_rest(&bits);
}
