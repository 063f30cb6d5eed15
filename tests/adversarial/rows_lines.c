/* MS rows: multistream-select, on the connection and inside streams. */
#include "evil.h"
#include <stdlib.h>

static const uint8_t header[] = "\x13/multistream/1.0.0\n";

/* Behind the header, on the bare connection. */
static verdict told(evil *e, const void *bytes, size_t n) {
  peer *p = peer_new(e);
  if (!p || !peer_send(p, header, sizeof header - 1)) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  peer_send(p, bytes, n);
  return must_end(p);
}

static verdict ms02_long(evil *e) {
  static uint8_t line[5 + (128 << 10)];
  p2p__wr w = p2p__wr_of(line, sizeof line);
  p2p__wr_varint(&w, 128 << 10);
  memset(line + w.len, 'a', sizeof line - w.len);
  return told(e, line, sizeof line);
}

static verdict ms02_length(evil *e) {
  static const uint8_t line[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 'a' };
  return told(e, line, sizeof line);
}

static verdict ms02_varint(evil *e) {
  uint8_t line[100];
  memset(line, 0x80, sizeof line);
  return told(e, line, sizeof line);
}

static verdict ms02_newline(evil *e) {
  static const uint8_t line[] = "\x06/noise/noise/noise/noise";
  return told(e, line, sizeof line - 1);
}

static verdict ms02_header(evil *e) {
  static const uint8_t line[] = "GET /index.html HTTP/1.1\r\nHost: localhost\r\n"
                                "User-Agent: a browser that lost its way\r\n\r\n";
  peer *p = peer_new(e);
  if (!p) return EVIL_BROKEN;
  peer_send(p, line, sizeof line - 1);
  return must_end(p);
}

static verdict ms04_empty(evil *e) {
  static const uint8_t line[] = { 0 };
  return told(e, line, sizeof line);
}

/* The same line again and again, until it is enough for the other side. */
static verdict repeated(evil *e, const char *line) {
  peer *p = peer_new(e);
  if (!p || !peer_send(p, header, sizeof header - 1)) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  for (uint64_t i = 0; i < e->scale && line_put(p, line); i++) p->plain_len = 0;
  return must_end_in_time(p);
}

static verdict ms02_proposals(evil *e) { return repeated(e, "/evil/peer/1.0.0"); }
static verdict ms02_ls(evil *e) { return repeated(e, "ls"); }

/* ---- inside a session ---- */

static verdict stream_told(evil *e, const void *bytes, size_t n) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  heard *s = &p->stream[0];
  s->sid = mux_sid(p, 0);
  mux_data(p, P2P__YAMUX_SYN, s->sid, bytes, n);
  verdict v = mux_stream_ends(p, s, e->patience) ? EVIL_SURVIVED : EVIL_LATE;
  peer_free(p);
  return v;
}

static verdict ms02_stream(evil *e) {
  static const uint8_t line[] = "\x13/multistream/1.0.0\n\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
  return stream_told(e, line, sizeof line - 1);
}

static verdict ms01_one(evil *e) {
  static const uint8_t line[] = "\x13/multistr";
  return stream_told(e, line, sizeof line - 1);
}

/* Streams that begin to negotiate and stop. Whoever reads no more of us until the first ones have
 * timed out does well, too. */
static verdict ms01_many(evil *e) {
  enum { MANY = 1000 };
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  for (uint32_t i = 0; i < MANY && !p->over; i++)
    mux_data(p, P2P__YAMUX_SYN, mux_sid(p, i), header, 10);
  p2p_time end = evil_now() + e->patience;
  while (!p->resets && !p->over)
    if (!peer_wait(p, end)) break;
  verdict v = p->resets || p->over ? EVIL_SURVIVED : EVIL_LATE;
  peer_free(p);
  return v;
}

/* The dialer proposes, and nobody ever answers. */
static verdict ms03(evil *e) {
  peer *p = peer_new(e);
  if (!p || !peer_send(p, header, sizeof header - 1)) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  return must_end_in_time(p);
}

/* "na" to everything. */
static verdict ms03_na(evil *e) {
  char line[256];
  peer *p = peer_new(e);
  if (!p || !peer_send(p, header, sizeof header - 1)) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  while (line_get(p, line, sizeof line)) line_put(p, "na");
  return must_end_in_time(p);
}

#define LINE "multistream-select; rust, go"
enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row rows[] = {
  { "MS-01.one", "multistream", "CVE-2022-23492", "a stream that stops in its first line", ROW_DIAL,
    ms01_one },
  { "MS-01.many", "multistream", "CVE-2022-23492", "1,000 streams that stop in their first line",
    ROW_DIAL, ms01_many },
  { "MS-02.header", "multistream", LINE, "HTTP", BOTH, ms02_header },
  { "MS-02.long", "multistream", LINE, "a line of 128 KiB", BOTH, ms02_long },
  { "MS-02.length", "multistream", LINE, "a line of 2^63 bytes", BOTH, ms02_length },
  { "MS-02.varint", "multistream", LINE, "a length that never ends", BOTH, ms02_varint },
  { "MS-02.newline", "multistream", LINE, "a line without newline", BOTH, ms02_newline },
  { "MS-02.proposals", "multistream", LINE, "proposals without end", ROW_DIAL, ms02_proposals },
  { "MS-02.ls", "multistream", LINE, "ls without end", ROW_DIAL, ms02_ls },
  { "MS-02.stream", "multistream", LINE, "a line of 2^63 bytes inside a stream", ROW_DIAL,
    ms02_stream },
  { "MS-03", "multistream", "go bcc2bf186, go-multistream#47", "proposals are never answered",
    ROW_SERVE, ms03 },
  { "MS-03.na", "multistream", "go bcc2bf186", "every proposal is refused", ROW_SERVE, ms03_na },
  { "MS-04", "multistream", "rust, litep2p#465", "a line of length zero", BOTH, ms04_empty },
};
const family evil_lines = { rows, P2P_COUNT(rows), false };
