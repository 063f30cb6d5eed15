/* Bases, multihashes, and the texts of peer ids. */
#include "unit/crypto/vectors.h"

#include "multiformats/multibase.h"
#include "multiformats/multihash.h"
#include "unit/base/rng.h"

/* multiformats/multibase, tests/basic.csv, leading_zero.csv and two_leading_zeros.csv. */
static void multibase_gives_the_texts_of_the_specification(void **state) {
  (void)state;
  static const struct {
    const char *text, *bytes;
    size_t len;
  } vectors[] = {
    { "f796573206d616e692021", "yes mani !", 10 },
    { "bpfsxgidnmfxgsibb", "yes mani !", 10 },
    { "k2lcpzo5yikidynfl", "yes mani !", 10 },
    { "z7paNL19xttacUY", "yes mani !", 10 },
    { "ueWVzIG1hbmkgIQ", "yes mani !", 10 },
    { "f00796573206d616e692021", "\0yes mani !", 11 },
    { "bab4wk4zanvqw42jaee", "\0yes mani !", 11 },
    { "k02lcpzo5yikidynfl", "\0yes mani !", 11 },
    { "z17paNL19xttacUY", "\0yes mani !", 11 },
    { "uAHllcyBtYW5pICE", "\0yes mani !", 11 },
    { "f0000796573206d616e692021", "\0\0yes mani !", 12 },
    { "baaahszltebwwc3tjeaqq", "\0\0yes mani !", 12 },
    { "k002lcpzo5yikidynfl", "\0\0yes mani !", 12 },
    { "z117paNL19xttacUY", "\0\0yes mani !", 12 },
    { "uAAB5ZXMgbWFuaSAh", "\0\0yes mani !", 12 },
  };
  for (size_t i = 0; i < P2P_COUNT(vectors); i++) {
    uint8_t out[64];
    p2p__wr w = p2p__wr_of(out, sizeof out);
    assert_true(p2p__multibase_decode(p2p__cstr(vectors[i].text), &w));
    assert_int_equal(w.len, vectors[i].len);
    assert_memory_equal(out, vectors[i].bytes, w.len);
    w = p2p__wr_of(out, sizeof out);
    p2p__multibase_encode(vectors[i].text[0], p2p__bytes(vectors[i].bytes, vectors[i].len), &w);
    assert_int_equal(w.err, 0);
    assert_int_equal(w.len, strlen(vectors[i].text));
    assert_memory_equal(out, vectors[i].text, w.len);
  }
}

static void multibase_gives_back_what_it_got(void **state) {
  (void)state;
  rng r = { 5 };
  for (size_t len = 0; len <= P2P__BASE_BYTES_MAX; len++) {
    for (const char *base = "fbkzu"; *base; base++) {
      uint8_t in[P2P__BASE_BYTES_MAX] = { 0 }, text[300], out[P2P__BASE_BYTES_MAX];
      for (size_t i = rng_below(&r, len + 1); i < len; i++) in[i] = (uint8_t)rng_next(&r);
      p2p__wr t = p2p__wr_of(text, sizeof text), b = p2p__wr_of(out, sizeof out);
      p2p__multibase_encode(*base, p2p__bytes(in, len), &t);
      assert_int_equal(t.err, 0);
      p2p__span exact_text = exact(p2p__wr_bytes(&t));
      assert_true(p2p__multibase_decode(p2p__span_bytes(exact_text), &b));
      exact_free(exact_text);
      assert_int_equal(b.len, len);
      if (len) assert_memory_equal(out, in, len);
    }
  }
}

static void multibase_refuses_what_has_no_or_another_meaning(void **state) {
  (void)state;
  static const char *const wrong[] = {
    "",          "x12", "Q",     "f1",   "fF0", /* upper case is another base */
    "fg0",       "b0",  "bB",    "ba",   "bab", /* "ba": 5 bits, no byte */
    "bac======", "bah",                         /* bits left that are not zero */
    "uA",        "uAB", "uAA==", "uA+A", "z0",  "zO", "zl", "zI", "k-", "kA",
  };
  for (size_t i = 0; i < P2P_COUNT(wrong); i++) {
    uint8_t out[16] = { 0 };
    p2p__wr w = p2p__wr_of(out, sizeof out);
    p2p__wr_u8(&w, 7);
    assert_false(p2p__multibase_decode(p2p__cstr(wrong[i]), &w));
    assert_int_equal(w.len, 1); /* as it was */
    assert_int_equal(w.err, 0);
  }
}

