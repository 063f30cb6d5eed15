/* Signatures of every key type: public vectors, and forgeries of them. */
#include "support/table.h"

#include <p2p/key.h>

/* ---- vectors ---- */

typedef struct signed_text {
  p2p__span key, msg, sig;
} signed_text;

static int verify(const signed_text *s) {
  return p2p_verify(p2p__span_bytes(s->key), p2p__span_bytes(s->msg), p2p__span_bytes(s->sig));
}

/* The next line that is not a key; s->key is kept from line to line. */
static bool next_text(table *t, signed_text *s) {
  while (table_next(t)) {
    if (!is_word(t->words[0], "key")) {
      s->msg = table_bytes(t, 2);
      s->sig = table_bytes(t, 3);
      return true;
    }
    exact_free(s->key);
    s->key = table_bytes(t, 1);
  }
  exact_free(s->key);
  return false;
}

static void free_text(signed_text *s) {
  exact_free(s->msg);
  exact_free(s->sig);
}

/* Every line's verdict is ours. Returns how many signatures were valid. */
static size_t run_table(const char *name) {
  table t;
  signed_text s = { 0 };
  size_t valid = 0;
  table_open(&t, name);
  while (next_text(&t, &s)) {
    bool want = is_word(t.words[1], "valid");
    int got = verify(&s);
    if ((got == 0) != want) fail_msg("%s, vector %s: %d", name, t.words[0], got);
    assert_true(want || got == P2P_ESIG || got == P2P_EKEY);
    valid += want;
    free_text(&s);
  }
  table_close(&t);
  return valid;
}

static void verify_agrees_with_wycheproof_on_ed25519(void **state) {
  (void)state;
  assert_int_equal(run_table("wycheproof_ed25519.txt"), 88);
}

static void verify_agrees_with_wycheproof_on_secp256k1(void **state) {
  (void)state;
  assert_int_equal(run_table("wycheproof_secp256k1.txt"), 162);
}

static void verify_agrees_with_wycheproof_on_p256(void **state) {
  (void)state;
  assert_int_equal(run_table("wycheproof_p256.txt"), 174);
}

static void verify_agrees_with_wycheproof_on_p384(void **state) {
  (void)state;
  assert_int_equal(run_table("wycheproof_p384.txt"), 162);
}

static void verify_agrees_with_wycheproof_on_rsa(void **state) {
  (void)state;
  assert_int_equal(run_table("wycheproof_rsa2048.txt"), 9);
  assert_int_equal(run_table("wycheproof_rsa8192.txt"), 7);
}

static void verify_takes_signatures_of_go(void **state) {
  (void)state;
  assert_int_equal(run_table("signatures_go.txt"), 3);
}

/* ---- forgery ---- */

static void refuses_flips(signed_text *s, p2p__span part) {
  for (size_t i = 0; i < 8 * part.len; i++) {
    part.p[i / 8] ^= (uint8_t)(1u << i % 8);
    assert_int_not_equal(verify(s), 0);
    part.p[i / 8] ^= (uint8_t)(1u << i % 8);
  }
  assert_int_equal(verify(s), 0);
}

static void refuses_prefixes(const signed_text *s) {
  for (size_t n = 0; n < s->sig.len; n++) {
    signed_text cut = *s;
    cut.sig = exact(p2p__bytes(s->sig.p, n));
    assert_int_equal(verify(&cut), P2P_ESIG);
    exact_free(cut.sig);
  }
  for (size_t n = 0; n < s->key.len; n++) {
    signed_text cut = *s;
    cut.key = exact(p2p__bytes(s->key.p, n));
    assert_int_equal(verify(&cut), P2P_EKEY);
    exact_free(cut.key);
  }
}

static void verify_refuses_every_changed_bit_and_every_prefix(void **state) {
  (void)state;
  table t;
  signed_text s = { 0 };
  table_open(&t, "signatures_go.txt");
  while (next_text(&t, &s)) {
    refuses_flips(&s, s.sig);
    refuses_flips(&s, s.msg);
    refuses_flips(&s, s.key);
    refuses_prefixes(&s);
    free_text(&s);
  }
  table_close(&t);
}

/* A generator that is the same everywhere (xorshift64). */
static uint8_t next_byte(uint64_t *x) {
  *x ^= *x << 13;
  *x ^= *x >> 7;
  *x ^= *x << 17;
  return (uint8_t)*x;
}

static void verify_refuses_random_signatures_of_every_type(void **state) {
  (void)state;
  table t;
  uint64_t x = 88172645463325252U;
  table_open(&t, "keys.txt");
  while (table_next(&t)) {
    signed_text s = { .key = table_bytes(&t, 2) };
    uint8_t sig[512];
    for (size_t round = 0; round < 64; round++) {
      s.sig = p2p__span_of(sig, round % 2 ? 64 : s.key.len > 500 ? 512 : 70);
      for (size_t i = 0; i < s.sig.len; i++) sig[i] = round < 2 ? 0 : next_byte(&x);
      assert_int_equal(verify(&s), P2P_ESIG);
    }
    exact_free(s.key);
  }
  table_close(&t);
}

static void verify_wants_a_signature_of_bounded_length(void **state) {
  (void)state;
  static uint8_t sig[P2P_SIGNATURE_MAX + 1];
  table t;
  table_open(&t, "keys.txt");
  while (table_next(&t)) {
    signed_text s = { .key = table_bytes(&t, 2) };
    assert_int_equal(verify(&s), P2P_ESIG);
    s.sig = p2p__span_of(sig, sizeof sig);
    assert_int_equal(verify(&s), P2P_ESIG);
    exact_free(s.key);
  }
  table_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(verify_agrees_with_wycheproof_on_ed25519),
    cmocka_unit_test(verify_agrees_with_wycheproof_on_secp256k1),
    cmocka_unit_test(verify_agrees_with_wycheproof_on_p256),
    cmocka_unit_test(verify_agrees_with_wycheproof_on_p384),
    cmocka_unit_test(verify_agrees_with_wycheproof_on_rsa),
    cmocka_unit_test(verify_takes_signatures_of_go),
    cmocka_unit_test(verify_refuses_every_changed_bit_and_every_prefix),
    cmocka_unit_test(verify_refuses_random_signatures_of_every_type),
    cmocka_unit_test(verify_wants_a_signature_of_bounded_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
