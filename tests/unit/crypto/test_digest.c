/* Hash functions by code, and multihashes of data. */
#include "vectors.h"

#include "crypto/digest.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <p2p/multihash.h>
#include <stdio.h>

/* Checks one line of the file: hex of a multihash of input. */
static void check_line(p2p_bytes input, char *hex) {
  uint8_t want[P2P_MULTIHASH_MAX], got[P2P_MULTIHASH_MAX];
  p2p_bytes bytes = p2p__bytes(want, unhex(hex, want, sizeof want));
  p2p_multihash mh;
  assert_int_equal(p2p_multihash_read(bytes, &mh), 0);
  ptrdiff_t n = p2p_multihash_sum(mh.code, mh.digest.len, input, got, sizeof got);
  assert_int_equal(n, bytes.len);
  assert_memory_equal(got, want, bytes.len);
  int verdict = mh.digest.len < P2P_MULTIHASH_SAFE ? P2P_ENOTSUP : 0;
  assert_int_equal(p2p_multihash_verify(bytes, input), verdict);
}

/* multiformats/multihash, tests/values/test_cases.csv. */
static void digest_agrees_with_the_values_of_multihash(void **state) {
  (void)state;
  FILE *file = fopen(P2P_TEST_VECTORS "/multihash.txt", "r");
  char line[400], input[100] = "";
  size_t n = 0;
  assert_non_null(file);
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (line[0] == '#') continue;
    if (strncmp(line, "input ", 6) == 0) {
      memcpy(input, line + 6, strlen(line + 6) + 1);
      continue;
    }
    check_line(p2p__cstr(input), line);
    n++;
  }
  fclose(file);
  assert_int_equal(n, 260);
}

/* multiformats/go-multihash, sum_test.go; nim-libp2p, test_multihash.nim; the functions that this
 * build computes. len 0: all of it. */
