/* The protobuf cursor. Fields lie inside the message, an error is for good, and what was read and
 * is written again reads the same and takes no more room. */
#include "multiformats/protobuf.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static void check(bool ok) {
  if (!ok) abort();
}

static bool is_written(const p2p__pb_field *f) {
  return f->wire == WIRE_VARINT || f->wire == WIRE_BYTES;
}

static void write_field(p2p__wr *w, const p2p__pb_field *f) {
  size_t before = w->len, expected;
  if (f->wire == WIRE_VARINT) {
    expected = p2p__pb_uint_len(f->number, f->value);
    p2p__pb_uint(w, f->number, f->value);
  } else {
    expected = p2p__pb_bytes_len(f->number, f->bytes.len);
    p2p__pb_bytes(w, f->number, f->bytes);
  }
  check(w->err ? w->len == before : w->len - before == expected);
}

/* Walks the message into w. */
static int copy(p2p_bytes in, p2p__wr *w) {
  p2p__rd r = p2p__rd_of(in);
  p2p__pb_field f;
  const uint8_t *from = r.p;
  int got;
  while ((got = p2p__pb_next(&r, &f)) > 0) {
    check(r.p > from && f.number > 0 && f.wire <= 5);
    if (f.wire == WIRE_BYTES && f.bytes.len)
      check(f.bytes.p > from && f.bytes.p + f.bytes.len == r.p);
    from = r.p;
    if (is_written(&f)) write_field(w, &f);
  }
  if (got < 0) check(got == P2P_EPROTO && p2p__pb_next(&r, &f) == P2P_EPROTO);
  return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t once[1 << 16], twice[1 << 16];
  p2p_bytes in = p2p__bytes(data, size);
  p2p__wr w = p2p__wr_of(once, p2p__min(size, sizeof once));
  (void)copy(in, &w);
  check(!w.err || size > sizeof once); /* our encoding is the shortest */
  if (w.err) return 0;
  p2p__wr v = p2p__wr_of(twice, sizeof twice);
  check(copy(p2p__wr_bytes(&w), &v) == 0);
  check(p2p__bytes_eq(p2p__wr_bytes(&w), p2p__wr_bytes(&v)));

  p2p__wr tight = p2p__wr_of(twice, size ? data[0] : 0); /* whole fields or nothing */
  (void)copy(p2p__wr_bytes(&w), &tight);
  check(memcmp(once, twice, tight.len) == 0 || tight.err);
  return 0;
}
