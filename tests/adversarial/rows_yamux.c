/* YX rows: yamux sessions that lie about lengths, credit and streams, or flood.
 * Spec: yamux/README.md. */
#include "evil.h"
#include <stdlib.h>

enum { DATA = P2P__YAMUX_DATA, WINDOW = P2P__YAMUX_WINDOW, PING = P2P__YAMUX_PING };
enum { GOAWAY = P2P__YAMUX_GOAWAY };
enum { SYN = P2P__YAMUX_SYN, ACK = P2P__YAMUX_ACK, FIN = P2P__YAMUX_FIN, RST = P2P__YAMUX_RST };
enum { INITIAL = P2P__YAMUX_INITIAL };
static const char PING_PROTOCOL[] = "/ipfs/ping/1.0.0";

/* Bytes that mean nothing, as many as a header announced. */
static void pour(peer *p, size_t n) {
  static const uint8_t zeros[32768];
  for (size_t part; n > 0 && !p->over; n -= part) {
    part = p2p__min(n, sizeof zeros);
    peer_put(p, zeros, part);
  }
}

/* ---- one frame that cannot be ---- */

static verdict one_frame(evil *e, p2p__yamux_frame f) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  if (f.sid > 1) f.sid = f.sid - 1 + (p->dialed ? 0 : 1);
  mux_frame(p, f.type, f.flags, f.sid, f.len);
  return must_end(p);
}

static verdict yx01(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  mux_frame(p, DATA, SYN, mux_sid(p, 0), INITIAL + 1);
  pour(p, INITIAL + 1);
  return must_end(p);
}

/* On a stream that they may use: twice all the credit there is. */
static verdict yx02(evil *e) {
  peer *p = mux_session(e);
  heard *s = p ? mux_open(p, mux_sid(p, 0), PING_PROTOCOL) : NULL;
  if (!s) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  mux_frame(p, WINDOW, 0, s->sid, UINT32_MAX);
  mux_frame(p, WINDOW, 0, s->sid, UINT32_MAX);
  return must_end(p);
}

static verdict yx03(evil *e) {
  return one_frame(e, (p2p__yamux_frame){ WINDOW, SYN, 2, UINT32_MAX });
}

static verdict yx04_header(evil *e) {
  peer *p = mux_session(e);
  heard *s = p ? mux_open(p, mux_sid(p, 0), PING_PROTOCOL) : NULL;
  if (!s) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  mux_frame(p, DATA, 0, s->sid, UINT32_MAX);
  return must_end(p);
}

/* A body of which ten bytes come. The pings of the other side stay without answer: we are in the
 * middle of a frame. */
static verdict yx04_body(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  p->mute = true;
  mux_frame(p, DATA, SYN, mux_sid(p, 0), 1000);
  peer_put(p, "0123456789", 10);
  p2p_time patience = e->patience * 4; /* keepalive, and waiting for its answer */
  verdict v = peer_ends(p, patience) ? EVIL_SURVIVED : EVIL_LATE;
  peer_free(p);
  return v;
}

static verdict yx09_version(evil *e) {
  uint8_t head[P2P__YAMUX_HEADER];
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  p2p__yamux_frame_write(head, (p2p__yamux_frame){ PING, SYN, 0, 1 });
  head[0] = 1;
  peer_put(p, head, sizeof head);
  return must_end(p);
}

static verdict yx09_type(evil *e) { return one_frame(e, (p2p__yamux_frame){ 9, 0, 0, 0 }); }
static verdict yx09_flags(evil *e) {
  return one_frame(e, (p2p__yamux_frame){ DATA, 0x8000 | SYN, 2, 0 });
}
static verdict yx09_zero(evil *e) { return one_frame(e, (p2p__yamux_frame){ DATA, 0, 0, 0 }); }

/* A stream with an id of their side. */
static verdict yx09_parity(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  mux_frame(p, WINDOW, SYN, p->dialed ? 100 : 101, 0);
  return must_end(p);
}

