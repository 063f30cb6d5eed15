/* Two honest QUIC endpoints whose owners give any commands, and between them somebody with all keys: he
 * opens each packet, changes its frames (those of the handshake, too), and seals it again; he loses and
 * doubles packets and moves who sent them. Memory may fail. Time goes on whatever comes, what is sent
 * has its size, the end is told once and last, and all memory comes back.
 *
 * Input: instructions of four bytes: what, who and how, two bytes of numbers; some take bytes behind. */
#include "support/must.h"
#include "support/quic_sides.h"

enum { STEPS = 80, EDITS = 8, ROUNDS = 6, PACKET = 2048, FRAMES = 1400, SAMPLE_AT = 4 };
enum { CHANGE, GROW, SHRINK, CUT, DROP, TWICE, INSERT, REPLACE, HOWS };
enum { INITIAL, HANDSHAKE, SHORT, LEVELS };
#define BEGIN (1000 * P2P_SECOND)

typedef struct edit {
  uint8_t after, how;
  uint16_t number;
  p2p_bytes own;
} edit;

/* What he knows of the packets one side sends. */
typedef struct way {
  edit edits[EDITS];
  size_t n;
  uint64_t largest[LEVELS];
  uint8_t lose;      /* datagrams */
  p2p_endpoint from; /* family 0: where the side says it is */
} way;

static way ways[2];
static p2p__quic_cid first; /* the client's first choice: the key of Initial packets */

static size_t number_of(const side *s) { return (size_t)(s - sides); }
static side *other_of(const side *s) { return &sides[!number_of(s)]; }

/* ---- packets. RFC 9000, section 17; RFC 9001, section 5 ---- */

typedef struct packet {
  uint8_t *p;
  size_t len, pn_at, length_at, length_len; /* of the Length field of a long header */
  int level;
} packet;

static uint64_t read_varint(p2p__rd *r, size_t *len) {
  uint8_t byte = p2p__rd_u8(r);
  uint64_t v = byte & 63;
  *len = (size_t)1 << (byte >> 6);
  for (size_t i = 1; i < *len; i++) v = v << 8 | p2p__rd_u8(r);
  return v;
}

static bool read_long(packet *k) {
  p2p__rd r = p2p__rd_of(p2p__bytes(k->p, k->len));
  uint8_t type = p2p__rd_u8(&r) >> 4 & 3;
  size_t width;
  if (p2p__rd_be32(&r) != 1 || type & 1) return false; /* Retry, 0-RTT, other versions */
  p2p__rd_bytes(&r, p2p__rd_u8(&r));
  p2p__rd_bytes(&r, p2p__rd_u8(&r));
  if (type == 0) p2p__rd_bytes(&r, (size_t)read_varint(&r, &width));
  k->level = type == 0 ? INITIAL : HANDSHAKE;
  k->length_at = (size_t)(r.p - k->p);
  uint64_t length = read_varint(&r, &k->length_len);
  k->pn_at = (size_t)(r.p - k->p);
  if (r.err || length > p2p__rd_left(&r)) return false;
  k->len = k->pn_at + (size_t)length;
  return true;
}

/* The packet at the front of b; false: none that he understands. */
static bool read_packet(p2p__span b, packet *k) {
  *k = (packet){ .p = b.p, .len = b.len, .level = SHORT, .pn_at = 1 + P2P__QUIC_CID };
  if (b.len < 1 + P2P__QUIC_CID + 4) return false;
  if (b.p[0] & 0x80 && !read_long(k)) return false;
  return k->len >= k->pn_at + SAMPLE_AT + P2P__HP_SAMPLE;
}

static void secret_of(const side *from, int level, uint8_t out[32]) {
  static const uint8_t salt[20] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                    0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a };
  uint8_t secret[32];
  if (level != INITIAL) {
    memcpy(out, level == HANDSHAKE ? from->handshake : from->secret, 32);
    return;
  }
  p2p__hkdf_extract(P2P__SHA256, p2p__bytes(salt, sizeof salt), p2p__bytes(first.b, first.len),
                    secret);
  sides_label(secret, from->server ? "server in" : "client in", out, 32);
}

static bool mask_of(const uint8_t secret[32], const uint8_t *sample, uint8_t mask[P2P__HP_MASK]) {
  uint8_t key[16];
  p2p__hpmask h;
  sides_label(secret, "quic hp", key, sizeof key);
  p2p__hpmask_init(&h, sides[0].env.crypto, P2P__AES_128_GCM, key);
  int err = p2p__hpmask_of(&h, sample, mask);
  p2p__hpmask_fini(&h);
  return err == 0;
}

