/* Base64 whose time depends on lengths only. Spec: RFC 4648, section 4. */
#include "peer/base64.h"

/* All ones when lo <= c <= hi, else zero. */
static unsigned in_range(unsigned c, unsigned lo, unsigned hi) {
  return 0U - (((c - lo) | (hi - c)) >> 31 ^ 1);
}

/* The value of a digit, or 64. */
static unsigned value_of(unsigned c) {
  unsigned v = 0, known = 0;
  static const struct {
    uint8_t lo, hi, first;
  } runs[] = {
    { 'A', 'Z', 0 }, { 'a', 'z', 26 }, { '0', '9', 52 }, { '+', '+', 62 }, { '/', '/', 63 }
  };
  for (size_t i = 0; i < P2P_COUNT(runs); i++) {
    unsigned mask = in_range(c, runs[i].lo, runs[i].hi);
    v |= mask & (c - runs[i].lo + runs[i].first);
    known |= mask;
  }
  return v | (~known & 64);
}

static char digit_of(unsigned v) {
  unsigned c = in_range(v, 0, 25) & (v + 'A');
  c |= in_range(v, 26, 51) & (v - 26 + 'a');
  c |= in_range(v, 52, 61) & (v - 52 + '0');
  c |= in_range(v, 62, 62) & '+';
  c |= in_range(v, 63, 63) & '/';
  return (char)c;
}

static bool is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int p2p__base64_read(p2p_bytes text, p2p__wr *w) {
  unsigned acc = 0, bits = 0, pads = 0, n = 0, bad = 0;
  for (size_t i = 0; i < text.len; i++) {
    if (is_space(text.p[i])) continue;
    n++;
    if (text.p[i] == '=') {
      pads++;
      continue;
    }
    unsigned v = value_of(text.p[i]);
    bad |= (v & 64) | pads;
    acc = (acc << 6 | (v & 63)) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    p2p__wr_u8(w, (uint8_t)(acc >> bits));
  }
  if (bits == 6 || (acc & ((1U << bits) - 1))) bad = 1;
  if (pads && (pads > 2 || n % 4)) bad = 1;
  return bad ? P2P_EKEY : w->err;
}

/* One to three bytes as four characters. */
static void put_group(const uint8_t *p, size_t n, p2p__wr *w) {
  unsigned acc = (unsigned)p[0] << 16;
  if (n > 1) acc |= (unsigned)p[1] << 8;
  if (n > 2) acc |= p[2];
  for (size_t i = 0; i < 4; i++) {
    char c = i > n ? '=' : digit_of(acc >> (18 - 6 * i) & 63);
    p2p__wr_u8(w, (uint8_t)c);
  }
}

void p2p__base64_write(p2p_bytes b, size_t line, p2p__wr *w) {
  size_t column = 0;
  for (size_t i = 0; i < b.len; i += 3) {
    put_group(b.p + i, p2p__min(3, b.len - i), w);
    column += 4;
    if (line == 0 || (column < line && i + 3 < b.len)) continue;
    p2p__wr_u8(w, '\n');
    column = 0;
  }
}
