/* Packets: their keys, sealing and opening. Spec: RFC 9001, section 5; RFC 9000, section 17. */
#include "quic.h"
#include <stdlib.h>
#include <sys/socket.h>

enum { PN = 4, LONG = 0x80, FIXED = 0x40, PHASE = 0x04, TYPE = 0x30 };
enum { TYPE_INITIAL = 0, TYPE_ZERO_RTT = 0x10, TYPE_HANDSHAKE = 0x20, TYPE_RETRY = 0x30 };

/* RFC 9001, section 5.2. */
static const uint8_t salt[20] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a };

/* ---- numbers: RFC 9000, section 16 ---- */
void quic_put(p2p__wr *w, uint64_t v) {
  if (v < 64)
    p2p__wr_u8(w, (uint8_t)v);
  else if (v < 16384)
    p2p__wr_be16(w, (uint16_t)(0x4000 | v));
  else if (v < 1u << 30)
    p2p__wr_be32(w, (uint32_t)(0x80000000u | v));
  else
    p2p__wr_be64(w, (uint64_t)3 << 62 | v);
}

uint64_t quic_get(p2p__rd *r) {
  uint8_t first = p2p__rd_u8(r);
  uint64_t v = first & 0x3f;
  for (int i = (1 << (first >> 6)) - 1; i > 0; i--) v = v << 8 | p2p__rd_u8(r);
  return v;
}

/* ---- keys ---- */
static void expand(const uint8_t *secret, const char *label, uint8_t *out, size_t len) {
  p2p__hkdf_expand_label(P2P__SHA256, secret, label, (p2p_bytes){ 0 }, out, len);
}

void quic_keys_fini(quic_keys *k) {
  if (!k->on) return;
  p2p__aead_fini(&k->aead);
  p2p__hpmask_fini(&k->mask);
  k->on = false;
}

static void aead_make(quic *q, quic_keys *k, bool seals, const uint8_t *secret) {
  uint8_t key[16];
  expand(secret, "quic key", key, sizeof key);
  expand(secret, "quic iv", k->iv, sizeof k->iv);
  p2p__aead_init(&k->aead, q->e->crypto, P2P__AES_128_GCM, seals, key);
  memcpy(k->secret, secret, sizeof k->secret);
}

void quic_keys_make(quic *q, quic_keys *k, bool seals, const uint8_t secret[P2P__SHA256]) {
  uint8_t key[16];
  quic_keys_fini(k);
  aead_make(q, k, seals, secret);
  expand(secret, "quic hp", key, sizeof key);
  p2p__hpmask_init(&k->mask, q->e->crypto, P2P__AES_128_GCM, key);
  k->on = true;
}

void quic_initial_keys(quic *q) {
  uint8_t secret[P2P__SHA256], client[P2P__SHA256], server[P2P__SHA256];
  quic_space *s = &q->space[QUIC_INITIAL];
  p2p__hkdf_extract(P2P__SHA256, p2p__bytes(salt, sizeof salt),
                    p2p__bytes(q->original.b, q->original.len), secret);
  expand(secret, "client in", client, sizeof client);
  expand(secret, "server in", server, sizeof server);
  quic_keys_make(q, &s->tx, true, q->dialed ? client : server);
  quic_keys_make(q, &s->rx, false, q->dialed ? server : client);
}

/* Header protection stays: RFC 9001, section 6.1. */
static void next_generation(quic *q, quic_keys *k, bool seals) {
  uint8_t secret[P2P__SHA256];
  expand(k->secret, "quic ku", secret, sizeof secret);
  p2p__aead_fini(&k->aead);
  aead_make(q, k, seals, secret);
}

void quic_keys_update(quic *q) {
  next_generation(q, &q->space[QUIC_APP].tx, true);
  next_generation(q, &q->space[QUIC_APP].rx, false);
  q->phase = !q->phase;
}

static void nonce_of(const quic_keys *k, uint64_t number, uint8_t nonce[P2P__AEAD_NONCE]) {
  memcpy(nonce, k->iv, P2P__AEAD_NONCE);
  for (int i = 0; i < 8; i++) nonce[P2P__AEAD_NONCE - 1 - i] ^= (uint8_t)(number >> 8 * i);
}

