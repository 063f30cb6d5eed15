/* Noise against a stranger who knows the protocol: the fuzzer's bytes become (first byte modulo 4)
 * 0: raw bytes for a responder; 1: raw bytes for an initiator; 2: the payload of an otherwise
 * correct message 3, so that the parser behind the cipher is reached; 3: records, some of them
 * sealed properly. No stranger without a signature gets through, and all memory comes back. */
#include "crypto/crypto.h"
#include "security/noise.h"
#include "security/noise_record.h"
#include "security/noise_xx.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

/* Everything is made anew for each input: nothing outlives it. */
typedef struct fixture {
  p2p__mem mem;
  p2p__limits limits;
  p2p__env env;
  p2p__ed25519 key;
  p2p_identity identity;
  p2p__noise_static noise;
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
  check(p2p__noise_static_init(&f->noise, &f->env, &f->identity) == 0);
}

static void fixture_fini(fixture *f) {
  p2p__noise_static_fini(&f->noise);
  p2p__crypto_free(f->env.crypto);
  check(p2p__mem_used(&f->mem) == 0);
}

static p2p__step *new_step(fixture *f, bool initiator) {
  static const char *const muxers[] = { "/yamux/1.0.0", "/mplex/6.7.0" };
  const p2p__noise_config config = {
    .key = &f->noise, .initiator = initiator, .muxers = muxers, .n_muxers = 2, .deadline = P2P_NEVER
  };
  p2p__step *s;
  check(p2p__noise_step(&f->env, &config, &s) == 0);
  return s;
}

static size_t said(p2p__step *s, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  s->ops->send(s, &w);
  check(!w.err);
  return w.len;
}

static void fuzz_wire(fixture *f, bool initiator, p2p_bytes in) {
  uint8_t out[1024];
  p2p__step *s = new_step(f, initiator);
  int end = 0;
  for (size_t at = 0; end == 0;) {
    size_t used = SIZE_MAX;
    said(s, out, sizeof out);
    end = s->ops->recv(s, p2p__bytes(in.p + at, in.len - at), &used, 0);
    check(used <= in.len - at && end != 1);
    if (used == 0) break;
    at += used;
  }
  p2p__step_free(s);
}

/* An initiator of our own making: real keys, the fuzzer's payload. */
static void fuzz_payload(fixture *f, p2p_bytes payload) {
  static const uint8_t s_key[32] = { 9 }, e_key[32] = { 11 };
  uint8_t pub[32], heard[1024], wire[1024 + 16384];
  size_t used, len;
  p2p__noise_xx xx;
  p2p__x25519_public(s_key, pub);
  p2p__noise_xx_init(&xx, f->env.crypto, true, s_key, pub, e_key, p2p__bytes(NULL, 0));
  p2p__step *s = new_step(f, false);
  p2p__wr w = p2p__wr_of(wire + 2, sizeof wire - 2);
  check(p2p__noise_xx_write(&xx, p2p__bytes(NULL, 0), &w) == 0);
  p2p__put_be16(wire, (uint16_t)w.len);
  check(s->ops->recv(s, p2p__bytes(wire, 2 + w.len), &used, 0) == 0);
  size_t n = said(s, wire, sizeof wire);
  check(p2p__noise_xx_read(&xx, p2p__bytes(wire + 2, n - 2), heard, &len) == 0);
  w = p2p__wr_of(wire + 2, sizeof wire - 2);
  payload.len = p2p__min(payload.len, 16000);
  check(p2p__noise_xx_write(&xx, payload, &w) == 0);
  p2p__put_be16(wire, (uint16_t)w.len);
  check(s->ops->recv(s, p2p__bytes(wire, 2 + w.len), &used, 0) < 0); /* nobody signed pub */
  p2p__step_free(s);
}

/* Bytes as records; those with a length byte above 0x7f are sealed first and must open. */
static void fuzz_record(fixture *f, p2p_bytes in) {
  static const uint8_t key[32] = { 3 };
  p2p__record *a, *b;
  check(p2p__noise_record_new(&f->env, key, key, &a) == 0);
  check(p2p__noise_record_new(&f->env, key, key, &b) == 0);
  p2p__rd r = p2p__rd_of(in);
  int alive = 1;
  while (alive >= 0 && p2p__rd_left(&r) > 0) {
    uint8_t wire[2 + 255 + 16], len = p2p__rd_u8(&r);
    p2p_bytes piece = p2p__rd_bytes(&r, p2p__min(len & 0x7f, p2p__rd_left(&r)));
    size_t n = piece.len, used;
    p2p__span plain;
    if (len > 0x7f)
      check(a->ops->seal(a, &piece, 1, wire, &n) == 0);
    else if (n)
      memcpy(wire, piece.p, n);
    alive = b->ops->open(b, p2p__span_of(wire, n), &used, &plain);
    check(len <= 0x7f || (alive == 1 && plain.len == piece.len));
  }
  p2p__record_free(a);
  p2p__record_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  fixture f;
  fixture_init(&f);
  p2p_bytes in = p2p__bytes(data + 1, size - 1);
  switch (data[0] % 4) {
  case 0: fuzz_wire(&f, false, in); break;
  case 1: fuzz_wire(&f, true, in); break;
  case 2: fuzz_payload(&f, in); break;
  default: fuzz_record(&f, in); break;
  }
  fixture_fini(&f);
  return 0;
}
