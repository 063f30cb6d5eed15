/* The Noise handshake with every type of key as an identity, on either side. */
#include "duo.h"
#include "security/noise_payload.h"
#include <p2p/key.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MESSAGE_MAX = 65535, TAGS = 32 + 2 * 16 };

/* ---- keys ---- */

static int draw(p2p_io *io, void *buf, size_t len) {
  static uint8_t next = 1;
  (void)io;
  memset(buf, next++, len);
  return 0;
}

static const p2p_io_ops io_ops = { .size = sizeof io_ops, .random = draw };
static p2p_io io = { &io_ops };

static int rsa_8192(p2p_identity *id) {
  static char pem[P2P_KEY_TEXT_MAX];
  FILE *file = fopen(P2P_TEST_VECTORS "/rsa8192.pem", "r");
  assert_non_null(file);
  size_t len = fread(pem, 1, sizeof pem, file);
  fclose(file);
  return p2p_identity_decode(id, p2p__bytes(pem, len), NULL);
}

static const struct {
  p2p_key_type type;
  unsigned bits;
} kinds[] = {
  { P2P_KEY_ED25519, 256 }, { P2P_KEY_SECP256K1, 256 }, { P2P_KEY_ECDSA, 256 },
  { P2P_KEY_ECDSA, 384 },   { P2P_KEY_ECDSA, 521 },     { P2P_KEY_RSA, 2048 },
  { P2P_KEY_RSA, 8192 },
};

static p2p_identity keys[P2P_COUNT(kinds)];

static int make_keys(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(kinds); i++) {
    int err = kinds[i].bits == 8192
                  ? rsa_8192(&keys[i])
                  : p2p_identity_generate_bits(&keys[i], kinds[i].type, kinds[i].bits, &io);
    if (err) return err;
  }
  return 0;
}

static int drop_keys(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(kinds); i++) p2p_identity_fini(&keys[i]);
  return 0;
}

/* ---- */

static void give(party *p, const p2p_identity *id) {
  p2p__noise_static_fini(&p->noise);
  p->identity = *id;
  assert_int_equal(p2p__noise_static_init(&p->noise, &p->world.env, &p->identity), 0);
}

static void assert_known(duo *d, step_pair *p, const p2p_identity *const who[2]) {
  for (int i = 0; i < 2; i++) {
    assert_int_equal(p->result[i], 1);
    p2p__step_result r = party_take(p->side[i]);
    assert_true(p2p_peer_id_eq(&r.peer, &who[1 - i]->peer));
    assert_int_equal(r.pubkey_len, who[1 - i]->pubkey_len);
    assert_memory_equal(r.pubkey, who[1 - i]->pubkey, r.pubkey_len);
    p2p__record_free(r.record);
    assert_true(p2p__noise_payload_len(&d->config[i]) + TAGS < MESSAGE_MAX);
  }
}

static void shake_hands(const p2p_identity *initiator, const p2p_identity *responder) {
  const p2p_identity *const who[2] = { initiator, responder };
  duo *d = duo_new();
  for (int i = 0; i < 2; i++) {
    give(&d->party[i], who[i]);
    d->config[i].expected = who[1 - i]->peer;
  }
  step_pair *p = duo_pair(d);
  p->chunk = 100;
  step_pair_run(p);
  assert_known(d, p, who);
  step_pair_free(p);
  duo_free(d);
}

static void every_key_type_shakes_hands_with_every_other(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(kinds); i++)
    for (size_t j = 0; j < P2P_COUNT(kinds); j++) shake_hands(&keys[i], &keys[j]);
}

/* ---- a key in a module ---- */

typedef struct module {
  const p2p_identity *inside;
  size_t signatures;
  int err;
} module;

static int module_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  module *m = ctx;
  m->signatures++;
  return m->err ? m->err : m->inside->sign(m->inside->ctx, msg, sig, len);
}

static p2p_identity plug_in(module *m) {
  p2p_identity id;
  p2p_bytes pubkey = p2p__bytes(m->inside->pubkey, m->inside->pubkey_len);
  assert_int_equal(p2p_identity_from_signer(&id, pubkey, module_sign, NULL, m), 0);
  return id;
}

static void key_in_a_module_shakes_hands_and_signs_once(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(kinds); i++) {
    module m = { .inside = &keys[i] };
    p2p_identity id = plug_in(&m);
    shake_hands(&id, &keys[0]);
    shake_hands(&keys[0], &id);
    assert_int_equal(m.signatures, 2); /* one for each static key, not for each handshake */
    p2p_identity_fini(&id);
  }
}

static void module_that_does_not_sign_is_heard(void **state) {
  (void)state;
  module m = { .inside = &keys[0], .err = P2P_EACCES };
  p2p_identity id = plug_in(&m);
  p2p__noise_static noise;
  duo *d = duo_new();
  assert_int_equal(p2p__noise_static_init(&noise, &d->party[0].world.env, &id), P2P_EACCES);
  p2p__noise_static_fini(&noise);
  duo_free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_key_type_shakes_hands_with_every_other),
    cmocka_unit_test(key_in_a_module_shakes_hands_and_signs_once),
    cmocka_unit_test(module_that_does_not_sign_is_heard),
  };
  return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
