/* Numbers, IP addresses and path segments as text. Spec: RFC 4291, section 2.2 (parsing); RFC 5952
 * (printing); RFC 3986, sections 2 and 3.3; RFC 3629 (UTF-8). */
#include "multiformats/text.h"

enum {
  GROUPS = 8 /* 16-bit groups of an IPv6 address */
};

/* ---- numbers ---- */

bool p2p__text_uint(p2p_bytes text, uint64_t max, uint64_t *out) {
  uint64_t v = 0;
  if (text.len == 0 || (text.len > 1 && text.p[0] == '0')) return false;
  for (size_t i = 0; i < text.len; i++) {
    unsigned digit = (unsigned)text.p[i] - '0';
    if (digit > 9 || v > (max - digit) / 10 || digit > max) return false;
    v = v * 10 + digit;
  }
  *out = v;
  return true;
}

void p2p__text_put_uint(p2p__wr *w, uint64_t v) {
  uint8_t digits[20];
  size_t at = sizeof digits;
  do digits[--at] = (uint8_t)('0' + v % 10);
  while (v /= 10);
  p2p__wr_bytes_in(w, p2p__bytes(digits + at, sizeof digits - at));
}

static void put_hex(p2p__wr *w, unsigned v) {
  for (unsigned shift = 12; shift > 0; shift -= 4) {
    if (v >> shift) p2p__wr_u8(w, (uint8_t)"0123456789abcdef"[v >> shift & 15]);
  }
  p2p__wr_u8(w, (uint8_t)"0123456789abcdef"[v & 15]);
}

static int hex_digit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* ---- IPv4 ---- */

/* The text up to the next sep, which is eaten too. *more: there was one. */
static p2p_bytes cut(p2p_bytes *text, uint8_t sep, bool *more) {
  const uint8_t *at = text->len ? memchr(text->p, sep, text->len) : NULL;
  size_t n = at ? (size_t)(at - text->p) : text->len;
  p2p_bytes head = p2p__bytes(text->p, n);
  *more = at != NULL;
  n += *more;
  *text = p2p__bytes(text->p + n, text->len - n);
  return head;
}

bool p2p__text_ip4(p2p_bytes text, uint8_t ip[4]) {
  bool more = true;
  for (size_t i = 0; i < 4; i++) {
    uint64_t v;
    if (!more || !p2p__text_uint(cut(&text, '.', &more), 255, &v)) return false;
    ip[i] = (uint8_t)v;
  }
  return !more;
}

void p2p__text_put_ip4(p2p__wr *w, const uint8_t ip[4]) {
  for (size_t i = 0; i < 4; i++) {
    if (i) p2p__wr_u8(w, '.');
    p2p__text_put_uint(w, ip[i]);
  }
}

/* ---- IPv6 ---- */

static bool parse_group(p2p_bytes text, uint8_t out[2]) {
  unsigned v = 0;
  if (text.len == 0 || text.len > 4) return false;
  for (size_t i = 0; i < text.len; i++) {
    int digit = hex_digit(text.p[i]);
    if (digit < 0) return false;
    v = v << 4 | (unsigned)digit;
  }
  p2p__put_be16(out, (uint16_t)v);
  return true;
}

/* Groups separated by single colons, the last maybe a dotted quad; appended to w. */
static bool parse_groups(p2p_bytes text, p2p__wr *w) {
  bool more = text.len > 0;
  while (more) {
    p2p_bytes group = cut(&text, ':', &more);
    bool quad = !more && group.len && memchr(group.p, '.', group.len);
    p2p__span room = p2p__wr_room(w, quad ? 4 : 2);
    if (!room.len) return false;
    if (!(quad ? p2p__text_ip4(group, room.p) : parse_group(group, room.p))) return false;
  }
  return true;
}

/* Where "::" is; text.len when it is nowhere. */
static size_t find_gap(p2p_bytes text) {
  for (size_t i = 0; i + 1 < text.len; i++) {
    if (text.p[i] == ':' && text.p[i + 1] == ':') return i;
  }
  return text.len;
}

bool p2p__text_ip6(p2p_bytes text, uint8_t ip[16]) {
  uint8_t head[16], tail[16];
  p2p__wr h = p2p__wr_of(head, sizeof head), t = p2p__wr_of(tail, sizeof tail);
  size_t gap = find_gap(text);
  if (text.len == 0 || !parse_groups(p2p__bytes(text.p, gap), &h)) return false;
  if (gap == text.len) {
    if (h.len != 16) return false;
  } else {
    if (gap && memchr(text.p, '.', gap)) return false; /* a quad only ends an address */
    if (!parse_groups(p2p__bytes(text.p + gap + 2, text.len - gap - 2), &t)) return false;
    if (h.len + t.len > 14) return false; /* "::" stands for a group at least */
  }
  memset(ip, 0, 16);
  memcpy(ip, head, h.len);
  memcpy(ip + 16 - t.len, tail, t.len);
  return true;
}

