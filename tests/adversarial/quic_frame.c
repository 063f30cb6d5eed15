/* Frames: those that come, taken note of; those we send. Spec: RFC 9000, section 19; RFC 9221. */
#include "quic.h"

enum {
  PADDING = 0x00,
  PING = 0x01,
  ACK = 0x02,
  ACK_ECN = 0x03,
  RESET_STREAM = 0x04,
  STOP_SENDING = 0x05,
  CRYPTO = 0x06,
  NEW_TOKEN = 0x07,
  STREAM = 0x08,
  STREAM_LAST = 0x0f,
  MAX_DATA = 0x10,
  MAX_STREAM_DATA = 0x11,
  MAX_STREAMS = 0x12,
  MAX_STREAMS_UNI = 0x13,
  DATA_BLOCKED = 0x14,
  STREAM_DATA_BLOCKED = 0x15,
  STREAMS_BLOCKED = 0x16,
  STREAMS_BLOCKED_UNI = 0x17,
  NEW_ID = 0x18,
  RETIRE_ID = 0x19,
  CHALLENGE = 0x1a,
  RESPONSE = 0x1b,
  CLOSE = 0x1c,
  CLOSE_APP = 0x1d,
  DONE = 0x1e,
  DATAGRAM = 0x30,
  DATAGRAM_LEN = 0x31
};
enum { FIN = 1, LEN = 2, OFF = 4 };

static size_t as_size(uint64_t v) { return v > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)v; }

/* ---- what came ---- */
static void read_ack(quic *q, quic_level level, bool ecn, p2p__rd *r) {
  quic_space *s = &q->space[level];
  uint64_t largest = quic_get(r);
  (void)quic_get(r);
  uint64_t n = quic_get(r);
  (void)quic_get(r);
  for (uint64_t i = 0; i < n && !r->err; i++) {
    (void)quic_get(r);
    (void)quic_get(r);
  }
  for (int i = 0; ecn && i < 3; i++) (void)quic_get(r);
  if (!r->err && largest + 1 > s->acked) s->acked = largest + 1;
}

static void read_crypto(quic *q, quic_level level, p2p__rd *r) {
  quic_space *s = &q->space[level];
  uint64_t at = quic_get(r);
  p2p_bytes b = p2p__rd_bytes(r, as_size(quic_get(r)));
  if (r->err || at > QUIC_CRYPTO || b.len > QUIC_CRYPTO - at || !b.len) return;
  memcpy(s->in + at, b.p, b.len);
  memset(s->have + at, 1, b.len);
  while (s->in_len < QUIC_CRYPTO && s->have[s->in_len]) s->in_len++;
  quic_tls_hear(q);
}

quic_stream *quic_stream_of(quic *q, uint64_t sid) {
  for (size_t i = 0; i < QUIC_STREAMS; i++)
    if (q->stream[i].used && q->stream[i].sid == sid) return &q->stream[i];
  return NULL;
}

/* NULL: there is no place for another. */
static quic_stream *note(quic *q, uint64_t sid) {
  quic_stream *s = quic_stream_of(q, sid);
  for (size_t i = 0; !s && i < QUIC_STREAMS; i++)
    if (!q->stream[i].used) {
      s = &q->stream[i];
      *s = (quic_stream){ .used = true, .sid = sid };
    }
  return s;
}

/* What comes out of order is not acknowledged, and so comes again. */
static void read_stream(quic *q, uint64_t type, p2p__rd *r) {
  uint64_t sid = quic_get(r), at = type & OFF ? quic_get(r) : 0;
  p2p_bytes b = type & LEN ? p2p__rd_bytes(r, as_size(quic_get(r))) : p2p__rd_rest(r);
  quic_stream *s = r->err ? NULL : note(q, sid);
  if (!s) return;
  if (at > s->total) {
    q->gap = true;
    return;
  }
  size_t skip = p2p__min((size_t)(s->total - at), b.len);
  size_t keep = p2p__min(b.len - skip, EVIL_DATA - s->len);
  if (keep) memcpy(s->data + s->len, b.p + skip, keep);
  s->len += keep;
  s->total += b.len - skip;
  if (type & FIN) s->fin = true;
}