static verdict yx09_twice(evil *e) {
  peer *p = mux_session(e);
  heard *s = p ? mux_open(p, mux_sid(p, 0), PING_PROTOCOL) : NULL;
  if (!s) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  mux_frame(p, WINDOW, SYN, s->sid, 0);
  return must_end(p);
}

/* ---- floods ---- */

static verdict yx05(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  for (uint32_t i = 0; i < e->scale && !p->over; i++) mux_frame(p, WINDOW, SYN, mux_sid(p, i), 0);
  p2p_time end = evil_now() + e->brief;
  while (p->resets == 0 && !p->over)
    if (!peer_wait(p, end)) break;
  /* Who neither refuses nor ends it must at least have stopped listening. */
  verdict v = p->resets || p->over || p->goaway_code || !mux_lives(p) ? EVIL_SURVIVED
                                                                      : EVIL_TOLERATED;
  peer_free(p);
  return v;
}

/* Their answers are not read: whoever keeps them all grows. */
static verdict yx06(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  p->deaf = true;
  for (uint64_t i = 0; i < 50 * e->scale && !p->over; i += 64) {
    uint8_t pings[64 * P2P__YAMUX_HEADER];
    for (uint32_t k = 0; k < 64; k++)
      p2p__yamux_frame_write(pings + k * P2P__YAMUX_HEADER, (p2p__yamux_frame){ PING, SYN, 0, k });
    peer_put(p, pings, sizeof pings);
  }
  return may_do_anything(p);
}

static verdict yx07(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  for (uint32_t i = 0; i < e->scale && !p->over; i++) {
    mux_frame(p, WINDOW, SYN, mux_sid(p, i), 0);
    mux_frame(p, WINDOW, RST, mux_sid(p, i), 0);
    if (i % 64 == 63 && !mux_lives(p)) break; /* a peer, not a flood */
  }
  return must_live(p);
}

/* The same as fast as it goes: ended or served, but no burden. */
static verdict yx07_rapid(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  for (uint32_t i = 0; i < 4 * e->scale && !p->over; i++) {
    uint8_t two[2 * P2P__YAMUX_HEADER];
    p2p__yamux_frame_write(two, (p2p__yamux_frame){ WINDOW, SYN, mux_sid(p, i), 0 });
    p2p__yamux_frame_write(two + P2P__YAMUX_HEADER,
                           (p2p__yamux_frame){ WINDOW, RST, mux_sid(p, i), 0 });
    peer_put(p, two, sizeof two);
  }
  return may_do_anything(p);
}

/* Data for streams that are gone, as much as it takes. */
static verdict yx07_ghosts(evil *e) {
  static const uint8_t body[1024];
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  for (uint32_t i = 0; i < e->scale && !p->over; i++)
    mux_data(p, 0, mux_sid(p, i % 1000 + 1), body, sizeof body);
  return may_do_anything(p);
}

/* The dialer opens a stream that is never acknowledged, and its pings are answered. */
static verdict yx08(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  return must_end_in_time(p);
}

/* ---- what is in order, or harms one stream only ---- */

static verdict yx13_fin_rst(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  mux_frame(p, WINDOW, SYN, mux_sid(p, 0), 0);
  mux_frame(p, DATA, FIN, mux_sid(p, 0), 0);
  mux_frame(p, WINDOW, RST, mux_sid(p, 0), 42);
  mux_frame(p, WINDOW, 0, mux_sid(p, 0), 1);
  return must_live(p);
}

static verdict yx13_all(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  mux_frame(p, DATA, SYN | FIN, mux_sid(p, 0), 0);
  mux_frame(p, WINDOW, SYN | RST, mux_sid(p, 1), 0);
  return must_live(p);
}

static verdict yx13_empty(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  for (uint64_t i = 0; i < e->scale && !p->over; i++) mux_frame(p, DATA, 0, mux_sid(p, 50), 0);
  return may_do_anything(p);
}

