/* QC rows of more than a few packets: floods, first packets without an end, answers longer than questions,
 * resets, retries and lists of versions. */
#include "quic.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint8_t ping[] = { 0x01, 0, 0, 0 };
static const char PING[] = "/ipfs/ping/1.0.0";
enum { FRAMES = 1150 };

static const quic_plan held = { .hold = true };

/* One who only knocks: packets of it are first packets, nothing follows by itself. */
static quic *knocker(evil *e) {
  quic *q = quic_new(e, &held);
  if (q) q->vanish = q->dumb = true;
  return q;
}

/* The first packet of a connection that never was before. */
static void knock(quic *q) {
  quic_space *s = &q->space[QUIC_INITIAL];
  q->met = false;
  evil_random(q->theirs.b, q->theirs.len);
  q->original = q->theirs;
  quic_initial_keys(q);
  s->next = s->out_sent = 0;
  quic_add_crypto(q, QUIC_INITIAL, QUIC_LEAST);
  quic_flush(q);
}

/* What was answered is thrown away. */
static void drain(quic *q) {
  static uint8_t space[65536];
  while (recv(q->fd, space, sizeof space, 0) >= 0) continue;
}

static verdict served_beside(evil *e, quic *q) {
  p2p_time took;
  bool served = honest_once(e, e->patience, &took);
  quic_free(q);
  return served ? EVIL_SURVIVED : EVIL_STARVED;
}

/* ---- first packets, and then nothing ---- */
static verdict qc12_silent(evil *e) {
  enum { MANY = 300 };
  quic *q = knocker(e);
  if (!q) return EVIL_BROKEN;
  for (int i = 0; i < MANY; i++) knock(q);
  return served_beside(e, q);
}

/* 65,536 at the usual scale. */
static verdict qc12_many(evil *e) {
  quic *q = knocker(e);
  if (!q) return EVIL_BROKEN;
  for (uint64_t i = 0; i < e->scale * 65536 / 20000; i++) {
    knock(q);
    if (i % 16 == 0) drain(q);
  }
  return served_beside(e, q);
}

/* From addresses of the loopback network, as if spoofed; elsewhere from ports alone. */
static int socket_at(const quic *q, uint32_t i) {
  struct sockaddr_storage at;
  const p2p_endpoint from = { .family = 4,
                              .ip = { 127, 1, (uint8_t)(1 + i / 250), (uint8_t)(1 + i % 250) } };
  int fd = socket(q->to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) abort();
  if (q->e->at.family == 4 && q->e->at.ip[0] == 127) {
    socklen_t len = evil_sockaddr(&from, &at);
    (void)bind(fd, (struct sockaddr *)&at, len);
  }
  return fd;
}

static verdict qc13(evil *e) {
  quic *q = knocker(e);
  if (!q) return EVIL_BROKEN;
  int own = q->fd;
  for (uint32_t i = 0; i < e->scale / 4 && i < 50000; i++) {
    q->fd = socket_at(q, i);
    knock(q);
    close(q->fd);
  }
  q->fd = own;
  return served_beside(e, q);
}

/* The same first packet again and again; then tokens that nobody gave, while there are many. */
static verdict qc11_copies(evil *e) {
  uint8_t copy[QUIC_LEAST];
  quic *q = knocker(e);
  if (!q) return EVIL_BROKEN;
  for (int i = 0; i < 200; i++) {
    knock(q);
    q->space[QUIC_INITIAL].out_sent = q->space[QUIC_INITIAL].next = 0;
    quic_add_crypto(q, QUIC_INITIAL, QUIC_LEAST);
    memcpy(copy, q->out, sizeof copy);
    for (int k = 0; k < 5; k++) quic_send_raw(q, copy, sizeof copy);
    q->out_len = 0;
    drain(q);
  }
  for (size_t i = 0; i < 400; i++) {
    q->token_len = 1 + i;
    evil_random(q->token, q->token_len);
    knock(q);
    drain(q);
  }
  return served_beside(e, q);
}

