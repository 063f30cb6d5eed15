/* ID, HS and QC rows of the handshake of QUIC: who says nothing, transport parameters, and servers whose
 * first flight is one too many. */
#include "quic.h"

enum { CERTIFICATE = 1u << 11, CERTIFICATE_VERIFY = 1u << 15, FINISHED = 1u << 20 };
static const char PING[] = "/ipfs/ping/1.0.0";

/* ---- who is there ---- */
static verdict refused_as(evil *e, const quic_plan *plan) {
  quic *q = quic_new(e, plan);
  if (!q) return EVIL_BROKEN;
  quic_shake(q);
  return quic_must_end(q);
}

verdict quic_refuses(evil *e, const lie *l) {
  const quic_plan plan = { .lie = *l };
  return refused_as(e, &plan);
}

/* What is in order must not cost the connection, nor a moment later. */
static verdict accepted_as(evil *e, const quic_plan *plan) {
  quic *q = quic_new(e, plan);
  if (!q) return EVIL_BROKEN;
  if (!quic_shake(q)) {
    quic_free(q);
    return EVIL_STRICT;
  }
  (void)quic_wait(q, evil_now() + P2P_SECOND / 10);
  return quic_must_live(q);
}

verdict quic_accepts(evil *e, const lie *l) {
  const quic_plan plan = { .lie = *l };
  return accepted_as(e, &plan);
}

static verdict id07_verify(evil *e) {
  const quic_plan plan = { .withheld = CERTIFICATE_VERIFY };
  return refused_as(e, &plan);
}

/* The dialer asked for the peer of evilpeer's address; another one answers. */
static verdict id05(evil *e) {
  p2p_identity asked = e->self;
  if (p2p_identity_generate(&e->self, P2P_KEY_ED25519, e->io) < 0) {
    e->self = asked;
    return EVIL_BROKEN;
  }
  verdict v = refused_as(e, NULL);
  p2p_identity_fini(&e->self);
  e->self = asked;
  return v;
}

/* A stream, and what it asks, before it has said who it is: in the same datagram as nothing of TLS. */
static verdict id04(evil *e) {
  static const quic_plan plan = { .withheld = CERTIFICATE | CERTIFICATE_VERIFY | FINISHED };
  uint8_t lines[512], frames[QUIC_LEAST];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  quic *q = quic_new(e, &plan);
  p2p_time end = evil_now() + e->brief;
  while (q && !q->shaken && quic_wait(q, end)) continue;
  if (!q || !q->shaken) {
    quic_free(q);
    return EVIL_BROKEN;
  }
  size_t n = line_two(PING, lines, sizeof lines);
  quic_put_stream(&w, 0, 0, p2p__bytes(lines, n), false);
  quic_say(q, QUIC_APP, &w);
  quic_ends(q, e->patience);
  bool answered = q->stream[0].used && q->stream[0].len > 0;
  quic_free(q);
  return answered ? EVIL_TOLERATED : EVIL_SURVIVED;
}

/* ---- TLS ---- */
static verdict hs20_alpn(evil *e) {
  static const quic_plan plan = { .alpn = "" };
  return refused_as(e, &plan);
}

static verdict hs20_other_alpn(evil *e) {
  static const quic_plan plan = { .alpn = "h3" };
  return refused_as(e, &plan);
}

/* Honest to the last byte, but in pieces of one byte, the last first. */
static verdict hs05(evil *e) {
  static const quic_plan plan = { .crumb = 1 };
  return accepted_as(e, &plan);
}

/* As far as they let us, then silence. */
static verdict stop_before(evil *e, uint32_t withheld) {
  const quic_plan plan = { .withheld = withheld };
  return quic_must_end_in_time(quic_new(e, &plan));
}

static verdict hs04_flight(evil *e) {
  return stop_before(e, CERTIFICATE | CERTIFICATE_VERIFY | FINISHED);
}
static verdict hs04_finished(evil *e) { return stop_before(e, FINISHED); }

