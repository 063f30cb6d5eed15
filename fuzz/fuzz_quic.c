/* QUIC against a stranger, and against a peer that has keys: the fuzzer's bytes become (first byte modulo 5)
 * 0: a datagram of nobody; 1: frames in Initial packets for a server; 2: the same for a client; 3: frames in
 * 1-RTT packets for a client, after the handshake; 4: the same for a server. In 1 to 4 the bytes are cut
 * into packets (two bytes of length before each) and sealed properly, so that the parser behind the
 * cipher is reached. Whatever comes, time goes on, what is sent has its size, the end is told once and
 * last, and all memory comes back. */
#include "support/quic_sides.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PN = 4, NAMES = 64, WIRE = 32 };
#define NOW (1000 * P2P_SECOND)

static void check(bool ok) {
  if (!ok) abort();
}

/* All that s has to send, to the other when there is one. */
static void pass(side *s, side *to) {
  static uint8_t space[P2P__QUIC_SPACE];
  p2p_dgrams d[2];
  int n;
  for (int round = 0; round < 64; round++) {
    n = p2p__quic_send(s->q, p2p__span_of(space, sizeof space), d, sides_now);
    if (n == 0) break;
    check(n <= 2);
    for (int i = 0; i < n; i++) {
      size_t step = d[i].segment ? d[i].segment : d[i].len;
      check(d[i].len > 0 && d[i].len <= P2P__QUIC_BATCH && step <= P2P__QUIC_PACKET);
      for (size_t at = 0; to && to->q && at < d[i].len; at += step)
        p2p__quic_recv(to->q, &to->at, &s->at, 0,
                       p2p__bytes(d[i].data + at, p2p__min(step, d[i].len - at)), sides_now);
    }
  }
  side_hear(s);
  if (to && to->q) side_hear(to);
}

/* ---- sealing ---- */
/* Seals frames behind the header that w holds from `from` on, whose last PN bytes are the number. */
static void seal(p2p__wr *w, size_t from, const uint8_t *secret, uint32_t number,
                 p2p_bytes frames) {
  uint8_t key[16], iv[P2P__AEAD_NONCE], mask[P2P__HP_MASK];
  uint8_t *packet = w->p + from;
  size_t header = w->len - from;
  p2p__crypto *crypto = sides[0].env.crypto;
  p2p__aead a;
  p2p__hpmask h;
  sides_label(secret, "quic key", key, sizeof key);
  sides_label(secret, "quic iv", iv, sizeof iv);
  for (size_t i = 0; i < PN; i++) iv[8 + i] ^= (uint8_t)(number >> (24 - 8 * i));
  p2p__span room = p2p__wr_room(w, frames.len + P2P__AEAD_TAG);
  check(room.len > 0);
  p2p__aead_init(&a, crypto, P2P__AES_128_GCM, true, key);
  check(p2p__aead_seal(&a, iv, p2p__bytes(packet, header), frames, room.p) == 0);
  p2p__aead_fini(&a);
  sides_label(secret, "quic hp", key, sizeof key);
  p2p__hpmask_init(&h, crypto, P2P__AES_128_GCM, key);
  check(p2p__hpmask_of(&h, packet + header, mask) == 0);
  p2p__hpmask_fini(&h);
  packet[0] ^= mask[0] & (packet[0] & 0x80 ? 0x0f : 0x1f);
  for (size_t i = 0; i < PN; i++) packet[header - PN + i] ^= mask[1 + i];
}

static void cid_put(p2p__wr *w, const p2p__quic_cid *c) {
  p2p__wr_u8(w, c->len);
  p2p__wr_bytes_in(w, p2p__bytes(c->b, c->len));
}

/* dcid of the client's first packet decides the keys of Initial packets. RFC 9001, section 5.2. */
static void initial_put(p2p__wr *w, const p2p__quic_cid *first, const p2p__quic_cid *to,
                        const p2p__quic_cid *from, bool server, uint32_t number, p2p_bytes frames) {
  static const uint8_t salt[20] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                    0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a };
  uint8_t secret[32], mine[32];
  size_t begin_at = w->len;
  p2p__hkdf_extract(P2P__SHA256, p2p__bytes(salt, sizeof salt), p2p__bytes(first->b, first->len),
                    secret);
  sides_label(secret, server ? "server in" : "client in", mine, sizeof mine);
  p2p__wr_u8(w, 0xc0 | (PN - 1));
  p2p__wr_be32(w, NGTCP2_PROTO_VER_V1);
  cid_put(w, to);
  cid_put(w, from);
  p2p__wr_u8(w, 0);
  p2p__wr_be16(w, (uint16_t)(0x4000 | (PN + frames.len + P2P__AEAD_TAG)));
  p2p__wr_be32(w, number);
  seal(w, begin_at, mine, number, frames);
}

static void short_put(p2p__wr *w, const p2p__quic_cid *to, const uint8_t *secret, uint32_t number,
                      p2p_bytes frames) {
  p2p__wr_u8(w, 0x40 | (PN - 1));
  p2p__wr_bytes_in(w, p2p__bytes(to->b, to->len));
  p2p__wr_be32(w, number);
  seal(w, 0, secret, number, frames);
}

/* ---- the fuzzer's packets ---- */
typedef struct pieces {
  p2p__rd rd;
  uint8_t frames[1300];
} pieces;

