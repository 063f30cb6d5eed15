/* Two honest TLS handshakes, and between them somebody with all keys: he opens each record, changes what
 * is in it, and seals it again, so that what the parsers behind the ciphers make of almost right
 * messages is seen; then he does the same to the records behind the handshake. The certificate is the
 * one thing he cannot make: whoever is told to be there is. Memory may fail. All of it comes back.
 *
 * Input: a byte of flags (bit 0: pieces, 1: another expected peer, 2: other muxers, 3: scarce memory,
 * 4: short messages), then edits of six bytes: how many records before it, how, where (two bytes), what
 * (two bytes). */
#include "crypto/crypto.h"
#include "peer/certificate.h"
#include "security/tls.h"
#include "security/tls_record.h"
#include "support/must.h"

enum { TIME = 1700000000, WIRE = 65536, ROUNDS = 12, PLAIN = P2P__TLS_WIRE_MAX, EDIT = 6 };
enum { CHANGE, GROW, SHRINK, CUT, DROP, TWICE, RETYPE, REPLACE, HOWS };

/* One end: its keys, as the library's log told them. */
typedef struct side {
  p2p__tls_secret handshake, application; /* its own: what it seals with */
  p2p__tls_context *context;
  p2p__step *step;
  p2p__record *record;
  int end;
  p2p__tls_keys open, seal; /* of the one between, for what this side sends */
} side;

typedef struct fixture {
  p2p__mem mem;
  p2p__limits limits;
  p2p__env env;
  p2p__ed25519 key;
  p2p_identity identity;
  side sides[2]; /* client, server */
  p2p__rd in;    /* the edits */
  uint32_t records;
} fixture;

static fixture f;

static int fixed_random(void *ctx, void *buf, size_t len) {
  (void)ctx;
  memset(buf, 0x42, len);
  return 0;
}

static int fixed_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  *len = 64;
  return p2p__ed25519_sign(ctx, msg, sig);
}

static void hear_key(void *ctx, const char *label, p2p_bytes random, p2p_bytes secret) {
  (void)ctx;
  (void)random;
  side *s = &f.sides[label[0] == 'S'];
  p2p__tls_secret *to = strstr(label, "_HANDSHAKE_") ? &s->handshake : &s->application;
  bool traffic = strstr(label, "HANDSHAKE_TRAFFIC") || strstr(label, "TRAFFIC_SECRET_0");
  if (!traffic || secret.len > sizeof to->bytes) return;
  to->len = secret.len;
  to->aead = secret.len == 48 ? P2P__AES_256_GCM : P2P__AES_128_GCM;
  memcpy(to->bytes, secret.p, secret.len);
}

static void fixture_init(void) {
  static const uint8_t seed[32] = { 7 }, head[] = { 0x08, P2P_KEY_ED25519, 0x12, 32 };
  uint8_t pub[36];
  p2p__certificate cert;
  p2p__mem_init(&f.mem, NULL);
  p2p__limits_default(&f.limits);
  f.env = (p2p__env){ .mem = &f.mem, .limits = &f.limits, .random = fixed_random };
  must(p2p__crypto_new(&f.mem, &f.env.crypto) == 0, "no crypto");
  must(p2p__ed25519_from_seed(&f.key, seed) == 0, "no key");
  memcpy(pub, head, sizeof head);
  memcpy(pub + sizeof head, f.key.pub, 32);
  must(p2p_identity_from_signer(&f.identity, p2p__bytes(pub, 36), fixed_sign, NULL, &f.key) == 0,
       "no identity");
  must(p2p__certificate_make(&f.env, &f.identity, &cert) == 0, "no certificate");
  p2p__tls_context_config config = { .cert = p2p__bytes(cert.der, cert.len),
                                     .cert_key = p2p__bytes(cert.key, cert.key_len),
                                     .keylog = hear_key };
  must(p2p__tls_context_new(&f.mem, &config, &f.sides[0].context) == 0, "no context");
  f.sides[1].context = f.sides[0].context;
}

/* ---- what he does ---- */

typedef struct edit {
  uint8_t how;
  uint16_t at, what;
} edit;

/* The edit of this record, when it has one. */
static bool next_edit(edit *e) {
  if (p2p__rd_left(&f.in) < EDIT || f.records++ < *f.in.p) return false;
  f.records = 0;
  (void)p2p__rd_u8(&f.in);
  e->how = p2p__rd_u8(&f.in) % HOWS;
  e->at = p2p__rd_be16(&f.in);
  e->what = p2p__rd_be16(&f.in);
  return true;
}

/* The lengths of the messages in a record, made right again after bytes came or went at `at`. */
static void mend(uint8_t *p, size_t len, size_t at, int by) {
  for (size_t from = 0; from + 4 <= len;) {
    size_t body = (size_t)p[from + 1] << 16 | (size_t)p[from + 2] << 8 | p[from + 3];
    if (at <= from + 4 + body) {
      body = (size_t)((ptrdiff_t)body + by);
      p[from + 1] = (uint8_t)(body >> 16);
      p[from + 2] = (uint8_t)(body >> 8);
      p[from + 3] = (uint8_t)body;
      return;
    }
    from += 4 + body;
  }
}

