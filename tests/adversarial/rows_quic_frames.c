/* QC rows of one packet, or a few: frames and packets that cannot be, and some that only look so. */
#include "quic.h"
#include <stdlib.h>

/* ---- frames as they are ---- */

/* What is said in a packet of a level, by a peer that was honest until then. */
typedef struct said {
  const char *row;
  quic_level level;
  const char *frames;
  size_t len;
} said;

#define SAID(row, level, frames) row, level, frames, sizeof frames - 1
static const said sayings[] = {
  { SAID("QC-08.done.client", QUIC_APP, "\x1e\0\0\0") },
  { SAID("QC-08.token.client", QUIC_APP, "\x07\1x\0\0\0") },
  { SAID("QC-08.token.empty", QUIC_APP, "\x07\0\0\0\0") },
  { SAID("QC-08.crypto", QUIC_APP, "\x06\0\5\x18\0\0\1\0") },
  { SAID("QC-09.frame", QUIC_APP, "\x3f\0\0\0\0") },
  { SAID("QC-09.frame.long", QUIC_APP, "\xff\xff\xff\xff\xff\xff\xff\xff") },
  { SAID("QC-09.stream.cut", QUIC_APP, "\0\0\0\0\x08") },
  { SAID("QC-09.ack.cut", QUIC_APP, "\0\0\0\x02\0\0") },
  { SAID("QC-09.id.cut", QUIC_APP, "\x18\1\0\x08short") },
  { SAID("QC-09.empty", QUIC_APP, "") },
  { SAID("QC-03.id.long", QUIC_APP, "\x18\1\0\x15twentyone bytes, you s0123456789abcdef") },
  { SAID("QC-03.id.none", QUIC_APP,
         "\x18\1\0\0"
         "0123456789abcdef") },
  { SAID("QC-03.id.order", QUIC_APP,
         "\x18\1\2\x08"
         "anotherx0123456789abcdef") },
  { SAID("QC-05.retire.none", QUIC_APP, "\x19\x50\0\0\0") },
  { SAID("QC-15.unsent", QUIC_APP, "\x02\x80\1\x86\xa0\0\0\0\0\0") },
  { SAID("QC-15.range", QUIC_APP, "\x02\0\0\0\x05\0\0\0") },
  { SAID("QC-24.max", QUIC_APP, "\x12\xd0\0\0\0\0\0\0\1\0\0") },
  { SAID("QC-24.blocked", QUIC_APP, "\x16\xd0\0\0\0\0\0\0\1\0\0") },
  { SAID("QC-25.crypto", QUIC_INITIAL, "\x06\xbf\xff\xff\xf0\1x\0\0") },
  { SAID("QC-25.crypto.top", QUIC_HANDSHAKE, "\x06\xff\xff\xff\xff\xff\xff\xff\xff\1x\0") },
  { SAID("QC-27.initial.stream", QUIC_INITIAL, "\x0a\0\1x\0\0") },
  { SAID("QC-27.initial.id", QUIC_INITIAL,
         "\x18\1\0\x08"
         "anotherx0123456789abcdef") },
  { SAID("QC-27.initial.close", QUIC_INITIAL, "\x1d\0\0\0\0") },
  { SAID("QC-27.initial.path", QUIC_INITIAL,
         "\x1a"
         "01234567") },
  { SAID("QC-27.handshake.stream", QUIC_HANDSHAKE, "\x0a\0\1x\0\0") },
  { SAID("QC-27.handshake.done", QUIC_HANDSHAKE, "\x1e\0\0\0\0") },
  { SAID("QC-27.handshake.datagram", QUIC_HANDSHAKE, "\x31\1x\0\0") },
};

static const said *said_of(const evil *e) {
  for (size_t i = 0; i < P2P_COUNT(sayings); i++)
    if (strcmp(sayings[i].row, e->row) == 0) return &sayings[i];
  abort();
}

static void say(quic *q, const said *s) {
  quic_add(q, s->level, p2p__bytes(s->frames, s->len), s->level == QUIC_INITIAL ? QUIC_LEAST : 0);
  quic_flush(q);
}

static verdict refused(evil *e) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  say(q, said_of(e));
  return quic_must_end(q);
}

