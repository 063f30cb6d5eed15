/* Bases as a table: those whose digit is a number of bits, and those that need division.
 * Spec: multiformats/multibase; RFC 4648, sections 5 and 6. */
#include "multiformats/multibase.h"

enum {
  DIGITS_MAX = 2 * P2P__BASE_BYTES_MAX /* base16 needs most */
};

typedef struct base {
  char letter;
  uint8_t bits; /* of one digit; 0: the base is no power of two */
  const char *alphabet;
} base;

static const base bases[] = {
  { P2P__BASE58BTC, 0, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz" },
  { P2P__BASE36, 0, "0123456789abcdefghijklmnopqrstuvwxyz" },
  { P2P__BASE32, 5, "abcdefghijklmnopqrstuvwxyz234567" },
  { P2P__BASE64URL, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" },
  { P2P__BASE16, 4, "0123456789abcdef" },
};

static const base *find_base(char letter) {
  for (size_t i = 0; i < P2P_COUNT(bases); i++) {
    if (bases[i].letter == letter) return &bases[i];
  }
  return NULL;
}

static int digit_of(const base *b, uint8_t c) {
  const char *at = c ? strchr(b->alphabet, c) : NULL;
  return at ? (int)(at - b->alphabet) : -1;
}

/* ---- powers of two: bits are regrouped ---- */

static bool decode_bits(const base *b, p2p_bytes text, p2p__wr *w) {
  unsigned held = 0, n = 0; /* bits not written yet, and how many */
  for (size_t i = 0; i < text.len; i++) {
    int digit = digit_of(b, text.p[i]);
    if (digit < 0) return false;
    held = held << b->bits | (unsigned)digit;
    n += b->bits;
    if (n < 8) continue;
    n -= 8;
    p2p__wr_u8(w, (uint8_t)(held >> n));
    held &= (1u << n) - 1;
  }
  return n < b->bits && held == 0; /* else two texts would mean the same bytes */
}

static void encode_bits(const base *b, p2p_bytes in, p2p__wr *w) {
  unsigned held = 0, n = 0, mask = (1u << b->bits) - 1;
  for (size_t i = 0; i < in.len; i++) {
    held = (held << 8 | in.p[i]) & 0xffff;
    n += 8;
    for (; n >= b->bits; n -= b->bits)
      p2p__wr_u8(w, (uint8_t)b->alphabet[held >> (n - b->bits) & mask]);
  }
  if (n) p2p__wr_u8(w, (uint8_t)b->alphabet[held << (b->bits - n) & mask]);
}

/* ---- other bases: one big number; each leading zero byte is one leading zero digit ---- */

/* number = number * factor + carry, number being *n digits of `radix`, lowest first. false: it
 * would not fit. */
static bool multiply_add(uint8_t *number, size_t *n, size_t cap, unsigned radix, unsigned factor,
                         unsigned carry) {
  for (size_t i = 0; i < *n; i++) {
    carry += number[i] * factor;
    number[i] = (uint8_t)(carry % radix);
    carry /= radix;
  }
  for (; carry; carry /= radix) {
    if (*n == cap) return false;
    number[(*n)++] = (uint8_t)(carry % radix);
  }
  return true;
}

static size_t leading(p2p_bytes in, uint8_t c) {
  size_t n = 0;
  while (n < in.len && in.p[n] == c) n++;
  return n;
}

static bool decode_number(const base *b, p2p_bytes text, p2p__wr *w) {
  uint8_t number[P2P__BASE_BYTES_MAX];
  size_t n = 0, zeros = leading(text, (uint8_t)b->alphabet[0]);
  unsigned radix = (unsigned)strlen(b->alphabet);
  for (size_t i = zeros; i < text.len; i++) {
    int digit = digit_of(b, text.p[i]);
    if (digit < 0 || !multiply_add(number, &n, sizeof number, 256, radix, (unsigned)digit))
      return false;
  }
  for (size_t i = 0; i < zeros; i++) p2p__wr_u8(w, 0);
  while (n > 0) p2p__wr_u8(w, number[--n]);
  return true;
}

static void encode_number(const base *b, p2p_bytes in, p2p__wr *w) {
  uint8_t digits[DIGITS_MAX];
  size_t n = 0, zeros = leading(in, 0);
  unsigned radix = (unsigned)strlen(b->alphabet);
  for (size_t i = zeros; i < in.len; i++) {
    if (!multiply_add(digits, &n, sizeof digits, radix, 256, in.p[i])) w->err = P2P_ELIMIT;
  }
  for (size_t i = 0; i < zeros; i++) p2p__wr_u8(w, (uint8_t)b->alphabet[0]);
  while (n > 0) p2p__wr_u8(w, (uint8_t)b->alphabet[digits[--n]]);
}

/* ---- */

bool p2p__base_decode(char letter, p2p_bytes text, p2p__wr *w) {
  const base *b = find_base(letter);
  p2p__wr before = *w;
  bool ok = b && text.len <= DIGITS_MAX && !w->err;
  if (ok) ok = b->bits ? decode_bits(b, text, w) : decode_number(b, text, w);
  if (ok && !w->err) return true;
  *w = before;
  return false;
}

void p2p__base_encode(char letter, p2p_bytes in, p2p__wr *w) {
  const base *b = find_base(letter);
  size_t before = w->len;
  if (!b || in.len > P2P__BASE_BYTES_MAX)
    w->err = P2P_ELIMIT;
  else if (b->bits)
    encode_bits(b, in, w);
  else
    encode_number(b, in, w);
  if (w->err) w->len = before;
}

bool p2p__multibase_decode(p2p_bytes text, p2p__wr *w) {
  return text.len > 0 && p2p__base_decode((char)text.p[0], p2p__bytes(text.p + 1, text.len - 1), w);
}

void p2p__multibase_encode(char letter, p2p_bytes in, p2p__wr *w) {
  p2p__wr_u8(w, (uint8_t)letter);
  p2p__base_encode(letter, in, w);
}
