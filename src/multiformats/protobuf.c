/* The protobuf cursor. Spec: protobuf encoding guide, "Message Structure". */
#include "multiformats/protobuf.h"

enum {
  WIRE_VARINT = 0,
  WIRE_FIXED64 = 1,
  WIRE_BYTES = 2,
  WIRE_FIXED32 = 5,
  VARINT_MAX = 10,        /* bytes that 64 bits need */
  NUMBER_MAX = 0x1fffffff /* field numbers have 29 bits */
};

/* A base-128 number; padding with zero groups is legal here. The tenth byte has room for one bit. */
static uint64_t read_varint(p2p__rd *r) {
  uint64_t v = 0;
  for (unsigned i = 0; i < VARINT_MAX; i++) {
    uint8_t byte = p2p__rd_u8(r);
    if (r->err || (i == VARINT_MAX - 1 && byte > 1)) break;
    v |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (!(byte & 0x80)) return v;
  }
  p2p__rd_fail(r, P2P_EPROTO);
  return 0;
}

static uint64_t read_fixed(p2p__rd *r, size_t n) {
  p2p_bytes b = p2p__rd_bytes(r, n);
  uint64_t v = 0;
  for (size_t i = b.len; i-- > 0;) v = v << 8 | b.p[i]; /* little-endian */
  return v;
}

static p2p_bytes read_bytes(p2p__rd *r) {
  uint64_t len = read_varint(r);
  if (len > p2p__rd_left(r)) p2p__rd_fail(r, P2P_EPROTO);
  return p2p__rd_bytes(r, r->err ? 0 : (size_t)len);
}

int p2p__pb_next(p2p__rd *r, p2p__pb_field *f) {
  if (p2p__rd_done(r)) return 0;
  uint64_t tag = read_varint(r);
  p2p__pb_field got = { .number = (uint32_t)(tag >> 3 & NUMBER_MAX), .wire = tag & 7 };
  if (tag >> 3 == 0 || tag >> 3 > NUMBER_MAX) p2p__rd_fail(r, P2P_EPROTO);
  switch (got.wire) {
  case WIRE_VARINT: got.value = read_varint(r); break;
  case WIRE_FIXED64: got.value = read_fixed(r, 8); break;
  case WIRE_BYTES: got.bytes = read_bytes(r); break;
  case WIRE_FIXED32: got.value = read_fixed(r, 4); break;
  default: p2p__rd_fail(r, P2P_EPROTO); /* groups: nesting without end; 6, 7: undefined */
  }
  if (r->err) return P2P_EPROTO;
  *f = got;
  return 1;
}

static uint64_t tag_of(uint32_t number, uint32_t wire) { return (uint64_t)number << 3 | wire; }

/* A field is written whole or not at all. */
static void settle(p2p__wr *w, size_t before) {
  if (w->err) w->len = before;
}

void p2p__pb_uint(p2p__wr *w, uint32_t number, uint64_t v) {
  size_t before = w->len;
  p2p__wr_varint(w, tag_of(number, WIRE_VARINT));
  p2p__wr_varint(w, v);
  settle(w, before);
}

void p2p__pb_bytes(p2p__wr *w, uint32_t number, p2p_bytes b) {
  size_t before = w->len;
  p2p__wr_varint(w, tag_of(number, WIRE_BYTES));
  p2p__wr_prefixed(w, b);
  settle(w, before);
}

size_t p2p__pb_uint_len(uint32_t number, uint64_t v) {
  return p2p__varint_len(tag_of(number, WIRE_VARINT)) + p2p__varint_len(v);
}

size_t p2p__pb_bytes_len(uint32_t number, size_t len) {
  return p2p__varint_len(tag_of(number, WIRE_BYTES)) + p2p__varint_len(len) + len;
}