/* Changes content; its length after. */
static size_t change(const edit *e, p2p__tls_type *type, uint8_t *p, size_t len) {
  size_t at = len ? e->at % len : 0, n = e->what >> 8;
  bool messages = *type == P2P__TLS_MESSAGE && e->at & 0x8000;
  switch (e->how) {
  case CHANGE:
    if (len) p[at] ^= (uint8_t)e->what;
    return len;
  case GROW:
    n = p2p__min(n, P2P__TLS_PLAIN_MAX - p2p__min(len, P2P__TLS_PLAIN_MAX));
    if (messages) mend(p, len, at, (int)n);
    memmove(p + at + n, p + at, len - at);
    memset(p + at, (uint8_t)e->what, n);
    return len + n;
  case SHRINK:
    n = p2p__min(n, len - at);
    if (messages) mend(p, len, at, -(int)n);
    memmove(p + at, p + at + n, len - at - n);
    return len - n;
  case CUT: return at;
  case RETYPE: *type = (p2p__tls_type)e->what; return len;
  case REPLACE: {
    p2p_bytes own = p2p__rd_bytes(&f.in, p2p__min(n, p2p__rd_left(&f.in)));
    if (own.len) memcpy(p, own.p, own.len);
    if ((uint8_t)e->what) *type = (p2p__tls_type)(uint8_t)e->what;
    return own.len;
  }
  default: return len;
  }
}

static void rekey(side *from, const p2p__tls_secret *secret) {
  p2p__tls_keys_fini(&from->open);
  p2p__tls_keys_fini(&from->seal);
  p2p__tls_keys_init(&from->open, f.env.crypto, secret, false);
  p2p__tls_keys_init(&from->seal, f.env.crypto, secret, true);
}

/* One record of the handshake, changed or not, appended to w. */
static void pass_record(side *from, p2p__span wire, p2p__wr *w) {
  static uint8_t plain[WIRE];
  p2p__tls_type type = (p2p__tls_type)wire.p[0];
  p2p__span content = p2p__span_of(wire.p + P2P__TLS_HEAD, wire.len - P2P__TLS_HEAD);
  bool sealed = type == P2P__TLS_DATA;
  edit e = { 0 };
  int alert;
  if (sealed && !from->open.secret.len) rekey(from, &from->handshake);
  if (sealed && p2p__tls_open(&from->open, wire, &type, &content, &alert) < 0) {
    p2p__wr_bytes_in(w, p2p__span_bytes(wire)); /* memory failed, or keys changed */
    return;
  }
  size_t len = content.len;
  memcpy(plain, content.p, len);
  bool edited = next_edit(&e);
  if (edited) len = change(&e, &type, plain, len);
  if (edited && e.how == DROP) return;
  p2p_bytes v = p2p__bytes(plain, len);
  for (int i = 0; i <= (edited && e.how == TWICE); i++) {
    p2p__span room = p2p__wr_room(w, len + P2P__TLS_HEAD + P2P__TLS_TAIL);
    if (!room.len) return;
    w->len -= room.len;
    size_t put = 0;
    if (!sealed)
      p2p__tls_clear(w, type, v);
    else if (p2p__tls_seal(&from->seal, type, &v, 1, w->p + w->len, &put) == 0)
      w->len += put;
  }
}

/* What a side has to say, as the other one gets it. */
static size_t pass(side *from, uint8_t *out, size_t cap) {
  static uint8_t said[WIRE];
  p2p__wr r = p2p__wr_of(said, sizeof said), w = p2p__wr_of(out, cap);
  from->step->ops->send(from->step, &r);
  for (size_t at = 0; at < r.len;) {
    ptrdiff_t size = p2p__tls_record_size(p2p__bytes(said + at, r.len - at));
    must(size > 0 && (size_t)size <= r.len - at, "no record is said");
    pass_record(from, p2p__span_of(said + at, (size_t)size), &w);
    at += (size_t)size;
  }
  return w.len;
}

/* ---- handshakes ---- */

static p2p__step *new_step(side *s, uint8_t flags) {
  static const char *const muxers[] = { "/yamux/1.0.0", "/mplex/6.7.0", "/none" };
  bool client = s == &f.sides[0];
  p2p__tls_step_config config = { .context = s->context,
                                  .client = client,
                                  .muxers = muxers + (flags & 4 && client ? 2 : 0),
                                  .n_muxers = flags & 4 ? 1 : 2,
                                  .unix_s = TIME,
                                  .deadline = P2P_SECOND };
  p2p__step *step = NULL;
  config.expected = f.identity.peer;
  if (flags & 2 && client) config.expected.b[9] ^= 1;
  return p2p__tls_step(&f.env, &config, &step) < 0 ? NULL : step;
}

