/* Bases. What is taken has one canonical text, that text gives the same bytes again, and both texts
 * differ in nothing but case; any bytes survive the way through every base. */
#include "multiformats/multibase.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 8 * P2P_MULTIBASE_BITS_MAX + 2 };

static void check(bool ok) {
  if (!ok) abort();
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }

static void check_same_but_case(p2p_bytes a, p2p_bytes b) {
  check(a.len == b.len);
  for (size_t i = 0; i < a.len; i++) check(lower(a.p[i]) == lower(b.p[i]));
}

static void check_decode(p2p_bytes text) {
  uint8_t bytes[P2P_MULTIBASE_BITS_MAX], back[P2P_MULTIBASE_BITS_MAX];
  char again[TEXT_MAX];
  ptrdiff_t n = p2p_multibase_decode(text, bytes, sizeof bytes);
  if (n < 0) return;
  check(p2p_multibase_name((char)text.p[0]) != NULL);
  if (n > 0) check(p2p_multibase_decode(text, bytes, (size_t)n - 1) == P2P_EINVAL);
  ptrdiff_t len = p2p_multibase_encode((char)text.p[0], p2p__bytes(bytes, (size_t)n), again,
                                       sizeof again);
  check(len >= 1);
  p2p_bytes canonical = p2p__bytes(again, (size_t)len);
  check_same_but_case(text, canonical);
  check(p2p_multibase_decode(canonical, back, sizeof back) == n);
  check(n == 0 || memcmp(bytes, back, (size_t)n) == 0);
}

static void check_encode(char base, p2p_bytes in) {
  char text[TEXT_MAX];
  uint8_t back[P2P_MULTIBASE_BITS_MAX];
  ptrdiff_t len = p2p_multibase_encode(base, in, text, sizeof text);
  if (len == P2P_ELIMIT) {
    check(in.len > P2P_MULTIBASE_BYTES_MAX);
    return;
  }
  check(len >= 1 && text[0] == base && text[len] == 0);
  check(p2p_multibase_encode(base, in, text, (size_t)len) == P2P_ELIMIT);
  check(p2p_multibase_encode(base, in, text, (size_t)len + 1) == len);
  ptrdiff_t n = p2p_multibase_decode(p2p__bytes(text, (size_t)len), back, sizeof back);
  check(n == (ptrdiff_t)in.len && (n == 0 || memcmp(back, in.p, in.len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p_bytes in = p2p__bytes(data, size);
  check_decode(in);
  for (const char *base = "079fFvVtTbBcChkKzZmMuU"; *base; base++) check_encode(*base, in);
  check_encode(0, in);
  return 0;
}
