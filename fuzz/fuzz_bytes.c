/* Cursors. The input is a program (one byte of operation, its operands) over the rest of itself.
 * Oracles: what is read is written again and must give the same bytes; what fails reads zeros for
 * ever; no cursor leaves its bytes. The sanitizers see the rest. */
#include "base/bytes.h"
#include <stdlib.h>

#define CHECK(x)                                                                                   \
  do {                                                                                             \
    if (!(x)) abort();                                                                             \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the specification says of the varint at the front: 0, P2P_ESHORT, P2P_EPROTO. */
static int verdict(p2p_bytes in) {
  size_t n = 0; /* bytes that say another follows */
  while (n < in.len && n < 9 && in.p[n] & 0x80) n++;
  if (n == 9) return P2P_EPROTO;
  if (n == in.len) return P2P_ESHORT;
  return n > 0 && in.p[n] == 0 ? P2P_EPROTO : 0;
}

/* A varint read from the input is the one minimal encoding of its value. */
static void check_varint(p2p_bytes in) {
  p2p__rd r = p2p__rd_of(in);
  uint64_t v = p2p__rd_varint(&r);
  size_t used = in.len - p2p__rd_left(&r);
  CHECK(r.err == verdict(in));
  if (r.err) {
    CHECK(v == 0 && used == 0);
    return;
  }
  uint8_t out[9];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__wr_varint(&w, v);
  CHECK(!w.err && v <= INT64_MAX && p2p__varint_len(v) == used);
  CHECK(p2p__bytes_eq(p2p__wr_bytes(&w), p2p__bytes(in.p, used)));
}

/* Any number survives the way out and back, or is refused because it has 64 bits. */
static void check_number(uint64_t v) {
  uint8_t out[10];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__wr_varint(&w, v);
  CHECK(!w.err && w.len == p2p__varint_len(v));
  for (size_t cut = 0; cut < w.len; cut++) {
    p2p__rd part = p2p__rd_of(p2p__bytes(out, cut));
    CHECK(p2p__rd_varint(&part) == 0 && part.err == (cut < 9 ? P2P_ESHORT : P2P_EPROTO));
  }
  p2p__rd r = p2p__rd_of(p2p__wr_bytes(&w));
  uint64_t back = p2p__rd_varint(&r);
  CHECK(v > INT64_MAX ? r.err == P2P_EPROTO : back == v && p2p__rd_done(&r));
}

/* One step: reads something from r and writes the same to w. */
static void copy_field(uint8_t op, p2p__rd *r, p2p__wr *w) {
  switch (op % 7) {
  case 0: p2p__wr_u8(w, p2p__rd_u8(r)); break;
  case 1: p2p__wr_be16(w, p2p__rd_be16(r)); break;
  case 2: p2p__wr_be32(w, p2p__rd_be32(r)); break;
  case 3: p2p__wr_be64(w, p2p__rd_be64(r)); break;
  case 4: p2p__wr_varint(w, p2p__rd_varint(r)); break;
  case 5: p2p__wr_prefixed(w, p2p__rd_prefixed(r, op * 16u)); break;
  default: p2p__wr_bytes_in(w, p2p__rd_bytes(r, op / 7u)); break;
  }
}

/* After its error a cursor moves no more and gives nothing. */
static void check_sticky(p2p__rd *r, uint8_t op) {
  p2p__rd before = *r;
  uint8_t out[4096];
  p2p__wr zeros = p2p__wr_of(out, sizeof out);
  copy_field(op, r, &zeros);
  for (size_t i = 0; i < zeros.len; i++) CHECK(out[i] == 0);
  CHECK(r->err == before.err && r->p == before.p && p2p__rd_rest(r).len == 0 && !p2p__rd_done(r));
}

/* The front half says which fields the back half has. */
static void check_copy(p2p_bytes ops, p2p_bytes in) {
  static uint8_t out[1 << 16];
  p2p__rd r = p2p__rd_of(in);
  p2p__wr w = p2p__wr_of(out, in.len < sizeof out ? in.len : sizeof out);
  for (size_t i = 0; i < ops.len; i++) {
    p2p__wr before = w;
    copy_field(ops.p[i], &r, &w);
    if (r.err) {
      check_sticky(&r, ops.p[i]);
      w = before; /* the zeros of the failed read do not count */
      break;
    }
    CHECK(w.err == 0 || in.len > sizeof out);
    CHECK(w.err || w.len == in.len - p2p__rd_left(&r));
    if (w.err) break;
  }
  CHECK(w.len <= in.len && (w.len == 0 || memcmp(out, in.p, w.len) == 0));
}

/* A writer in any room writes all of a field or none of it, and stops for good. */
static void check_room(p2p_bytes ops, p2p_bytes in, size_t cap) {
  uint8_t out[256 + 1];
  cap %= sizeof out;
  memset(out, 0xa5, sizeof out);
  p2p__rd r = p2p__rd_of(in);
  p2p__wr w = p2p__wr_of(out, cap);
  for (size_t i = 0; i < ops.len && !r.err; i++) {
    p2p__wr before = w;
    copy_field(ops.p[i], &r, &w);
    CHECK(w.len <= cap && w.len >= before.len);
    CHECK(!w.err || (w.err == P2P_ELIMIT && w.len == before.len && p2p__wr_left(&w) == 0));
  }
  for (size_t i = cap; i < sizeof out; i++) CHECK(out[i] == 0xa5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p_bytes all = p2p__bytes(data, size);
  check_varint(all);
  p2p__rd r = p2p__rd_of(all);
  uint64_t number = p2p__rd_be64(&r);
  check_number(number >> (size % 64));
  if (r.err) return 0;
  p2p_bytes ops = p2p__rd_bytes(&r, p2p__rd_left(&r) / 2);
  p2p_bytes in = p2p__rd_rest(&r);
  check_copy(ops, in);
  check_room(ops, in, (size_t)number);
  return 0;
}