/* Where Handshake packets are awaited, and none has come. */
static verdict refused_in_handshake(evil *e) {
  static const quic_plan hold = { .hold = true },
                         silent = { .withheld = 1u << 11 | 1u << 15 | 1u << 20 };
  quic *q = quic_new(e, e->listener < 0 ? &silent : &hold);
  if (!q) return EVIL_BROKEN;
  if (!q->dialed) {
    quic_add_crypto(q, QUIC_INITIAL, QUIC_LEAST);
    quic_flush(q);
  }
  p2p_time end = evil_now() + e->brief;
  while (!q->space[QUIC_HANDSHAKE].tx.on && quic_wait(q, end)) continue;
  say(q, said_of(e));
  return quic_must_end(q);
}

/* Whoever saw the first packet can make Initial packets: to pass over one that cannot be is as good as to
 * end, as long as what is honest goes on. */
static verdict refused_or_dropped(evil *e) {
  quic_plan plan = { .hold = true };
  quic *q = quic_new(e, &plan);
  if (!q) return EVIL_BROKEN;
  if (q->dialed) {
    quic_add_crypto(q, QUIC_INITIAL, QUIC_LEAST);
    quic_flush(q);
  }
  say(q, said_of(e));
  plan.hold = false;
  if (quic_shake(q)) return quic_must_live(q);
  bool good = quic_ends(q, e->brief) || q->confirmed;
  quic_free(q);
  return good ? EVIL_SURVIVED : EVIL_TOLERATED;
}

/* ---- frames that know the connection ---- */
enum { FRAMES = 1100 };

static verdict told(evil *e, void (*put)(const quic *q, p2p__wr *w), verdict (*then)(quic *q)) {
  uint8_t frames[FRAMES];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  put(q, &w);
  while (w.len < 4) p2p__wr_u8(&w, 0);
  quic_say(q, QUIC_APP, &w);
  return then(q);
}

static void put_x(p2p__wr *w, uint64_t sid, uint64_t at, bool fin) {
  quic_put_stream(w, sid, at, p2p__bytes("x", 1), fin);
}
static void put_reset(p2p__wr *w, uint64_t sid, uint64_t final) {
  p2p__wr_u8(w, 0x04);
  quic_put(w, sid);
  quic_put(w, 0);
  quic_put(w, final);
}
static uint64_t theirs(const quic *q, uint64_t i) { return quic_sid(q, i) ^ 1; }

static void put_one_too_many(const quic *q, p2p__wr *w) {
  put_x(w, quic_sid(q, q->streams_allowed), 0, false);
}
static void put_in_their_name(const quic *q, p2p__wr *w) { put_x(w, theirs(q, 100), 0, false); }
static void put_uni(const quic *q, p2p__wr *w) {
  put_x(w, quic_sid(q, q->uni_allowed) | 2, 0, false);
}
static void put_stop(const quic *q, p2p__wr *w) {
  p2p__wr_u8(w, 0x05);
  quic_put(w, theirs(q, 100));
  quic_put(w, 0);
}
static void put_credit(const quic *q, p2p__wr *w) {
  p2p__wr_u8(w, 0x11);
  quic_put(w, theirs(q, 100));
  quic_put(w, 1 << 20);
}
static void put_beyond_stream(const quic *q, p2p__wr *w) {
  put_x(w, quic_sid(q, 0), q->stream_window, false);
}
static void put_beyond_all(const quic *q, p2p__wr *w) {
  uint64_t n = q->window / q->stream_window + 1;
  for (uint64_t i = 0; i < n && i < 64; i++) put_x(w, quic_sid(q, i), q->stream_window - 1, false);
}
static void put_top(const quic *q, p2p__wr *w) { put_x(w, quic_sid(q, 0), QUIC_TOP, false); }
static void put_behind_end(const quic *q, p2p__wr *w) {
  put_x(w, quic_sid(q, 0), 5, true);
  put_x(w, quic_sid(q, 0), 10, false);
}
static void put_end_before(const quic *q, p2p__wr *w) {
  put_x(w, quic_sid(q, 0), 10, false);
  put_x(w, quic_sid(q, 0), 5, true);
}
static void put_two_ends(const quic *q, p2p__wr *w) {
  put_x(w, quic_sid(q, 0), 10, true);
  put_x(w, quic_sid(q, 0), 12, true);
}
static void put_reset_before(const quic *q, p2p__wr *w) {
  put_x(w, quic_sid(q, 0), 10, false);
  put_reset(w, quic_sid(q, 0), 5);
}
static void put_reset_beyond(const quic *q, p2p__wr *w) {
  put_reset(w, quic_sid(q, 0), q->stream_window + 1);
}
static void put_id_again(const quic *q, p2p__wr *w) {
  (void)q;
  for (int i = 0; i < 8; i++) quic_put_new_id(w, 1, 0, 1);
}
static void put_id_changed(const quic *q, p2p__wr *w) {
  (void)q;
  quic_put_new_id(w, 1, 0, 1);
  quic_put_new_id(w, 1, 0, 2);
}
/* The second's id and token are the first's. */
static void put_id_renumbered(const quic *q, p2p__wr *w) {
  (void)q;
  quic_put_new_id(w, 1, 0, 1);
  size_t first = w->len;
  quic_put_new_id(w, 2, 0, 1);
  if (!w->err) memcpy(w->p + first + 4, w->p + 4, QUIC_CID);
}
static void put_many_ids(const quic *q, p2p__wr *w) {
  (void)q;
  for (uint64_t i = 1; i < 30; i++) quic_put_new_id(w, i, 0, 1);
}
static void put_empty(const quic *q, p2p__wr *w) {
  for (int i = 0; i < 60; i++) {
    quic_put_stream(w, quic_sid(q, (uint64_t)i % 4), 0, p2p__bytes(NULL, 0), false);
    if (q->datagram_max) p2p__wr_bytes_in(w, p2p__bytes("\x31\0", 2));
  }
}
/* ACK of what came, with a delay of 2^62 units. */
static void put_late_ack(const quic *q, p2p__wr *w) {
  const quic_space *s = &q->space[QUIC_APP];
  p2p__wr_u8(w, 0x02);
  quic_put(w, s->got[0].to);
  quic_put(w, QUIC_TOP);
  quic_put(w, 0);
  quic_put(w, s->got[0].to - s->got[0].from);
}
/* … with marks of congestion that nobody made. */
static void put_ecn_ack(const quic *q, p2p__wr *w) {
  size_t at = w->len;
  quic_put_ack(&q->space[QUIC_APP], w);
  w->p[at] = 0x03;
  for (int i = 0; i < 3; i++) quic_put(w, QUIC_TOP);
}

