/* Bases. */
#include "unit/crypto/vectors.h"

#include "multiformats/multibase.h"
#include "unit/base/rng.h"

/* multiformats/multibase, tests/basic.csv, leading_zero.csv, two_leading_zeros.csv; base256emoji is
 * no base of ours. */
static const struct {
  const char *name, *text, *bytes;
  size_t len;
} vectors[] = {
  { "base2", "001111001011001010111001100100000011011010110000101101110011010010010000000100001",
    "yes mani !", 10 },
  { "base8", "7362625631006654133464440102", "yes mani !", 10 },
  { "base10", "9573277761329450583662625", "yes mani !", 10 },
  { "base16", "f796573206d616e692021", "yes mani !", 10 },
  { "base16upper", "F796573206D616E692021", "yes mani !", 10 },
  { "base32", "bpfsxgidnmfxgsibb", "yes mani !", 10 },
  { "base32upper", "BPFSXGIDNMFXGSIBB", "yes mani !", 10 },
  { "base32hex", "vf5in683dc5n6i811", "yes mani !", 10 },
  { "base32hexupper", "VF5IN683DC5N6I811", "yes mani !", 10 },
  { "base32pad", "cpfsxgidnmfxgsibb", "yes mani !", 10 },
  { "base32padupper", "CPFSXGIDNMFXGSIBB", "yes mani !", 10 },
  { "base32hexpad", "tf5in683dc5n6i811", "yes mani !", 10 },
  { "base32hexpadupper", "TF5IN683DC5N6I811", "yes mani !", 10 },
  { "base32z", "hxf1zgedpcfzg1ebb", "yes mani !", 10 },
  { "base36", "k2lcpzo5yikidynfl", "yes mani !", 10 },
  { "base36upper", "K2LCPZO5YIKIDYNFL", "yes mani !", 10 },
  { "base58flickr", "Z7Pznk19XTTzBtx", "yes mani !", 10 },
  { "base58btc", "z7paNL19xttacUY", "yes mani !", 10 },
  { "base64", "meWVzIG1hbmkgIQ", "yes mani !", 10 },
  { "base64pad", "MeWVzIG1hbmkgIQ==", "yes mani !", 10 },
  { "base64url", "ueWVzIG1hbmkgIQ", "yes mani !", 10 },
  { "base64urlpad", "UeWVzIG1hbmkgIQ==", "yes mani !", 10 },
  { "base2",
    "00000000001111001011001010111001100100000011011010110000101101110011010010010000000100001",
    "\0yes mani !", 11 },
  { "base8", "7000745453462015530267151100204", "\0yes mani !", 11 },
  { "base10", "90573277761329450583662625", "\0yes mani !", 11 },
  { "base16", "f00796573206d616e692021", "\0yes mani !", 11 },
  { "base16upper", "F00796573206D616E692021", "\0yes mani !", 11 },
  { "base32", "bab4wk4zanvqw42jaee", "\0yes mani !", 11 },
  { "base32upper", "BAB4WK4ZANVQW42JAEE", "\0yes mani !", 11 },
  { "base32hex", "v01smasp0dlgmsq9044", "\0yes mani !", 11 },
  { "base32hexupper", "V01SMASP0DLGMSQ9044", "\0yes mani !", 11 },
  { "base32pad", "cab4wk4zanvqw42jaee======", "\0yes mani !", 11 },
  { "base32padupper", "CAB4WK4ZANVQW42JAEE======", "\0yes mani !", 11 },
  { "base32hexpad", "t01smasp0dlgmsq9044======", "\0yes mani !", 11 },
  { "base32hexpadupper", "T01SMASP0DLGMSQ9044======", "\0yes mani !", 11 },
  { "base32z", "hybhskh3ypiosh4jyrr", "\0yes mani !", 11 },
  { "base36", "k02lcpzo5yikidynfl", "\0yes mani !", 11 },
  { "base36upper", "K02LCPZO5YIKIDYNFL", "\0yes mani !", 11 },
  { "base58flickr", "Z17Pznk19XTTzBtx", "\0yes mani !", 11 },
  { "base58btc", "z17paNL19xttacUY", "\0yes mani !", 11 },
  { "base64", "mAHllcyBtYW5pICE", "\0yes mani !", 11 },
  { "base64pad", "MAHllcyBtYW5pICE=", "\0yes mani !", 11 },
  { "base64url", "uAHllcyBtYW5pICE", "\0yes mani !", 11 },
  { "base64urlpad", "UAHllcyBtYW5pICE=", "\0yes mani !", 11 },
  { "base2",
    "0000000000000000001111001011001010111001100100000011011010110000101101110011010010010000000100"
    "001",
    "\0\0yes mani !", 12 },
  { "base8", "700000171312714403326055632220041", "\0\0yes mani !", 12 },
  { "base10", "900573277761329450583662625", "\0\0yes mani !", 12 },
  { "base16", "f0000796573206d616e692021", "\0\0yes mani !", 12 },
  { "base16upper", "F0000796573206D616E692021", "\0\0yes mani !", 12 },
  { "base32", "baaahszltebwwc3tjeaqq", "\0\0yes mani !", 12 },
  { "base32upper", "BAAAHSZLTEBWWC3TJEAQQ", "\0\0yes mani !", 12 },
  { "base32hex", "v0007ipbj41mm2rj940gg", "\0\0yes mani !", 12 },
  { "base32hexupper", "V0007IPBJ41MM2RJ940GG", "\0\0yes mani !", 12 },
  { "base32pad", "caaahszltebwwc3tjeaqq====", "\0\0yes mani !", 12 },
  { "base32padupper", "CAAAHSZLTEBWWC3TJEAQQ====", "\0\0yes mani !", 12 },
  { "base32hexpad", "t0007ipbj41mm2rj940gg====", "\0\0yes mani !", 12 },
  { "base32hexpadupper", "T0007IPBJ41MM2RJ940GG====", "\0\0yes mani !", 12 },
  { "base32z", "hyyy813murbssn5ujryoo", "\0\0yes mani !", 12 },
  { "base36", "k002lcpzo5yikidynfl", "\0\0yes mani !", 12 },
  { "base36upper", "K002LCPZO5YIKIDYNFL", "\0\0yes mani !", 12 },
  { "base58flickr", "Z117Pznk19XTTzBtx", "\0\0yes mani !", 12 },
  { "base58btc", "z117paNL19xttacUY", "\0\0yes mani !", 12 },
  { "base64", "mAAB5ZXMgbWFuaSAh", "\0\0yes mani !", 12 },
  { "base64pad", "MAAB5ZXMgbWFuaSAh", "\0\0yes mani !", 12 },
  { "base64url", "uAAB5ZXMgbWFuaSAh", "\0\0yes mani !", 12 },
  { "base64urlpad", "UAAB5ZXMgbWFuaSAh", "\0\0yes mani !", 12 },
  /* nim-libp2p, test_multibase.nim: those of go-multibase */
  { "base32", "birswgzloorzgc3djpjssazlwmvzhs5dinfxgoijbee", "Decentralize everything!!!", 26 },
  { "base32upper", "BIRSWGZLOORZGC3DJPJSSAZLWMVZHS5DINFXGOIJBEE", "Decentralize everything!!!",
    26 },
  { "base32pad", "cirswgzloorzgc3djpjssazlwmvzhs5dinfxgoijbee======", "Decentralize everything!!!",
    26 },
  { "base32padupper",
    "CIRSWGZLOORZGC3DJPJSSAZLWMVZHS5DINFXGOIJBEE======", "Decentralize everything!!!", 26 },
  { "base32hex", "v8him6pbeehp62r39f9ii0pbmclp7it38d5n6e89144", "Decentralize everything!!!", 26 },
  { "base32hexupper", "V8HIM6PBEEHP62R39F9II0PBMCLP7IT38D5N6E89144", "Decentralize everything!!!",
    26 },
  { "base32hexpad",
    "t8him6pbeehp62r39f9ii0pbmclp7it38d5n6e89144======", "Decentralize everything!!!", 26 },
  { "base32hexpadupper",
    "T8HIM6PBEEHP62R39F9II0PBMCLP7IT38D5N6E89144======", "Decentralize everything!!!", 26 },
  { "base58btc", "z36UQrhJq9fNDS7DiAHM9YXqDHMPfr4EMArvt", "Decentralize everything!!!", 26 },
  { "base64", "mRGVjZW50cmFsaXplIGV2ZXJ5dGhpbmchISE", "Decentralize everything!!!", 26 },
  { "base64url", "uRGVjZW50cmFsaXplIGV2ZXJ5dGhpbmchISE", "Decentralize everything!!!", 26 },
  { "base64pad", "MRGVjZW50cmFsaXplIGV2ZXJ5dGhpbmchISE=", "Decentralize everything!!!", 26 },
  { "base64urlpad", "URGVjZW50cmFsaXplIGV2ZXJ5dGhpbmchISE=", "Decentralize everything!!!", 26 },
};