/* The next packet's frames; padded with zeros (PADDING) so that they can be sampled. */
static bool pieces_next(pieces *p, size_t least, p2p_bytes *out) {
  if (!p2p__rd_left(&p->rd)) return false;
  size_t len = p2p__rd_left(&p->rd) < 2 ? 0 : p2p__rd_be16(&p->rd) % sizeof p->frames;
  len = p2p__min(len, p2p__rd_left(&p->rd));
  p2p_bytes b = p2p__rd_bytes(&p->rd, len);
  if (len == 0) b = p2p__rd_rest(&p->rd);
  b.len = p2p__min(b.len, sizeof p->frames);
  memset(p->frames, 0, sizeof p->frames);
  if (b.len) memcpy(p->frames, b.p, b.len);
  *out = p2p__bytes(p->frames, p2p__max(b.len, least));
  return true;
}

static void deliver(side *to, const side *from, const p2p__wr *w) {
  uint8_t *exact = malloc(w->len); /* so that a byte too far is seen */
  memcpy(exact, w->p, w->len);
  sides_now += P2P_MS;
  p2p__quic_recv(to->q, &to->at, &from->at, 0, p2p__bytes(exact, w->len), sides_now);
  free(exact);
  side_hear(to);
  pass(to, NULL);
  if (p2p__quic_deadline(to->q) <= sides_now) p2p__quic_tick(to->q, sides_now);
}

static void fuzz_stranger(p2p_bytes in) {
  side *s = &sides[1];
  uint8_t space[256];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p__quic_header h;
  p2p__quic_initial i;
  (void)p2p__quic_first_byte(in);
  check(p2p__quic_long_part(in) <= in.len);
  if (p2p__quic_header_read(in, &h) < 0) return;
  check(h.dcid.len <= P2P__QUIC_CID_MAX && h.scid.len <= P2P__QUIC_CID_MAX);
  p2p__quic_write_reset(s->shared, &h, in.len, &w);
  check(w.len == 0 || w.len < in.len);
  w.len = 0;
  if (h.is_long) p2p__quic_write_versions(s->shared, &h, &w);
  w.len = 0;
  if (p2p__quic_initial_read(s->shared, in, &sides[0].at, NOW, &i) < 0) return;
  check(!i.validated); /* nobody can make a token */
  p2p__quic_write_retry(s->shared, &i, &sides[0].at, NOW, &w);
  check(w.len > 0 && w.len < in.len);
}

static void fuzz_initials(pieces *p, bool to_server) {
  p2p__quic_initial i = { .dcid = { .len = 8, .b = { 1, 2, 3 } },
                          .scid = { .len = 8, .b = { 4 } } };
  side *to = &sides[to_server], *from = &sides[!to_server];
  uint8_t space[2048];
  p2p_bytes frames;
  if (to_server) {
    check(sides_admit(&i) == 0);
  } else {
    p2p_dgrams d[2];
    static uint8_t out[P2P__QUIC_SPACE];
    p2p__quic_header h;
    check(sides_dial() == 0);
    check(p2p__quic_send(to->q, p2p__span_of(out, sizeof out), d, sides_now) > 0);
    check(p2p__quic_header_read(p2p__bytes(d[0].data, d[0].len), &h) == 0);
    i = (p2p__quic_initial){ .dcid = h.dcid, .scid = h.scid };
  }
  for (uint32_t n = 0; pieces_next(p, to_server ? 1150 : 32, &frames) && !to->ended; n++) {
    p2p__wr w = p2p__wr_of(space, sizeof space);
    static const p2p__quic_cid servers = { .len = 8, .b = { 9, 9 } };
    initial_put(&w, &i.dcid, to_server ? &i.dcid : &i.scid, to_server ? &i.scid : &servers,
                !to_server, n, frames);
    deliver(to, from, &w);
  }
}

/* A handshake between the two, then the fuzzer speaks for one of them. */
static void fuzz_connected(pieces *p, bool to_server) {
  side *c = &sides[0], *s = &sides[1], *to = &sides[to_server], *from = &sides[!to_server];
  static uint8_t out[P2P__QUIC_SPACE];
  p2p_dgrams d[2];
  p2p__quic_initial i;
  check(sides_dial() == 0);
  check(p2p__quic_send(c->q, p2p__span_of(out, sizeof out), d, sides_now) > 0);
  p2p_bytes first = p2p__bytes(d[0].data, d[0].len);
  check(p2p__quic_initial_read(s->shared, first, &c->at, sides_now, &i) == 0);
  check(sides_admit(&i) == 0);
  p2p__quic_recv(s->q, &s->at, &c->at, 0, first, sides_now);
  for (int round = 0; round < 8; round++) {
    sides_now += 5 * P2P_MS;
    pass(s, c);
    pass(c, s);
  }
  check(c->q->done && s->q->done && !c->ended && !s->ended);
  (void)p2p__quic_open(to->q, to_server ? 1 : 0);
  size_t n_ids = ngtcp2_conn_get_scid(to->q->conn, NULL);
  ngtcp2_cid ids[16];
  check(n_ids > 0 && n_ids <= P2P_COUNT(ids));
  (void)ngtcp2_conn_get_scid(to->q->conn, ids);
  p2p__quic_cid name = quic_cid_in(&ids[0]);
  uint8_t space[2048];
  p2p_bytes frames;
  for (uint32_t n = 1000; pieces_next(p, 32, &frames) && !to->ended; n++) {
    p2p__wr w = p2p__wr_of(space, sizeof space);
    short_put(&w, &name, from->secret, n, frames);
    deliver(to, from, &w);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  sides_begin();
  sides_now = sides_now < NOW ? NOW : sides_now + P2P_SECOND;
  pieces p = { .rd = p2p__rd_of(p2p__bytes(data + 1, size - 1)) };
  switch (data[0] % 5) {
  case 0: fuzz_stranger(p2p__bytes(data + 1, size - 1)); break;
  case 1: fuzz_initials(&p, true); break;
  case 2: fuzz_initials(&p, false); break;
  case 3: fuzz_connected(&p, false); break;
  default: fuzz_connected(&p, true); break;
  }
  sides_end();
  return 0;
}