static verdict qc24_many(evil *e) { return told(e, put_one_too_many, quic_must_end); }
static verdict qc24_theirs(evil *e) { return told(e, put_in_their_name, quic_must_end); }
static verdict qc24_uni(evil *e) { return told(e, put_uni, quic_must_end); }
static verdict qc24_stop(evil *e) { return told(e, put_stop, quic_must_end); }
static verdict qc24_credit(evil *e) { return told(e, put_credit, quic_must_end); }
static verdict qc25_stream(evil *e) { return told(e, put_beyond_stream, quic_must_end); }
static verdict qc25_all(evil *e) { return told(e, put_beyond_all, quic_must_end); }
static verdict qc25_top(evil *e) { return told(e, put_top, quic_must_end); }
static verdict qc26_behind(evil *e) { return told(e, put_behind_end, quic_must_end); }
static verdict qc26_before(evil *e) { return told(e, put_end_before, quic_must_end); }
static verdict qc26_two(evil *e) { return told(e, put_two_ends, quic_must_end); }
static verdict qc26_reset(evil *e) { return told(e, put_reset_before, quic_must_end); }
static verdict qc26_beyond(evil *e) { return told(e, put_reset_beyond, quic_must_end); }
static verdict qc03_again(evil *e) { return told(e, put_id_again, quic_must_live); }
static verdict qc03_changed(evil *e) { return told(e, put_id_changed, quic_must_end); }
static verdict qc03_renumbered(evil *e) { return told(e, put_id_renumbered, quic_must_end); }
static verdict qc03_many(evil *e) { return told(e, put_many_ids, quic_must_end); }
static verdict qc03_empty(evil *e) { return told(e, put_empty, quic_must_live); }
static verdict qc04_late(evil *e) { return told(e, put_late_ack, quic_must_live); }
static verdict qc15_ecn(evil *e) { return told(e, put_ecn_ack, quic_must_live); }

static verdict qc21(evil *e) {
  uint8_t frames[] = { 0x31, 1, 'x', 0, 0 };
  p2p__wr w = { .p = frames, .len = sizeof frames, .cap = sizeof frames };
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  if (q->datagram_max) {
    quic_free(q);
    return EVIL_NA; /* it takes them */
  }
  quic_say(q, QUIC_APP, &w);
  return quic_must_end(q);
}

/* ---- packets ---- */
static const uint8_t ping[] = { 0x01, 0, 0, 0 };