static void cover(packet *k, const uint8_t mask[P2P__HP_MASK], size_t pn_len) {
  k->p[0] ^= mask[0] & (k->p[0] & 0x80 ? 0x0f : 0x1f);
  for (size_t i = 0; i < pn_len; i++) k->p[k->pn_at + i] ^= mask[1 + i];
}

/* RFC 9000, appendix A.3. */
static uint64_t whole_number(uint64_t largest, uint64_t cut, size_t pn_len) {
  uint64_t expected = largest + 1, window = UINT64_C(1) << 8 * pn_len, half = window / 2;
  uint64_t guess = (expected & ~(window - 1)) | cut;
  if (guess + half <= expected) return guess + window;
  return guess > expected + half && guess >= window ? guess - window : guess;
}

static p2p__aead keyed(const uint8_t secret[32], uint64_t number, bool seals, uint8_t *iv) {
  uint8_t key[16];
  p2p__aead a;
  sides_label(secret, "quic key", key, sizeof key);
  sides_label(secret, "quic iv", iv, P2P__AEAD_NONCE);
  for (size_t i = 0; i < 8; i++) iv[4 + i] ^= (uint8_t)(number >> (56 - 8 * i));
  p2p__aead_init(&a, sides[0].env.crypto, P2P__AES_128_GCM, seals, key);
  return a;
}

/* ---- what he does ---- */

/* Changes frames; how many bytes there are then. */
static size_t change(const edit *e, uint8_t *p, size_t len) {
  size_t at = len ? (e->number >> 4) % len : 0, n = e->number & 15;
  switch (e->how) {
  case CHANGE:
    if (len) p[at] ^= (uint8_t)(1 << (e->number & 7) | (e->number & 8) << 2);
    return len;
  case GROW:
    n = p2p__min(n, FRAMES - p2p__min(len, FRAMES));
    memmove(p + at + n, p + at, len - at);
    return len + n;
  case SHRINK:
    n = p2p__min(n, len - at);
    memmove(p + at, p + at + n, len - at - n);
    return len - n;
  case CUT: return at;
  case INSERT:
    n = p2p__min(e->own.len, FRAMES - p2p__min(len, FRAMES));
    memmove(p + n, p, len);
    if (n) memcpy(p, e->own.p, n);
    return len + n;
  case REPLACE:
    if (e->own.len) memcpy(p, e->own.p, e->own.len);
    return e->own.len;
  default: return len;
  }
}

/* The Length field in its own width; false: it does not fit. */
static bool put_length(packet *k, size_t length) {
  if (!(k->p[0] & 0x80)) return true;
  if (k->length_len < 8 && length >> (8 * k->length_len - 2)) return false;
  for (size_t i = 0; i < k->length_len; i++)
    k->p[k->length_at + i] = (uint8_t)(length >> 8 * (k->length_len - 1 - i));
  static const uint8_t width[9] = { 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0xc0 };
  k->p[k->length_at] |= width[k->length_len];
  return true;
}

/* The packet with other frames, appended to w as it leaves. False: as it was. */
static bool forge(side *from, const edit *e, packet k, p2p__wr *w) {
  way *v = &ways[number_of(from)];
  uint8_t copy[PACKET], frames[PACKET], secret[32], mask[P2P__HP_MASK], iv[P2P__AEAD_NONCE];
  if (k.len > sizeof copy - 64) return false;
  memcpy(copy, k.p, k.len);
  k.p = copy;
  secret_of(from, k.level, secret);
  if (!mask_of(secret, k.p + k.pn_at + SAMPLE_AT, mask)) return false;
  uint8_t lead = k.p[0] ^ (mask[0] & (k.p[0] & 0x80 ? 0x0f : 0x1f));
  size_t pn_len = 1 + (lead & 3), body = k.pn_at + pn_len;
  cover(&k, mask, pn_len);
  uint64_t cut = 0;
  for (size_t i = 0; i < pn_len; i++) cut = cut << 8 | k.p[k.pn_at + i];
  uint64_t number = whole_number(v->largest[k.level], cut, pn_len);
  p2p__aead a = keyed(secret, number, false, iv);
  int err = p2p__aead_open_to(&a, iv, p2p__bytes(k.p, body), p2p__bytes(k.p + body, k.len - body),
                              frames);
  p2p__aead_fini(&a);
  if (err) return false; /* keys have changed, or memory failed */
  if (number > v->largest[k.level]) v->largest[k.level] = number;
  if (!e) return false;
  size_t len = change(e, frames, k.len - body - P2P__AEAD_TAG);
  while (len + pn_len < SAMPLE_AT) frames[len++] = 0;
  p2p__span room = p2p__wr_room(w, body + len + P2P__AEAD_TAG);
  if (!room.len || !put_length(&k, pn_len + len + P2P__AEAD_TAG)) return false;
  memcpy(room.p, k.p, body);
  a = keyed(secret, number, true, iv);
  err = p2p__aead_seal(&a, iv, p2p__bytes(k.p, body), p2p__bytes(frames, len), room.p + body);
  p2p__aead_fini(&a);
  k.p = room.p;
  if (!err && mask_of(secret, k.p + k.pn_at + SAMPLE_AT, mask)) cover(&k, mask, pn_len);
  return true;
}

