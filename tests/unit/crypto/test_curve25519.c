/* X25519 and Ed25519, with every backend of the build. */
#include "unit/crypto/vectors.h"

#include "crypto/backend.h"
#include "crypto/crypto.h"
#include "unit/base/rng.h"

/* ---- X25519 ---- */

/* RFC 7748, section 5.2. */
static void x25519_gives_the_results_of_rfc_7748(void **state) {
  (void)state;
  static const struct {
    const char *secret, *pub, *shared;
  } vectors[] = {
    { "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
      "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552" },
    { "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
      "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957" },
  };
  for (size_t i = 0; i < P2P_COUNT(vectors); i++) {
    for (size_t b = 0; p2p__backend_at(b); b++) {
      uint8_t secret[32], pub[32], shared[32];
      unhex(vectors[i].secret, secret, 32);
      unhex(vectors[i].pub, pub, 32);
      assert_int_equal(p2p__backend_at(b)->x25519(secret, pub, shared), 0);
      assert_hex(shared, 32, vectors[i].shared);
    }
  }
}

/* RFC 7748, section 6.1. */
static void x25519_makes_two_sides_agree(void **state) {
  (void)state;
  for (size_t b = 0; p2p__backend_at(b); b++) {
    const p2p__backend *backend = p2p__backend_at(b);
    uint8_t alice[32], bob[32], alice_pub[32], bob_pub[32], one[32], other[32];
    unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", alice, 32);
    unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob, 32);
    assert_int_equal(backend->x25519_public(alice, alice_pub), 0);
    assert_int_equal(backend->x25519_public(bob, bob_pub), 0);
    assert_hex(bob_pub, 32, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    assert_hex(alice_pub, 32, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    assert_int_equal(backend->x25519(alice, bob_pub, one), 0);
    assert_int_equal(backend->x25519(bob, alice_pub, other), 0);
    assert_memory_equal(one, other, 32);
    assert_hex(one, 32, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  }
}

/* The u-coordinates of low order, canonical or not: each makes every secret give zero. */
static void x25519_refuses_points_of_low_order(void **state) {
  (void)state;
  static const char *const low[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  };
  for (size_t i = 0; i < P2P_COUNT(low); i++) {
    uint8_t secret[32] = { 9, 8, 7 }, pub[32], shared[32], before[32];
    unhex(low[i], pub, 32);
    memset(shared, 0x5a, sizeof shared);
    memset(before, 0x5a, sizeof before);
    assert_int_equal(p2p__x25519(secret, pub, shared), P2P_EAUTH);
    assert_memory_equal(shared, before, 32); /* written only on success */
  }
}

/* ---- Ed25519 ---- */

/* RFC 8032, section 7.1, tests 1 to 3 (test 3's message is af82). */
static void ed25519_gives_the_signatures_of_rfc_8032(void **state) {
  (void)state;
  static const struct {
    const char *seed, *pub, *msg, *sig;
  } vectors[] = {
    { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b46bd25bf5f0595bbe24655141438e7a100b" },
    { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
      "1d8c387b2eaeb4302aeeb00d291612bb0c00" },
    { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
      "c6594a7c15e9716ed28dc027beceea1ec40a" },
  };
  for (size_t i = 0; i < P2P_COUNT(vectors); i++) {
    for (size_t b = 0; p2p__backend_at(b); b++) {
      const p2p__backend *backend = p2p__backend_at(b);
      uint8_t seed[32], pub[32], msg[2], sig[64];
      unhex(vectors[i].seed, seed, 32);
      p2p_bytes text = p2p__bytes(msg, unhex(vectors[i].msg, msg, sizeof msg));
      assert_int_equal(backend->ed25519_public(seed, pub), 0);
      assert_hex(pub, 32, vectors[i].pub);
      assert_int_equal(backend->ed25519_sign(seed, pub, text, sig), 0);
      assert_hex(sig, 64, vectors[i].sig);
      assert_int_equal(p2p__ed25519_verify_with(backend, pub, text, p2p__bytes(sig, 64)), 0);
    }
  }
}

typedef struct signed_text {
  p2p__ed25519 key;
  p2p_bytes text;
  uint8_t sig[64];
} signed_text;

static signed_text make_signed(uint8_t seed_byte) {
  signed_text s = { .text = p2p__cstr("what is signed") };
  uint8_t seed[32] = { seed_byte };
  assert_int_equal(p2p__ed25519_from_seed(&s.key, seed), 0);
  assert_int_equal(p2p__ed25519_sign(&s.key, s.text, s.sig), 0);
  return s;
}

/* All backends say the same; that is returned. */
static int verdict(const uint8_t pub[32], p2p_bytes text, p2p_bytes sig) {
  int first = p2p__ed25519_verify(pub, text, sig);
  for (size_t b = 0; p2p__backend_at(b); b++)
    assert_int_equal(p2p__ed25519_verify_with(p2p__backend_at(b), pub, text, sig), first);
  return first;
}

/* ID-01. */
static void ed25519_refuses_every_flipped_bit(void **state) {
  (void)state;
  signed_text s = make_signed(1);
  uint8_t text[14];
  memcpy(text, s.text.p, sizeof text);
  assert_int_equal(verdict(s.key.pub, s.text, p2p__bytes(s.sig, 64)), 0);
  for (size_t bit = 0; bit < 64 * 8; bit++) {
    s.sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
    assert_int_equal(verdict(s.key.pub, s.text, p2p__bytes(s.sig, 64)), P2P_ESIG);
    s.sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  for (size_t bit = 0; bit < 32 * 8; bit++) {
    s.key.pub[bit / 8] ^= (uint8_t)(1u << bit % 8);
    assert_int_equal(verdict(s.key.pub, s.text, p2p__bytes(s.sig, 64)), P2P_ESIG);
    s.key.pub[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  for (size_t bit = 0; bit < sizeof text * 8; bit++) {
    text[bit / 8] ^= (uint8_t)(1u << bit % 8);
    assert_int_equal(verdict(s.key.pub, p2p__bytes(text, sizeof text), p2p__bytes(s.sig, 64)),
                     P2P_ESIG);
    text[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
}

/* ID-01. */
static void ed25519_refuses_random_signatures(void **state) {
  (void)state;
  signed_text s = make_signed(2);
  rng r = { 7 };
  for (int i = 0; i < 500; i++) {
    for (size_t k = 0; k < 64; k++) s.sig[k] = (uint8_t)rng_next(&r);
    if (i % 2) s.sig[63] &= 0x0f; /* a scalar that may be below the order */
    assert_int_equal(verdict(s.key.pub, s.text, p2p__bytes(s.sig, 64)), P2P_ESIG);
  }
}

static void ed25519_refuses_a_signature_of_another_length(void **state) {
  (void)state;
  signed_text s = make_signed(3);
  uint8_t longer[65] = { 0 };
  memcpy(longer, s.sig, 64);
  for (size_t len = 0; len <= 65; len++) {
    p2p__span copy = exact(p2p__bytes(longer, len));
    int want = len == 64 ? 0 : P2P_ESIG;
    assert_int_equal(verdict(s.key.pub, s.text, p2p__span_bytes(copy)), want);
    exact_free(copy);
  }
}

/* S + L satisfies the same equation: whoever saw a signature could make a second one. */
static void ed25519_refuses_a_scalar_above_the_order(void **state) {
  (void)state;
  uint8_t order[32];
  unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order, 32);
  for (uint8_t seed = 0; seed < 20; seed++) {
    signed_text s = make_signed(seed);
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
      carry += (unsigned)s.sig[32 + i] + order[i];
      s.sig[32 + i] = (uint8_t)carry;
      carry >>= 8;
    }
    assert_int_equal(verdict(s.key.pub, s.text, p2p__bytes(s.sig, 64)), P2P_ESIG);
  }
}

/* Points of small order, all fourteen encodings that decoders take. With one of them as key, the
 * signature R = key, S = 0 fits one message in eight at least. */
static const char *const small_order[] = {
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static void ed25519_refuses_keys_of_small_order(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(small_order); i++) {
    uint8_t pub[32], sig[64] = { 0 };
    unhex(small_order[i], pub, 32);
    assert_false(p2p__ed25519_is_key(p2p__bytes(pub, 32)));
    memcpy(sig, pub, 32);
    for (uint8_t msg = 0; msg < 32; msg++)
      assert_int_equal(verdict(pub, p2p__bytes(&msg, 1), p2p__bytes(sig, 64)), P2P_ESIG);
  }
}

static void ed25519_refuses_keys_that_are_not_canonical(void **state) {
  (void)state;
  for (unsigned low = 0xed; low <= 0xff; low++) { /* every y from 2^255 - 19 on */
    uint8_t pub[32];
    memset(pub, 0xff, sizeof pub);
    pub[0] = (uint8_t)low;
    assert_false(p2p__ed25519_is_key(p2p__bytes(pub, 32)));
    pub[31] = 0x7f;
    assert_false(p2p__ed25519_is_key(p2p__bytes(pub, 32)));
  }
}

static void ed25519_key_has_32_bytes(void **state) {
  (void)state;
  signed_text s = make_signed(4);
  assert_true(p2p__ed25519_is_key(p2p__bytes(s.key.pub, 32)));
  assert_false(p2p__ed25519_is_key(p2p__bytes(s.key.pub, 31)));
  assert_false(p2p__ed25519_is_key(p2p__bytes(NULL, 0)));
}

/* ---- backends ---- */

static void backends_compute_the_same(void **state) {
  (void)state;
  rng r = { 11 };
  const p2p__backend *one = p2p__backend_at(0);
  for (size_t b = 1; p2p__backend_at(b); b++) {
    const p2p__backend *other = p2p__backend_at(b);
    for (int i = 0; i < 100; i++) {
      uint8_t in[64], x[2][32], y[2][32], sig[2][64];
      for (size_t k = 0; k < sizeof in; k++) in[k] = (uint8_t)rng_next(&r);
      assert_int_equal(one->x25519_public(in, x[0]), other->x25519_public(in, x[1]));
      assert_int_equal(one->x25519(in, in + 32, y[0]), other->x25519(in, in + 32, y[1]));
      assert_memory_equal(x[0], x[1], 32);
      assert_memory_equal(y[0], y[1], 32);
      assert_int_equal(one->ed25519_public(in, x[0]), other->ed25519_public(in, x[1]));
      assert_memory_equal(x[0], x[1], 32);
      p2p_bytes msg = p2p__bytes(in, (size_t)i % sizeof in);
      assert_int_equal(one->ed25519_sign(in, x[0], msg, sig[0]),
                       other->ed25519_sign(in, x[0], msg, sig[1]));
      assert_memory_equal(sig[0], sig[1], 64);
    }
  }
}

static void backends_are_named_with_their_versions(void **state) {
  (void)state;
  assert_non_null(strstr(p2p__crypto_backends(), "libcrypto 3."));
  for (size_t b = 0; p2p__backend_at(b); b++)
    assert_non_null(strstr(p2p__crypto_backends(), p2p__backend_at(b)->name));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(x25519_gives_the_results_of_rfc_7748),
    cmocka_unit_test(x25519_makes_two_sides_agree),
    cmocka_unit_test(x25519_refuses_points_of_low_order),
    cmocka_unit_test(ed25519_gives_the_signatures_of_rfc_8032),
    cmocka_unit_test(ed25519_refuses_every_flipped_bit),
    cmocka_unit_test(ed25519_refuses_random_signatures),
    cmocka_unit_test(ed25519_refuses_a_signature_of_another_length),
    cmocka_unit_test(ed25519_refuses_a_scalar_above_the_order),
    cmocka_unit_test(ed25519_refuses_keys_of_small_order),
    cmocka_unit_test(ed25519_refuses_keys_that_are_not_canonical),
    cmocka_unit_test(ed25519_key_has_32_bytes),
    cmocka_unit_test(backends_compute_the_same),
    cmocka_unit_test(backends_are_named_with_their_versions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