static void multibase_gives_the_texts_of_the_specification(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(vectors); i++) {
    uint8_t out[128];
    p2p__wr w = p2p__wr_of(out, sizeof out);
    assert_string_equal(p2p_multibase_name(vectors[i].text[0]), vectors[i].name);
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

/* multiformats/multibase, tests/case_insensitivity.csv. */
static void multibase_reads_both_cases_where_the_specification_does(void **state) {
  (void)state;
  static const char *const texts[] = {
    "f68656c6c6f20776F726C64",   "F68656c6c6f20776F726C64",   "bnbswy3dpeB3W64TMMQ",
    "Bnbswy3dpeB3W64TMMQ",       "vd1imor3f41RMUSJCCG",       "Vd1imor3f41RMUSJCCG",
    "cnbswy3dpeB3W64TMMQ======", "Cnbswy3dpeB3W64TMMQ======", "td1imor3f41RMUSJCCG======",
    "Td1imor3f41RMUSJCCG======", "kfUvrsIvVnfRbjWaJo",        "KfUVrSIVVnFRbJWAJo",
  };
  for (size_t i = 0; i < P2P_COUNT(texts); i++) {
    uint8_t out[16];
    assert_int_equal(p2p_multibase_decode(p2p__cstr(texts[i]), out, sizeof out), 11);
    assert_memory_equal(out, "hello world", 11);
  }
}

/* multiformats/multibase, rfcs/Base10.md and Base36.md, "Examples"; Base2.md. */
static void multibase_keeps_leading_zeros(void **state) {
  (void)state;
  static const struct {
    const char *text, *hex;
  } table[] = {
    { "901", "0001" },     { "900255", "0000ff" }, { "9256", "0100" },
    { "90256", "000100" }, { "k01", "0001" },      { "k0073", "0000ff" },
    { "k74", "0100" },     { "K074", "000100" },   { "00100000101000010", "4142" },
    { "000110111", "37" },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    uint8_t out[16], text[32];
    ptrdiff_t n = p2p_multibase_decode(p2p__cstr(table[i].text), out, sizeof out);
    assert_true(n > 0);
    assert_hex(out, (size_t)n, table[i].hex);
    n = p2p_multibase_encode(table[i].text[0], p2p__bytes(out, (size_t)n), (char *)text, 32);
    assert_int_equal(n, strlen(table[i].text));
    assert_string_equal((char *)text, table[i].text);
  }
}

static const char every_base[] = "zkbuf079FvVtTBcChKZmMU";

static size_t bytes_max(char base) {
  return strchr("zkK9Z", base) ? P2P__BASE_BYTES_MAX : P2P__BASE_BITS_MAX;
}

static void check_round_trip(char base, p2p_bytes in) {
  uint8_t text[8 * P2P__BASE_BITS_MAX + 2], out[P2P__BASE_BITS_MAX];
  p2p__wr t = p2p__wr_of(text, sizeof text), b = p2p__wr_of(out, sizeof out);
  p2p__multibase_encode(base, in, &t);
  assert_int_equal(t.err, 0);
  p2p__span exact_text = exact(p2p__wr_bytes(&t));
  assert_true(p2p__multibase_decode(p2p__span_bytes(exact_text), &b));
  exact_free(exact_text);
  assert_true(p2p__bytes_eq(p2p__wr_bytes(&b), in));
}

static void multibase_gives_back_what_it_got(void **state) {
  (void)state;
  rng r = { 5 };
  for (size_t len = 0; len <= P2P__BASE_BYTES_MAX; len++) {
    uint8_t in[P2P__BASE_BYTES_MAX] = { 0 };
    for (size_t i = rng_below(&r, len + 1); i < len; i++) in[i] = (uint8_t)rng_next(&r);
    for (const char *base = every_base; *base; base++) check_round_trip(*base, p2p__bytes(in, len));
    check_round_trip(0, p2p__bytes(in, len)); /* identity */
  }
}

/* Nothing has more digits than the biggest number. */
static void multibase_takes_as_many_bytes_as_it_says(void **state) {
  (void)state;
  uint8_t in[P2P__BASE_BITS_MAX + 1];
  static char text[8 * P2P__BASE_BITS_MAX + 20];
  memset(in, 0xff, sizeof in);
  for (const char *base = every_base; *base; base++) {
    size_t max = bytes_max(*base);
    check_round_trip(*base, p2p__bytes(in, max));
    assert_int_equal(p2p_multibase_encode(*base, p2p__bytes(in, max + 1), text, sizeof text),
                     P2P_ELIMIT);
  }
}

static void multibase_refuses_what_has_no_or_another_meaning(void **state) {
  (void)state;
  static const char *const wrong[] = {
    "",
    "x12",
    "Q",
    "1",
    "/",
    "R00",
    "pbabab",
    "\001AAAA",
    "f1",
    "fg0",
    "b0",
    "ba",
    "bab", /* five bits more than a byte */
    "bac======",
    "bah", /* bits left that are not zero */
    "uA",
    "uAB",
    "uAA==",
    "uA+A",
    "z0",
    "zO",
    "zl",
    "zI",
    "k-",
    "h0",
    "hY",
    "hv",
    "cpf",
    "cpfsxgid",
    "cpfsx===",
    "c========",
    "cpfsxgidnmfxgsibb========",
    "c=",
    "Mww",
    "Mww=",
    "Mww===",
    "M=",
    "M====",
    "MQUI",
    "MQUI==",
    "U+A==",
    "mQUI=",
    "7388",
    "71",
    "7777",
    "0011010",
    "02",
    "9a",
    "9 1",
    "FG0",
    "v w",
    "vw",
    "mQQ==",
    "mQR",
  };
  for (size_t i = 0; i < P2P_COUNT(wrong); i++) {
    uint8_t out[16] = { 0 };
    p2p__wr w = p2p__wr_of(out, sizeof out);
    p2p__wr_u8(&w, 7);
    if (p2p__multibase_decode(p2p__cstr(wrong[i]), &w)) fail_msg("%s was taken", wrong[i]);
    assert_int_equal(w.len, 1); /* as it was */
    assert_int_equal(w.err, 0);
  }
}

static void multibase_is_bounded(void **state) {
  (void)state;
  static uint8_t text[9000], out[9000];
  for (const char *base = every_base; *base; base++) {
    memset(text, strchr("079", *base) ? '0' : 'a', sizeof text);
    text[0] = (uint8_t)*base;
    p2p__wr w = p2p__wr_of(out, sizeof out);
    assert_false(p2p__multibase_decode(p2p__bytes(text, sizeof text), &w));
    p2p__multibase_encode(*base, p2p__bytes(text, P2P__BASE_BITS_MAX + 1), &w);
    assert_int_equal(w.err, P2P_ELIMIT);
    assert_int_equal(w.len, 0);
    w = p2p__wr_of(out, 3);
    assert_false(p2p__multibase_decode(p2p__bytes(text, 65), &w)); /* no room */
  }
}

static void multibase_says_what_is_wrong_with_a_call(void **state) {
  (void)state;
  char text[4];
  uint8_t out[4];
  p2p_bytes abc = p2p__cstr("abc");
  assert_int_equal(p2p_multibase_encode('q', abc, text, sizeof text), P2P_EINVAL);
  assert_int_equal(p2p_multibase_encode(P2P__BASE_I2P64, abc, text, sizeof text), P2P_EINVAL);
  assert_int_equal(p2p_multibase_encode('f', abc, NULL, 4), P2P_EINVAL);
  assert_int_equal(p2p_multibase_encode('f', p2p__bytes("a", 1), text, 3), P2P_ELIMIT);
  assert_int_equal(p2p_multibase_encode('f', p2p__bytes("a", 1), text, 4), 3);
  assert_string_equal(text, "f61");
  assert_int_equal(p2p_multibase_decode(p2p__cstr("f6162636465"), out, 4), P2P_EINVAL);
  assert_int_equal(p2p_multibase_decode(p2p__cstr("f61"), NULL, 4), P2P_EINVAL);
  assert_null(p2p_multibase_name('Q'));
  assert_null(p2p_multibase_name(P2P__BASE_I2P64));
  assert_string_equal(p2p_multibase_name(0), "identity");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(multibase_gives_the_texts_of_the_specification),
    cmocka_unit_test(multibase_reads_both_cases_where_the_specification_does),
    cmocka_unit_test(multibase_keeps_leading_zeros),
    cmocka_unit_test(multibase_gives_back_what_it_got),
    cmocka_unit_test(multibase_takes_as_many_bytes_as_it_says),
    cmocka_unit_test(multibase_refuses_what_has_no_or_another_meaning),
    cmocka_unit_test(multibase_is_bounded),
    cmocka_unit_test(multibase_says_what_is_wrong_with_a_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
