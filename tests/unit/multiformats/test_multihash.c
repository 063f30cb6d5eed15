/* The frame of multihashes, their names, and which of them name peers. */
#include "unit/crypto/vectors.h"

#include "multiformats/multihash.h"

static bool is_multihash(const char *hex) {
  uint8_t in[300];
  p2p__span copy = exact(p2p__bytes(in, unhex(hex, in, sizeof in)));
  bool ok = p2p__multihash_read(p2p__span_bytes(copy), NULL);
  exact_free(copy);
  return ok;
}

#define DIGEST "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* multiformats/go-multihash, multihash_test.go, testCases, but for the hashes that no longer are. */
static void multihash_takes_the_table_of_go(void **state) {
  (void)state;
  static const struct {
    uint64_t code;
    const char *name, *digest;
  } table[] = {
    { 0x00, "identity", "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" },
    { 0x00, "identity", "" },
    { 0x11, "sha1", "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33" },
    { 0x11, "sha1", "0beec7b5" },
    { 0x12, "sha2-256", "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" },
    { 0x12, "sha2-256", "2c26b46b" },
    { 0xb240, "blake2b-512", "2c26b46b68ffc68ff99b453c1d30413413" },
    { 0x1b, "keccak-256", "f00ba4" },
    { 0x18, "shake-128", "f84e95cb5fbd2038863ab27d3cdeac295ad2d4ab96ad1f4b070c0bf36078ef08" },
    { 0xd5, "md5", "d41d8cd98f00b204e9800998ecf8427e" },
    { 0x1012, "sha2-256-trunc254-padded",
      "14fcb37dc45fa9a3c492557121bd4d461c0db40e5dcfcaa98498bd238486c307" },
    { 0xb401, "poseidon-bls12_381-a2-fc1",
      "14fcb37dc45fa9a3c492557121bd4d461c0db40e5dcfcaa98498bd238486c307" },
    { 0x1e, "blake3", "04e0bb39f30b1a3feb89f536c93be15055482df748674b00d26e5a75777702e9" },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    uint8_t digest[64], bytes[80];
    char name[P2P_MULTIHASH_NAME_MAX];
    p2p_multihash mh;
    p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
    p2p__wr_varint(&w, table[i].code);
    p2p__wr_prefixed(&w, p2p__bytes(digest, unhex(table[i].digest, digest, sizeof digest)));
    p2p__span copy = exact(p2p__wr_bytes(&w));
    assert_int_equal(p2p_multihash_read(p2p__span_bytes(copy), &mh), 0);
    assert_true(mh.code == table[i].code);
    assert_hex(mh.digest.p, mh.digest.len, table[i].digest);
    assert_int_equal(p2p_multihash_name(mh.code, name, sizeof name), strlen(table[i].name));
    assert_string_equal(name, table[i].name);
    exact_free(copy);
  }
}

/* multiformats/multicodec, table.csv: first, last, and one of each kind. */
static void multihash_has_the_names_of_the_registry(void **state) {
  (void)state;
  static const struct {
    uint64_t code;
    const char *name;
    size_t size;
  } table[] = {
    { 0x13, "sha2-512", 64 },       { 0x14, "sha3-512", 64 },
    { 0x17, "sha3-224", 28 },       { 0x19, "shake-256", 64 },
    { 0x20, "sha2-384", 48 },       { 0x56, "dbl-sha2-256", 32 },
    { 0x1013, "sha2-224", 28 },     { 0x1014, "sha2-512-224", 28 },
    { 0x1015, "sha2-512-256", 32 }, { 0x1053, "ripemd-160", 20 },
    { 0xb201, "blake2b-8", 1 },     { 0xb220, "blake2b-256", 32 },
    { 0xb240, "blake2b-512", 64 },  { 0xb241, "blake2s-8", 1 },
    { 0xb260, "blake2s-256", 32 },  { 0x534d, "sm3-256", 32 },
    { 0xb301, "skein256-8", 1 },    { 0xb320, "skein256-256", 32 },
    { 0xb321, "skein512-8", 1 },    { 0xb360, "skein512-512", 64 },
    { 0xb361, "skein1024-8", 1 },   { 0xb3e0, "skein1024-1024", 128 },
    { 0xed20, "ed2k", 16 },
  };
  char name[P2P_MULTIHASH_NAME_MAX];
  for (size_t i = 0; i < P2P_COUNT(table); i++) {
    assert_true(p2p_multihash_name(table[i].code, name, sizeof name) > 0);
    assert_string_equal(name, table[i].name);
    assert_int_equal(p2p__multihash_size(table[i].code), table[i].size);
    assert_int_equal(p2p_multihash_name(table[i].code, name, strlen(table[i].name)), P2P_ELIMIT);
  }
  assert_int_equal(p2p_multihash_name(0xb200, name, sizeof name), P2P_ENOTFOUND);
  assert_int_equal(p2p_multihash_name(0xb261, name, sizeof name), P2P_ENOTFOUND);
  assert_int_equal(p2p_multihash_name(UINT64_C(0x10000000012), name, sizeof name), P2P_ENOTFOUND);
  assert_int_equal(p2p_multihash_name(0x12, NULL, 9), P2P_EINVAL);
}

/* FR-04. */
static void multihash_is_whole_and_minimal(void **state) {
  (void)state;
  assert_true(is_multihash("1220" DIGEST));
  assert_true(is_multihash("0000")); /* identity of nothing: a multihash, but no peer */
  assert_true(is_multihash("000401020304"));
  assert_true(is_multihash("1340" DIGEST DIGEST));                 /* sha2-512 */
  assert_true(is_multihash("008001" DIGEST DIGEST DIGEST DIGEST)); /* as much as there may be */
  assert_true(is_multihash("ff7f20" DIGEST));                      /* a function nobody knows */
  static const char *const wrong[] = {
    "",
    "12",
    "1220",
    "1200",
    "121f00",
    "1221" DIGEST "00", /* more than sha2-256 gives */
    "1220" DIGEST "00",
    "920020" DIGEST,
    "12a000" DIGEST,
    "12ffffffffffffffff7f",
    "00ffffffffffffffffff01",
    "8080808080808080800120" DIGEST, /* a code of ten bytes */
    "1341" DIGEST DIGEST "00",
    "1300",
    "a1e40222" DIGEST "0000", /* more than blake2b-264 gives */
    "008101" DIGEST DIGEST DIGEST DIGEST "00",
    "ff7f8101" DIGEST DIGEST DIGEST DIGEST "00",
  };
  for (size_t i = 0; i < P2P_COUNT(wrong); i++) {
    if (is_multihash(wrong[i])) fail_msg("%s was taken", wrong[i]);
  }
  assert_int_equal(p2p_multihash_read(p2p__bytes(NULL, 3), NULL), P2P_EINVAL);
}

/* FR-04. */
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
  in[1] = 31; /* a digest cut short is a multihash, but names nobody */
  assert_true(p2p__multihash_read(p2p__bytes(in, 33), NULL));
  assert_false(p2p__multihash_names_peer(p2p__bytes(in, 33)));
  assert_false(
      p2p__multihash_names_peer(p2p__bytes(in, unhex("1340" DIGEST DIGEST, in, sizeof in))));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(multihash_takes_the_table_of_go),
    cmocka_unit_test(multihash_has_the_names_of_the_registry),
    cmocka_unit_test(multihash_is_whole_and_minimal),
    cmocka_unit_test(multihash_cut_anywhere_is_refused),
    cmocka_unit_test(multihash_of_a_peer_is_sha256_or_a_short_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