/* Offers bytes in one or in many pieces, as a link does: what is not eaten comes again. */
static void give(side *to, const uint8_t *p, size_t len, size_t step) {
  size_t at = 0, have = p2p__min(step, len);
  while (to->end == 0 && at < len) {
    size_t used = SIZE_MAX;
    to->end = to->step->ops->recv(to->step, p2p__bytes(p + at, have - at), &used, 0);
    must(used <= have - at, "more is eaten than there was");
    at += used;
    if (used == 0 && have == len) return;
    if (used == 0) have = p2p__min(have + step, len);
    have = p2p__max(have, p2p__min(at + 1, len));
  }
}

static void shake_hands(size_t step) {
  static uint8_t wire[2 * WIRE];
  side *c = &f.sides[0], *s = &f.sides[1];
  for (int i = 0; i < ROUNDS && c->end >= 0 && s->end >= 0 && !(c->end && s->end); i++) {
    size_t n = pass(c, wire, sizeof wire);
    give(s, wire, n, step);
    n = pass(s, wire, sizeof wire);
    give(c, wire, n, step);
  }
  (void)pass(c, wire, sizeof wire);
  (void)pass(s, wire, sizeof wire);
}

static void take(side *s) {
  p2p__step_result r = { .protocol = -1, .muxer = -1 };
  if (s->end != 1) return;
  s->step->ops->take(s->step, &r);
  must(p2p_peer_id_eq(&r.peer, &f.identity.peer), "somebody else is there");
  must(r.muxer >= -1 && r.muxer < 2, "a muxer that was not offered");
  s->record = r.record;
}

/* ---- behind them ---- */

static void pass_data(side *from, side *to) {
  static uint8_t wire[WIRE], out[WIRE];
  uint8_t text[100];
  size_t len, used;
  p2p__tls_type type;
  p2p__span plain, content;
  int alert;
  edit e = { 0 };
  memset(text, 7, sizeof text);
  p2p_bytes v = p2p__bytes(text, sizeof text);
  if (from->record->ops->seal(from->record, &v, 1, wire, &len) < 0) return;
  if (p2p__tls_open(&from->open, p2p__span_of(wire, len), &type, &content, &alert) < 0) return;
  len = content.len;
  memcpy(out + 2 * P2P__TLS_HEAD, content.p, len);
  uint8_t *p = out + 2 * P2P__TLS_HEAD;
  bool edited = next_edit(&e);
  if (edited) len = change(&e, &type, p, len);
  v = p2p__bytes(p, p2p__min(len, P2P__TLS_PLAIN_MAX));
  if (p2p__tls_seal(&from->seal, type, &v, 1, wire, &len) < 0) return;
  int r = to->record->ops->open(to->record, p2p__span_of(wire, len), &used, &plain);
  must(r < 0 || (r == 1 && used == len), "a record is not whole");
  must(r < 0 || edited || (plain.len == sizeof text && plain.p[1] == 7), "other bytes come out");
  if (r < 0) to->end = r;
}

/* Application keys: of each side's own sequence, from its first record. */
static void talk(void) {
  side *c = &f.sides[0], *s = &f.sides[1];
  static uint8_t last[WIRE];
  rekey(c, &c->application);
  rekey(s, &s->application);
  for (int i = 0; i < ROUNDS && p2p__rd_left(&f.in) && c->end == 1 && s->end == 1; i++) {
    pass_data(c, s);
    if (s->end == 1) pass_data(s, c);
  }
  (void)c->record->ops->finish(c->record, last);
  (void)s->record->ops->finish(s->record, last);
}

static void run(uint8_t flags) {
  side *c = &f.sides[0], *s = &f.sides[1];
  bool alone = !(flags & 30) && p2p__rd_left(&f.in) < EDIT; /* nobody meddles */
  c->step = new_step(c, flags);
  s->step = new_step(s, flags);
  if (c->step && s->step) {
    shake_hands(flags & 1 ? 1 + (flags >> 5) * 37u : WIRE);
    take(c);
    take(s);
    bool whole = c->record && s->record;
    must(whole || !alone, "honest sides do not meet");
    must(!whole || !(flags & 2), "another peer than the expected one is there");
    if (whole) talk();
  }
  for (int i = 0; i < 2; i++) {
    side *x = &f.sides[i];
    p2p__record_free(x->record);
    p2p__step_free(x->step);
    p2p__tls_keys_fini(&x->open);
    p2p__tls_keys_fini(&x->seal);
    x->open = x->seal = (p2p__tls_keys){ 0 };
    x->record = NULL;
    x->step = NULL;
    x->end = 0;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  if (!f.sides[0].context) fixture_init();
  size_t before = p2p__mem_used(&f.mem);
  uint8_t flags = data[0];
  f.in = p2p__rd_of(p2p__bytes(data + 1, size - 1));
  f.records = 0;
  f.limits.tls_handshake = flags & 16 ? 2048 : 65536;
  f.mem.fail_at = flags & 8 ? f.mem.calls + 1 + p2p__rd_u8(&f.in) : 0;
  run(flags);
  f.mem.fail_at = 0;
  /* Cipher contexts given back are spares of the crypto's. */
  p2p__crypto_free(f.env.crypto);
  f.env.crypto = NULL;
  must(p2p__crypto_new(&f.mem, &f.env.crypto) == 0, "no crypto");
  must(p2p__mem_used(&f.mem) == before, "memory is left");
  return 0;
}