/* A byte of the first message each tenth of a second, for ever. */
static verdict hs04_trickle(evil *e) {
  static const quic_plan plan = { .hold = true };
  quic *q = quic_new(e, &plan);
  if (!q) return EVIL_BROKEN;
  p2p_time end = evil_now() + e->patience;
  const quic_space *s = &q->space[QUIC_INITIAL];
  for (size_t i = 0; i < s->out_len && !q->over && evil_now() < end; i++) {
    uint8_t frames[32];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    quic_put_crypto(&w, i, p2p__bytes(s->out + i, 1));
    quic_say(q, QUIC_INITIAL, &w);
    quic_wait(q, evil_now() + P2P_SECOND / 10);
  }
  return quic_must_end_in_time(q);
}

/* In the place of a handshake said: one that is none, far too long, one that belongs elsewhere. */
static verdict told(evil *e, const void *said, size_t n) {
  static const quic_plan plan = { .hold = true };
  uint8_t frames[QUIC_LEAST];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  quic *q = quic_new(e, &plan);
  if (!q) return EVIL_BROKEN;
  quic_put_crypto(&w, 0, p2p__bytes(said, n));
  quic_say(q, QUIC_INITIAL, &w);
  return quic_must_end(q);
}

static verdict hs07_garbage(evil *e) {
  static const uint8_t said[64] = { 99, 0, 0, 60 };
  return told(e, said, sizeof said);
}

static verdict hs07_long(evil *e) {
  static const uint8_t said[64] = { 1, 0xff, 0xff, 0xff, 3, 3 };
  return told(e, said, sizeof said);
}

static verdict hs07_finished(evil *e) {
  static const uint8_t said[36] = { 20, 0, 0, 32 };
  return told(e, said, sizeof said);
}

/* CONNECTION_CLOSE where a handshake said is awaited. Nothing is to be answered; a dialer returns. */
static verdict hs07_close(evil *e) {
  static const quic_plan plan = { .hold = true };
  uint8_t frames[32];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  quic *q = quic_new(e, &plan);
  if (!q) return EVIL_BROKEN;
  quic_put_close(&w, false, 0);
  quic_say(q, QUIC_INITIAL, &w);
  q->vanish = true;
  return quic_may_do_anything(q);
}

/* ---- transport parameters: RFC 9000, section 18 ---- */
enum { IDLE = 1, UDP_MAX = 3, DATA = 4, STREAM_LOCAL = 5, STREAM_REMOTE = 6, STREAM_UNI = 7 };
enum { STREAMS = 8, STREAMS_UNI = 9, DELAY_EXPONENT = 10, DELAY_MAX = 11, ACTIVE_IDS = 14 };
enum { SOURCE_ID = 15, TOKEN = 2, ORIGINAL_ID = 0 };

static verdict params_refused(evil *e, void (*more)(const quic *q, p2p__wr *w)) {
  const quic_plan plan = { .more = more };
  return refused_as(e, &plan);
}

static verdict params_accepted(evil *e, void (*params)(const quic *q, p2p__wr *w),
                               void (*more)(const quic *q, p2p__wr *w)) {
  const quic_plan plan = { .params = params, .more = more };
  return accepted_as(e, &plan);
}

static void put_ids(const quic *q, p2p__wr *w) {
  if (!q->dialed) quic_param_bytes(w, ORIGINAL_ID, p2p__bytes(q->original.b, q->original.len));
  quic_param_bytes(w, SOURCE_ID, p2p__bytes(q->ours.b, q->ours.len));
}

static void put_top_idle(const quic *q, p2p__wr *w) {
  put_ids(q, w);
  quic_param(w, IDLE, QUIC_TOP);
  quic_param(w, DATA, 1 << 20);
  quic_param(w, STREAM_LOCAL, 1 << 20);
  quic_param(w, STREAM_REMOTE, 1 << 20);
  quic_param(w, STREAMS, 16);
}