/* ---- out ---- */
static void put_head(quic *q, quic_level level, size_t body, p2p__wr *w) {
  static const uint8_t types[] = { TYPE_INITIAL, TYPE_HANDSHAKE };
  if (level == QUIC_APP) {
    p2p__wr_u8(w, (uint8_t)((FIXED | (PN - 1) | (q->phase ? PHASE : 0)) ^ q->flip));
    p2p__wr_bytes_in(w, p2p__bytes(q->theirs.b, q->theirs.len));
    return;
  }
  p2p__wr_u8(w, (uint8_t)((LONG | FIXED | (PN - 1) | types[level]) ^ q->flip));
  p2p__wr_be32(w, q->version);
  p2p__wr_u8(w, q->theirs.len);
  p2p__wr_bytes_in(w, p2p__bytes(q->theirs.b, q->theirs.len));
  p2p__wr_u8(w, q->ours.len);
  p2p__wr_bytes_in(w, p2p__bytes(q->ours.b, q->ours.len));
  if (level == QUIC_INITIAL) {
    quic_put(w, q->token_len);
    p2p__wr_bytes_in(w, p2p__bytes(q->token, q->token_len));
  }
  p2p__wr_be16(w, (uint16_t)(0x4000 | body));
}

static size_t head_len(const quic *q, quic_level level) {
  if (level == QUIC_APP) return 1u + q->theirs.len;
  size_t token = level == QUIC_INITIAL ? q->token_len + (q->token_len < 64 ? 1 : 2) : 0;
  return 1u + 4 + 1 + q->theirs.len + 1 + q->ours.len + token + 2;
}

/* The packet lies at `at`, sealed, its number at pn_at. */
static void hide(quic_keys *k, uint8_t *at, size_t pn_at) {
  uint8_t mask[P2P__HP_MASK];
  if (p2p__hpmask_of(&k->mask, at + pn_at + PN, mask)) abort();
  at[0] ^= mask[0] & (at[0] & LONG ? 0x0f : 0x1f);
  for (size_t i = 0; i < PN; i++) at[pn_at + i] ^= mask[1 + i];
}

bool quic_add(quic *q, quic_level level, p2p_bytes frames, size_t pad) {
  uint8_t plain[QUIC_ROOM], nonce[P2P__AEAD_NONCE];
  quic_space *s = &q->space[level];
  size_t head = head_len(q, level), len = frames.len;
  size_t all = q->out_len + head + PN + len + P2P__AEAD_TAG;
  if (all < pad) len += pad - all;
  if (!s->tx.on || q->out_len + head + PN + len + P2P__AEAD_TAG > sizeof q->out) return false;
  memset(plain, 0, len);
  if (frames.len) memcpy(plain, frames.p, frames.len);
  uint8_t *at = q->out + q->out_len;
  p2p__wr w = p2p__wr_of(at, sizeof q->out - q->out_len);
  uint64_t number = s->next++;
  put_head(q, level, PN + len + P2P__AEAD_TAG, &w);
  p2p__wr_be32(&w, (uint32_t)number);
  nonce_of(&s->tx, number, nonce);
  if (p2p__aead_seal(&s->tx.aead, nonce, p2p__bytes(at, w.len), p2p__bytes(plain, len), at + w.len))
    abort();
  hide(&s->tx, at, head);
  q->out_len += w.len + len + P2P__AEAD_TAG;
  return true;
}

void quic_add_crypto(quic *q, quic_level level, size_t pad) {
  uint8_t frames[QUIC_ROOM];
  quic_space *s = &q->space[level];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  if (s->owes) quic_put_ack(s, &w);
  quic_put_crypto(&w, s->out_sent, p2p__bytes(s->out + s->out_sent, s->out_len - s->out_sent));
  s->owes = false;
  s->out_sent = s->out_len;
  quic_add(q, level, p2p__wr_bytes(&w), pad);
  s->out_packet = s->next;
}

bool quic_send_raw(quic *q, const void *bytes, size_t n) {
  ssize_t did = sendto(q->fd, bytes, n, MSG_NOSIGNAL, (struct sockaddr *)&q->to, q->to_len);
  if (did == (ssize_t)n) q->bytes_out += n;
  return did == (ssize_t)n;
}

bool quic_flush(quic *q) {
  bool ok = q->out_len > 0 && quic_send_raw(q, q->out, q->out_len);
  q->out_len = 0;
  return ok;
}

