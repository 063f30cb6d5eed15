/* HKDF with both hash functions, and TLS 1.3's key schedule by it. */
#include "support/table.h"

#include "crypto/crypto.h"

static p2p_bytes hex_bytes(const char *hex, uint8_t *room, size_t cap) {
  return p2p__bytes(room, unhex(hex, room, cap));
}

/* FIPS 180-4's example; RFC 4231, section 4.2 and 4.4 (a key of more than a block). */
static void sha384_gives_the_values_of_fips_180_and_rfc_4231(void **state) {
  (void)state;
  uint8_t out[P2P__SHA384], key[131];
  p2p_bytes text = p2p__cstr("abc");
  p2p__hash_of(P2P__SHA384, &text, 1, out);
  assert_hex(
      out, sizeof out,
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca1"
      "34c825a7");
  memset(key, 0x0b, 20);
  text = p2p__cstr("Hi There");
  p2p__hmac(P2P__SHA384, p2p__bytes(key, 20), &text, 1, out);
  assert_hex(
      out, sizeof out,
      "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8"
      "b2fa9cb6");
  memset(key, 0xaa, sizeof key);
  text = p2p__cstr("Test Using Larger Than Block-Size Key - Hash Key First");
  p2p__hmac(P2P__SHA384, p2p__bytes(key, sizeof key), &text, 1, out);
  assert_hex(
      out, sizeof out,
      "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df1"
      "63f44952");
}

static void hkdf_agrees_with_wycheproof(void **state) {
  (void)state;
  table t;
  table_open(&t, "wycheproof_hkdf.txt");
  while (table_next(&t)) {
    p2p__hash hash = is_word(t.words[2], "48") ? P2P__SHA384 : P2P__SHA256;
    p2p__span ikm = table_bytes(&t, 3), salt = table_bytes(&t, 4), info = table_bytes(&t, 5);
    p2p__span want = table_bytes(&t, 7), got = exact(p2p__span_bytes(want));
    uint8_t prk[P2P__HASH_MAX];
    bool valid = is_word(t.words[1], "valid"); /* else it asks for more than 255 outputs */
    assert_int_equal(valid, strtoul(t.words[6], NULL, 10) <= 255u * hash);
    if (valid) {
      p2p__hkdf_extract(hash, p2p__span_bytes(salt), p2p__span_bytes(ikm), prk);
      p2p__hkdf_expand(hash, prk, p2p__span_bytes(info), got.p, got.len);
      assert_memory_equal(got.p, want.p, want.len);
    }
    p2p__span all[] = { ikm, salt, info, want, got };
    for (size_t i = 0; i < P2P_COUNT(all); i++) exact_free(all[i]);
  }
  table_close(&t);
}

/* The secrets of RFC 8448, section 3 (simple 1-RTT), from its shared secret and transcripts. */
static void key_schedule_is_that_of_rfc_8448(void **state) {
  (void)state;
  static const uint8_t zero[P2P__SHA256];
  static const struct {
    const char *label, *context, *want;
    bool application; /* of the master secret; else of the handshake secret */
  } derived[] = {
    { "c hs traffic", "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8",
      "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21", false },
    { "s hs traffic", "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8",
      "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38", false },
    { "c ap traffic", "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13",
      "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5", true },
    { "s ap traffic", "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13",
      "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643", true },
    { "exp master", "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13",
      "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50", true },
  };
  uint8_t early[32], salt[32], handshake[32], master[32], empty[32], shared[32], context[32];
  uint8_t out[32];
  p2p_bytes none = p2p__bytes(NULL, 0), zeros = p2p__bytes(zero, 32);
  p2p_bytes ecdhe = hex_bytes("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d",
                              shared, sizeof shared);
  p2p__sha256(NULL, 0, empty);
  p2p__hkdf_extract(P2P__SHA256, none, zeros, early);
  assert_hex(early, 32, "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a");
  p2p__hkdf_expand_label(P2P__SHA256, early, "derived", p2p__bytes(empty, 32), salt, 32);
  assert_hex(salt, 32, "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba");
  p2p__hkdf_extract(P2P__SHA256, p2p__bytes(salt, 32), ecdhe, handshake);
  assert_hex(handshake, 32, "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac");
  p2p__hkdf_expand_label(P2P__SHA256, handshake, "derived", p2p__bytes(empty, 32), salt, 32);
  p2p__hkdf_extract(P2P__SHA256, p2p__bytes(salt, 32), zeros, master);
  assert_hex(master, 32, "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919");
  for (size_t i = 0; i < P2P_COUNT(derived); i++) {
    p2p_bytes transcript = hex_bytes(derived[i].context, context, sizeof context);
    p2p__hkdf_expand_label(P2P__SHA256, derived[i].application ? master : handshake,
                           derived[i].label, transcript, out, 32);
    assert_hex(out, 32, derived[i].want);
  }
}

/* The keys of the server's handshake records in the same trace. */
static void record_keys_are_those_of_rfc_8448(void **state) {
  (void)state;
  uint8_t secret[32], out[32];
  p2p_bytes none = p2p__bytes(NULL, 0);
  unhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38", secret, 32);
  p2p__hkdf_expand_label(P2P__SHA256, secret, "key", none, out, 16);
  assert_hex(out, 16, "3fce516009c21727d0f2e4e86ee403bc");
  p2p__hkdf_expand_label(P2P__SHA256, secret, "iv", none, out, 12);
  assert_hex(out, 12, "5d313eb2671276ee13000b30");
  p2p__hkdf_expand_label(P2P__SHA256, secret, "finished", none, out, 32);
  assert_hex(out, 32, "008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8");
}

/* No RFC shows a schedule with SHA-384: two values by Python's hmac. */
static void expand_label_with_sha384_is_pythons(void **state) {
  (void)state;
  uint8_t secret[48], empty[48], out[48];
  for (uint8_t i = 0; i < sizeof secret; i++) secret[i] = i;
  p2p__hash_of(P2P__SHA384, NULL, 0, empty);
  p2p__hkdf_expand_label(P2P__SHA384, secret, "key", p2p__bytes(NULL, 0), out, 32);
  assert_hex(out, 32, "6877d022f1c61d24ebb7487c16752d9a4798e40431c75b39320e537c90e23225");
  p2p__hkdf_expand_label(P2P__SHA384, secret, "quic ku", p2p__bytes(empty, 48), out, 48);
  assert_hex(
      out, 48,
      "24498e81f5a76aaf9764e8cf7fd0efc104c63c06ff1c1486c5af99d574bf1f4506b0414fb98cba642c4a3031"
      "e6366b37");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sha384_gives_the_values_of_fips_180_and_rfc_4231),
    cmocka_unit_test(hkdf_agrees_with_wycheproof),
    cmocka_unit_test(key_schedule_is_that_of_rfc_8448),
    cmocka_unit_test(record_keys_are_those_of_rfc_8448),
    cmocka_unit_test(expand_label_with_sha384_is_pythons),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
