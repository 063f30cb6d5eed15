/* QC rows of what is said without a connection: lists of versions, stateless resets, Retry. */
#include "quic.h"
#include <stdlib.h>

/* ---- versions ---- */
static size_t strange(uint32_t version, uint8_t id_len, uint8_t *out, size_t len) {
  p2p__wr w = p2p__wr_of(out, len);
  evil_random(out, len);
  p2p__wr_u8(&w, 0xc0);
  p2p__wr_be32(&w, version);
  p2p__wr_u8(&w, id_len);
  (void)p2p__wr_room(&w, id_len);
  p2p__wr_u8(&w, id_len);
  return len;
}

static bool offers_v1(const quic *q) {
  static const uint8_t v1[] = { 0, 0, 0, 1 };
  for (size_t i = 7; i + 4 <= q->last_len; i++)
    if (memcmp(q->last + i, v1, 4) == 0) return true;
  return false;
}

static verdict qc22_unknown(evil *e) {
  uint8_t d[QUIC_LEAST];
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  quic_send_raw(q, d, strange(0x1a2a3a4a, 8, d, sizeof d));
  p2p_time end = evil_now() + e->brief;
  while (!q->negotiations && quic_wait(q, end)) continue;
  bool good = q->negotiations == 1 && offers_v1(q) && q->bytes_in < 256;
  quic_free(q);
  return good ? EVIL_SURVIVED : EVIL_STRICT;
}

/* Short ones, one that itself is such an answer, ids longer than any: nothing comes back, or as little. */
static verdict qc22_silence(evil *e) {
  uint8_t d[QUIC_LEAST];
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  for (uint8_t i = 0; i < 100; i++) {
    quic_send_raw(q, d, strange(0x1a2a3a4a, 8, d, 40 + i));
    quic_send_raw(q, d, strange(0, (uint8_t)(2 * i), d, sizeof d));
    quic_send_raw(q, d, strange(1, (uint8_t)(21 + i), d, sizeof d));
  }
  quic_listen(q, P2P_SECOND / 2);
  bool silent = q->negotiations == 0;
  quic_free(q);
  return silent ? EVIL_SURVIVED : EVIL_TOLERATED;
}

/* Each answer to a version that nobody speaks is sent back to whom it came from. */
static verdict qc22_loop(evil *e) {
  uint8_t d[QUIC_LEAST];
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  quic_send_raw(q, d, strange(0x1a2a3a4a, 8, d, sizeof d));
  uint64_t rounds = 0;
  p2p_time end = evil_now() + e->brief;
  while (rounds < 100 && quic_wait(q, p2p__time_min(end, evil_now() + P2P_SECOND / 2)) &&
         quic_send_raw(q, q->last, q->last_len))
    rounds++;
  quic_free(q);
  return rounds < 100 ? EVIL_SURVIVED : EVIL_TOLERATED;
}

/* ---- stateless resets ---- */

/* A packet of a connection that they know nothing of. */
static size_t forgotten(uint8_t *out, size_t len) {
  evil_random(out, len);
  out[0] = (uint8_t)(0x40 | (out[0] & 0x3f));
  return len;
}

static verdict qc23_size(evil *e) {
  uint8_t d[QUIC_LEAST];
  quic *q = quic_knocker(e);
  bool longer = false;
  if (!q) return EVIL_BROKEN;
  for (size_t len = 1; len < 100 && !longer; len++) {
    q->longest = 0;
    quic_send_raw(q, d, forgotten(d, len));
    quic_wait(q, evil_now() + P2P_SECOND / 50); /* a late answer was to a shorter one */
    longer = q->longest >= len;
  }
  quic_free(q);
  return longer ? EVIL_TOLERATED : EVIL_SURVIVED;
}

/* Two who answer each other's resets would never stop. */
static verdict qc23_loop(evil *e) {
  uint8_t d[QUIC_LEAST];
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  quic_send_raw(q, d, forgotten(d, sizeof d));
  uint64_t rounds = 0;
  while (rounds < 1000 && quic_wait(q, evil_now() + P2P_SECOND / 2) &&
         quic_send_raw(q, q->last, q->last_len))
    rounds++;
  quic_free(q);
  return rounds < 1000 ? EVIL_SURVIVED : EVIL_TOLERATED;
}

static verdict qc23_flood(evil *e) {
  uint8_t d[64];
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  for (uint64_t i = 0; i < e->scale; i++) {
    quic_send_raw(q, d, forgotten(d, sizeof d));
    if (i % 64 == 0) quic_wait(q, evil_now());
  }
  quic_listen(q, P2P_SECOND / 2);
  uint64_t in = q->bytes_in, out = q->bytes_out;
  verdict v = quic_served_beside(e, q);
  return in > out ? EVIL_TOLERATED : v;
}

/* The reset that we announced ends the connection, whoever sends it. */
static void put_token(const quic *q, p2p__wr *w) {
  (void)q;
  quic_param_bytes(w, 2, p2p__bytes("a reset token :)", QUIC_TOKEN));
}