/* Data behind our own end: of the stream or of the connection, somebody must say no. */
static verdict yx13_after_fin(evil *e) {
  peer *p = mux_session(e);
  heard *s = p ? mux_open(p, mux_sid(p, 0), PING_PROTOCOL) : NULL;
  if (!s) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  mux_frame(p, DATA, FIN, s->sid, 0);
  mux_data(p, 0, s->sid, "more", 4);
  verdict v = mux_stream_ends(p, s, e->brief) ? EVIL_SURVIVED : EVIL_TOLERATED;
  peer_free(p);
  return v;
}

/* "I take no more streams", and then streams of our own: legal. */
static verdict yx_goaway(evil *e) {
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  mux_frame(p, GOAWAY, 0, 0, 0);
  mux_frame(p, WINDOW, SYN, mux_sid(p, 0), 0);
  return may_do_anything(p);
}

#define GO "go-yamux"
enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row rows[] = {
  { "YX-01", "yamux", "CVE-2026-32314", "a first frame one byte larger than the window", BOTH,
    yx01 },
  { "YX-02", "yamux", "CVE-2026-31814", "credit beyond 32 bits", ROW_DIAL, yx02 },
  { "YX-03", "yamux", "rust-yamux#228", "credit beyond 32 bits with a SYN", ROW_DIAL, yx03 },
  { "YX-04.header", "yamux", "GHSA-hmj8-5xmh-5573", "a frame of 4 GiB is announced", ROW_DIAL,
    yx04_header },
  { "YX-04.body", "yamux", "GHSA-hmj8-5xmh-5573", "a frame's body stops, pings stay unanswered",
    ROW_DIAL, yx04_body },
  { "YX-05", "yamux", "CVE-2022-23486", "streams are opened without end", ROW_DIAL, yx05 },
  { "YX-06", "yamux", "go-yamux 203f9c9", "a ping flood whose answers nobody reads", ROW_DIAL,
    yx06 },
  { "YX-07", "yamux", "go-yamux e3f92bf, nim#2640", "streams opened and reset, in order", ROW_DIAL,
    yx07 },
  { "YX-07.rapid", "yamux", "CVE-2023-44487", "the same as fast as it goes", ROW_DIAL, yx07_rapid },
  { "YX-07.ghosts", "yamux", GO, "data for streams that are not there", ROW_DIAL, yx07_ghosts },
  { "YX-08", "yamux", "go-yamux 149b579", "a stream is never acknowledged", ROW_SERVE, yx08 },
  { "YX-09.version", "yamux", "nim#2787", "version 1", BOTH, yx09_version },
  { "YX-09.type", "yamux", "nim#2787", "a frame of type 9", BOTH, yx09_type },
  { "YX-09.flags", "yamux", "nim#2787", "a flag that is none", ROW_DIAL, yx09_flags },
  { "YX-09.zero", "yamux", "nim#2787", "data for stream 0", BOTH, yx09_zero },
  { "YX-09.parity", "yamux", "nim#2787", "a stream with an id of their side", BOTH, yx09_parity },
  { "YX-09.twice", "yamux", "nim#2651", "a stream is opened twice", ROW_DIAL, yx09_twice },
  { "YX-13.fin-rst", "yamux", "go-yamux#122", "finish, reset, credit: the session lives", ROW_DIAL,
    yx13_fin_rst },
  { "YX-13.flags", "yamux", "py be6fc8b5", "SYN with FIN, SYN with RST: the session lives",
    ROW_DIAL, yx13_all },
  { "YX-13.empty", "yamux", "py be6fc8b5", "empty frames for a stream that is not there", ROW_DIAL,
    yx13_empty },
  { "YX-13.after-fin", "yamux", "py be6fc8b5", "data behind the end of a stream", ROW_DIAL,
    yx13_after_fin },
  { "YX-13.goaway", "yamux", "py be6fc8b5", "a stream behind our own GoAway", ROW_DIAL, yx_goaway },
};
const family evil_yamux = { rows, P2P_COUNT(rows), false };
