/* Every backend built, against Wycheproof's vectors: all of them take and make the same. */
#include "support/table.h"

#include "crypto/crypto.h"
#include "crypto/secp256k1.h"

enum { PUBKEY_HEAD = 4 }; /* of the protobuf around a key of 32 or 33 bytes */

/* ---- signatures ---- */

typedef int (*verify_fn)(size_t backend, p2p_bytes key, p2p_bytes msg, p2p_bytes sig);

static int verify_ed25519(size_t backend, p2p_bytes key, p2p_bytes msg, p2p_bytes sig) {
  assert_int_equal(key.len, 32);
  return p2p__ed25519_verify_with(p2p__backend_at(backend), key.p, msg, sig);
}

static int verify_secp256k1(size_t backend, p2p_bytes key, p2p_bytes msg, p2p_bytes sig) {
  return p2p__secp256k1_verify_with(p2p__secp256k1_backend_at(backend), key, msg, sig);
}

static size_t run_signatures(const char *name, size_t backend, verify_fn verify) {
  table t;
  p2p__span key = { 0 };
  size_t valid = 0;
  table_open(&t, name);
  while (table_next(&t)) {
    if (is_word(t.words[0], "key")) {
      exact_free(key);
      key = table_bytes(&t, 1);
      continue;
    }
    p2p__span msg = table_bytes(&t, 2), sig = table_bytes(&t, 3);
    bool want = is_word(t.words[1], "valid");
    p2p_bytes bare = p2p__bytes(key.p + PUBKEY_HEAD, key.len - PUBKEY_HEAD);
    int got = verify(backend, bare, p2p__span_bytes(msg), p2p__span_bytes(sig));
    if ((got == 0) != want) fail_msg("%s, vector %s: %d", name, t.words[0], got);
    valid += want;
    exact_free(msg);
    exact_free(sig);
  }
  exact_free(key);
  table_close(&t);
  return valid;
}

static void every_backend_agrees_on_ed25519(void **state) {
  (void)state;
  for (size_t i = 0; p2p__backend_at(i); i++) {
    assert_int_equal(p2p__backend_at(i)->init(), 0);
    assert_int_equal(run_signatures("wycheproof_ed25519.txt", i, verify_ed25519), 88);
  }
}

static void every_backend_agrees_on_secp256k1(void **state) {
  (void)state;
  for (size_t i = 0; p2p__secp256k1_backend_at(i); i++)
    assert_int_equal(run_signatures("wycheproof_secp256k1.txt", i, verify_secp256k1), 162);
}

/* ---- X25519 ---- */

static void every_backend_agrees_on_x25519(void **state) {
  (void)state;
  static const uint8_t zero[32] = { 0 };
  for (size_t i = 0; p2p__backend_at(i); i++) {
    table t;
    table_open(&t, "wycheproof_x25519.txt");
    while (table_next(&t)) {
      p2p__span secret = table_bytes(&t, 1), pub = table_bytes(&t, 2), want = table_bytes(&t, 3);
      uint8_t shared[32] = { 0 };
      int err = p2p__backend_at(i)->x25519(secret.p, pub.p, shared);
      if (memcmp(want.p, zero, 32) != 0) assert_int_equal(err, 0);
      if (!err) assert_memory_equal(shared, want.p, 32);
      err = p2p__x25519(secret.p, pub.p, shared);
      assert_int_equal(err, memcmp(want.p, zero, 32) == 0 ? P2P_EAUTH : 0);
      exact_free(secret);
      exact_free(pub);
      exact_free(want);
    }
    table_close(&t);
  }
}

/* ---- secp256k1: what is made ---- */

/* The key of the n-th test. */
static void secret_of(uint8_t n, uint8_t secret[32]) {
  memset(secret, 0x5a, 32);
  secret[31] = n;
}

static void every_backend_makes_low_signatures_that_all_take(void **state) {
  (void)state;
  for (uint8_t n = 0; n < 32; n++) {
    uint8_t secret[32], pub[33], sig[P2P__SECP256K1_SIG_MAX];
    size_t len = 0;
    p2p_bytes msg = p2p__bytes(&n, 1);
    secret_of(n, secret);
    assert_int_equal(p2p__secp256k1_public(secret, pub), 0);
    for (size_t i = 0; p2p__secp256k1_backend_at(i); i++) {
      const p2p__secp256k1_backend *maker = p2p__secp256k1_backend_at(i);
      uint8_t other[33];
      assert_int_equal(maker->public_of(secret, other), 0);
      assert_memory_equal(pub, other, 33);
      assert_int_equal(p2p__secp256k1_sign_with(maker, secret, msg, sig, &len), 0);
      for (size_t k = 0; p2p__secp256k1_backend_at(k); k++)
        assert_int_equal(verify_secp256k1(k, p2p__bytes(pub, 33), msg, p2p__bytes(sig, len)), 0);
    }
  }
}

/* RFC 6979 has no vectors for this curve; this one is quoted by many implementations: key 1, SHA-256. */
static void nonce_of_libsecp256k1_is_that_of_rfc_6979(void **state) {
  (void)state;
  static const uint8_t one[32] = { [31] = 1 };
  uint8_t sig[P2P__SECP256K1_SIG_MAX];
  size_t len = 0;
  if (strcmp(p2p__secp256k1_backend_at(0)->name, "libsecp256k1") != 0) skip();
  assert_int_equal(p2p__secp256k1_sign(one, p2p__cstr("Satoshi Nakamoto"), sig, &len), 0);
  assert_hex(sig, len,
             "3045022100934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
             "02202442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_backend_agrees_on_ed25519),
    cmocka_unit_test(every_backend_agrees_on_secp256k1),
    cmocka_unit_test(every_backend_agrees_on_x25519),
    cmocka_unit_test(every_backend_makes_low_signatures_that_all_take),
    cmocka_unit_test(nonce_of_libsecp256k1_is_that_of_rfc_6979),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
