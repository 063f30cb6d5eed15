/* IP and FR rows: what a peer says of itself, and messages that are not what their length says.
 * Spec: identify/README.md. */
#include "evil.h"
#include "multiformats/protobuf.h"
#include "peer/peer_record.h"
#include <stdlib.h>

static const char ID[] = "/ipfs/id/1.0.0", PUSH[] = "/ipfs/id/push/1.0.0";
enum { FIELD_ADDR = 2, FIELD_PROTOCOL = 3, FIELD_AGENT = 6, FIELD_RECORD = 8 };
enum { MESSAGE = 8000, FIN = P2P__YAMUX_FIN };

/* One message behind its length. */
static size_t framed(p2p_bytes body, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  p2p__wr_prefixed(&w, body);
  return w.err ? 0 : w.len;
}

/* A session, and a stream on which we push. NULL with EVIL_NA: they take no pushes. */
static peer *pusher(evil *e, heard **s, verdict *v) {
  peer *p = mux_session(e);
  *v = EVIL_BROKEN;
  if (!p) return NULL;
  *s = mux_open(p, mux_sid(p, 0), PUSH);
  if (*s) return p;
  *v = p->over ? EVIL_BROKEN : EVIL_NA;
  peer_free(p);
  return NULL;
}

/* Pushes bytes as they are, then lives on. */
static verdict pushed(evil *e, const void *bytes, size_t n) {
  heard *s;
  verdict v;
  peer *p = pusher(e, &s, &v);
  if (!p) return v;
  mux_data(p, FIN, s->sid, bytes, n);
  mux_stream_ends(p, s, e->brief);
  return must_live(p);
}

/* Pushes bytes, after which the stream (or the connection) has to end though we do not end it. */
static verdict pushed_open(evil *e, const void *bytes, size_t n) {
  heard *s;
  verdict v;
  peer *p = pusher(e, &s, &v);
  if (!p) return v;
  mux_data(p, 0, s->sid, bytes, n);
  v = mux_stream_ends(p, s, e->patience) ? EVIL_SURVIVED : EVIL_LATE;
  peer_free(p);
  return v;
}

/* ---- FR ---- */

static verdict fr02_length(evil *e) {
  static const uint8_t b[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x0a };
  return pushed_open(e, b, sizeof b);
}

static verdict fr02_varint(evil *e) {
  uint8_t b[100];
  memset(b, 0x80, sizeof b);
  return pushed_open(e, b, sizeof b);
}

/* Groups in groups, as deep as the message goes. */
static verdict fr03(evil *e) {
  static uint8_t body[MESSAGE], out[MESSAGE + 8];
  memset(body, 0x0b, sizeof body); /* field 1, start of a group */
  return pushed(e, out, framed(p2p__bytes(body, sizeof body), out, sizeof out));
}

static verdict fr04(evil *e) {
  static const uint8_t broken[][6] = {
    { 0 },                            /* no protocol of that code */
    { 0x04, 127, 0 },                 /* /ip4 cut short */
    { 0xa5, 0x03, 0x7f },             /* /p2p with a length beyond the end */
    { 0xff, 0xff, 0xff, 0xff, 0xff }, /* a code that never ends */
  };
  uint8_t body[256], out[260];
  p2p__wr w = p2p__wr_of(body, sizeof body);
  for (size_t i = 0; i < P2P_COUNT(broken); i++)
    p2p__pb_bytes(&w, FIELD_ADDR, p2p__bytes(broken[i], i + 1));
  return pushed(e, out, framed(p2p__wr_bytes(&w), out, sizeof out));
}

/* Submessages of two bytes, a megabyte of them. */
static verdict fr05(evil *e) {
  static uint8_t out[(1 << 20) + 8];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  heard *s;
  verdict v;
  peer *p = pusher(e, &s, &v);
  if (!p) return v;
  p2p__wr_varint(&w, 1 << 20);
  for (size_t i = 0; i < 1 << 19; i++) p2p__wr_be16(&w, 0x1200); /* an empty address */
  for (size_t at = 0; at < 200 << 10 && !p->over; at += 50 << 10)
    mux_data(p, 0, s->sid, out + at, 50 << 10); /* what the window lets through */
  v = mux_stream_ends(p, s, e->patience) ? EVIL_SURVIVED : EVIL_LATE;
  peer_free(p);
  return v;
}

