/* PG and SW rows: ping, and connections as such. */
#include "evil.h"
#include <stdlib.h>

static const char PING[] = "/ipfs/ping/1.0.0";
enum { FIN = P2P__YAMUX_FIN, PAYLOAD = 32 };

/* ---- ping ---- */

/* An honest round trip, then bytes without end whose echo nobody reads. */
static verdict pg01_endless(evil *e) {
  static const uint8_t body[8192];
  peer *p = mux_session(e);
  heard *s = p ? mux_open(p, mux_sid(p, 0), PING) : NULL;
  if (!s) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  p->deaf = true;
  for (uint64_t i = 0; i < e->scale / 16 && !p->over; i++)
    mux_data(p, 0, s->sid, body, sizeof body);
  return may_do_anything(p);
}

static verdict pg01_short(evil *e) {
  static const uint8_t body[PAYLOAD - 1];
  peer *p = mux_session(e);
  heard *s = p ? mux_open(p, mux_sid(p, 0), PING) : NULL;
  if (!s) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  mux_data(p, FIN, s->sid, body, sizeof body);
  verdict v = mux_stream_ends(p, s, e->patience) ? EVIL_SURVIVED : EVIL_LATE;
  peer_free(p);
  return v;
}

/* In one-byte frames: works, and is no work. */
static verdict pg01_bytewise(evil *e) {
  uint8_t body[PAYLOAD];
  evil_random(body, sizeof body);
  peer *p = mux_session(e);
  heard *s = p ? mux_open(p, mux_sid(p, 0), PING) : NULL;
  if (!s) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  p2p_time end = evil_now() + e->brief;
  for (size_t i = 0; i < sizeof body; i++) mux_data(p, 0, s->sid, body + i, 1);
  while (s->len < sizeof body && peer_wait(p, end)) continue;
  bool same = s->len == sizeof body && memcmp(s->data, body, sizeof body) == 0;
  peer_free(p);
  return same ? EVIL_SURVIVED : EVIL_STRICT;
}

/* The specification lets a peer have two; a hundred are no use to anybody. */
static verdict pg01_streams(evil *e) {
  enum { MANY = 100 };
  static const uint8_t lines[] = "\x13/multistream/1.0.0\n\x11/ipfs/ping/1.0.0\n";
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  for (uint32_t i = 0; i < MANY && !p->over; i++)
    mux_data(p, P2P__YAMUX_SYN, mux_sid(p, i), lines, sizeof lines - 1);
  p2p_time end = evil_now() + e->brief;
  while (!p->resets && peer_wait(p, end)) continue;
  verdict v = p->resets || p->over ? EVIL_SURVIVED : EVIL_TOLERATED;
  peer_free(p);
  return v;
}

/* Asked for an echo, we send another one. */
static verdict pg01_wrong(evil *e) {
  peer *p = mux_session(e);
  heard *s = p ? mux_accept(p, PING) : NULL;
  if (!s) {
    peer_free(p);
    return EVIL_BROKEN;
  }
  p2p_time end = evil_now() + e->brief;
  while (s->len < PAYLOAD && peer_wait(p, end)) continue;
  s->data[PAYLOAD - 1] ^= 1;
  mux_data(p, 0, s->sid, s->data, PAYLOAD);
  verdict v = mux_stream_ends(p, s, e->patience) ? EVIL_SURVIVED : EVIL_LATE;
  peer_free(p);
  return v;
}

/* ---- connections ---- */

/* Half open ones, many at once, held until the honest peer has been served beside them. */
static verdict sw01(evil *e) {
  enum { MANY = 300 };
  peer *held[MANY] = { NULL };
  p2p_time took;
  size_t n = 0;
  while (n < MANY && (held[n] = peer_new(e))) peer_send(held[n++], "\x13/multi", 7);
  bool served = honest_once(e, e->patience, &took);
  for (size_t i = 0; i < n; i++) peer_free(held[i]);
  return served ? EVIL_SURVIVED : EVIL_STARVED;
}

/* Connections that end with a reset at every stage. */
static bool cut_at(evil *e, unsigned stage) {
  peer *p = peer_new(e);
  if (!p) return false;
  if (stage == 1) peer_send(p, "\x13", 1);
  if (stage == 2) line_agree(p, "/noise");
  if (stage == 3) noise_up(p, NULL);
  if (stage == 4) mux_up(p);
  if (stage == 5 && mux_up(p)) mux_open(p, mux_sid(p, 0), PING);
  peer_cut(p);
  return true;
}

static verdict sw02(evil *e) {
  enum { STAGES = 6, ROUNDS = 50 };
  for (unsigned i = 0; i < ROUNDS * STAGES; i++)
    if (!cut_at(e, i % STAGES)) return EVIL_BROKEN;
  return EVIL_SURVIVED;
}

/* Writes into an echo and never reads: what is kept for us has an end. */
static verdict sw05(evil *e) {
  enum { STREAMS = 8, FRAMES = 64 };
  static const uint8_t body[4096];
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  heard *s[STREAMS];
  for (uint32_t i = 0; i < STREAMS; i++)
    if (!(s[i] = mux_open(p, mux_sid(p, i), "/echo/1.0.0"))) {
      verdict v = p->over ? EVIL_BROKEN : EVIL_NA;
      peer_free(p);
      return v;
    }
  for (int k = 0; k < FRAMES - 1; k++)
    for (int i = 0; i < STREAMS; i++) mux_data(p, 0, s[i]->sid, body, sizeof body);
  return must_live(p);
}

enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row ping_rows[] = {
  { "PG-01.endless", "ping", "js#2673, litep2p#551", "bytes without end, echoes unread", ROW_DIAL,
    pg01_endless },
  { "PG-01.short", "ping", "js#2673", "31 bytes and the end", ROW_DIAL, pg01_short },
  { "PG-01.bytewise", "ping", "py dc8bb081", "a ping in frames of one byte", ROW_DIAL,
    pg01_bytewise },
  { "PG-01.streams", "ping", "ping/ping.md", "a hundred ping streams", ROW_DIAL, pg01_streams },
  { "PG-01.wrong", "ping", "ping/ping.md", "an echo of something else", ROW_SERVE, pg01_wrong },
};
const family evil_ping = { ping_rows, P2P_COUNT(ping_rows), false };

static const row swarm_rows[] = {
  { "SW-01", "bytes", "nim#2951", "300 half-open connections", ROW_DIAL, sw01 },
  { "SW-02", "bytes", "py 3a79b343", "300 connections reset at every stage", ROW_DIAL, sw02 },
  { "SW-05", "yamux", "mplex README, kubo#9641", "eight echoes that nobody reads", ROW_DIAL, sw05 },
};
const family evil_swarm = { swarm_rows, P2P_COUNT(swarm_rows), false };