/* ---- datagrams that are nothing ---- */
static verdict qc14_empty(evil *e) {
  quic *q = knocker(e);
  if (!q) return EVIL_BROKEN;
  for (uint64_t i = 0; i < 5 * e->scale; i++) quic_send_raw(q, "", 0);
  return served_beside(e, q);
}

static verdict qc14_noise(evil *e) {
  uint8_t noise[1500];
  quic *q = knocker(e);
  if (!q) return EVIL_BROKEN;
  for (uint64_t i = 0; i < e->scale; i++) {
    uint8_t len[2];
    evil_random(len, sizeof len);
    evil_random(noise, sizeof noise);
    noise[0] = (uint8_t)i;
    if (i % 3 == 0) memcpy(noise + 1, "\0\0\0\1\x08", 5);
    quic_send_raw(q, noise, 1 + (size_t)(len[0] << 8 | len[1]) % (sizeof noise - 1));
    if (i % 16 == 0) drain(q);
  }
  return served_beside(e, q);
}

/* ---- answers longer than questions ---- */
static void listen_for(quic *q, p2p_time within) {
  p2p_time end = evil_now() + within;
  while (quic_wait(q, end)) continue;
}

static verdict bounded(quic *q, uint64_t out, uint64_t in) {
  quic_free(q);
  return in <= 3 * out ? EVIL_SURVIVED : EVIL_TOLERATED;
}

/* Whoever is at the address we name gets no more than three times what we sent, repetitions included. */
static verdict qc17_initial(evil *e) {
  quic *q = knocker(e);
  if (!q) return EVIL_BROKEN;
  knock(q);
  listen_for(q, e->brief);
  return bounded(q, q->bytes_out, q->bytes_in);
}

/* A first packet in a datagram too short to be one is not answered by a handshake. RFC 9000, section 14.1 */
static verdict qc17_small(evil *e) {
  quic *q = knocker(e);
  if (!q) return EVIL_BROKEN;
  quic_add_crypto(q, QUIC_INITIAL, QUIC_LEAST - 1);
  quic_flush(q);
  listen_for(q, e->brief);
  bool shook = q->space[QUIC_INITIAL].in_len > 0;
  uint64_t out = q->bytes_out, in = q->bytes_in;
  quic_free(q);
  return shook || in > 3 * out ? EVIL_TOLERATED : EVIL_SURVIVED;
}

/* A connection that comes from somewhere else, and does not answer what asks it whether it is there. */
static verdict qc17_path(evil *e) {
  quic *q = quic_session(e);
  if (!q || !quic_lives(q)) {
    quic_free(q);
    return EVIL_BROKEN;
  }
  q->no_path = true;
  quic_rebind(q);
  q->bytes_in = q->bytes_out = 0;
  quic_add(q, QUIC_APP, p2p__bytes(ping, sizeof ping), 0);
  quic_flush(q);
  q->dumb = true;
  listen_for(q, e->brief);
  return bounded(q, q->bytes_out, q->bytes_in);
}

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
  quic *q = knocker(e);
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
  quic *q = knocker(e);
  if (!q) return EVIL_BROKEN;
  for (uint8_t i = 0; i < 100; i++) {
    quic_send_raw(q, d, strange(0x1a2a3a4a, 8, d, 40 + i));
    quic_send_raw(q, d, strange(0, (uint8_t)(2 * i), d, sizeof d));
    quic_send_raw(q, d, strange(1, (uint8_t)(21 + i), d, sizeof d));
  }
  listen_for(q, P2P_SECOND / 2);
  bool silent = q->negotiations == 0;
  quic_free(q);
  return silent ? EVIL_SURVIVED : EVIL_TOLERATED;
}

/* Each answer to a version that nobody speaks is sent back to whom it came from. */
static verdict qc22_loop(evil *e) {
  uint8_t d[QUIC_LEAST];
  quic *q = knocker(e);
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
  quic *q = knocker(e);
  bool longer = false;
  if (!q) return EVIL_BROKEN;
  for (size_t len = 1; len < 100 && !longer; len++) {
    uint64_t before = q->bytes_in;
    quic_send_raw(q, d, forgotten(d, len));
    quic_wait(q, evil_now() + P2P_SECOND / 50);
    longer = q->bytes_in - before >= len;
  }
  quic_free(q);
  return longer ? EVIL_TOLERATED : EVIL_SURVIVED;
}