/* ---- IP ---- */

/* A record that we signed with our key and that speaks of somebody else. */
static size_t forged(evil *e, uint8_t *out, size_t cap) {
  static const uint8_t addr[] = { 4, 203, 0, 113, 1, 6, 0x0f, 0xa1 };
  static const p2p__envelope_form form = { "libp2p-peer-record",
                                           { (const uint8_t *)"\x03\x01", 2 } };
  uint8_t scratch[1024], record[256], seal[1024], inner[64];
  p2p_identity other;
  if (p2p_identity_generate(&other, P2P_KEY_ED25519, e->io) < 0) return 0;
  p2p__wr r = p2p__wr_of(record, sizeof record), a = p2p__wr_of(inner, sizeof inner);
  p2p__pb_bytes(&a, 1, p2p__bytes(addr, sizeof addr));
  p2p__pb_bytes(&r, 1, p2p__bytes(other.peer.b, other.peer.len));
  p2p__pb_uint(&r, 2, 1);
  p2p__pb_bytes(&r, 3, p2p__wr_bytes(&a));
  p2p__wr s = p2p__wr_of(seal, sizeof seal), w = p2p__wr_of(out, cap);
  int err = p2p__envelope_seal(&e->self, &form, p2p__wr_bytes(&r),
                               p2p__span_of(scratch, sizeof scratch), &s);
  p2p_identity_fini(&other);
  p2p__pb_bytes(&w, FIELD_RECORD, p2p__wr_bytes(&s));
  return err || w.err ? 0 : w.len;
}

/* The same message from so many peers, one after the other: what is kept of each adds up. */
static verdict from_many(evil *e, unsigned peers, const void *said, size_t n) {
  for (unsigned i = 0; i < peers; i++) {
    heard *s;
    verdict v = evil_anew(e) ? EVIL_SURVIVED : EVIL_BROKEN;
    peer *p = v == EVIL_SURVIVED ? pusher(e, &s, &v) : NULL;
    if (!p) return v;
    mux_data(p, FIN, s->sid, said, n);
    mux_stream_ends(p, s, e->brief);
    peer_free(p);
  }
  return EVIL_SURVIVED;
}

static verdict ip01(evil *e) {
  enum { PEERS = 50 };
  for (uint32_t i = 0; i < PEERS; i++) {
    uint8_t body[1200], out[1210];
    bool ready = evil_anew(e);
    size_t n = framed(p2p__bytes(body, forged(e, body, sizeof body)), out, sizeof out);
    verdict v = ready && n ? pushed(e, out, n) : EVIL_BROKEN;
    if (v != EVIL_SURVIVED) return v;
  }
  return EVIL_SURVIVED;
}

/* A message full of one field: n different values of `len` bytes. */
static size_t crowd(uint32_t field, const uint8_t *value, size_t len, uint8_t *out, size_t cap) {
  uint8_t body[MESSAGE], one[64];
  p2p__wr w = p2p__wr_of(body, sizeof body);
  memcpy(one, value, len);
  for (uint16_t i = 0; p2p__wr_left(&w) > len + 2; i++) {
    p2p__put_be16(one + len - 2, i);
    p2p__pb_bytes(&w, field, p2p__bytes(one, len));
  }
  return framed(p2p__wr_bytes(&w), out, cap);
}

static verdict crowded(evil *e, uint32_t field, const uint8_t *value, size_t len) {
  enum { PEERS = 50 };
  static uint8_t out[MESSAGE + 8];
  return from_many(e, PEERS, out, crowd(field, value, len, out, sizeof out));
}

static verdict ip02(evil *e) {
  static const uint8_t addr[] = { 4, 203, 0, 113, 7, 6, 0, 0 };
  return crowded(e, FIELD_ADDR, addr, sizeof addr);
}

static verdict ip03(evil *e) {
  static const uint8_t name[] = "/x/00";
  return crowded(e, FIELD_PROTOCOL, name, sizeof name - 1);
}