static void digest_agrees_with_go_and_rust(void **state) {
  (void)state;
  static const struct {
    uint64_t code;
    size_t len;
    const char *input, *hex;
  } table[] = {
    { P2P_MH_IDENTITY, 3, "foo", "0003666f6f" },
    { P2P_MH_SHA1, 0, "foo", "11140beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33" },
    { P2P_MH_SHA1, 10, "foo", "110a0beec7b5ea3f0fdbc95d" },
    { P2P_MH_SHA1, 0, "beep boop", "11147c8357577f51d4f0a8d393aa1aaafb28863d9421" },
    { P2P_MH_SHA2_256, 0, "foo",
      "12202c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" },
    { P2P_MH_SHA2_256, 31, "foo",
      "121f2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7" },
    { P2P_MH_SHA2_256, 16, "foo", "12102c26b46b68ffc68ff99b453c1d304134" },
    { P2P_MH_SHA2_256, 0, "helloworld",
      "1220936a185caaa266bb9cbe981e9e05cb78cd732b0b3280eb944412bb6f8f8f07af" },
    { P2P_MH_SHA2_512, 0, "foo",
      "1340f7fbba6e0636f890e56fbbf3283e524c6fa3204ae298382d624741d0dc6638326e282c41be5e4254d8820772"
      "c5518a2c5a8c0c7f7eda19594a7eb539453e1ed7" },
    { P2P_MH_SHA2_512, 32, "foo",
      "1320f7fbba6e0636f890e56fbbf3283e524c6fa3204ae298382d624741d0dc663832" },
    { P2P_MH_SHA3_512, 32, "foo",
      "14204bca2b137edc580fe50a88983ef860ebaca36c857b1f492839d6d7392452a63c" },
    { P2P_MH_SHA3_512, 16, "foo", "14104bca2b137edc580fe50a88983ef860eb" },
    { P2P_MH_SHA3_224, 0, "beep boop",
      "171c0da73a89549018df311c0a63250e008f7be357f93ba4e582aaea32b8" },
    { P2P_MH_SHA3_256, 0, "beep boop",
      "1620828705da60284b39de02e3599d1f39e6c1df001f5dbf63c9ec2d2c91a95a427f" },
    { P2P_MH_SHA3_384, 0, "beep boop",
      "153075a9cff1bcfbe8a7025aa225dd558fb002769d4bf3b67d2aaf180459172208bea989804aefccf060b583e629"
      "e5f41e8d" },
    { P2P_MH_SHA3_384, 16, "beep boop", "151075a9cff1bcfbe8a7025aa225dd558fb0" },
    { P2P_MH_DBL_SHA2_256, 32, "foo",
      "5620c7ade88fc7a21498a6a5e5c385e1f68bed822b72aa63c4a9a48a02c2466ee29e" },
    { P2P_BLAKE2B + 64, 0, "foo",
      "c0e40240ca002330e69d3e6b84a46a56a6533fd79d51d97a3bb7cad6c2ff43b354185d6dc1e723fb3db4ae0737e1"
      "20378424c714bb982d9dc5bbd7a0ab318240ddd18f8d" },
    { P2P_BLAKE2S + 32, 32, "foo",
      "e0e4022008d6cad88075de8f192db097573d0e829411cd91eb6ec65e8fc16c017edfdb74" },
    { P2P_MH_SHAKE_128, 0, "foo",
      "1820f84e95cb5fbd2038863ab27d3cdeac295ad2d4ab96ad1f4b070c0bf36078ef08" },
    { P2P_MH_SHAKE_256, 0, "foo",
      "19401af97f7818a28edfdfce5ec66dbdc7e871813816d7d585fe1f12475ded5b6502b7723b74e2ee36f2651a10a8"
      "eaca72aa9148c3c761aaceac8f6d6cc64381ed39" },
    { 0xd5, 0, "foo", "d50110acbd18db4cc2f85cedef654fccc4a4d8" },
    /* FIPS 180-4 examples of "abc" */
    { P2P_MH_SHA2_224, 0, "abc", "93201c23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
    { P2P_MH_SHA2_384, 0, "abc",
      "2030cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca1"
      "34c825a7" },
    { P2P_MH_SHA2_512_224, 0, "abc",
      "94201c4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa" },
    { P2P_MH_SHA2_512_256, 0, "abc",
      "95202053048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23" },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    uint8_t out[P2P_MULTIHASH_MAX];
    p2p_bytes data = p2p__cstr(table[i].input);
    ptrdiff_t n = p2p_multihash_sum(table[i].code, table[i].len, data, out, sizeof out);
    if (n < 0) fail_msg("code %#x: %td", (unsigned)table[i].code, n);
    assert_hex(out, (size_t)n, table[i].hex);
    assert_int_equal(p2p_multihash_sum(table[i].code, table[i].len, data, out, (size_t)n - 1),
                     P2P_ELIMIT);
  }
}

static void digest_gives_no_more_than_the_function(void **state) {
  (void)state;
  uint8_t out[P2P_MULTIHASH_MAX];
  p2p_bytes foo = p2p__cstr("foo"), nothing = p2p__bytes(NULL, 0);
  assert_int_equal(p2p_multihash_sum(P2P_MH_SHA2_256, 33, foo, out, sizeof out), P2P_EINVAL);
  assert_int_equal(p2p_multihash_sum(P2P_MH_IDENTITY, 2, foo, out, sizeof out), P2P_EINVAL);
  assert_int_equal(p2p_multihash_sum(P2P_MH_SHAKE_128, 128, foo, out, sizeof out), 1 + 2 + 128);
  assert_int_equal(p2p_multihash_sum(P2P_MH_SHAKE_128, 129, foo, out, sizeof out), P2P_EINVAL);
  assert_int_equal(p2p_multihash_sum(P2P_MH_BLAKE3, 0, foo, out, sizeof out), P2P_ENOTSUP);
  assert_int_equal(p2p_multihash_sum(P2P_BLAKE2B + 32, 0, foo, out, sizeof out), P2P_ENOTSUP);
  assert_int_equal(p2p_multihash_sum(P2P_MH_IDENTITY, 0, nothing, out, sizeof out), 2);
  assert_int_equal(p2p_multihash_sum(P2P_MH_SHA2_256, 0, p2p__bytes(NULL, 1), out, 9), P2P_EINVAL);
  assert_int_equal(p2p__digest(P2P_MH_SHA1, foo, out, 0), P2P_EINVAL);
}

/* The queue of libcrypto's errors belongs to all who use it on this thread. */
static void digest_that_fails_leaves_the_errors_of_others(void **state) {
  (void)state;
  uint8_t out[P2P_MULTIHASH_MAX];
  p2p_bytes foo = p2p__cstr("foo");
  ERR_raise(ERR_LIB_USER, ERR_R_PASSED_INVALID_ARGUMENT);
  assert_int_equal(EVP_set_default_properties(NULL, "provider=nobodys"), 1);
  int err = p2p__digest(P2P_MH_SHA1, foo, out, 20);
  assert_int_equal(EVP_set_default_properties(NULL, ""), 1);
  assert_int_equal(err, P2P_ENOTSUP);
  assert_int_equal(ERR_GET_REASON(ERR_get_error()), ERR_R_PASSED_INVALID_ARGUMENT);
  assert_int_equal(ERR_get_error(), 0);
}

static void verify_refuses_other_data_and_digests_that_prove_nothing(void **state) {
  (void)state;
  uint8_t out[P2P_MULTIHASH_MAX];
  p2p_bytes foo = p2p__cstr("foo"), fop = p2p__cstr("fop");
  static const uint64_t codes[] = { P2P_MH_IDENTITY, P2P_MH_SHA2_256, P2P_MH_SHAKE_256 };
  for (size_t i = 0; i < P2P_COUNT(codes); i++) {
    size_t len = (size_t)p2p_multihash_sum(codes[i], 0, foo, out, sizeof out);
    assert_int_equal(p2p_multihash_verify(p2p__bytes(out, len), foo), 0);
    assert_int_equal(p2p_multihash_verify(p2p__bytes(out, len), fop), P2P_EAUTH);
    out[len - 1] ^= 1;
    assert_int_equal(p2p_multihash_verify(p2p__bytes(out, len), foo), P2P_EAUTH);
    assert_int_equal(p2p_multihash_verify(p2p__bytes(out, len - 1), foo), P2P_EINVAL);
  }
  ptrdiff_t n = p2p_multihash_sum(P2P_MH_SHA2_256, 19, foo, out, sizeof out);
  assert_int_equal(p2p_multihash_verify(p2p__bytes(out, (size_t)n), foo), P2P_ENOTSUP);
  n = p2p_multihash_sum(P2P_MH_SHA2_256, 20, foo, out, sizeof out);
  assert_int_equal(p2p_multihash_verify(p2p__bytes(out, (size_t)n), foo), 0);
  unhex("1e2004e0bb39f30b1a3feb89f536c93be15055482df748674b00d26e5a75777702e9", out, sizeof out);
  assert_int_equal(p2p_multihash_verify(p2p__bytes(out, 34), foo), P2P_ENOTSUP); /* blake3 */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(digest_agrees_with_the_values_of_multihash),
    cmocka_unit_test(digest_agrees_with_go_and_rust),
    cmocka_unit_test(digest_gives_no_more_than_the_function),
    cmocka_unit_test(digest_that_fails_leaves_the_errors_of_others),
    cmocka_unit_test(verify_refuses_other_data_and_digests_that_prove_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
