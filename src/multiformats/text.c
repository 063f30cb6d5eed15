/* Numbers and IP addresses as text. Spec: RFC 4291, section 2.2 (parsing); RFC 5952 (printing). */
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