/* They ask who we are; we answer without end. */
static verdict answered(evil *e, uint64_t messages) {
  static const uint8_t addr[] = { 4, 203, 0, 113, 7, 6, 0, 0 };
  static uint8_t out[MESSAGE + 8];
  size_t n = crowd(FIELD_ADDR, addr, sizeof addr, out, sizeof out);
  peer *p = mux_session(e);
  heard *s = p ? mux_accept(p, ID) : NULL;
  if (!s) {
    verdict v = p && !p->over ? EVIL_NA : EVIL_BROKEN;
    peer_free(p);
    return v;
  }
  for (uint64_t i = 0; i < messages && !s->rst && mux_data(p, 0, s->sid, out, n); i++)
    while (!p->over && peer_wait(p, 0)) continue;
  verdict v = mux_stream_resets(p, s, e->patience) ? EVIL_SURVIVED : EVIL_LATE;
  peer_free(p);
  return v;
}

static verdict ip05(evil *e) { return answered(e, 30); }
static verdict ip06(evil *e) { return answered(e, 0); }

static verdict ip04(evil *e) {
  enum { PUSHES = 2000 };
  static const uint8_t agent[] = "evil";
  uint8_t body[64], out[70];
  p2p__wr w = p2p__wr_of(body, sizeof body);
  p2p__pb_bytes(&w, FIELD_AGENT, p2p__bytes(agent, 4));
  size_t n = framed(p2p__wr_bytes(&w), out, sizeof out);
  peer *p = mux_session(e);
  if (!p) return EVIL_BROKEN;
  for (uint32_t i = 0; i < PUSHES && !p->over; i++) {
    heard *s = mux_open(p, mux_sid(p, i), PUSH);
    if (!s) break;
    mux_data(p, FIN, s->sid, out, n);
    s->sid = 0;
  }
  return may_do_anything(p);
}

/* An empty address between good ones must not cost the peer its connection. */
static verdict ip07(evil *e) {
  static const uint8_t good[] = { 4, 203, 0, 113, 7, 6, 0x0f, 0xa1 };
  uint8_t body[64], out[70];
  p2p__wr w = p2p__wr_of(body, sizeof body);
  p2p__pb_bytes(&w, FIELD_ADDR, p2p__bytes(good, sizeof good));
  p2p__pb_bytes(&w, FIELD_ADDR, p2p__bytes(NULL, 0));
  p2p__pb_bytes(&w, FIELD_ADDR, p2p__bytes(good, sizeof good));
  return pushed(e, out, framed(p2p__wr_bytes(&w), out, sizeof out));
}

static const row framing_rows[] = {
  { "FR-02.length", "identify", "GHSA-xqvc-92cf-94j4", "a message of 2^63 bytes is announced",
    ROW_DIAL, fr02_length },
  { "FR-02.varint", "identify", "py#1438", "a length of 100 bytes", ROW_DIAL, fr02_varint },
  { "FR-03", "identify", "RUSTSEC-2020-0002", "8,000 groups in each other", ROW_DIAL, fr03 },
  { "FR-04", "identify", "RUSTSEC-2020-0068, nim#1025", "addresses cut short", ROW_DIAL, fr04 },
  { "FR-05", "identify", "js#3568, rust#6486", "a megabyte of submessages of two bytes", ROW_DIAL,
    fr05 },
};
const family evil_framing = { framing_rows, P2P_COUNT(framing_rows), false };

static const row identify_rows[] = {
  { "IP-01", "identify", "CVE-2023-40583", "50 peers with records that speak of others", ROW_DIAL,
    ip01 },
  { "IP-02", "identify", "kubo#3532, go#3486", "50 peers with 800 addresses each", ROW_DIAL, ip02 },
  { "IP-03", "identify", "go#3501", "50 peers with 1,100 protocols each", ROW_DIAL, ip03 },
  { "IP-04", "identify", "go#3266", "2,000 pushes of one peer", ROW_DIAL, ip04 },
  { "IP-05", "identify", "js#3423", "30 messages on one stream, and no end of it", ROW_DIAL, ip05 },
  { "IP-06", "identify", "py 5f067341, nim#2940", "asked who we are, we do not say", ROW_DIAL,
    ip06 },
  { "IP-07", "identify", "go#3494, js#3479", "an empty address in the list", ROW_DIAL, ip07 },
};
const family evil_identify = { identify_rows, P2P_COUNT(identify_rows), false };