static void multibase_is_bounded(void **state) {
  (void)state;
  static uint8_t text[5000], out[5000];
  for (const char *base = "fbkzu"; *base; base++) {
    memset(text, *base == 'z' ? 'z' : 'a', sizeof text);
    text[0] = (uint8_t)*base;
    p2p__wr w = p2p__wr_of(out, sizeof out);
    assert_false(p2p__multibase_decode(p2p__bytes(text, sizeof text), &w));
    p2p__multibase_encode(*base, p2p__bytes(text, P2P__BASE_BYTES_MAX + 1), &w);
    assert_int_equal(w.err, P2P_ELIMIT);
    w = p2p__wr_of(out, 3);
    assert_false(p2p__multibase_decode(p2p__bytes(text, 21), &w)); /* no room */
  }
}

/* ---- multihashes ---- */

static bool is_multihash(const char *hex) {
  uint8_t in[200];
  p2p__span copy = exact(p2p__bytes(in, unhex(hex, in, sizeof in)));
  bool ok = p2p__multihash_read(p2p__span_bytes(copy), NULL);
  exact_free(copy);
  return ok;
}

#define DIGEST "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* FR-04. */
static void multihash_is_whole_and_minimal(void **state) {
  (void)state;
  assert_true(is_multihash("1220" DIGEST));
  assert_true(is_multihash("0000")); /* identity of nothing: a multihash, but no peer */
  assert_true(is_multihash("000401020304"));
  assert_true(is_multihash("1340" DIGEST DIGEST)); /* sha2-512 */
  static const char *const wrong[] = {
    "",
    "12",
    "1220",
    "121f"
    "00",
    "1221" DIGEST "00",
    "1220" DIGEST "00",
    "9200"
    "20" DIGEST,
    "12a000" DIGEST,
    "12ffffffffffffffff7f",
    "00ffffffffffffffffff01",
    "1341" DIGEST DIGEST "00",
    "1300",
  };
  for (size_t i = 0; i < P2P_COUNT(wrong); i++) assert_false(is_multihash(wrong[i]));
}

static void multihash_cut_anywhere_is_refused(void **state) {
  (void)state;
  uint8_t in[34];
  unhex("1220" DIGEST, in, sizeof in);
  for (size_t len = 0; len < sizeof in; len++) {
    p2p__span copy = exact(p2p__bytes(in, len));
    assert_false(p2p__multihash_read(p2p__span_bytes(copy), NULL));
    exact_free(copy);
  }
}

static void multihash_of_a_peer_is_sha256_or_a_short_key(void **state) {
  (void)state;
  uint8_t in[200] = { 0 };
  for (size_t len = 0; len <= 64; len++) {
    in[1] = (uint8_t)len;
    bool names = p2p__multihash_names_peer(p2p__bytes(in, 2 + len));
    assert_int_equal(names, len >= 1 && len <= 42);
  }
  assert_true(p2p__multihash_names_peer(p2p__bytes(in, unhex("1220" DIGEST, in, sizeof in))));
  assert_false(
      p2p__multihash_names_peer(p2p__bytes(in, unhex("1340" DIGEST DIGEST, in, sizeof in))));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(multibase_gives_the_texts_of_the_specification),
    cmocka_unit_test(multibase_gives_back_what_it_got),
    cmocka_unit_test(multibase_refuses_what_has_no_or_another_meaning),
    cmocka_unit_test(multibase_is_bounded),
    cmocka_unit_test(multihash_is_whole_and_minimal),
    cmocka_unit_test(multihash_cut_anywhere_is_refused),
    cmocka_unit_test(multihash_of_a_peer_is_sha256_or_a_short_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