static verdict with_bits(evil *e, uint8_t flip, verdict (*then)(quic *q)) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  q->flip = flip;
  quic_ping(q, 0);
  q->flip = 0;
  return then(q);
}

static verdict qc28_reserved(evil *e) { return with_bits(e, 0x18, quic_must_end); }
static verdict qc28_fixed(evil *e) { return with_bits(e, 0x40, quic_must_live); }
static verdict qc29_phase(evil *e) { return with_bits(e, 0x04, quic_must_live); }

/* As the network may make them: cut off anywhere, each bit inverted, sent again. */
static verdict qc28_damaged(evil *e) {
  uint8_t copy[QUIC_LEAST];
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  quic_add(q, QUIC_APP, p2p__bytes(ping, sizeof ping), 60);
  size_t len = q->out_len;
  memcpy(copy, q->out, len);
  for (size_t n = 1; n < len; n++) quic_send_raw(q, copy, n);
  for (size_t bit = 0; bit < 8 * len; bit++) {
    copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    quic_send_raw(q, copy, len);
    copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  for (int i = 0; i < 100; i++) quic_send_raw(q, copy, len);
  q->out_len = 0;
  return quic_must_live(q);
}

/* Long headers of every type in a connection that is made, of this version and of others. */
static verdict qc28_long(evil *e) {
  uint8_t noise[QUIC_LEAST];
  static const uint32_t versions[] = { 0, 1, 0x6b3343cf, 0xff00001d, 0x1a2a3a4a };
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  for (size_t v = 0; v < P2P_COUNT(versions); v++)
    for (unsigned type = 0; type < 4; type++) {
      p2p__wr w = p2p__wr_of(noise, sizeof noise);
      evil_random(noise, sizeof noise);
      p2p__wr_u8(&w, (uint8_t)(0xc3 | type << 4));
      p2p__wr_be32(&w, versions[v]);
      p2p__wr_u8(&w, q->theirs.len);
      p2p__wr_bytes_in(&w, p2p__bytes(q->theirs.b, q->theirs.len));
      quic_send_raw(q, noise, sizeof noise);
    }
  return quic_must_live(q);
}

/* An honest first flight with something behind it in its datagram. */
static verdict with_tail(evil *e, void (*put)(quic *q)) {
  quic_plan plan = { .hold = true };
  quic *q = quic_new(e, &plan);
  if (!q) return EVIL_BROKEN;
  quic_add_crypto(q, QUIC_INITIAL, QUIC_LEAST);
  put(q);
  quic_flush(q);
  plan.hold = false;
  if (quic_shake(q)) return quic_must_live(q);
  quic_free(q);
  return EVIL_STRICT;
}

static void put_noise(quic *q) {
  evil_random(q->out + q->out_len, 100);
  q->out[q->out_len] &= 0x3f;
  q->out_len += 100;
}

/* A packet that belongs to another connection. RFC 9000, section 12.2. */
static void put_other(quic *q) {
  size_t at = q->out_len;
  quic_add(q, QUIC_INITIAL, p2p__bytes(ping, sizeof ping), 0);
  q->out[at + 6] ^= 0xff;
}

/* A length that leads out of the datagram. */
static void put_long_length(quic *q) {
  size_t at = q->out_len;
  quic_add(q, QUIC_INITIAL, p2p__bytes(ping, sizeof ping), 0);
  q->out[at + 1 + 4 + 1 + q->theirs.len + 1 + q->ours.len + 1] = 0x7f;
}

static verdict qc28_tail(evil *e) { return with_tail(e, put_noise); }
static verdict qc28_other(evil *e) { return with_tail(e, put_other); }
static verdict qc28_length(evil *e) { return with_tail(e, put_long_length); }

/* ---- changes of keys: RFC 9001, section 6 ---- */
static verdict qc29_now(evil *e) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  (void)quic_lives(q);
  quic_keys_update(q);
  return quic_must_live(q);
}

/* One after the other, each as soon as the last was acknowledged; in between a hundred in their place. */
static verdict qc29_many(evil *e) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  for (int i = 0; i < 4 && !q->over && quic_lives(q); i++) quic_keys_update(q);
  for (int i = 0; i < 100 && !q->over; i++) {
    quic_keys_update(q);
    quic_ping(q, 0);
  }
  return quic_may_do_anything(q);
}

