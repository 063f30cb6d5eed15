/* TLS against a stranger who knows the protocol. The first byte modulo 4 says what the rest is:
 * 0: raw bytes for a server; 1: raw bytes for a client whose hello is out; 2: contents of records (a
 * length byte, a type, that many bytes), which a client without a certificate seals under the
 * handshake's keys after a good hello; 3: contents sealed under the keys of a finished handshake.
 * No stranger gets through, whatever is opened lies inside what was given, and all memory comes
 * back. */
#include "crypto/crypto.h"
#include "security/tls.h"
#include "security/tls_record.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TIME = 1700000000, WIRE = 65536 };

static void check(bool ok) {
  if (!ok) abort();
}

static int fixed_random(void *ctx, void *buf, size_t len) {
  (void)ctx;
  memset(buf, 0x42, len);
  return 0;
}

static int fixed_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  *len = 64;
  return p2p__ed25519_sign(ctx, msg, sig);
}

/* A host, made once: its certificate costs more than a handshake. Its memory is told apart from that
 * of an input. */
typedef struct fixture {
  p2p__mem mem;
  p2p__limits limits;
  p2p__env env;
  p2p__ed25519 key;
  p2p_identity identity;
  p2p__tls_context *context;
} fixture;

static void fixture_init(fixture *f) {
  static const uint8_t seed[32] = { 7 }, head[] = { 0x08, P2P_KEY_ED25519, 0x12, 32 };
  memset(f, 0, sizeof *f);
  p2p__mem_init(&f->mem, NULL);
  p2p__limits_default(&f->limits);
  f->env = (p2p__env){ .mem = &f->mem, .limits = &f->limits, .random = fixed_random };
  check(p2p__crypto_new(&f->mem, &f->env.crypto) == 0);
  p2p__ed25519_from_seed(&f->key, seed);
  f->identity = (p2p_identity){ .size = sizeof f->identity, .pubkey_len = 36, .sign = fixed_sign };
  f->identity.ctx = &f->key;
  memcpy(f->identity.pubkey, head, sizeof head);
  memcpy(f->identity.pubkey + sizeof head, f->key.pub, 32);
  check(p2p__tls_host_new(&f->env, &f->identity, &f->context) == 0);
}

static p2p__step *new_step(fixture *f, bool client) {
  static const char *const muxers[] = { "/yamux/1.0.0" };
  const p2p__tls_step_config config = { .context = f->context,
                                        .client = client,
                                        .muxers = muxers,
                                        .n_muxers = 1,
                                        .unix_s = TIME,
                                        .deadline = P2P_NEVER };
  p2p__step *s;
  check(p2p__tls_step(&f->env, &config, &s) == 0);
  return s;
}

static size_t said(p2p__step *s, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  s->ops->send(s, &w);
  check(!w.err);
  return w.len;
}

static void fuzz_wire(fixture *f, bool client, p2p_bytes in) {
  static uint8_t out[WIRE];
  p2p__step *s = new_step(f, client);
  int end = 0;
  for (size_t at = 0; end == 0;) {
    size_t used = SIZE_MAX;
    said(s, out, sizeof out);
    end = s->ops->recv(s, p2p__bytes(in.p + at, in.len - at), &used, 0);
    check(used <= in.len - at && end != 1);
    if (used == 0) break;
    at += used;
  }
  said(s, out, sizeof out);
  p2p__step_free(s);
}

/* ---- a client with keys ---- */

typedef struct stranger {
  p2p__tls_user user;
  uint8_t hello[2048];
  size_t hello_len;
  p2p__tls_secret secret;
} stranger;

static int on_say(p2p__tls_user *u, p2p__tls_level level, p2p_bytes message) {
  stranger *s = (stranger *)u;
  if (level != P2P__TLS_INITIAL || s->hello_len) return 0;
  check(message.len <= sizeof s->hello);
  memcpy(s->hello, message.p, message.len);
  s->hello_len = message.len;
  return 0;
}

static int on_secret(p2p__tls_user *u, p2p__tls_level level, p2p__tls_way way,
                     const p2p__tls_secret *secret) {
  if (level == P2P__TLS_HANDSHAKE && way == P2P__TLS_WRITE) ((stranger *)u)->secret = *secret;
  return 0;
}

static int on_ccs(p2p__tls_user *u) {
  (void)u;
  return 0;
}

static int on_judge(p2p__tls_user *u, p2p_bytes der) {
  (void)u;
  (void)der;
  return 0;
}