/* Each as large as it may be. */
static void put_top(const quic *q, p2p__wr *w) {
  put_ids(q, w);
  quic_param(w, IDLE, QUIC_TOP);
  quic_param(w, UDP_MAX, QUIC_TOP);
  quic_param(w, DATA, QUIC_TOP);
  quic_param(w, STREAM_LOCAL, QUIC_TOP);
  quic_param(w, STREAM_REMOTE, QUIC_TOP);
  quic_param(w, STREAM_UNI, QUIC_TOP);
  quic_param(w, STREAMS, UINT64_C(1) << 60);
  quic_param(w, STREAMS_UNI, UINT64_C(1) << 60);
  quic_param(w, DELAY_EXPONENT, 20);
  quic_param(w, DELAY_MAX, (1 << 14) - 1);
  quic_param(w, ACTIVE_IDS, QUIC_TOP);
  quic_param(w, 0x20, QUIC_TOP);
}

/* As small: nothing may be sent to us, and an idle time of a millisecond. */
static void put_least(const quic *q, p2p__wr *w) {
  put_ids(q, w);
  quic_param(w, UDP_MAX, 1200);
  quic_param(w, DELAY_EXPONENT, 0);
  quic_param(w, DELAY_MAX, 0);
  quic_param(w, ACTIVE_IDS, 2);
}

/* Names that nobody knows are to be passed over, however many. */
static void put_unknown(const quic *q, p2p__wr *w) {
  (void)q;
  for (uint64_t i = 0; i < 100; i++)
    quic_param_bytes(w, 31 * i + 27 + (i == 99 ? QUIC_TOP / 2 : 0), p2p__bytes("unknown", 7));
}

static void put_short_varint(const quic *q, p2p__wr *w) {
  (void)q;
  quic_put(w, DELAY_MAX);
  quic_put(w, 1);
  p2p__wr_u8(w, 0xc0); /* the first of eight bytes */
}

static void put_short_value(const quic *q, p2p__wr *w) {
  (void)q;
  quic_put(w, DELAY_MAX);
  quic_put(w, 60);
  p2p__wr_u8(w, 1);
}

static void put_half_name(const quic *q, p2p__wr *w) {
  (void)q;
  p2p__wr_u8(w, 0xff);
}

static void put_twice(const quic *q, p2p__wr *w) {
  (void)q;
  quic_param(w, IDLE, 1000);
}

static void put_exponent(const quic *q, p2p__wr *w) {
  (void)q;
  quic_param(w, DELAY_EXPONENT, 21);
}
static void put_delay(const quic *q, p2p__wr *w) {
  (void)q;
  quic_param(w, DELAY_MAX, 1 << 14);
}
static void put_small_packets(const quic *q, p2p__wr *w) {
  (void)q;
  quic_param(w, UDP_MAX, 1199);
}
static void put_uni(const quic *q, p2p__wr *w) {
  (void)q;
  quic_param(w, STREAMS_UNI, (UINT64_C(1) << 60) + 1);
}
static void put_client_token(const quic *q, p2p__wr *w) {
  quic_param_bytes(w, TOKEN, p2p__bytes("0123456789abcdef", q->dialed ? 16 : 15));
}
/* Ids that are not those of the packets. RFC 9000, section 7.3. */
static void put_other_source(const quic *q, p2p__wr *w) {
  quic other = { .dialed = q->dialed, .ours = q->ours, .original = q->original };
  other.ours.b[0] ^= 1;
  quic_params_put(&other, w);
}
static void put_other_original(const quic *q, p2p__wr *w) {
  quic other = { .dialed = q->dialed, .ours = q->ours, .original = q->original };
  other.original.b[0] ^= 1;
  quic_params_put(&other, w);
}

static verdict qc04_idle(evil *e) { return params_accepted(e, put_top_idle, NULL); }
static verdict qc04_top(evil *e) { return params_accepted(e, put_top, NULL); }
static verdict qc04_least(evil *e) { return params_accepted(e, put_least, NULL); }
static verdict qc04_exponent(evil *e) { return params_refused(e, put_exponent); }
static verdict qc04_delay(evil *e) { return params_refused(e, put_delay); }
static verdict qc04_streams(evil *e) { return params_refused(e, put_uni); }
static verdict qc04_packets(evil *e) { return params_refused(e, put_small_packets); }
static verdict qc09_unknown(evil *e) { return params_accepted(e, NULL, put_unknown); }
static verdict qc09_varint(evil *e) { return params_refused(e, put_short_varint); }
static verdict qc09_value(evil *e) { return params_refused(e, put_short_value); }
static verdict qc09_name(evil *e) { return params_refused(e, put_half_name); }
static verdict qc09_twice(evil *e) { return params_refused(e, put_twice); }
static verdict qc09_token(evil *e) { return params_refused(e, put_client_token); }