/* Two who answer each other's resets would never stop. */
static verdict qc23_loop(evil *e) {
  uint8_t d[QUIC_LEAST];
  quic *q = knocker(e);
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
  quic *q = knocker(e);
  if (!q) return EVIL_BROKEN;
  for (uint64_t i = 0; i < e->scale; i++) {
    quic_send_raw(q, d, forgotten(d, sizeof d));
    if (i % 64 == 0) quic_wait(q, evil_now());
  }
  listen_for(q, P2P_SECOND / 2);
  uint64_t in = q->bytes_in, out = q->bytes_out;
  verdict v = served_beside(e, q);
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
  q->over = true;
  return false;
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
/* Then the dialer has to give up; its exit says whether it did. */
static verdict qc22_nonsense(evil *e) {
  static const quic_plan plan = { .greet = greet_nonsense };
  quic_free(quic_new(e, &plan));
  return EVIL_SURVIVED;
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
  for (unsigned i = 0; i < ROUNDS * STAGES; i++) {
    unsigned stage = i % STAGES;
    quic *q = stage < 2 ? knocker(e) : quic_session(e);
    if (!q) continue;
    if (stage == 1) {
      knock(q);
      quic_wait(q, evil_now() + P2P_SECOND / 20);
    }
    if (stage >= 3) (void)quic_open(q, quic_sid(q, 0), PING);
    if (stage == 4) quic_keys_update(q);
    q->vanish = stage != 5;
    quic_free(q);
  }
  return EVIL_SURVIVED;
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
    quic_add(q, QUIC_APP, p2p__bytes(ping, sizeof ping), 0);
    quic_flush(q);
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
    quic_add(q, QUIC_APP, p2p__bytes(ping, sizeof ping), QUIC_LEAST);
    quic_flush(q);
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
  { "QC-17.initial", "quic", RFC ", section 8.1", "one first packet: three times its bytes at most",
    ROW_DIAL, qc17_initial },
  { "QC-17.small", "quic", RFC ", section 14.1", "a first packet of 1,199 bytes", ROW_DIAL,
    qc17_small },
  { "QC-17.path", "quic", RFC ", section 8.2", "… from another address, in a connection", ROW_DIAL,
    qc17_path },
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
  { "QC-11.copies", "quic", "CVE-2024-45311", "copies of first packets, tokens of nobody", ROW_DIAL,
    qc11_copies },
  { "QC-11.retry", "quic", RFC ", section 17.2.5", "Retry, and another: the second is dropped",
    ROW_SERVE, qc11_retry },
  { "QC-11.tag", "quic", RFC ", section 17.2.5", "a Retry that somebody else made: dropped",
    ROW_SERVE, qc11_tag },
  { "QC-11.empty", "quic", RFC ", section 17.2.5", "a Retry without a token: dropped", ROW_SERVE,
    qc11_empty },
  { "QC-11.late", "quic", RFC ", section 17.2.5", "Retry and versions in a connection: dropped",
    ROW_SERVE, late_answers },
  { "QC-12.silent", "quic", "mycelium#309, nim#2951", "300 first packets, then nothing", ROW_DIAL,
    qc12_silent },
  { "QC-12.many", "quic", "mycelium#309, nim#2951", "65,536 handshakes that nobody goes on with",
    ROW_DIAL, qc12_many },
  { "QC-13.spoofed", "quic", "go#3283", "first packets from 5,000 addresses", ROW_DIAL, qc13 },
  { "QC-14.empty", "quic", "CVE-2026-11352", "empty datagrams without end", ROW_DIAL, qc14_empty },
  { "QC-14.noise", "quic", "CVE-2026-11352", "noise of every first byte", ROW_DIAL, qc14_noise },
  { "QC-14.pings", "quic", "CVE-2019-9512", "a thousand PINGs in each packet", BOTH, qc14_pings },
  { "QC-15.flood", "quic", "RFC 9000, section 13.2", "acknowledgements without end", BOTH,
    qc15_flood },
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