bool quic_say(quic *q, quic_level level, const p2p__wr *frames) {
  return !frames->err &&
         quic_add(q, level, p2p__wr_bytes(frames), level == QUIC_INITIAL ? QUIC_LEAST : 0) &&
         quic_flush(q) && !q->over;
}

/* ---- in ---- */
static bool in_ranges(const quic_space *s, uint64_t number) {
  for (size_t i = 0; i < s->n_got; i++)
    if (number >= s->got[i].from && number <= s->got[i].to) return true;
  return false;
}

static void merge(quic_space *s) {
  for (size_t i = 0; i + 1 < s->n_got;) {
    if (s->got[i].from > s->got[i + 1].to + 1) {
      i++;
      continue;
    }
    s->got[i].from = s->got[i + 1].from;
    s->n_got--;
    memmove(&s->got[i + 1], &s->got[i + 2], (s->n_got - i - 1) * sizeof s->got[0]);
  }
}

/* Forgets the smallest when there is no room. */
static void note_number(quic_space *s, uint64_t number) {
  size_t i = 0;
  while (i < s->n_got && s->got[i].to > number) i++;
  if (i == QUIC_RANGES) return;
  if (s->n_got == QUIC_RANGES) s->n_got--;
  memmove(&s->got[i + 1], &s->got[i], (s->n_got - i) * sizeof s->got[0]);
  s->got[i] = (quic_range){ number, number };
  s->n_got++;
  merge(s);
}

/* RFC 9000, appendix A.3. */
static uint64_t whole_number(const quic_space *s, uint32_t truncated, size_t len) {
  uint64_t expected = s->n_got ? s->got[0].to + 1 : 0, window = UINT64_C(1) << 8 * len;
  uint64_t candidate = (expected & ~(window - 1)) | truncated;
  if (candidate + window / 2 <= expected) return candidate + window;
  if (candidate > expected + window / 2 && candidate >= window) return candidate - window;
  return candidate;
}

/* The packet in a buffer of ours, its number uncovered; false: too short. */
static bool uncover(quic_keys *k, uint8_t *packet, size_t len, size_t pn_at, size_t *pn_len) {
  uint8_t mask[P2P__HP_MASK];
  if (len < pn_at + 4 + P2P__HP_SAMPLE || p2p__hpmask_of(&k->mask, packet + pn_at + 4, mask))
    return false;
  packet[0] ^= mask[0] & (packet[0] & LONG ? 0x0f : 0x1f);
  *pn_len = 1u + (packet[0] & 3);
  for (size_t i = 0; i < *pn_len; i++) packet[pn_at + i] ^= mask[1 + i];
  return true;
}

static bool open_with(quic_keys *k, uint64_t number, p2p_bytes head, p2p_bytes sealed,
                      uint8_t *plain) {
  uint8_t nonce[P2P__AEAD_NONCE];
  nonce_of(k, number, nonce);
  return p2p__aead_open_to(&k->aead, nonce, head, sealed, plain) == 0;
}

/* Under the next keys, which then are ours too. */
static bool open_updated(quic *q, uint64_t number, p2p_bytes head, p2p_bytes sealed,
                         uint8_t *plain) {
  quic_keys next = { 0 };
  uint8_t secret[P2P__SHA256];
  expand(q->space[QUIC_APP].rx.secret, "quic ku", secret, sizeof secret);
  aead_make(q, &next, false, secret);
  bool ok = open_with(&next, number, head, sealed, plain);
  p2p__aead_fini(&next.aead);
  if (ok) quic_keys_update(q);
  return ok;
}

static bool open_packet(quic *q, quic_level level, p2p_bytes wire, size_t pn_at) {
  static uint8_t packet[65536], plain[65536];
  quic_space *s = &q->space[level];
  size_t pn_len;
  uint32_t truncated = 0;
  memcpy(packet, wire.p, wire.len);
  if (!s->rx.on || !uncover(&s->rx, packet, wire.len, pn_at, &pn_len)) return false;
  for (size_t i = 0; i < pn_len; i++) truncated = truncated << 8 | packet[pn_at + i];
  uint64_t number = whole_number(s, truncated, pn_len);
  p2p_bytes head = p2p__bytes(packet, pn_at + pn_len);
  p2p_bytes sealed = p2p__bytes(packet + head.len, wire.len - head.len);
  bool updated = level == QUIC_APP && (packet[0] & PHASE ? true : false) != q->phase;
  if (sealed.len < P2P__AEAD_TAG) return false;
  if (!(updated ? open_updated(q, number, head, sealed, plain)
                : open_with(&s->rx, number, head, sealed, plain)))
    return false;
  q->packets_in++;
  if (in_ranges(s, number)) return true;
  if (quic_frames_read(q, level, p2p__bytes(plain, sealed.len - P2P__AEAD_TAG)))
    note_number(s, number);
  return true;
}