static unsigned group_at(const uint8_t ip[16], size_t i) {
  return (unsigned)(ip[2 * i] << 8 | ip[2 * i + 1]);
}

/* The first of the longest runs of two zero groups or more: [*from, *to). */
static void find_zeros(const uint8_t ip[16], size_t *from, size_t *to) {
  size_t begin = 0;
  *from = *to = GROUPS;
  for (size_t i = 0; i < GROUPS; i++) {
    if (group_at(ip, i)) begin = i + 1;
    size_t run = i + 1 - begin;
    if (run < 2 || run <= *to - *from) continue;
    *from = begin;
    *to = i + 1;
  }
}

void p2p__text_put_ip6(p2p__wr *w, const uint8_t ip[16]) {
  static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  if (memcmp(ip, mapped, sizeof mapped) == 0) { /* RFC 5952, section 5 */
    p2p__wr_str(w, "::ffff:");
    p2p__text_put_ip4(w, ip + 12);
    return;
  }
  size_t from, to;
  find_zeros(ip, &from, &to);
  for (size_t i = 0; i < GROUPS; i++) {
    if (i == from) {
      p2p__wr_str(w, "::");
      i = to;
      if (i == GROUPS) break;
    } else if (i > 0) {
      p2p__wr_u8(w, ':');
    }
    put_hex(w, group_at(ip, i));
  }
}

/* ---- path segments ---- */

static bool is_unreserved(uint8_t c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
         (c && strchr("-._~", c));
}

/* Of a segment, as it stands: pchar without pct-encoded. */
static bool is_segment_char(uint8_t c) {
  return is_unreserved(c) || (c && strchr("!$&'()*+,;=:@", c));
}

bool p2p__text_unescape(p2p_bytes text, p2p__wr *w) {
  for (size_t i = 0; i < text.len; i++) {
    if (is_segment_char(text.p[i])) {
      p2p__wr_u8(w, text.p[i]);
      continue;
    }
    if (text.p[i] != '%' || text.len - i < 3) return false;
    int high = hex_digit(text.p[i + 1]), low = hex_digit(text.p[i + 2]);
    if (high < 0 || low < 0) return false;
    p2p__wr_u8(w, (uint8_t)(high << 4 | low));
    i += 2;
  }
  return true;
}

void p2p__text_put_escaped(p2p__wr *w, p2p_bytes value) {
  for (size_t i = 0; i < value.len; i++) {
    uint8_t c = value.p[i];
    if (is_unreserved(c)) {
      p2p__wr_u8(w, c);
      continue;
    }
    p2p__wr_u8(w, '%');
    p2p__wr_u8(w, (uint8_t)"0123456789ABCDEF"[c >> 4]);
    p2p__wr_u8(w, (uint8_t)"0123456789ABCDEF"[c & 15]);
  }
}

/* ---- UTF-8 ---- */

/* Bytes of the character that first begins; 0: none begins so. */
static size_t utf8_len(uint8_t first) {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0; /* in the middle of one, or a longer way to write ASCII */
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

/* The character at the front; UINT32_MAX: none. */
static uint32_t utf8_char(p2p_bytes text, size_t n) {
  static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
  if (n == 0 || n > text.len) return UINT32_MAX;
  if (n == 1) return text.p[0];
  uint32_t c = text.p[0] & (0x7fu >> n);
  for (size_t i = 1; i < n; i++) {
    if ((text.p[i] & 0xc0) != 0x80) return UINT32_MAX;
    c = c << 6 | (text.p[i] & 0x3f);
  }
  return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? UINT32_MAX : c;
}

bool p2p__text_is_printable(p2p_bytes text) {
  while (text.len > 0) {
    size_t n = utf8_len(text.p[0]);
    uint32_t c = utf8_char(text, n);
    if (c == UINT32_MAX || c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;
    text = p2p__bytes(text.p + n, text.len - n);
  }
  return true;
}

void p2p__text_put_shown(p2p__wr *w, p2p_bytes words) {
  enum { ESCAPE = 4, ZERO = 1 };
  for (size_t i = 0; i < words.len && p2p__wr_left(w) >= ESCAPE + ZERO; i++) {
    uint8_t c = words.p[i];
    if (c >= ' ' && c < 0x7f && c != '\\' && c != '"') {
      p2p__wr_u8(w, c);
      continue;
    }
    p2p__wr_str(w, "\\x");
    p2p__wr_u8(w, (uint8_t)"0123456789abcdef"[c >> 4]);
    p2p__wr_u8(w, (uint8_t)"0123456789abcdef"[c & 15]);
  }
  p2p__wr_u8(w, 0);
}