/* ---- both sides close ---- */
static verdict qc20(evil *e) {
  static const char *const wrong[] = { "\x1e\x3f\0\0", "\x3f\0\0\0", "\x07\0\0\0" };
  for (size_t i = 0; i < 30; i++) {
    uint8_t frames[64];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    quic *q = quic_session(e);
    if (!q) return EVIL_BROKEN;
    quic_add(q, QUIC_APP, p2p__bytes(wrong[i % P2P_COUNT(wrong)], 4), 0);
    quic_flush(q);
    quic_put_close(&w, i & 1, i);
    for (size_t k = 0; k <= i; k++) quic_say(q, QUIC_APP, &w);
    if (i % 3 == 0) (void)quic_wait(q, evil_now() + P2P_SECOND / 100);
    for (size_t k = 0; k <= i; k++) {
      quic_ping(q, 0);
    }
    bool dialed = q->dialed;
    q->vanish = true;
    quic_free(q);
    if (!dialed) break;
  }
  return EVIL_SURVIVED;
}

#define RFC "RFC 9000"
enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row rows[] = {
  { "QC-03.again", "quic", "ngtcp2 5e1430da", "a connection id said eight times", BOTH,
    qc03_again },
  { "QC-03.changed", "quic", RFC ", section 19.15", "two connection ids of one number", BOTH,
    qc03_changed },
  { "QC-03.renumbered", "quic", "ngtcp2 7e89c434", "a connection id with two numbers", BOTH,
    qc03_renumbered },
  { "QC-03.many", "quic", RFC ", section 5.1.1", "more connection ids than asked for", BOTH,
    qc03_many },
  { "QC-03.id.long", "quic", RFC ", section 19.15", "a connection id of 21 bytes", BOTH, refused },
  { "QC-03.id.none", "quic", RFC ", section 19.15", "a connection id of no bytes", BOTH, refused },
  { "QC-03.id.order", "quic", RFC ", section 19.15", "a connection id retires itself", BOTH,
    refused },
  { "QC-03.empty", "quic", "ngtcp2 76b15762", "STREAM and DATAGRAM without a byte: allowed", BOTH,
    qc03_empty },
  { "QC-04.late", "quic", "ngtcp2 70d26ba3", "an acknowledgement 2^62 us late: allowed", BOTH,
    qc04_late },
  { "QC-05.retire.none", "quic", RFC ", section 19.16", "retires an id that it was never given",
    BOTH, refused },
  { "QC-08.done.client", "quic", "CVE-2025-59530", "HANDSHAKE_DONE from a client", ROW_DIAL,
    refused },
  { "QC-08.token.client", "quic", RFC ", section 19.7", "a token from a client", ROW_DIAL,
    refused },
  { "QC-08.token.empty", "quic", RFC ", section 19.7", "a token of no bytes", ROW_SERVE, refused },
  { "QC-08.crypto", "quic", "RFC 9001, section 6", "KeyUpdate of TLS", BOTH, refused },
  { "QC-09.frame", "quic", "RUSTSEC-2023-0063", "an unknown frame", BOTH, refused },
  { "QC-09.frame.long", "quic", "RUSTSEC-2023-0063", "… of type 2^62", BOTH, refused },
  { "QC-09.stream.cut", "quic", RFC ", section 12.4", "STREAM, and nothing behind it", BOTH,
    refused },
  { "QC-09.ack.cut", "quic", RFC ", section 12.4", "half an acknowledgement", BOTH, refused },
  { "QC-09.id.cut", "quic", RFC ", section 12.4", "half a connection id", BOTH, refused },
  { "QC-09.empty", "quic", RFC ", section 12.4", "a packet without frames", BOTH, refused },
  { "QC-15.unsent", "quic", "CVE-2025-4820", "acknowledges what was not sent", BOTH, refused },
  { "QC-15.range", "quic", RFC ", section 19.3.1", "acknowledges packets below zero", BOTH,
    refused },
  { "QC-15.ecn", "quic", RFC ", section 13.4.2", "congestion marks that nobody made: allowed", BOTH,
    qc15_ecn },
  { "QC-20.quic", "quic", "nim#2675", "an error and CONNECTION_CLOSE at once", BOTH, qc20 },
  { "QC-21.unasked", "quic", "RFC 9221, section 3", "a datagram to one who takes none", BOTH,
    qc21 },
  { "QC-24.many", "quic", RFC ", section 4.6", "a stream more than allowed", BOTH, qc24_many },
  { "QC-24.theirs", "quic", RFC ", section 19.8", "data in a stream they did not open", BOTH,
    qc24_theirs },
  { "QC-24.uni", "quic", RFC ", section 4.6", "a stream in one direction more than allowed", BOTH,
    qc24_uni },
  { "QC-24.stop", "quic", RFC ", section 19.5", "STOP_SENDING for a stream they did not open", BOTH,
    qc24_stop },
  { "QC-24.credit", "quic", RFC ", section 19.10", "credit for a stream they did not open", BOTH,
    qc24_credit },
  { "QC-24.max", "quic", RFC ", section 19.11", "allows 2^60 and one streams", BOTH, refused },
  { "QC-24.blocked", "quic", RFC ", section 19.14", "wants 2^60 and one streams", BOTH, refused },
  { "QC-25.stream", "quic", RFC ", section 4.1", "a byte behind a stream's window", BOTH,
    qc25_stream },
  { "QC-25.all", "quic", RFC ", section 4.1", "a byte behind the connection's window", BOTH,
    qc25_all },
  { "QC-25.top", "quic", RFC ", section 19.8", "a byte at 2^62", BOTH, qc25_top },
  { "QC-25.crypto", "quic", RFC ", section 7.5", "a byte of the handshake at 1 GiB", BOTH,
    refused_or_dropped },
  { "QC-25.crypto.top", "quic", RFC ", section 19.6", "a byte of the handshake at 2^62", BOTH,
    refused_in_handshake },
  { "QC-26.behind", "quic", RFC ", section 4.5", "data behind the end of a stream", BOTH,
    qc26_behind },
  { "QC-26.before", "quic", RFC ", section 4.5", "an end before data", BOTH, qc26_before },
  { "QC-26.two", "quic", RFC ", section 4.5", "two ends of one stream", BOTH, qc26_two },
  { "QC-26.reset", "quic", RFC ", section 4.5", "a reset that ends before data", BOTH, qc26_reset },
  { "QC-26.beyond", "quic", RFC ", section 4.5", "a reset that ends behind the window", BOTH,
    qc26_beyond },
  { "QC-27.initial.stream", "quic", RFC ", section 12.4", "STREAM in an Initial packet", BOTH,
    refused_or_dropped },
  { "QC-27.initial.id", "quic", RFC ", section 12.4", "a connection id in an Initial packet", BOTH,
    refused_or_dropped },
  { "QC-27.initial.close", "quic", RFC ", section 12.4",
    "an application's close in an Initial packet", BOTH, refused_or_dropped },
  { "QC-27.initial.path", "quic", RFC ", section 12.4", "PATH_CHALLENGE in an Initial packet", BOTH,
    refused_or_dropped },
  { "QC-27.handshake.stream", "quic", RFC ", section 12.4", "STREAM in a Handshake packet", BOTH,
    refused_in_handshake },
  { "QC-27.handshake.done", "quic", RFC ", section 12.4", "HANDSHAKE_DONE in a Handshake packet",
    BOTH, refused_in_handshake },
  { "QC-27.handshake.datagram", "quic", RFC ", section 12.4", "DATAGRAM in a Handshake packet",
    BOTH, refused_in_handshake },
  { "QC-28.reserved", "quic", RFC ", section 17.3.1", "reserved bits of a header are set", BOTH,
    qc28_reserved },
  { "QC-28.fixed", "quic", RFC ", section 17.3.1", "the fixed bit is not: dropped", BOTH,
    qc28_fixed },
  { "QC-28.damaged", "quic", RFC ", section 5.2", "packets cut, changed, sent again: dropped", BOTH,
    qc28_damaged },
  { "QC-28.long", "quic", RFC ", section 5.2", "long headers of every kind: dropped", BOTH,
    qc28_long },
  { "QC-28.tail", "quic", RFC ", section 12.2", "noise behind a first packet: dropped", BOTH,
    qc28_tail },
  { "QC-28.other", "quic", RFC ", section 12.2", "another's packet behind the first: dropped", BOTH,
    qc28_other },
  { "QC-28.length", "quic", RFC ", section 12.2", "a packet longer than its datagram: dropped",
    BOTH, qc28_length },
  { "QC-29.now", "quic", "RFC 9001, section 6", "new keys at once: allowed", BOTH, qc29_now },
  { "QC-29.phase", "quic", "RFC 9001, section 6.3", "the bit of new keys, and old ones: dropped",
    BOTH, qc29_phase },
  { "QC-29.many", "quic", "RFC 9001, section 6.5", "new keys without end", BOTH, qc29_many },
};
const family evil_quic_frames = { rows, P2P_COUNT(rows), true };
