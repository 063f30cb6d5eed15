/* What tests with vectors need: bytes from hexadecimal, and copies on the heap that end where they
 * end, so that the address sanitizer sees one byte read too many. */
#ifndef P2P_TEST_VECTORS_H
#define P2P_TEST_VECTORS_H

#include "unit/base/test.h"

#include "base/bytes.h"
#include <stdlib.h>

static inline unsigned hex_nibble(char c) {
  const char *digits = "0123456789abcdef", *at = strchr(digits, c | 0x20);
  assert_true(c && at);
  return (unsigned)(at - digits);
}

/* Writes the bytes of hex to out, which has room for cap; returns their number. */
static inline size_t unhex(const char *hex, uint8_t *out, size_t cap) {
  size_t n = strlen(hex) / 2;
  assert_true(strlen(hex) % 2 == 0 && n <= cap);
  for (size_t i = 0; i < n; i++)
    out[i] = (uint8_t)(hex_nibble(hex[2 * i]) << 4 | hex_nibble(hex[2 * i + 1]));
  return n;
}

static inline void assert_hex(const uint8_t *bytes, size_t len, const char *hex) {
  uint8_t want[5120];
  assert_int_equal(unhex(hex, want, sizeof want), len);
  assert_memory_equal(bytes, want, len);
}

/* Exactly these bytes on the heap; exact_free gives them back. */
static inline p2p__span exact(p2p_bytes b) {
  p2p__span copy = p2p__span_of(malloc(b.len ? b.len : 1), b.len);
  assert_non_null(copy.p);
  if (b.len) memcpy(copy.p, b.p, b.len);
  return copy;
}
static inline void exact_free(p2p__span s) { free(s.p); }

#endif
