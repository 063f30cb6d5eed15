/* One side of a security handshake. */
#include "party.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int party_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  party *p = ctx;
  *len = 64;
  return p2p__ed25519_sign(&p->key, p->lies ? p2p__cstr("another text") : msg, sig);
}

static void party_identity(party *p, uint8_t seed) {
  static const uint8_t head[] = { 0x08, P2P_KEY_ED25519, 0x12, 32 };
  uint8_t secret[32];
  memset(secret, seed, sizeof secret);
  p2p__ed25519_from_seed(&p->key, secret);
  p->identity = (p2p_identity){
    .size = sizeof p->identity, .pubkey_len = sizeof head + 32, .sign = party_sign, .ctx = p
  };
  memcpy(p->identity.pubkey, head, sizeof head);
  memcpy(p->identity.pubkey + sizeof head, p->key.pub, 32);
  p2p_bytes pubkey = p2p__bytes(p->identity.pubkey, p->identity.pubkey_len);
  assert_int_equal(p2p_peer_id_from_pubkey(pubkey, &p->identity.peer), 0);
}

void party_init(party *p, uint8_t seed) {
  memset(p, 0, sizeof *p);
  step_world_init(&p->world);
  p->world.random = seed;
  assert_int_equal(p2p__crypto_new(&p->world.mem, &p->crypto), 0);
  p->world.env.crypto = p->crypto;
  party_identity(p, seed);
  assert_int_equal(p2p__noise_static_init(&p->noise, &p->world.env, &p->identity), 0);
}

void party_fini(party *p) {
  p2p__noise_static_fini(&p->noise);
  p2p__crypto_free(p->crypto);
  step_world_fini(&p->world);
}

p2p__noise_config party_config(const party *p, bool initiator) {
  return (p2p__noise_config){
    .key = &p->noise,
    .initiator = initiator,
    .deadline = PARTY_DEADLINE,
  };
}

p2p__step *party_noise(party *p, const p2p__noise_config *config) {
  p2p__step *s = NULL;
  assert_int_equal(p2p__noise_step(&p->world.env, config, &s), 0);
  return s;
}

p2p__step_result party_take(p2p__step *s) {
  p2p__step_result r = { .protocol = -1, .muxer = -1 };
  s->ops->take(s, &r);
  return r;
}

static uint8_t digit(char c) { return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10); }

size_t unhex(const char *hex, uint8_t *out, size_t cap) {
  size_t n = strlen(hex) / 2;
  assert_true(n <= cap);
  for (size_t i = 0; i < n; i++) out[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  return n;
}
