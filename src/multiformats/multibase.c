/* Bases as a table: those whose digit is a number of bits, and those that need division.
 * Spec: multiformats/multibase, multibase.csv and rfcs/; RFC 4648, sections 4 to 8; z-base-32. */
#include "multiformats/multibase.h"

enum {
  DIGITS_MAX = 367, /* decimal digits of BASE_BYTES_MAX bytes: 8 * 152 * log10(2), rounded up */
  RAW = 8           /* bits of a digit when bytes stand as they are */
};

enum { PAD = 1, FOLD = 2 };

typedef struct base {
  char letter;
  uint8_t bits;  /* of one digit; 0: the base is no power of two */
  uint8_t flags; /* PAD: '=' up to a whole group. FOLD: both cases are read */
  const char *name;
  const char *alphabet;
} base;

#define DECIMAL "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define B32 LOWER "234567"
#define B32_UP UPPER "234567"
#define B32HEX DECIMAL "abcdefghijklmnopqrstuv"
#define B32HEX_UP DECIMAL "ABCDEFGHIJKLMNOPQRSTUV"
#define B64 UPPER LOWER DECIMAL "+/"
#define B64URL UPPER LOWER DECIMAL "-_"

static const base bases[] = {
  { P2P__BASE58BTC, 0, 0, "base58btc",
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz" },
  { P2P__BASE36, 0, FOLD, "base36", DECIMAL LOWER },
  { P2P__BASE32, 5, FOLD, "base32", B32 },
  { P2P__BASE64URL, 6, 0, "base64url", B64URL },
  { P2P__BASE16, 4, FOLD, "base16", DECIMAL "abcdef" },
  { 0, RAW, 0, "identity", "" },
  { '0', 1, 0, "base2", "01" },
  { '7', 3, 0, "base8", "01234567" },
  { '9', 0, 0, "base10", DECIMAL },
  { 'F', 4, FOLD, "base16upper", DECIMAL "ABCDEF" },
  { 'v', 5, FOLD, "base32hex", B32HEX },
  { 'V', 5, FOLD, "base32hexupper", B32HEX_UP },
  { 't', 5, FOLD | PAD, "base32hexpad", B32HEX },
  { 'T', 5, FOLD | PAD, "base32hexpadupper", B32HEX_UP },
  { 'B', 5, FOLD, "base32upper", B32_UP },
  { 'c', 5, FOLD | PAD, "base32pad", B32 },
  { 'C', 5, FOLD | PAD, "base32padupper", B32_UP },
  { 'h', 5, 0, "base32z", "ybndrfg8ejkmcpqxot1uwisza345h769" },
  { 'K', 0, FOLD, "base36upper", DECIMAL UPPER },
  { 'Z', 0, 0, "base58flickr", "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ" },
  { 'm', 6, 0, "base64", B64 },
  { 'M', 6, PAD, "base64pad", B64 },
  { 'U', 6, PAD, "base64urlpad", B64URL },
  { P2P__BASE_I2P64, 6, PAD, "i2p64", UPPER LOWER DECIMAL "-~" },
};

static const base *find_base(char letter) {
  for (size_t i = 0; i < P2P_COUNT(bases); i++) {
    if (bases[i].letter == letter) return &bases[i];
  }
  return NULL;
}

static bool is_letter(uint8_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

static int digit_of(const base *b, uint8_t c) {
  const char *at = c ? strchr(b->alphabet, c) : NULL;
  if (!at && b->flags & FOLD && is_letter(c)) at = strchr(b->alphabet, c ^ 0x20);
  return at ? (int)(at - b->alphabet) : -1;
}

/* ---- powers of two: bits are regrouped ---- */

/* Digits that stand for whole bytes: padding fills them up. */
static size_t group_of(const base *b) { return b->bits == 5 ? 8 : 4; }

/* Cuts the padding off; false: it is not what it must be. */
static bool unpad(const base *b, p2p_bytes *text) {
  size_t n = 0;
  if (text->len % group_of(b)) return false;
  while (n < text->len && text->p[text->len - n - 1] == '=') n++;
  text->len -= n;
  return n < group_of(b);
}

static bool decode_bits(const base *b, p2p_bytes text, p2p__wr *w) {
  unsigned held = 0, n = 0; /* bits not written yet, and how many */
  if (b->flags & PAD && !unpad(b, &text)) return false;
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
  size_t before = w->len;
  for (size_t i = 0; i < in.len; i++) {
    held = (held << 8 | in.p[i]) & 0xffff;
    n += 8;
    for (; n >= b->bits; n -= b->bits)
      p2p__wr_u8(w, (uint8_t)b->alphabet[held >> (n - b->bits) & mask]);
  }
  if (n) p2p__wr_u8(w, (uint8_t)b->alphabet[held << (b->bits - n) & mask]);
  if (!(b->flags & PAD)) return;
  while (!w->err && (w->len - before) % group_of(b)) p2p__wr_u8(w, '=');
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
  if (zeros + n > sizeof number) return false;
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

static size_t bytes_max(const base *b) {
  return b->bits ? P2P__BASE_BITS_MAX : P2P__BASE_BYTES_MAX;
}

/* Longest text looked at: base2 and base10 need most. */
static size_t text_max(const base *b) { return b->bits ? 8 * P2P__BASE_BITS_MAX : DIGITS_MAX; }

static bool decode(const base *b, p2p_bytes text, p2p__wr *w) {
  if (text.len > text_max(b)) return false;
  if (b->bits == RAW)
    p2p__wr_bytes_in(w, text);
  else if (!(b->bits ? decode_bits(b, text, w) : decode_number(b, text, w)))
    return false;
  return true;
}

bool p2p__base_decode(char letter, p2p_bytes text, p2p__wr *w) {
  const base *b = find_base(letter);
  p2p__wr before = *w;
  bool ok = b && !w->err && decode(b, text, w) && !w->err && w->len - before.len <= bytes_max(b);
  if (!ok) *w = before;
  return ok;
}

void p2p__base_encode(char letter, p2p_bytes in, p2p__wr *w) {
  const base *b = find_base(letter);
  size_t before = w->len;
  if (!b || in.len > bytes_max(b))
    w->err = P2P_ELIMIT;
  else if (b->bits == RAW)
    p2p__wr_bytes_in(w, in);
  else if (b->bits)
    encode_bits(b, in, w);
  else
    encode_number(b, in, w);
  if (w->err) w->len = before;
}

bool p2p__multibase_decode(p2p_bytes text, p2p__wr *w) {
  return text.len > 0 && text.p[0] != P2P__BASE_I2P64 &&
         p2p__base_decode((char)text.p[0], p2p__bytes(text.p + 1, text.len - 1), w);
}

void p2p__multibase_encode(char letter, p2p_bytes in, p2p__wr *w) {
  size_t before = w->len;
  p2p__wr_u8(w, (uint8_t)letter);
  p2p__base_encode(letter, in, w);
  if (w->err) w->len = before;
}

/* ---- public ---- */

const char *p2p_multibase_name(char letter) {
  const base *b = letter == P2P__BASE_I2P64 ? NULL : find_base(letter);
  return b ? b->name : NULL;
}

ptrdiff_t p2p_multibase_decode(p2p_bytes text, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  if ((!text.p && text.len) || (!out && cap) || !p2p__multibase_decode(text, &w)) return P2P_EINVAL;
  return (ptrdiff_t)w.len;
}

ptrdiff_t p2p_multibase_encode(char letter, p2p_bytes bytes, char *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  if ((!bytes.p && bytes.len) || (!out && cap) || !p2p_multibase_name(letter)) return P2P_EINVAL;
  p2p__multibase_encode(letter, bytes, &w);
  p2p__wr_u8(&w, 0);
  return w.err ? w.err : (ptrdiff_t)w.len - 1;
}
