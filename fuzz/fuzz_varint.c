/* Unsigned varints. What is taken has at most nine bytes and is the one encoding of its number; any
 * number below 2^63 survives the way. */
#include "base/bytes.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

static void check_read(p2p_bytes in) {
  uint8_t out[10];
  p2p__rd r = p2p__rd_of(in);
  p2p__wr w = p2p__wr_of(out, sizeof out);
  uint64_t v = p2p__rd_varint(&r);
  size_t used = in.len - p2p__rd_left(&r);
  if (r.err) {
    check(v == 0 && used == 0);
    check(r.err == P2P_EPROTO || (r.err == P2P_ESHORT && in.len < 9));
    return;
  }
  p2p__wr_varint(&w, v);
  check(used <= 9 && w.len == used && memcmp(out, in.p, used) == 0);
  check(p2p__varint_len(v) == used);
}

static void check_write(uint64_t v) {
  uint8_t out[10];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__wr_varint(&w, v);
  p2p__rd r = p2p__rd_of(p2p__wr_bytes(&w));
  uint64_t back = p2p__rd_varint(&r);
  check(v > INT64_MAX ? r.err == P2P_EPROTO : back == v && p2p__rd_done(&r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p__rd r = p2p__rd_of(p2p__bytes(data, size));
  check_read(p2p__bytes(data, size));
  check_write(p2p__rd_be64(&r));
  return 0;
}