static verdict qc09_source(evil *e) {
  static const quic_plan plan = { .params = put_other_source };
  return refused_as(e, &plan);
}
static verdict qc09_original(evil *e) {
  static const quic_plan plan = { .params = put_other_original };
  return refused_as(e, &plan);
}
static verdict qc09_none(evil *e) {
  static const quic_plan plan = { .no_params = true };
  return refused_as(e, &plan);
}

/* ---- servers whose first flight has a 1-RTT packet behind it ---- */
static void put_reset_token(const quic *q, p2p__wr *w) {
  (void)q;
  quic_param_bytes(w, TOKEN, p2p__bytes("a reset token :)", 16));
}

/* Whoever dialed is still there afterwards; then we leave. */
static verdict first_flight(evil *e, void (*put)(p2p__wr *w), bool rubbish) {
  static const quic_plan plan = { .hold = true, .more = put_reset_token };
  uint8_t frames[256], noise[64];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  quic *q = quic_new(e, &plan);
  p2p_time end = evil_now() + e->brief;
  while (q && !q->space[QUIC_APP].tx.on && quic_wait(q, end)) continue;
  if (!q || !q->space[QUIC_APP].tx.on) {
    quic_free(q);
    return EVIL_BROKEN;
  }
  put(&w);
  quic_add_crypto(q, QUIC_INITIAL, 0);
  quic_add_crypto(q, QUIC_HANDSHAKE, 0);
  quic_add(q, QUIC_APP, p2p__wr_bytes(&w), 0);
  if (rubbish) { /* behind it what nobody can open, in the shape of 1-RTT packets */
    evil_random(noise, sizeof noise);
    noise[0] = 0x43;
    memcpy(noise + 1, q->theirs.b, q->theirs.len);
  }
  quic_flush(q);
  for (int i = 0; rubbish && i < 20; i++) quic_send_raw(q, noise, sizeof noise);
  if (quic_shake(q)) return quic_must_live(q);
  bool ended = q->over || rubbish; /* to end it is allowed, to crash is not */
  quic_free(q);
  return ended ? EVIL_SURVIVED : EVIL_BROKEN;
}

/* Retires the id that the client needs for the flight it still owes. */
static void put_retirement(p2p__wr *w) { quic_put_new_id(w, 1, 1, 3); }
static void put_early_done(p2p__wr *w) {
  p2p__wr_u8(w, 0x1e);
  p2p__wr_bytes_in(w, p2p__bytes("\0\0\0", 3));
}
static void put_empty(p2p__wr *w) {
  quic_put_stream(w, 1, 0, p2p__bytes(NULL, 0), false);
  p2p__wr_bytes_in(w, p2p__bytes("\x31\0", 2));
}

static verdict qc03_retire(evil *e) { return first_flight(e, put_retirement, false); }
static verdict qc03_early(evil *e) { return first_flight(e, put_empty, false); }
static verdict qc08_done(evil *e) { return first_flight(e, put_early_done, true); }

