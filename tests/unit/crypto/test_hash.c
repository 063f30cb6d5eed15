/* SHA-256, HMAC, HKDF. */
#include "unit/crypto/vectors.h"

#include "crypto/crypto.h"

static void sha256_gives_the_digests_of_fips_180(void **state) {
  (void)state;
  static const struct {
    const char *text, *digest;
  } vectors[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
  };
  for (size_t i = 0; i < P2P_COUNT(vectors); i++) {
    uint8_t out[P2P__SHA256];
    p2p_bytes in = p2p__cstr(vectors[i].text);
    p2p__sha256(&in, 1, out);
    assert_hex(out, sizeof out, vectors[i].digest);
  }
}

static void sha256_of_pieces_is_that_of_the_whole(void **state) {
  (void)state;
  static uint8_t text[300];
  for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)(i * 7);
  uint8_t whole[P2P__SHA256], parts[P2P__SHA256];
  p2p_bytes all = p2p__bytes(text, sizeof text);
  p2p__sha256(&all, 1, whole);
  for (size_t cut = 0; cut <= sizeof text; cut++) {
    p2p_bytes v[3] = { p2p__bytes(text, cut), p2p__bytes(NULL, 0),
                       p2p__bytes(text + cut, sizeof text - cut) };
    p2p__sha256(v, 3, parts);
    assert_memory_equal(parts, whole, sizeof whole);
  }
}

/* RFC 4231, section 4. Numbers 4 and 5 (a truncated output) add nothing. */
static void hmac_gives_the_tags_of_rfc_4231(void **state) {
  (void)state;
  static const struct {
    uint8_t key_byte;
    size_t key_len;
    const char *key, *text, *tag;
  } vectors[] = {
    { 0x0b, 20, NULL, "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { 0, 4, "Jefe", "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { 0xaa, 131, NULL, "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { 0xaa, 131, NULL,
      "This is a test using a larger than block-size key and a larger than block-size data. The "
      "key needs to be hashed before being used by the HMAC algorithm.",
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
  };
  for (size_t i = 0; i < P2P_COUNT(vectors); i++) {
    uint8_t key[131], tag[P2P__SHA256];
    memset(key, vectors[i].key_byte, sizeof key);
    if (vectors[i].key) memcpy(key, vectors[i].key, vectors[i].key_len);
    p2p_bytes text = p2p__cstr(vectors[i].text);
    p2p__hmac_sha256(p2p__bytes(key, vectors[i].key_len), &text, 1, tag);
    assert_hex(tag, sizeof tag, vectors[i].tag);
  }
}

static void hmac_takes_a_key_of_one_block_as_it_is(void **state) {
  (void)state;
  uint8_t key[65] = { 0 }, tag[2][P2P__SHA256];
  p2p_bytes text = p2p__cstr("text");
  memset(key, 7, 64);
  p2p__hmac_sha256(p2p__bytes(key, 64), &text, 1, tag[0]);
  p2p__hmac_sha256(p2p__bytes(key, 65), &text, 1, tag[1]); /* hashed first: another key */
  assert_memory_not_equal(tag[0], tag[1], P2P__SHA256);
}

/* RFC 5869, appendix A.3: no salt is a salt of zeros, no info is what Noise has. */
static void hkdf_of_noise_is_that_of_rfc_5869_without_info(void **state) {
  (void)state;
  uint8_t ikm[22], ck[32] = { 0 }, out[3][32];
  memset(ikm, 0x0b, sizeof ikm);
  p2p__hkdf_noise(ck, p2p__bytes(ikm, sizeof ikm), 2, out);
  assert_hex(
      &out[0][0], 42,
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
  uint8_t two[2][32];
  memcpy(two, out, sizeof two);
  p2p__hkdf_noise(ck, p2p__bytes(ikm, sizeof ikm), 3, out);
  assert_memory_equal(out, two, sizeof two); /* a third output changes neither of the first */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sha256_gives_the_digests_of_fips_180),
    cmocka_unit_test(sha256_of_pieces_is_that_of_the_whole),
    cmocka_unit_test(hmac_gives_the_tags_of_rfc_4231),
    cmocka_unit_test(hmac_takes_a_key_of_one_block_as_it_is),
    cmocka_unit_test(hkdf_of_noise_is_that_of_rfc_5869_without_info),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