/* The next content of the input, sealed. False: nothing is left. */
static bool next_sealed(p2p__rd *r, p2p__tls_keys *keys, uint8_t *wire, size_t *len) {
  if (p2p__rd_left(r) < 2) return false;
  size_t n = p2p__rd_u8(r);
  p2p__tls_type type = (p2p__tls_type)p2p__rd_u8(r);
  p2p_bytes content = p2p__rd_bytes(r, p2p__min(n, p2p__rd_left(r)));
  check(p2p__tls_seal(keys, type, &content, 1, wire, len) == 0);
  return true;
}

static void fuzz_sealed(fixture *f, p2p_bytes in) {
  static uint8_t wire[WIRE];
  stranger you = { .user = {
                       .say = on_say, .secret = on_secret, .ccs = on_ccs, .judge = on_judge } };
  const p2p__tls_config config = { .context = f->context, .user = &you.user, .client = true };
  p2p__tls *tls;
  p2p__step *s = new_step(f, false);
  size_t used;
  check(p2p__tls_new(&f->mem, &config, &tls) == 0 && p2p__tls_start(tls) == 0);
  p2p__wr w = p2p__wr_of(wire, sizeof wire);
  p2p__tls_clear(&w, P2P__TLS_MESSAGE, p2p__bytes(you.hello, you.hello_len));
  check(s->ops->recv(s, p2p__wr_bytes(&w), &used, 0) == 0);
  check(said(s, wire, sizeof wire) > 0 && wire[0] == P2P__TLS_MESSAGE);
  size_t size = (size_t)p2p__tls_record_size(p2p__bytes(wire, sizeof wire));
  check(p2p__tls_recv(tls, P2P__TLS_INITIAL, p2p__bytes(wire + 5, size - 5)) == 0);
  p2p__tls_keys keys;
  p2p__tls_keys_init(&keys, f->env.crypto, &you.secret, true);
  p2p__rd r = p2p__rd_of(in);
  int end = 0;
  while (end == 0 && next_sealed(&r, &keys, wire, &size)) {
    end = s->ops->recv(s, p2p__bytes(wire, size), &used, 0);
    check(used <= size && end != 1);
  }
  said(s, wire, sizeof wire);
  p2p__tls_keys_fini(&keys);
  p2p__tls_free(tls);
  p2p__step_free(s);
}

/* ---- after a handshake ---- */

static void fuzz_records(fixture *f, bool client, p2p_bytes in) {
  static uint8_t wire[WIRE];
  p2p__tls_secret secret = { .aead = P2P__AES_128_GCM, .len = 32 };
  const p2p__tls_record_config config = {
    .client = client, .out = &secret, .in = &secret, .limit = 16384
  };
  p2p__record *record;
  p2p__tls_keys keys;
  check(p2p__tls_record_new(&f->env, &config, &record) == 0);
  p2p__tls_keys_init(&keys, f->env.crypto, &secret, true);
  p2p__rd r = p2p__rd_of(in);
  size_t len, used;
  int alive = 1;
  while (alive == 1 && next_sealed(&r, &keys, wire, &len)) {
    p2p__span plain = { 0 };
    alive = record->ops->open(record, p2p__span_of(wire, len), &used, &plain);
    check(alive < 0 || used == len);
    check(alive < 0 || (plain.p >= wire && plain.p + plain.len <= wire + len));
    if (((p2p__tls_record *)record)->in.seq == 0) p2p__tls_keys_update(&keys);
    if (alive == 1 && (plain.len & 1)) {
      p2p_bytes v = p2p__span_bytes(plain);
      check(record->ops->seal(record, &v, 1, wire + 1024, &len) == 0);
    }
  }
  size_t n = record->ops->finish(record, wire);
  check(n <= record->head + 64u + record->tail);
  p2p__tls_keys_fini(&keys);
  p2p__record_free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fixture f;
  if (size == 0) return 0;
  if (!f.context) fixture_init(&f);
  size_t before = p2p__mem_used(&f.mem);
  p2p_bytes in = p2p__bytes(data + 1, size - 1);
  switch (data[0] % 4) {
  case 0: fuzz_wire(&f, false, in); break;
  case 1: fuzz_wire(&f, true, in); break;
  case 2: fuzz_sealed(&f, in); break;
  default: fuzz_records(&f, data[0] & 4, in); break;
  }
  /* Cipher contexts given back are spares of the crypto's. */
  check(p2p__mem_used(&f.mem) >= before);
  p2p__crypto_free(f.env.crypto);
  f.env.crypto = NULL;
  check(p2p__crypto_new(&f.mem, &f.env.crypto) == 0);
  check(p2p__mem_used(&f.mem) == before);
  return 0;
}
