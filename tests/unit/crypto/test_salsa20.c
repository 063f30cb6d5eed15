/* XSalsa20 and Salsa20, every backend against vectors and against the others. */
#include "unit/crypto/vectors.h"

#include "crypto/salsa20.h"
#include "crypto/salsa20_backend.h"

/* NaCl's examples (crypto_core 4 to 6, crypto_stream 3): the key that a Diffie-Hellman exchange gave, and
 * the key stream's beginning. */
#define FIRSTKEY "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389"
#define NONCE "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37"
#define SECONDKEY "dc908dda0b9344a953629b733820778880f3ceb421bb61b91cbd4c3e66256ce4"

static void hsalsa20_gives_nacls_second_key(void **state) {
  (void)state;
  const p2p__salsa20_backend *b;
  for (size_t i = 0; (b = p2p__salsa20_backend_at(i)) != NULL; i++) {
    uint8_t key[32], nonce[24], out[32];
    unhex(FIRSTKEY, key, sizeof key);
    unhex(NONCE, nonce, sizeof nonce);
    b->hsalsa20(key, nonce, out);
    assert_hex(out, sizeof out, SECONDKEY);
  }
}

static void salsa20_gives_the_estream_vector(void **state) {
  (void)state;
  const p2p__salsa20_backend *b;
  for (size_t i = 0; (b = p2p__salsa20_backend_at(i)) != NULL; i++) {
    uint8_t key[32] = { 0x80 }, nonce[8] = { 0 }, out[64] = { 0 };
    b->xor_from(key, nonce, 0, p2p__bytes(out, sizeof out), out);
    assert_hex(out, sizeof out,
               "e3be8fdd8beca2e3ea8ef9475b29a6e7003951e1097a5c38d23b7a5fad9f6844"
               "b22c97559e2723c7cbbd3fe4fc8d9a0744652a83e72a9c461876af4d7ef1a117");
  }
}

static void xsalsa20_gives_nacls_stream(void **state) {
  (void)state;
  uint8_t key[32], nonce[24], out[32] = { 0 };
  p2p__xsalsa20 x;
  unhex(FIRSTKEY, key, sizeof key);
  unhex(NONCE, nonce, sizeof nonce);
  p2p__xsalsa20_init(&x, key, nonce);
  p2p__xsalsa20_xor(&x, 0, p2p__bytes(out, sizeof out), out);
  assert_hex(out, sizeof out, "eea6a7251c1e72916d11c2cb214d3c252539121d8e234e652d651fa4c8cff880");
  p2p__xsalsa20_fini(&x);
}

static void fill(uint8_t *p, size_t n, unsigned salt) {
  for (size_t i = 0; i < n; i++) p[i] = (uint8_t)(i * 131 + salt * 17 + (i >> 7));
}

static void salsa20_backends_agree_at_any_block_and_length(void **state) {
  (void)state;
  static const uint64_t blocks[] = { 0, 1, 0xffffffff, 0x100000000, (uint64_t)1 << 52 };
  uint8_t key[32], nonce[8], in[700], want[700], got[700];
  fill(key, sizeof key, 1);
  fill(nonce, sizeof nonce, 2);
  fill(in, sizeof in, 3);
  const p2p__salsa20_backend *b;
  for (size_t i = 0; i < P2P_COUNT(blocks); i++) {
    for (size_t len = 0; len <= sizeof in; len += len < 140 ? 1 : 61) {
      p2p__salsa20_own.xor_from(key, nonce, blocks[i], p2p__bytes(in, len), want);
      for (size_t k = 0; (b = p2p__salsa20_backend_at(k)) != NULL; k++) {
        b->xor_from(key, nonce, blocks[i], p2p__bytes(in, len), got);
        assert_memory_equal(got, want, len);
      }
    }
  }
}

/* From any place and in any pieces it is one key stream. */
static void xsalsa20_in_pieces_is_that_of_the_whole(void **state) {
  (void)state;
  uint8_t key[32], nonce[24], in[300], whole[300], parts[300];
  p2p__xsalsa20 x;
  fill(key, sizeof key, 4);
  fill(nonce, sizeof nonce, 5);
  fill(in, sizeof in, 6);
  p2p__xsalsa20_init(&x, key, nonce);
  p2p__xsalsa20_xor(&x, 0, p2p__bytes(in, sizeof in), whole);
  for (size_t step = 1; step < 140; step++) {
    for (size_t at = 0; at < sizeof in; at += step) {
      size_t n = p2p__min(step, sizeof in - at);
      p2p__xsalsa20_xor(&x, at, p2p__bytes(in + at, n), parts + at);
    }
    assert_memory_equal(parts, whole, sizeof whole);
  }
  p2p__xsalsa20_xor(&x, 0, p2p__bytes(whole, sizeof whole), whole); /* in place, and back */
  assert_memory_equal(whole, in, sizeof in);
  p2p__xsalsa20_fini(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(hsalsa20_gives_nacls_second_key),
    cmocka_unit_test(salsa20_gives_the_estream_vector),
    cmocka_unit_test(xsalsa20_gives_nacls_stream),
    cmocka_unit_test(salsa20_backends_agree_at_any_block_and_length),
    cmocka_unit_test(xsalsa20_in_pieces_is_that_of_the_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
