/* QUIC against a stranger, and against a peer that has keys: the fuzzer's bytes become (first byte modulo 5)
 * 0: a datagram of nobody; 1: frames in Initial packets for a server; 2: the same for a client; 3: frames in
 * 1-RTT packets for a client, after the handshake; 4: the same for a server. In 1 to 4 the bytes are cut
 * into packets (two bytes of length before each) and sealed properly, so that the parser behind the
 * cipher is reached. Whatever comes, time goes on, what is sent has its size, the end is told once and
 * last, and all memory comes back. */
#include "peer/certificate.h"
#include "quic/internal.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PN = 4, NAMES = 64, WIRE = 32 };
#define NOW (1000 * P2P_SECOND)
#define UNIX 1764000000

static void check(bool ok) {
  if (!ok) abort();
}

/* ---- endpoints: made once, their connections anew for each input ---- */
typedef struct side {
  p2p__mem mem;
  p2p__pool pool;
  p2p__limits limits;
  p2p__env env;
  p2p__ed25519 key;
  p2p_identity identity;
  p2p__tls_context *tls;
  p2p__quic_shared *shared;
  p2p__quic_user user;
  p2p__quic *q;
  p2p_endpoint at;
  bool server, ended;
  uint64_t draws;
  uint8_t secret[P2P__HASH_MAX]; /* its application traffic secret */
} side;

static side sides[2];
static p2p_time now;

static int side_random(void *ctx, void *buf, size_t len) {
  side *s = ctx;
  uint8_t *to = buf;
  for (size_t i = 0; i < len; i++) {
    s->draws = s->draws * 6364136223846793005u + 1442695040888963407u;
    to[i] = (uint8_t)(s->draws >> 56);
  }
  return 0;
}

static int side_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  *len = 64;
  return p2p__ed25519_sign(ctx, msg, sig);
}

static int side_route(p2p__quic_user *u, const p2p__quic_cid *cid, bool ours, bool on) {
  (void)u;
  (void)ours;
  (void)on;
  check(cid->len <= P2P__QUIC_CID_MAX);
  return 0;
}

static int side_reset(p2p__quic_user *u, const uint8_t token[P2P__QUIC_RESET], bool on) {
  (void)u;
  (void)token;
  (void)on;
  return 0;
}

static void side_keylog(void *ctx, const char *label, p2p_bytes random, p2p_bytes secret) {
  side *s = ctx;
  (void)random;
  const char *mine = s->server ? "SERVER_TRAFFIC_SECRET_0" : "CLIENT_TRAFFIC_SECRET_0";
  if (strcmp(label, mine) == 0) memcpy(s->secret, secret.p, secret.len);
}

static void side_begin(side *s, uint8_t seed) {
  static const uint8_t head[] = { 0x08, P2P_KEY_ED25519, 0x12, 32 };
  uint8_t secret[32];
  p2p__certificate cert;
  memset(secret, seed, sizeof secret);
  s->server = seed == 2;
  s->draws = seed;
  s->at = (p2p_endpoint){ .family = 4, .port = 4000, .ip = { 10, 0, 0, seed } };
  p2p__mem_init(&s->mem, NULL);
  p2p__limits_default(&s->limits);
  s->env = (p2p__env){ .mem = &s->mem, .limits = &s->limits, .random = side_random };
  s->env.random_ctx = s;
  p2p__pool_init(&s->pool, &s->mem);
  s->env.pool = &s->pool;
  check(p2p__crypto_new(&s->mem, &s->env.crypto) == 0);
  check(p2p__ed25519_from_seed(&s->key, secret) == 0);
  uint8_t pub[36];
  memcpy(pub, head, sizeof head);
  memcpy(pub + sizeof head, s->key.pub, 32);
  check(p2p_identity_from_signer(&s->identity, p2p__bytes(pub, 36), side_sign, NULL, &s->key) == 0);
  check(p2p__certificate_make(&s->env, &s->identity, &cert) == 0);
  p2p__tls_context_config config = { .quic = true,
                                     .cert = p2p__bytes(cert.der, cert.len),
                                     .cert_key = p2p__bytes(cert.key, cert.key_len),
                                     .keylog = side_keylog,
                                     .keylog_ctx = s };
  check(p2p__tls_context_new(&s->mem, &config, &s->tls) == 0);
  check(p2p__quic_shared_new(&s->env, secret, s->tls, &s->shared) == 0);
  s->user = (p2p__quic_user){ .route = side_route, .reset = side_reset };
}

static void begin(void) {
  if (sides[0].shared) return;
  side_begin(&sides[0], 1);
  side_begin(&sides[1], 2);
}

/* ---- what comes out ---- */
static void hear(side *s) {
  p2p__quic_event ev;
  while (p2p__quic_next(s->q, &ev) == 1) {
    check(!s->ended);
    s->ended = ev.kind == P2P__QUIC_ENDED;
    if (ev.kind == P2P__QUIC_DATA) {
      size_t n = ev.data->len;
      p2p__queue_fini(ev.data);
      p2p__quic_consumed(s->q, ev.sid, n, now);
    }
    if (ev.kind == P2P__QUIC_FIN) p2p__quic_finish(s->q, ev.sid);
  }
}