static void read_stream_end(quic *q, bool reset, p2p__rd *r) {
  quic_stream *s = note(q, quic_get(r));
  uint64_t code = quic_get(r);
  if (reset) (void)quic_get(r);
  q->resets += reset;
  q->stops += !reset;
  if (!s || r->err) return;
  s->code = code;
  if (reset)
    s->rst = true;
  else
    s->stopped = true;
}

void quic_note_token(quic *q, p2p_bytes token) {
  if (token.len == QUIC_TOKEN && q->n_tokens < QUIC_IDS)
    memcpy(q->tokens[q->n_tokens++], token.p, QUIC_TOKEN);
}

/* An id that is to be retired is, when there is another. */
static void read_new_id(quic *q, p2p__rd *r) {
  uint64_t seq = quic_get(r), retire = quic_get(r);
  p2p_bytes id = p2p__rd_bytes(r, p2p__rd_u8(r)), token = p2p__rd_bytes(r, QUIC_TOKEN);
  q->ids++;
  if (r->err || id.len > QUIC_CID_MAX) return;
  quic_note_token(q, token);
  if (seq > q->top_seq) q->top_seq = seq;
  if (q->theirs_seq >= retire) return;
  uint8_t space[64];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p__wr_u8(&w, RETIRE_ID);
  quic_put(&w, q->theirs_seq);
  q->theirs_seq = seq;
  q->theirs.len = (uint8_t)id.len;
  memcpy(q->theirs.b, id.p, id.len);
  if (!q->dumb) quic_say(q, QUIC_APP, &w);
}

static void read_challenge(quic *q, p2p__rd *r) {
  p2p_bytes b = p2p__rd_bytes(r, 8);
  q->challenges++;
  if (!r->err && q->n_challenge < P2P_COUNT(q->challenge))
    memcpy(q->challenge[q->n_challenge++], b.p, 8);
}

static void read_close(quic *q, bool app, p2p__rd *r) {
  q->code = quic_get(r);
  q->blamed = app ? 0 : quic_get(r);
  (void)p2p__rd_bytes(r, as_size(quic_get(r)));
  q->by_app = app;
  q->over = true;
}

static void read_credit(quic *q, uint64_t type, p2p__rd *r) {
  uint64_t v = quic_get(r);
  if (type == MAX_DATA && v > q->window) q->window = v;
  if (type == MAX_STREAM_DATA) (void)quic_get(r);
  if (type == MAX_STREAMS || type == MAX_STREAMS_UNI) q->max_streams++;
  if (type == MAX_STREAMS && v > q->streams_allowed) q->streams_allowed = v;
  if (type == STREAM_DATA_BLOCKED) (void)quic_get(r);
}

/* False: it is none that we know. */
static bool read_one(quic *q, quic_level level, uint64_t type, p2p__rd *r) {
  if (type >= STREAM && type <= STREAM_LAST) {
    read_stream(q, type, r);
    return true;
  }
  if (type >= MAX_DATA && type <= STREAMS_BLOCKED_UNI) {
    read_credit(q, type, r);
    return true;
  }
  switch (type) {
  case PADDING: break;
  case PING: q->pings++; break;
  case ACK:
  case ACK_ECN: read_ack(q, level, type == ACK_ECN, r); break;
  case RESET_STREAM:
  case STOP_SENDING: read_stream_end(q, type == RESET_STREAM, r); break;
  case CRYPTO: read_crypto(q, level, r); break;
  case NEW_TOKEN: (void)p2p__rd_bytes(r, as_size(quic_get(r))); break;
  case NEW_ID: read_new_id(q, r); break;
  case RETIRE_ID:
    (void)quic_get(r);
    q->retired++;
    break;
  case CHALLENGE: read_challenge(q, r); break;
  case RESPONSE:
    (void)p2p__rd_bytes(r, 8);
    q->responses++;
    break;
  case CLOSE:
  case CLOSE_APP: read_close(q, type == CLOSE_APP, r); break;
  case DONE: q->confirmed = true; break;
  case DATAGRAM:
  case DATAGRAM_LEN:
    if (type == DATAGRAM)
      (void)p2p__rd_rest(r);
    else
      (void)p2p__rd_bytes(r, as_size(quic_get(r)));
    q->datagrams++;
    break;
  default: return false;
  }
  return true;
}