#define RFC "RFC 9000"
enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row rows[] = {
  { "ID-04.quic", "quic", "py#1345", "a stream before it says who it is", ROW_DIAL, id04 },
  { "ID-05.quic", "quic", "nim#2880", "another peer answers than the one dialed", ROW_SERVE, id05 },
  { "ID-07.quic.verify", "quic", "CVE-2022-29222", "a certificate without CertificateVerify", BOTH,
    id07_verify },
  { "HS-04.quic.flight", "quic", "litep2p#373", "takes the server's flight, then nothing", ROW_DIAL,
    hs04_flight },
  { "HS-04.quic.finished", "quic", "litep2p#373", "all but Finished, then nothing", BOTH,
    hs04_finished },
  { "HS-04.quic.trickle", "quic", "litep2p#373", "a hello, a byte each tenth of a second", ROW_DIAL,
    hs04_trickle },
  { "HS-05.quic", "quic", "litep2p#518, litep2p#519",
    "an honest handshake, byte by byte, backwards", ROW_DIAL, hs05 },
  { "HS-07.quic.close", "quic", "RUSTSEC-2024-0336", "CONNECTION_CLOSE instead of a handshake",
    BOTH, hs07_close },
  { "HS-07.quic.garbage", "quic", "RUSTSEC-2024-0336", "a handshake message that is none", BOTH,
    hs07_garbage },
  { "HS-07.quic.long", "quic", "RUSTSEC-2024-0336", "a hello of 16 MiB is announced", BOTH,
    hs07_long },
  { "HS-07.quic.finished", "quic", "RUSTSEC-2024-0336", "Finished instead of a hello", BOTH,
    hs07_finished },
  { "HS-20.quic.alpn", "quic", "quic/README.md", "no application protocol", BOTH, hs20_alpn },
  { "HS-20.quic.other", "quic", "quic/README.md", "another application protocol", BOTH,
    hs20_other_alpn },
  { "QC-03.retire", "quic", "ngtcp2 bf5a8812", "a 0.5-RTT packet retires the only connection id",
    ROW_SERVE, qc03_retire },
  { "QC-03.early", "quic", "ngtcp2 76b15762", "a 0.5-RTT packet with empty STREAM and DATAGRAM",
    ROW_SERVE, qc03_early },
  { "QC-04.idle", "quic", "ngtcp2 70d26ba3", "an idle time of 2^62 ms: allowed", BOTH, qc04_idle },
  { "QC-04.top", "quic", "ngtcp2 70d26ba3", "parameters as large as they may be", BOTH, qc04_top },
  { "QC-04.least", "quic", RFC ", section 18", "parameters as small as they may be", BOTH,
    qc04_least },
  { "QC-04.exponent", "quic", RFC ", section 18.2", "an exponent of 21 for delays", BOTH,
    qc04_exponent },
  { "QC-04.delay", "quic", RFC ", section 18.2", "a delay of 2^14 ms", BOTH, qc04_delay },
  { "QC-04.streams", "quic", RFC ", section 18.2", "2^60 and one streams", BOTH, qc04_streams },
  { "QC-04.packets", "quic", RFC ", section 18.2", "packets of 1,199 bytes at most", BOTH,
    qc04_packets },
  { "QC-08.done", "quic", "CVE-2025-59530", "HANDSHAKE_DONE in the first flight, then noise",
    ROW_SERVE, qc08_done },
  { "QC-09.unknown", "quic", RFC ", section 7.4.2", "a hundred unknown parameters: allowed", BOTH,
    qc09_unknown },
  { "QC-09.varint", "quic", "CVE-2026-31812", "a parameter's number is cut short", BOTH,
    qc09_varint },
  { "QC-09.value", "quic", "CVE-2026-31812", "a parameter longer than what is there", BOTH,
    qc09_value },
  { "QC-09.name", "quic", "CVE-2026-31812", "half a parameter's name", BOTH, qc09_name },
  { "QC-09.twice", "quic", RFC ", section 7.4", "a parameter twice", BOTH, qc09_twice },
  { "QC-09.token", "quic", RFC ", section 18.2", "a reset token of a client, or of 15 bytes", BOTH,
    qc09_token },
  { "QC-09.source", "quic", RFC ", section 7.3", "another source id than the packets have", BOTH,
    qc09_source },
  { "QC-09.original", "quic", RFC ", section 7.3", "another original id than the client's",
    ROW_SERVE, qc09_original },
  { "QC-09.none", "quic", "RFC 9001, section 8.2", "no transport parameters", BOTH, qc09_none },
};
const family evil_quic_peer = { rows, P2P_COUNT(rows), true };
