/* Two ends of a QUIC connection. */
#include "quic_sides.h"
#include "must.h"
#include "peer/certificate.h"

side sides[2];
p2p_time sides_now;

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
  must(cid->len <= P2P__QUIC_CID_MAX, "an id is too long");
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
  const char *before = s->server ? "SERVER_HANDSHAKE_TRAFFIC_SECRET"
                                 : "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
  if (strcmp(label, before) == 0) memcpy(s->handshake, secret.p, secret.len);
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
  must(p2p__crypto_new(&s->mem, &s->env.crypto) == 0, "no crypto");
  must(p2p__ed25519_from_seed(&s->key, secret) == 0, "no key");
  uint8_t pub[36];
  memcpy(pub, head, sizeof head);
  memcpy(pub + sizeof head, s->key.pub, 32);
  must(p2p_identity_from_signer(&s->identity, p2p__bytes(pub, 36), side_sign, NULL, &s->key) == 0,
       "no identity");
  must(p2p__certificate_make(&s->env, &s->identity, &cert) == 0, "no certificate");
  p2p__tls_context_config config = { .quic = true,
                                     .cert = p2p__bytes(cert.der, cert.len),
                                     .cert_key = p2p__bytes(cert.key, cert.key_len),
                                     .keylog = side_keylog,
                                     .keylog_ctx = s };
  must(p2p__tls_context_new(&s->mem, &config, &s->tls) == 0, "no TLS context");
  must(p2p__quic_shared_new(&s->env, secret, s->tls, &s->shared) == 0, "no shared part");
  s->user = (p2p__quic_user){ .route = side_route, .reset = side_reset };
}

void sides_begin(void) {
  if (sides[0].shared) return;
  side_begin(&sides[0], 1);
  side_begin(&sides[1], 2);
}

/* ---- what comes out ---- */
void side_hear(side *s) {
  p2p__quic_event ev;
  if (s->deaf) return; /* the peer is held back */
  while (p2p__quic_next(s->q, &ev) == 1) {
    must(!s->ended, "something is told after the end");
    s->secured |= ev.kind == P2P__QUIC_SECURED;
    s->ended = ev.kind == P2P__QUIC_ENDED;
    if (ev.kind == P2P__QUIC_DATA) {
      size_t n = ev.data->len;
      p2p__queue_fini(ev.data);
      p2p__quic_consumed(s->q, ev.sid, n, sides_now);
    }
    if (ev.kind == P2P__QUIC_FIN) p2p__quic_finish(s->q, ev.sid);
  }
}

void sides_end(void) {
  static uint8_t space[P2P__QUIC_SPACE];
  p2p_dgrams d;
  for (int i = 0; i < 2; i++) {
    side *s = &sides[i];
    if (s->q) p2p__quic_goodbye(s->q, 0, NULL, p2p__span_of(space, sizeof space), &d, sides_now);
    p2p__quic_free(s->q);
    s->q = NULL;
    s->secured = s->ended = s->deaf = false;
    s->mem.fail_at = 0;
    p2p__pool_trim(&s->pool);
    must(s->mem.used[P2P__MEM_BLOCK] == 0, "blocks are left");
    must(s->mem.used[P2P__MEM_QUIC] <= 16384,
         "memory is left"); /* the shared part and a spare page of streams */
  }
}

void sides_label(const uint8_t *secret, const char *name, uint8_t *out, size_t len) {
  p2p__hkdf_expand_label(P2P__SHA256, secret, name, (p2p_bytes){ 0 }, out, len);
}

int sides_dial(void) {
  side *c = &sides[0];
  p2p__quic_config config = { .shared = c->shared, .user = &c->user, .local = c->at };
  config.remote = sides[1].at;
  config.unix_s = SIDES_UNIX;
  return p2p__quic_dial(&config, sides_now, &c->q);
}

int sides_admit(const p2p__quic_initial *i) {
  side *s = &sides[1];
  p2p__quic_config config = { .shared = s->shared, .user = &s->user, .local = s->at };
  config.remote = sides[0].at;
  config.unix_s = SIDES_UNIX;
  return p2p__quic_accept(&config, i, sides_now, &s->q);
}