/* All that s has to send, to the other when there is one. */
static void pass(side *s, side *to) {
  static uint8_t space[P2P__QUIC_SPACE];
  p2p_dgrams d[2];
  int n;
  for (int round = 0; round < 64; round++) {
    n = p2p__quic_send(s->q, p2p__span_of(space, sizeof space), d, now);
    if (n == 0) break;
    check(n <= 2);
    for (int i = 0; i < n; i++) {
      size_t step = d[i].segment ? d[i].segment : d[i].len;
      check(d[i].len > 0 && d[i].len <= P2P__QUIC_BATCH && step <= P2P__QUIC_PACKET);
      for (size_t at = 0; to && to->q && at < d[i].len; at += step)
        p2p__quic_recv(to->q, &to->at, &s->at, 0,
                       p2p__bytes(d[i].data + at, p2p__min(step, d[i].len - at)), now);
    }
  }
  hear(s);
  if (to && to->q) hear(to);
}

static void sides_end(void) {
  static uint8_t space[P2P__QUIC_SPACE];
  p2p_dgrams d;
  for (int i = 0; i < 2; i++) {
    side *s = &sides[i];
    if (s->q) p2p__quic_goodbye(s->q, 0, NULL, p2p__span_of(space, sizeof space), &d, now);
    p2p__quic_free(s->q);
    s->q = NULL;
    s->ended = false;
    p2p__pool_trim(&s->pool);
    check(s->mem.used[P2P__MEM_BLOCK] == 0);
    check(s->mem.used[P2P__MEM_QUIC] <= 16384); /* the shared part and a spare page of streams */
  }
}

/* ---- sealing ---- */
static void label(const uint8_t *secret, const char *name, uint8_t *out, size_t len) {
  p2p__hkdf_expand_label(P2P__SHA256, secret, name, (p2p_bytes){ 0 }, out, len);
}

/* Seals frames behind the header that w holds from `from` on, whose last PN bytes are the number. */
static void seal(p2p__wr *w, size_t from, const uint8_t *secret, uint32_t number,
                 p2p_bytes frames) {
  uint8_t key[16], iv[P2P__AEAD_NONCE], mask[P2P__HP_MASK];
  uint8_t *packet = w->p + from;
  size_t header = w->len - from;
  p2p__crypto *crypto = sides[0].env.crypto;
  p2p__aead a;
  p2p__hpmask h;
  label(secret, "quic key", key, sizeof key);
  label(secret, "quic iv", iv, sizeof iv);
  for (size_t i = 0; i < PN; i++) iv[8 + i] ^= (uint8_t)(number >> (24 - 8 * i));
  p2p__span room = p2p__wr_room(w, frames.len + P2P__AEAD_TAG);
  check(room.len > 0);
  p2p__aead_init(&a, crypto, P2P__AES_128_GCM, true, key);
  check(p2p__aead_seal(&a, iv, p2p__bytes(packet, header), frames, room.p) == 0);
  p2p__aead_fini(&a);
  label(secret, "quic hp", key, sizeof key);
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
  label(secret, server ? "server in" : "client in", mine, sizeof mine);
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
  now += P2P_MS;
  p2p__quic_recv(to->q, &to->at, &from->at, 0, p2p__bytes(exact, w->len), now);
  free(exact);
  hear(to);
  pass(to, NULL);
  if (p2p__quic_deadline(to->q) <= now) p2p__quic_tick(to->q, now);
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

static void dial(void) {
  side *c = &sides[0];
  p2p__quic_config config = { .shared = c->shared, .user = &c->user, .local = c->at };
  config.remote = sides[1].at;
  config.unix_s = UNIX;
  check(p2p__quic_dial(&config, now, &c->q) == 0);
}

static void admit(const p2p__quic_initial *i) {
  side *s = &sides[1];
  p2p__quic_config config = { .shared = s->shared, .user = &s->user, .local = s->at };
  config.remote = sides[0].at;
  config.unix_s = UNIX;
  check(p2p__quic_accept(&config, i, now, &s->q) == 0);
}

static void fuzz_initials(pieces *p, bool to_server) {
  p2p__quic_initial i = { .dcid = { .len = 8, .b = { 1, 2, 3 } },
                          .scid = { .len = 8, .b = { 4 } } };
  side *to = &sides[to_server], *from = &sides[!to_server];
  uint8_t space[2048];
  p2p_bytes frames;
  if (to_server) {
    admit(&i);
  } else {
    p2p_dgrams d[2];
    static uint8_t out[P2P__QUIC_SPACE];
    p2p__quic_header h;
    dial();
    check(p2p__quic_send(to->q, p2p__span_of(out, sizeof out), d, now) > 0);
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
  dial();
  check(p2p__quic_send(c->q, p2p__span_of(out, sizeof out), d, now) > 0);
  p2p_bytes first = p2p__bytes(d[0].data, d[0].len);
  check(p2p__quic_initial_read(s->shared, first, &c->at, now, &i) == 0);
  admit(&i);
  p2p__quic_recv(s->q, &s->at, &c->at, 0, first, now);
  for (int round = 0; round < 8; round++) {
    now += 5 * P2P_MS;
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
  begin();
  now = now < NOW ? NOW : now + P2P_SECOND;
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