static verdict qc23_token(evil *e) {
  static const quic_plan plan = { .more = put_token };
  uint8_t d[60];
  quic *q = quic_session_as(e, &plan);
  if (!q) return EVIL_BROKEN;
  forgotten(d, sizeof d);
  memcpy(d + sizeof d - QUIC_TOKEN, "a reset token :)", QUIC_TOKEN);
  quic_send_raw(q, d, sizeof d);
  return quic_must_end(q);
}

/* ---- a dialer is answered by Retry, or by a list of versions ---- */

/* RFC 9001, section 5.8. */
static void retry_tag(quic *q, const quic_id *original, p2p_bytes packet, uint8_t *tag) {
  static const uint8_t key[16] = { 0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a,
                                   0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e };
  static const uint8_t nonce[12] = { 0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63,
                                     0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb };
  uint8_t aad[512];
  p2p__wr w = p2p__wr_of(aad, sizeof aad);
  p2p__aead a;
  p2p__wr_u8(&w, original->len);
  p2p__wr_bytes_in(&w, p2p__bytes(original->b, original->len));
  p2p__wr_bytes_in(&w, packet);
  p2p__aead_init(&a, q->e->crypto, P2P__AES_128_GCM, true, key);
  if (p2p__aead_seal(&a, nonce, p2p__wr_bytes(&w), p2p__bytes(NULL, 0), tag)) abort();
  p2p__aead_fini(&a);
}

static void send_retry(quic *q, const quic_id *to, const quic_id *original, const quic_id *from,
                       const char *token, uint8_t spoil) {
  uint8_t d[256], tag[P2P__AEAD_TAG];
  p2p__wr w = p2p__wr_of(d, sizeof d);
  p2p__wr_u8(&w, 0xf0);
  p2p__wr_be32(&w, QUIC_V1);
  p2p__wr_u8(&w, to->len);
  p2p__wr_bytes_in(&w, p2p__bytes(to->b, to->len));
  p2p__wr_u8(&w, from->len);
  p2p__wr_bytes_in(&w, p2p__bytes(from->b, from->len));
  p2p__wr_str(&w, token);
  retry_tag(q, original, p2p__wr_bytes(&w), tag);
  tag[0] ^= spoil;
  p2p__wr_bytes_in(&w, p2p__bytes(tag, sizeof tag));
  quic_send_raw(q, d, w.len);
}

static void send_versions(quic *q, const quic_id *to, const quic_id *from, const uint32_t *v,
                          size_t n) {
  uint8_t d[256];
  p2p__wr w = p2p__wr_of(d, sizeof d);
  p2p__wr_u8(&w, 0xc0);
  p2p__wr_be32(&w, 0);
  p2p__wr_u8(&w, to->len);
  p2p__wr_bytes_in(&w, p2p__bytes(to->b, to->len));
  p2p__wr_u8(&w, from->len);
  p2p__wr_bytes_in(&w, p2p__bytes(from->b, from->len));
  for (size_t i = 0; i < n; i++) p2p__wr_be32(&w, v[i]);
  quic_send_raw(q, d, w.len);
}

static quic_id another_id(void) {
  quic_id id = { .len = QUIC_CID };
  evil_random(id.b, id.len);
  return id;
}

/* A proper one, then another; who comes with the second's id has taken both. */
static bool greet_retry(quic *q, const quic_id *dcid, const quic_id *scid) {
  if (q->retry.len)
    return dcid->len == q->retry.len && memcmp(dcid->b, q->retry.b, q->retry.len) == 0;
  quic_id other = another_id();
  q->first = *dcid;
  q->retry = another_id();
  send_retry(q, scid, dcid, &q->retry, "a token", 0);
  send_retry(q, scid, dcid, &other, "another token", 0);
  return false;
}

static void put_retry_params(const quic *q, p2p__wr *w) {
  quic proper = { .ours = q->ours, .original = q->first };
  quic_params_put(&proper, w);
  quic_param_bytes(w, 0x10, p2p__bytes(q->retry.b, q->retry.len));
}

static bool greet_bad_tag(quic *q, const quic_id *dcid, const quic_id *scid) {
  quic_id other = another_id();
  send_retry(q, scid, dcid, &other, "a token", 1);
  return true;
}

static bool greet_no_token(quic *q, const quic_id *dcid, const quic_id *scid) {
  quic_id other = another_id();
  send_retry(q, scid, dcid, &other, "", 0);
  return true;
}

static const uint32_t nonsense[] = { 0x1a2a3a4a, 0xff00001d, 0xdeadbeef },
                      with_ours[] = { 0x1a2a3a4a, QUIC_V1 };

static bool greet_nonsense(quic *q, const quic_id *dcid, const quic_id *scid) {
  send_versions(q, scid, dcid, nonsense, P2P_COUNT(nonsense));
  return q->dumb = true;
}

