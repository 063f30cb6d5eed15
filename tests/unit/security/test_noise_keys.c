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

/* ---- keys that are none ---- */

/* The protobuf public key of an RSA modulus of so many bits, all ones, with exponent 65537. */
static size_t rsa_of(size_t bits, uint8_t *out, size_t cap) {
  static const uint8_t oid[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
  static const uint8_t exponent[] = { 0x02, 0x03, 0x01, 0x00, 0x01 };
  size_t modulus = bits / 8 + 1, pair = 4 + modulus + sizeof exponent;
  size_t string = 1 + 4 + pair, spki = sizeof oid + 4 + string; /* a bit string's unused bits */
  p2p__wr w = p2p__wr_of(out, cap);
  p2p__wr_u8(&w, 0x08); /* type RSA, data */
  p2p__wr_u8(&w, 0x00);
  p2p__wr_u8(&w, 0x12);
  p2p__wr_varint(&w, 4 + spki);
  p2p__wr_be16(&w, 0x3082);
  p2p__wr_be16(&w, (uint16_t)spki);
  p2p__wr_bytes_in(&w, p2p__bytes(oid, sizeof oid));
  p2p__wr_be16(&w, 0x0382);
  p2p__wr_be16(&w, (uint16_t)string);
  p2p__wr_u8(&w, 0);
  p2p__wr_be16(&w, 0x3082);
  p2p__wr_be16(&w, (uint16_t)pair);
  p2p__wr_be16(&w, 0x0282);
  p2p__wr_be16(&w, (uint16_t)modulus);
  p2p__wr_u8(&w, 0);
  for (size_t i = 1; i < modulus; i++) p2p__wr_u8(&w, 0xff);
  p2p__wr_bytes_in(&w, p2p__bytes(exponent, sizeof exponent));
  assert_int_equal(w.err, 0);
  return w.len;
}

static int sign_anything(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  (void)ctx, (void)msg;
  memset(sig, 0x55, *len = 256);
  return 0;
}

/* HS-01: whoever claims an RSA key of too few or too many bits is refused; the key, before its
 * signature is looked at, where one of 2,048 bits is refused for the signature. */
static void rsa_keys_out_of_bounds_are_refused(void **state) {
  (void)state;
  static const struct {
    size_t bits;
    int why;
  } claims[] = { { 2048, P2P_ESIG }, { 2040, P2P_EKEY }, { 8200, P2P_EKEY }, { 8800, P2P_EKEY } };
  for (size_t i = 0; i < P2P_COUNT(claims); i++) {
    for (int liar = 0; liar < 2; liar++) {
      duo *d = duo_new();
      uint8_t sig[P2P_SIGNATURE_MAX];
      size_t len = 0;
      p2p_identity id = d->party[liar].identity;
      id.sign = sign_anything;
      id.pubkey_len = rsa_of(claims[i].bits, id.pubkey, sizeof id.pubkey);
      p2p_bytes pubkey = p2p__bytes(id.pubkey, id.pubkey_len), msg = p2p__cstr("text");
      assert_int_equal(sign_anything(NULL, msg, sig, &len), 0);
      assert_int_equal(p2p_verify(pubkey, msg, p2p__bytes(sig, len)), claims[i].why);
      give(&d->party[liar], &id);
      duo_ends(d, liar ? P2P_EAUTH : 1, liar ? 0 : P2P_EAUTH);
      duo_free(d);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_key_type_shakes_hands_with_every_other),
    cmocka_unit_test(key_in_a_module_shakes_hands_and_signs_once),
    cmocka_unit_test(module_that_does_not_sign_is_heard),
    cmocka_unit_test(rsa_keys_out_of_bounds_are_refused),
  };
  return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
