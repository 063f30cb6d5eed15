/* multistream-select: lines of varint length, text and newline. */
#include "evil.h"

static const char HEADER[] = "/multistream/1.0.0";

bool line_put(peer *p, const char *text) {
  uint8_t out[1100];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  size_t n = strlen(text);
  p2p__wr_varint(&w, n + 1);
  p2p__wr_bytes_in(&w, p2p__bytes(text, n));
  p2p__wr_u8(&w, '\n');
  return !w.err && peer_put(p, out, w.len);
}

bool line_get(peer *p, char *out, size_t cap) {
  uint8_t head, second;
  size_t n;
  if (!peer_get(p, &head, 1)) return false;
  n = head & 0x7f;
  if (head & 0x80) {
    if (!peer_get(p, &second, 1) || second & 0x80) return false;
    n |= (size_t)second << 7;
  }
  if (n == 0 || n > cap || !peer_get(p, out, n)) return false;
  out[n - 1] = '\0';
  return true;
}

static bool greet(peer *p) {
  char line[128];
  return line_put(p, HEADER) && line_get(p, line, sizeof line) && strcmp(line, HEADER) == 0;
}

/* Says no until the right one is proposed. */
static bool line_accept(peer *p, const char *id) {
  char line[128];
  if (!greet(p)) return false;
  while (line_get(p, line, sizeof line)) {
    if (strcmp(line, id) == 0) return line_put(p, id);
    if (!line_put(p, "na")) break;
  }
  return false;
}

bool line_agree(peer *p, const char *id) {
  char line[128];
  if (!p->dialed) return line_accept(p, id);
  return greet(p) && line_put(p, id) && line_get(p, line, sizeof line) && strcmp(line, id) == 0;
}

size_t line_two(const char *protocol, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  const char *const lines[] = { HEADER, protocol };
  for (int i = 0; i < 2; i++) {
    p2p__wr_varint(&w, strlen(lines[i]) + 1);
    p2p__wr_str(&w, lines[i]);
    p2p__wr_u8(&w, '\n');
  }
  return w.err ? 0 : w.len;
}

int line_both(p2p_bytes there, const char *protocol, size_t *used) {
  p2p__rd r = p2p__rd_of(there);
  p2p_bytes header = p2p__rd_prefixed(&r, EVIL_DATA), line = p2p__rd_prefixed(&r, EVIL_DATA);
  if (r.err) return r.err == P2P_ESHORT ? 0 : -1;
  bool same = header.len == sizeof HEADER && line.len == strlen(protocol) + 1 &&
              memcmp(line.p, protocol, line.len - 1) == 0;
  *used = there.len - p2p__rd_left(&r);
  return same ? 1 : -1;
}