static bool greet_with_ours(quic *q, const quic_id *dcid, const quic_id *scid) {
  send_versions(q, scid, dcid, with_ours, P2P_COUNT(with_ours));
  return true;
}

static bool greet_strangely(quic *q, const quic_id *dcid, const quic_id *scid) {
  quic_id other = another_id();
  send_versions(q, scid, &other, nonsense, P2P_COUNT(nonsense));
  send_versions(q, &other, dcid, nonsense, P2P_COUNT(nonsense));
  return true;
}

static verdict goes_on(evil *e, const quic_plan *plan) {
  quic *q = quic_session_as(e, plan);
  return q ? quic_must_live(q) : EVIL_TOLERATED;
}

static verdict qc11_retry(evil *e) {
  static const quic_plan plan = { .greet = greet_retry, .params = put_retry_params };
  return goes_on(e, &plan);
}
static verdict qc11_tag(evil *e) {
  static const quic_plan plan = { .greet = greet_bad_tag };
  return goes_on(e, &plan);
}
static verdict qc11_empty(evil *e) {
  static const quic_plan plan = { .greet = greet_no_token };
  return goes_on(e, &plan);
}
static verdict qc22_ours(evil *e) {
  static const quic_plan plan = { .greet = greet_with_ours };
  return goes_on(e, &plan);
}
static verdict qc22_ids(evil *e) {
  static const quic_plan plan = { .greet = greet_strangely };
  return goes_on(e, &plan);
}
/* Then the dialer has to give up. Who does not repeats its first packets a second and three seconds later:
 * one time more than a busy machine, where a timer comes before the answer. */
static verdict qc22_nonsense(evil *e) {
  static const quic_plan plan = { .greet = greet_nonsense, .hold = true };
  quic *q = quic_new(e, &plan);
  if (!q) return EVIL_BROKEN;
  quic_listen(q, P2P_SECOND / 2);
  unsigned again = 0;
  p2p_time end = evil_now() + 5 * P2P_SECOND;
  while (again < 2 && quic_wait(q, end)) {
    send_versions(q, &q->theirs, &q->original, nonsense, P2P_COUNT(nonsense));
    again++;
  }
  quic_free(q);
  return again < 2 ? EVIL_SURVIVED : EVIL_TOLERATED;
}

/* Both behind packets of ours that were good. */
static verdict late_answers(evil *e) {
  quic *q = quic_session(e);
  if (!q) return EVIL_BROKEN;
  quic_id other = another_id();
  send_versions(q, &q->theirs, &q->ours, nonsense, P2P_COUNT(nonsense));
  send_retry(q, &q->theirs, &q->original, &other, "a token", 0);
  return quic_must_live(q);
}

#define RFC "RFC 9000"
static const row rows[] = {
  { "QC-11.retry", "quic", RFC ", section 17.2.5", "Retry, and another: the second is dropped",
    ROW_SERVE, qc11_retry },
  { "QC-11.tag", "quic", RFC ", section 17.2.5", "a Retry that somebody else made: dropped",
    ROW_SERVE, qc11_tag },
  { "QC-11.empty", "quic", RFC ", section 17.2.5", "a Retry without a token: dropped", ROW_SERVE,
    qc11_empty },
  { "QC-11.late", "quic", RFC ", section 17.2.5", "Retry and versions in a connection: dropped",
    ROW_SERVE, late_answers },
  { "QC-22.unknown", "quic", RFC ", section 6.1", "an unknown version is answered by a short list",
    ROW_DIAL, qc22_unknown },
  { "QC-22.silence", "quic", RFC ", section 6.1", "short packets, lists, long ids: dropped",
    ROW_DIAL, qc22_silence },
  { "QC-22.loop", "quic", RFC ", section 6.1", "lists of versions are sent back", ROW_DIAL,
    qc22_loop },
  { "QC-22.nonsense", "quic", RFC ", section 6.2", "a list of versions that nobody speaks",
    ROW_SERVE, qc22_nonsense },
  { "QC-22.ours", "quic", RFC ", section 6.2", "a list with the version in use: dropped", ROW_SERVE,
    qc22_ours },
  { "QC-22.ids", "quic", RFC ", section 17.2.1", "lists for other connections: dropped", ROW_SERVE,
    qc22_ids },
  { "QC-23.size", "quic", RFC ", section 10.3", "resets are shorter than what asked for them",
    ROW_DIAL, qc23_size },
  { "QC-23.loop", "quic", RFC ", section 10.3.3", "resets are sent back", ROW_DIAL, qc23_loop },
  { "QC-23.flood", "quic", RFC ", section 10.3.3", "packets of connections that are not there",
    ROW_DIAL, qc23_flood },
  { "QC-23.token", "quic", RFC ", section 10.3.1", "a reset as announced ends it", ROW_SERVE,
    qc23_token },
};
const family evil_quic_stateless = { rows, P2P_COUNT(rows), true };
