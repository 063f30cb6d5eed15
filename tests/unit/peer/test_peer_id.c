/* Peer ids: of keys, as bytes, as text. */
#include "support/table.h"

#include <p2p/key.h>

#define QM "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"
#define ED25519 "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

/* The peer ids of keys.txt were computed from the keys by other means. */
static void peer_id_of_every_key_type_is_that_of_the_specification(void **state) {
  (void)state;
  table t;
  table_open(&t, "keys.txt");
  while (table_next(&t)) {
    p2p__span key = table_bytes(&t, 2);
    p2p_peer_id id, parsed;
    char text[P2P_PEER_ID_TEXT_MAX];
    assert_int_equal(p2p_peer_id_from_pubkey(p2p__span_bytes(key), &id), 0);
    assert_int_equal(p2p_peer_id_print(&id, text, sizeof text), strlen(t.words[3]));
    assert_string_equal(text, t.words[3]);
    assert_int_equal(p2p_peer_id_parse(text, &parsed), 0);
    assert_true(p2p_peer_id_eq(&id, &parsed));
    exact_free(key);
  }
  table_close(&t);
}

/* An inlined key comes back out of the specification's own example. */
static void peer_id_of_an_inlined_key_is_the_key(void **state) {
  (void)state;
  p2p_peer_id id, again;
  assert_int_equal(p2p_peer_id_parse(ED25519, &id), 0);
  assert_int_equal(id.len, 38);
  assert_int_equal(p2p_peer_id_from_pubkey(p2p__bytes(id.b + 2, 36), &again), 0);
  assert_true(p2p_peer_id_eq(&id, &again));
}

static void peer_id_example_means_the_same_in_both_texts(void **state) {
  (void)state;
  p2p_peer_id a, b;
  assert_int_equal(p2p_peer_id_parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", &a), 0);
  assert_int_equal(
      p2p_peer_id_parse("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe", &b), 0);
  assert_true(p2p_peer_id_eq(&a, &b));
  b.b[5] ^= 1;
  assert_false(p2p_peer_id_eq(&a, &b));
  b = a;
  b.len--;
  assert_false(p2p_peer_id_eq(&a, &b));
}

static void peer_id_text_that_is_wrong_is_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {
    "",
    "1",
    "Q",
    "Qm",
    "b",
    "12D3KooW",
    "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5",
    "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N1",
    "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx50",
    "/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
    "bafybeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe",
    "zQmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
    "11",
    "111",
  };
  for (size_t i = 0; i < P2P_COUNT(wrong); i++) {
    p2p_peer_id id;
    if (p2p_peer_id_parse(wrong[i], &id) == 0) print_error("%s\n", wrong[i]);
    assert_int_equal(p2p_peer_id_parse(wrong[i], &id), P2P_EINVAL);
  }
  assert_int_equal(p2p_peer_id_parse(NULL, NULL), P2P_EINVAL);
}

/* FR-04. */
static void peer_id_cut_anywhere_is_refused(void **state) {
  (void)state;
  static const char *const texts[] = { QM, ED25519 };
  for (size_t i = 0; i < P2P_COUNT(texts); i++) {
    p2p_peer_id id, got;
    assert_int_equal(p2p_peer_id_parse(texts[i], &id), 0);
    assert_int_equal(p2p_peer_id_from_bytes(p2p__bytes(id.b, id.len), &got), 0);
    assert_true(p2p_peer_id_eq(&id, &got));
    for (size_t len = 0; len < id.len; len++) {
      p2p__span cut = exact(p2p__bytes(id.b, len));
      assert_int_equal(p2p_peer_id_from_bytes(p2p__span_bytes(cut), &got), P2P_EINVAL);
      exact_free(cut);
    }
  }
}

static void peer_id_is_printed_when_there_is_room_and_an_id(void **state) {
  (void)state;
  p2p_peer_id id, none = { 0 }, long_id = { .len = 200 };
  char text[P2P_PEER_ID_TEXT_MAX];
  assert_int_equal(p2p_peer_id_parse(ED25519, &id), 0);
  for (size_t cap = 0; cap < sizeof ED25519; cap++)
    assert_int_equal(p2p_peer_id_print(&id, text, cap), P2P_ELIMIT);
  assert_int_equal(p2p_peer_id_print(&id, text, sizeof ED25519), sizeof ED25519 - 1);
  assert_string_equal(text, ED25519);
  assert_int_equal(p2p_peer_id_print(&none, text, sizeof text), P2P_EINVAL);
  assert_int_equal(p2p_peer_id_print(&long_id, text, sizeof text), P2P_EINVAL);
  assert_int_equal(p2p_peer_id_print(NULL, text, sizeof text), P2P_EINVAL);
}

/* HS-12: the shape around an RSA or ECDSA key. A header with any bit flipped makes it none. */
static void peer_id_is_not_made_of_der_that_is_not_strict(void **state) {
  (void)state;
  table t;
  table_open(&t, "keys.txt");
  while (table_next(&t)) {
    bool ecdsa = is_word(t.words[0], "ecdsa"), rsa = is_word(t.words[0], "rsa");
    if (!ecdsa && !rsa) continue;
    p2p__span key = table_bytes(&t, 2);
    p2p_peer_id id;
    size_t header = ecdsa ? 4 + 27 : 5 + 32; /* protobuf, DER up to the point or the modulus */
    for (size_t bit = 0; bit < header * 8; bit++) {
      key.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
      int err = p2p_peer_id_from_pubkey(p2p__span_bytes(key), &id);
      bool other_type = bit / 8 == 1 && err == P2P_ENOTSUP;
      assert_true(err == P2P_EKEY || other_type);
      key.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(p2p_peer_id_from_pubkey(p2p__span_bytes(key), &id), 0);
    exact_free(key);
  }
  table_close(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(peer_id_of_every_key_type_is_that_of_the_specification),
    cmocka_unit_test(peer_id_of_an_inlined_key_is_the_key),
    cmocka_unit_test(peer_id_example_means_the_same_in_both_texts),
    cmocka_unit_test(peer_id_text_that_is_wrong_is_refused),
    cmocka_unit_test(peer_id_cut_anywhere_is_refused),
    cmocka_unit_test(peer_id_is_printed_when_there_is_room_and_an_id),
    cmocka_unit_test(peer_id_is_not_made_of_der_that_is_not_strict),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