static bool read_id(p2p__rd *r, quic_id *id) {
  size_t len = p2p__rd_u8(r);
  p2p_bytes b = p2p__rd_bytes(r, len);
  if (r->err || len > QUIC_CID_MAX) return false;
  id->len = (uint8_t)len;
  if (len) memcpy(id->b, b.p, len);
  return true;
}

/* From now on the token goes with every Initial, and all begins anew. */
static void take_retry(quic *q, const quic_id *scid, p2p_bytes rest) {
  q->retries++;
  if (!q->dialed || q->token_len || rest.len <= P2P__AEAD_TAG) return;
  size_t len = rest.len - P2P__AEAD_TAG;
  if (len > sizeof q->token) return;
  memcpy(q->token, rest.p, len);
  q->token_len = len;
  q->theirs = q->original = *scid;
  quic_initial_keys(q);
  q->space[QUIC_INITIAL].out_sent = 0;
}

/* The first that the other side says of itself. */
static void meet(quic *q, const quic_id *dcid, const quic_id *scid) {
  if (q->met) return;
  q->met = true;
  if (!q->dialed) {
    q->original = *dcid;
    quic_initial_keys(q);
  }
  q->theirs = *scid;
}

static bool is_refused(quic *q, const quic_id *dcid, const quic_id *scid) {
  return !q->met && !q->dialed && q->plan->greet && !q->plan->greet(q, dcid, scid);
}

/* One packet with a long header; the length of it, 0: nothing behind it can be read. */
static size_t absorb_long(quic *q, p2p_bytes d) {
  p2p__rd r = p2p__rd_of(d);
  quic_id dcid, scid;
  uint8_t first = p2p__rd_u8(&r);
  uint32_t version = p2p__rd_be32(&r);
  if (!read_id(&r, &dcid) || !read_id(&r, &scid)) return 0;
  if (version == 0) q->negotiations++;
  if (version != QUIC_V1) return 0;
  if ((first & TYPE) == TYPE_RETRY) {
    take_retry(q, &scid, p2p__rd_rest(&r));
    return 0;
  }
  if ((first & TYPE) == TYPE_INITIAL) (void)p2p__rd_bytes(&r, (size_t)quic_get(&r));
  uint64_t body = quic_get(&r);
  size_t pn_at = d.len - p2p__rd_left(&r);
  if (r.err || body > p2p__rd_left(&r)) return 0;
  size_t len = pn_at + (size_t)body;
  if ((first & TYPE) == TYPE_INITIAL && is_refused(q, &dcid, &scid)) return 0;
  if ((first & TYPE) == TYPE_INITIAL && !q->met) meet(q, &dcid, &scid);
  quic_level level = (first & TYPE) == TYPE_INITIAL ? QUIC_INITIAL : QUIC_HANDSHAKE;
  if ((first & TYPE) != TYPE_ZERO_RTT && !open_packet(q, level, p2p__bytes(d.p, len), pn_at))
    q->undecryptable++;
  return len;
}

static void absorb_short(quic *q, p2p_bytes d) {
  if (d.len > 1u + q->ours.len && open_packet(q, QUIC_APP, d, 1u + q->ours.len)) return;
  q->undecryptable++;
  for (size_t i = 0; i < q->n_tokens && d.len > QUIC_TOKEN; i++)
    if (memcmp(q->tokens[i], d.p + d.len - QUIC_TOKEN, QUIC_TOKEN) == 0)
      q->over = q->was_reset = true;
}

void quic_absorb(quic *q, const uint8_t *datagram, size_t len) {
  p2p_bytes d = p2p__bytes(datagram, len);
  q->bytes_in += len;
  if (len > q->longest) q->longest = len;
  while (d.len > 0) {
    size_t n = d.len;
    if (!(d.p[0] & LONG))
      absorb_short(q, d);
    else if ((n = absorb_long(q, d)) == 0)
      return;
    d.p += n;
    d.len -= n;
  }
}