/* The edit of this packet, when it has one. */
static bool take_edit(way *v, edit *e) {
  if (!v->n || v->edits[0].after-- > 0) return false;
  *e = v->edits[0];
  memmove(v->edits, v->edits + 1, --v->n * sizeof *v->edits);
  return true;
}

static void pass_datagram(side *from, p2p__span d, const p2p_endpoint *local) {
  side *to = other_of(from);
  way *v = &ways[number_of(from)];
  static uint8_t space[2 * PACKET];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  packet k;
  for (; d.len && read_packet(d, &k); d = p2p__span_of(d.p + k.len, d.len - k.len)) {
    edit e;
    bool edited = take_edit(v, &e);
    if (forge(from, edited ? &e : NULL, k, &w)) continue;
    for (int i = 0; i < (edited && e.how == DROP ? 0 : edited && e.how == TWICE ? 2 : 1); i++)
      p2p__wr_bytes_in(&w, p2p__bytes(k.p, k.len));
  }
  p2p__wr_bytes_in(&w, p2p__span_bytes(d));
  p2p_endpoint at = v->from.family ? v->from : local->family && local->port ? *local : from->at;
  if (v->lose)
    v->lose--;
  else if (to->q && w.len)
    p2p__quic_recv(to->q, &to->at, &at, 0, p2p__wr_bytes(&w), sides_now);
}

/* ---- the two ---- */

/* The server's connection begins with the client's first datagram. */
static void arrive(p2p__span d) {
  p2p__quic_initial i;
  if (sides[1].q || d.len < 1200) return;
  if (p2p__quic_initial_read(sides[1].shared, p2p__span_bytes(d), &sides[0].at, sides_now, &i) < 0)
    return;
  first = i.dcid;
  (void)!sides_admit(&i);
}

static void pass(side *from) {
  static uint8_t space[P2P__QUIC_SPACE];
  p2p_dgrams d[2];
  int n;
  for (int round = 0; from->q && round < 64; round++) {
    n = p2p__quic_send(from->q, p2p__span_of(space, sizeof space), d, sides_now);
    if (n == 0) break;
    must(n <= 2, "too many batches");
    for (int i = 0; i < n; i++) {
      size_t step = d[i].segment ? d[i].segment : d[i].len;
      must(d[i].len && d[i].len <= P2P__QUIC_BATCH && step <= P2P__QUIC_PACKET, "a wrong size");
      for (size_t at = 0; at < d[i].len; at += step) {
        p2p__span one = p2p__span_of(d[i].data + at, p2p__min(step, d[i].len - at));
        if (!from->server) arrive(one);
        pass_datagram(from, one, &d[i].local);
      }
    }
  }
  if (from->q) side_hear(from);
}

static void exchange(void) {
  for (int round = 0; round < ROUNDS; round++) {
    sides_now += P2P_MS;
    for (int i = 0; i < 2; i++) {
      pass(&sides[i]);
      if (sides[i].q && p2p__quic_deadline(sides[i].q) <= sides_now)
        p2p__quic_tick(sides[i].q, sides_now);
    }
  }
}

/* ---- what owners do ---- */

static uint64_t sid_of(const side *s, uint8_t v) {
  return (uint64_t)(v >> 2 & 7) * 4 + (v & 2 ? !s->server : s->server);
}

