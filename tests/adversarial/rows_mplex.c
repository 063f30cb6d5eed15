/* MX rows: mplex, which has no flow control, so that everything is up to the receiver's limits.
 * Spec: mplex/README.md. */
#include "evil.h"
#include "muxer/mplex_frame.h"

enum { NEW = P2P__MPLEX_NEW, MESSAGE = P2P__MPLEX_MESSAGE_INITIATOR };
enum { CLOSE = P2P__MPLEX_CLOSE_INITIATOR, RESET = P2P__MPLEX_RESET_INITIATOR };
static const char ID[] = "/mplex/6.7.0";
static const uint8_t ping[] = "\x13/multistream/1.0.0\n\x11/ipfs/ping/1.0.0\n";

/* NULL with EVIL_NA: it speaks no mplex. */
static peer *session(evil *e, verdict *v) {
  peer *p = peer_new(e);
  bool secure = noise_up(p, NULL);
  if (secure && line_agree(p, ID)) return p;
  *v = secure && !p->over ? EVIL_NA : EVIL_BROKEN;
  peer_free(p);
  return NULL;
}

static bool frame(peer *p, uint8_t flag, uint64_t num, const void *body, size_t n) {
  uint8_t head[P2P__MPLEX_HEADER];
  size_t len = p2p__mplex_frame_write(head, (p2p__mplex_frame){ flag, num, n });
  p->plain_len = 0; /* what it says is nobody's business here */
  return peer_put(p, head, len) && (n == 0 || peer_put(p, body, n));
}

static verdict mx01_frame(evil *e) {
  static const uint8_t body[(1 << 20) + 1];
  verdict v;
  peer *p = session(e, &v);
  if (!p) return v;
  frame(p, NEW, 0, NULL, 0);
  frame(p, MESSAGE, 0, body, sizeof body);
  return must_end(p);
}

static verdict mx01_header(evil *e) {
  static const uint8_t head[] = { 7, 0 }; /* no such flag */
  verdict v;
  peer *p = session(e, &v);
  if (!p) return v;
  peer_put(p, head, sizeof head);
  return must_end(p);
}

static verdict mx01_varint(evil *e) {
  uint8_t head[20];
  verdict v;
  peer *p = session(e, &v);
  if (!p) return v;
  memset(head, 0x80, sizeof head);
  peer_put(p, head, sizeof head);
  return must_end(p);
}

/* A ping stream whose echoes nobody reads, fed without end. */
static verdict mx01_unread(evil *e) {
  static const uint8_t body[8192];
  verdict v;
  peer *p = session(e, &v);
  if (!p) return v;
  frame(p, NEW, 0, NULL, 0);
  frame(p, MESSAGE, 0, ping, sizeof ping - 1);
  p->deaf = true;
  for (uint64_t i = 0; i < e->scale && !p->over; i++) frame(p, MESSAGE, 0, body, sizeof body);
  return may_do_anything(p);
}

static verdict mx01_streams(evil *e) {
  verdict v;
  peer *p = session(e, &v);
  if (!p) return v;
  for (uint64_t i = 0; i < e->scale && !p->over; i++) frame(p, NEW, i, "x", 1);
  return may_do_anything(p);
}

static verdict mx01_rapid(evil *e) {
  verdict v;
  peer *p = session(e, &v);
  if (!p) return v;
  for (uint64_t i = 0; i < e->scale && !p->over; i++) {
    frame(p, NEW, i, NULL, 0);
    frame(p, i % 2 ? CLOSE : RESET, i, NULL, 0);
  }
  return may_do_anything(p);
}

static verdict mx01_ghosts(evil *e) {
  static const uint8_t body[1024];
  verdict v;
  peer *p = session(e, &v);
  if (!p) return v;
  for (uint64_t i = 0; i < e->scale && !p->over; i++)
    frame(p, MESSAGE, i % 1000, body, sizeof body);
  return may_do_anything(p);
}

#define SOURCE "mplex README, specs#553, kubo#9641"
static const row rows[] = {
  { "MX-01.frame", "mplex", SOURCE, "a frame of 1 MiB and a byte", ROW_DIAL, mx01_frame },
  { "MX-01.header", "mplex", SOURCE, "a flag that is none", ROW_DIAL, mx01_header },
  { "MX-01.varint", "mplex", SOURCE, "a header that never ends", ROW_DIAL, mx01_varint },
  { "MX-01.unread", "mplex", SOURCE, "pings without end, echoes unread", ROW_DIAL, mx01_unread },
  { "MX-01.streams", "mplex", SOURCE, "streams are opened without end", ROW_DIAL, mx01_streams },
  { "MX-01.rapid", "mplex", SOURCE, "streams opened and ended as fast as it goes", ROW_DIAL,
    mx01_rapid },
  { "MX-01.ghosts", "mplex", SOURCE, "data for streams that are not there", ROW_DIAL, mx01_ghosts },
};
const family evil_mplex = { rows, P2P_COUNT(rows), false };