bool quic_frames_read(quic *q, quic_level level, p2p_bytes frames) {
  p2p__rd r = p2p__rd_of(frames);
  bool asks = false;
  q->gap = false;
  while (p2p__rd_left(&r) && !r.err && !q->over) {
    uint64_t type = quic_get(&r);
    asks |= type != PADDING && type != ACK && type != ACK_ECN;
    if (!read_one(q, level, type, &r)) break;
  }
  if (q->gap) return false;
  q->space[level].owes |= asks;
  return true;
}

/* ---- ours ---- */
void quic_put_ack(const quic_space *s, p2p__wr *w) {
  if (!s->n_got) return;
  p2p__wr_u8(w, ACK);
  quic_put(w, s->got[0].to);
  quic_put(w, 0);
  quic_put(w, s->n_got - 1);
  quic_put(w, s->got[0].to - s->got[0].from);
  for (size_t i = 1; i < s->n_got; i++) {
    quic_put(w, s->got[i - 1].from - s->got[i].to - 2);
    quic_put(w, s->got[i].to - s->got[i].from);
  }
}

void quic_put_crypto(p2p__wr *w, uint64_t at, p2p_bytes bytes) {
  p2p__wr_u8(w, CRYPTO);
  quic_put(w, at);
  quic_put(w, bytes.len);
  p2p__wr_bytes_in(w, bytes);
}

void quic_put_stream(p2p__wr *w, uint64_t sid, uint64_t at, p2p_bytes bytes, bool fin) {
  p2p__wr_u8(w, (uint8_t)(STREAM | OFF | LEN | (fin ? FIN : 0)));
  quic_put(w, sid);
  quic_put(w, at);
  quic_put(w, bytes.len);
  p2p__wr_bytes_in(w, bytes);
}

void quic_put_new_id(p2p__wr *w, uint64_t seq, uint64_t retire, uint8_t seed) {
  p2p__wr_u8(w, NEW_ID);
  quic_put(w, seq);
  quic_put(w, retire);
  p2p__wr_u8(w, QUIC_CID);
  for (size_t i = 0; i < QUIC_CID + QUIC_TOKEN; i++)
    p2p__wr_u8(w, (uint8_t)(seed * 7 + i + (seq >> (i % 4 * 8))));
}

void quic_put_close(p2p__wr *w, bool app, uint64_t code) {
  p2p__wr_u8(w, app ? CLOSE_APP : CLOSE);
  quic_put(w, code);
  if (!app) quic_put(w, 0);
  quic_put(w, 0);
}

static void pay_level(quic *q, quic_level level) {
  uint8_t frames[QUIC_LEAST];
  quic_space *s = &q->space[level];
  p2p__wr w = p2p__wr_of(frames, sizeof frames);
  if (!s->tx.on || q->over) return;
  if (s->owes && !q->mute) {
    quic_put_ack(s, &w);
    q->acks_sent++;
  }
  s->owes = false;
  for (; level == QUIC_APP && q->n_challenge > 0; q->n_challenge--) {
    if (q->no_path) continue;
    p2p__wr_u8(&w, RESPONSE);
    p2p__wr_bytes_in(&w, p2p__bytes(q->challenge[q->n_challenge - 1], 8));
  }
  if (w.len) quic_say(q, level, &w);
}

/* Messages of a level that have not left, in datagrams of their own; in crumbs, the last first. */
static void pay_crypto(quic *q, quic_level level) {
  enum { PART = 1000 };
  quic_space *s = &q->space[level];
  size_t from = s->out_sent, end = s->out_len;
  size_t most = q->plan->crumb ? q->plan->crumb : PART;
  if (!s->tx.on || from == end) return;
  for (size_t left = end - from; left > 0;) {
    uint8_t frames[QUIC_LEAST];
    p2p__wr w = p2p__wr_of(frames, sizeof frames);
    if (s->owes && !q->mute) quic_put_ack(s, &w);
    s->owes = false;
    do {
      size_t n = p2p__min(left, most);
      size_t at = q->plan->crumb ? from + left - n : end - left;
      quic_put_crypto(&w, at, p2p__bytes(s->out + at, n));
      left -= n;
    } while (left > 0 && w.len + most + 8 < PART);
    quic_say(q, level, &w);
  }
  s->out_sent = end;
  s->out_packet = s->next;
}

void quic_pay(quic *q) {
  if (q->dumb) return;
  for (int level = 0; level < QUIC_LEVELS && !q->over; level++) {
    if (!q->plan->hold) pay_crypto(q, (quic_level)level);
    pay_level(q, (quic_level)level);
  }
}
