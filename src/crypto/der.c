/* Strict DER: one encoding for one value, or an error. Spec: ITU-T X.690, sections 8, 10. */
#include "crypto/der.h"

/* ---- reading ---- */

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

p2p_bytes p2p__der_element_read(p2p__rd *r, enum p2p__der_tag tag) {
  const uint8_t *begin = r->p;
  p2p__der_read(r, tag);
  return r->err ? p2p__bytes(NULL, 0) : p2p__bytes(begin, (size_t)(r->p - begin));
}

bool p2p__der_is(const p2p__rd *r, enum p2p__der_tag tag) {
  return !r->err && p2p__rd_left(r) > 0 && *r->p == tag;
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

void p2p__der_expect(p2p__rd *r, uint8_t small) {
  p2p_bytes v = p2p__der_read(r, P2P__DER_INTEGER);
  if (v.len != 1 || v.p[0] != small) p2p__rd_fail(r, P2P_EPROTO);
}

p2p_bytes p2p__der_bits(p2p__rd *r) {
  p2p__rd bits = p2p__der_enter(r, P2P__DER_BIT_STRING);
  if (p2p__rd_u8(&bits) != 0 || bits.err) { /* bits unused in the last byte */
    p2p__rd_fail(r, P2P_EPROTO);
    return p2p__bytes(NULL, 0);
  }
  return p2p__rd_rest(&bits);
}

/* ---- writing ---- */

p2p__der p2p__der_of(void *p, size_t cap) { return (p2p__der){ .p = p, .at = cap, .cap = cap }; }

p2p_bytes p2p__der_bytes(const p2p__der *d) {
  return d->err ? p2p__bytes(NULL, 0) : p2p__bytes(d->p + d->at, d->cap - d->at);
}

void p2p__der_put(p2p__der *d, p2p_bytes contents) {
  if (contents.len > d->at) d->err = P2P_ELIMIT;
  if (d->err || contents.len == 0) return;
  d->at -= contents.len;
  memcpy(d->p + d->at, contents.p, contents.len);
}

static void put_u8(p2p__der *d, uint8_t v) { p2p__der_put(d, p2p__bytes(&v, 1)); }

void p2p__der_wrap(p2p__der *d, enum p2p__der_tag tag, size_t before) {
  size_t len = before - d->at;
  if (len > UINT16_MAX) d->err = P2P_ELIMIT;
  put_u8(d, (uint8_t)len);
  if (len > 0xff) put_u8(d, (uint8_t)(len >> 8));
  if (len > 0x7f) put_u8(d, len > 0xff ? 0x82 : 0x81);
  put_u8(d, (uint8_t)tag);
}

void p2p__der_element(p2p__der *d, enum p2p__der_tag tag, p2p_bytes contents) {
  size_t before = d->at;
  p2p__der_put(d, contents);
  p2p__der_wrap(d, tag, before);
}

void p2p__der_integer(p2p__der *d, p2p_bytes magnitude) {
  size_t before = d->at, zeros = 0;
  while (zeros + 1 < magnitude.len && magnitude.p[zeros] == 0) zeros++;
  p2p__der_put(d, p2p__bytes(magnitude.p + zeros, magnitude.len - zeros));
  if (magnitude.len == 0 || magnitude.p[zeros] & 0x80) put_u8(d, 0); /* or it would be negative */
  p2p__der_wrap(d, P2P__DER_INTEGER, before);
}

void p2p__der_wrap_bits(p2p__der *d, size_t before) {
  put_u8(d, 0);
  p2p__der_wrap(d, P2P__DER_BIT_STRING, before);
}
