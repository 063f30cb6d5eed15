/* SipHash-2-4 against vectors of the paper and of a second implementation (OpenSSL's MAC). */
#include "unit/base/test.h"

#include "base/hash.h"

static const uint8_t key[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

/* Of the bytes 0, 1, 2 … len - 1. */
static const struct {
  size_t len;
  uint64_t hash;
} vectors[] = {
  { 0, 0x726fdb47dd0e0e31 },  { 1, 0x74f839c593dc67fd },  { 7, 0xab0200f58b01d137 },
  { 8, 0x93f5f5799a932462 },  { 9, 0x9e0082df0ba9e4b0 },  { 15, 0xa129ca6149be45e5 }, /* paper, A */
  { 16, 0x3f2acc7f57c29bdb }, { 63, 0x958a324ceb064572 },
};

static void siphash_vectors(void **state) {
  (void)state;
  uint8_t in[64];
  for (uint8_t i = 0; i < sizeof in; i++) in[i] = i;
  for (size_t i = 0; i < P2P_COUNT(vectors); i++) {
    assert_true(p2p__siphash(key, p2p__bytes(in, vectors[i].len)) == vectors[i].hash);
  }
}

/* As Rust 1.95's std::collections::hash_map::DefaultHasher has them, whose key is zero. */
static void siphash_of_numbers_vectors(void **state) {
  (void)state;
  static const uint8_t zero[16];
  static const struct {
    uint64_t number, hash;
  } rows[] = {
    { 0, 0xbd60acb658c79e45 },
    { 1, 0x1e9f734161d62dd9 },
    { 2, 0xa4d31070d122b816 },
    { 0xff, 0xfdac8a698572a86d },
    { 0x0706050403020100, 0xead411e67ebe2eea },
    { UINT64_MAX, 0x2f205be2fec8e38d },
    { 1ull << 63, 0xef0826fa9ec09086 },
  };
  for (size_t i = 0; i < P2P_COUNT(rows); i++)
    assert_true(p2p__siphash_u64(zero, rows[i].number) == rows[i].hash);
}

static void siphash_does_not_care_for_alignment(void **state) {
  (void)state;
  uint8_t in[48];
  for (size_t shift = 0; shift < 8; shift++) {
    for (uint8_t i = 0; i < 16; i++) in[shift + i] = i;
    assert_true(p2p__siphash(key, p2p__bytes(in + shift, 16)) == 0x3f2acc7f57c29bdb);
  }
}

static void siphash_depends_on_every_bit_of_the_key(void **state) {
  (void)state;
  uint64_t plain = p2p__siphash_u64(key, 1);
  for (size_t bit = 0; bit < 128; bit++) {
    uint8_t other[16];
    memcpy(other, key, sizeof other);
    other[bit / 8] ^= (uint8_t)(1u << bit % 8);
    assert_true(p2p__siphash_u64(other, 1) != plain);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(siphash_vectors),
    cmocka_unit_test(siphash_of_numbers_vectors),
    cmocka_unit_test(siphash_does_not_care_for_alignment),
    cmocka_unit_test(siphash_depends_on_every_bit_of_the_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
