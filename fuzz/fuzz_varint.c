/* Unsigned varints, beside the specification's words as they stand. What is taken has at most nine bytes
 * and is the one encoding of its number; any number below 2^63 survives the way.
 * Spec: multiformats/unsigned-varint. */
#include "base/bytes.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

/* "The most significant bit in each byte indicates if there is a following byte, the 7 remaining bits
 * are the number's, least significant first"; "must be able to encode and decode up to 63 bits", nine
 * bytes; "must be encoded in as few bytes as possible". How many bytes; 0: none such. */
static size_t read_to_the_letter(p2p_bytes in, uint64_t *v) {
  uint64_t groups[9];
  size_t n = 0;
  do {
    if (n == 9 || n == in.len) return 0;
    groups[n] = in.p[n] % 128;
  } while (in.p[n++] >= 128);
  if (n > 1 && groups[n - 1] == 0) return 0;
  *v = 0;
  for (size_t i = n; i-- > 0;) *v = *v * 128 + groups[i];
  return n;
}

static void check_read(p2p_bytes in) {
  uint8_t out[10];
  p2p__rd r = p2p__rd_of(in);
  p2p__wr w = p2p__wr_of(out, sizeof out);
  uint64_t v = p2p__rd_varint(&r);
  size_t used = in.len - p2p__rd_left(&r);
  uint64_t other = 0;
  check(read_to_the_letter(in, &other) == used && v == other);
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