static void write_some(side *s, uint64_t sid, size_t n) {
  p2p__queue *q = p2p__quic_sendq(s->q, sid);
  while (q && n > 0) {
    p2p__span room = p2p__queue_reserve(q, n);
    if (!room.len) break;
    room.len = p2p__min(room.len, n);
    memset(room.p, 7, room.len);
    p2p__queue_commit(q, room.len);
    n -= room.len;
  }
  if (q) p2p__quic_ready(s->q, sid);
}

static void add_edit(way *v, uint8_t how, uint8_t after, uint16_t number, p2p__rd *in) {
  edit e = { .after = after, .how = how, .number = number };
  if (how == INSERT || how == REPLACE)
    e.own = p2p__rd_bytes(in, p2p__min(p2p__min(number & 255, FRAMES), p2p__rd_left(in)));
  if (v->n < EDITS) v->edits[v->n++] = e;
}

static void say_goodbye(side *s, uint16_t code) {
  static uint8_t space[P2P__QUIC_SPACE];
  p2p_dgrams d = { 0 };
  p2p__quic_goodbye(s->q, code, code & 1 ? "enough" : NULL, p2p__span_of(space, sizeof space), &d,
                    sides_now);
  if (d.len) pass_datagram(s, p2p__span_of(d.data, d.len), &d.local);
}

static void command(side *s, uint8_t what, uint8_t v, uint16_t number) {
  static const uint8_t text[2048];
  p2p_endpoint at = s->at;
  uint64_t sid = sid_of(s, v);
  switch (what) {
  case 0: (void)!p2p__quic_open(s->q, sid); break;
  case 1: write_some(s, sid, number); break;
  case 2: p2p__quic_finish(s->q, sid); break;
  case 3: p2p__quic_reset(s->q, sid, number); break;
  case 4: p2p__quic_stop(s->q, sid, number); break;
  case 5: p2p__quic_priority(s->q, sid, (p2p_priority)(number % 3)); break;
  case 6:
    (void)!p2p__quic_datagram(s->q, p2p__bytes(text, number % sizeof text));
    (void)p2p__quic_datagram_max(s->q);
    break;
  case 7:
    at.port = number;
    (void)!p2p__quic_move(s->q, &at, v & 4, sides_now);
    break;
  case 8: p2p__quic_idle(s->q); break;
  case 9: s->deaf = v & 4; break;
  case 10: say_goodbye(s, number); break;
  default: (void)p2p__quic_is_flushed(s->q); break;
  }
}

/* 0: an edit; 1: the network; 2: time; 3: memory; else a command. */
static void instruct(p2p__rd *in) {
  uint8_t what = p2p__rd_u8(in), v = p2p__rd_u8(in);
  uint16_t number = p2p__rd_be16(in);
  side *s = &sides[v & 1];
  way *w = &ways[v & 1];
  switch (what & 15) {
  case 0: add_edit(w, what >> 4 & 7, v >> 1, number, in); break;
  case 1:
    w->lose = v >> 1 & 7;
    w->from = s->at;
    w->from.port = (uint16_t)(s->at.port + (number & 3));
    break;
  case 2:
    sides_now += (p2p_time)number * P2P_MS;
    for (int i = 0; i < 2; i++)
      if (sides[i].q && p2p__quic_deadline(sides[i].q) <= sides_now)
        p2p__quic_tick(sides[i].q, sides_now);
    break;
  case 3: s->mem.fail_at = s->mem.calls + 1 + number % 64; break;
  default:
    if (s->q && !s->ended) command(s, (what & 15) - 4, v, number);
    break;
  }
  if (what & 0x80) exchange();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p__rd in = p2p__rd_of(p2p__bytes(data, size));
  sides_begin();
  sides_now = sides_now < BEGIN ? BEGIN : sides_now + P2P_SECOND;
  memset(ways, 0, sizeof ways);
  for (int i = 0; i < 4 && p2p__rd_left(&in) && (*in.p & 15) < 4; i++) instruct(&in);
  if (sides_dial() == 0) {
    exchange();
    must(size > 0 || (sides[0].secured && sides[1].secured),
         "nobody meddles, and they do not meet");
    for (int i = 0; i < STEPS && p2p__rd_left(&in) >= 4; i++) instruct(&in);
    exchange();
  }
  sides_end();
  return 0;
}
