/* ChaCha20-Poly1305, its contexts and what becomes of keys. */
#include "unit/crypto/vectors.h"

#include "crypto/crypto.h"
#include "unit/base/rng.h"

typedef struct fixture {
  p2p__mem mem;
  p2p__crypto *crypto;
  uint8_t key[P2P__AEAD_KEY];
  p2p__aead seal, open;
} fixture;

static int setup(void **state) {
  fixture *f = calloc(1, sizeof *f);
  *state = f;
  p2p__mem_init(&f->mem, NULL);
  for (size_t i = 0; i < sizeof f->key; i++) f->key[i] = (uint8_t)(0x80 + i);
  if (p2p__crypto_new(&f->mem, &f->crypto)) return -1;
  p2p__aead_init(&f->seal, f->crypto, P2P__CHACHA20_POLY1305, true, f->key);
  p2p__aead_init(&f->open, f->crypto, P2P__CHACHA20_POLY1305, false, f->key);
  return 0;
}

static int teardown(void **state) {
  fixture *f = *state;
  p2p__aead_fini(&f->seal);
  p2p__aead_fini(&f->open);
  p2p__crypto_free(f->crypto);
  size_t left = f->mem.total;
  free(f);
  return left == 0 ? 0 : -1;
}

static const uint8_t nonce[P2P__AEAD_NONCE] = { 0x07, 0,    0,    0,    0x40, 0x41,
                                                0x42, 0x43, 0x44, 0x45, 0x46, 0x47 };

/* Seals len bytes in pieces of `step`, in place. */
static void seal(p2p__aead *a, p2p_bytes aad, uint8_t *text, size_t len, size_t step,
                 uint8_t tag[P2P__AEAD_TAG]) {
  assert_int_equal(p2p__aead_start(a, nonce, aad), 0);
  for (size_t at = 0; at < len; at += step) {
    size_t n = p2p__min(step, len - at);
    assert_int_equal(p2p__aead_add(a, p2p__bytes(text + at, n), text + at), 0);
  }
  assert_int_equal(p2p__aead_finish(a, tag), 0);
}

/* RFC 8439, section 2.8.2. */
static void aead_gives_the_ciphertext_of_rfc_8439_in_pieces_of_any_size(void **state) {
  fixture *f = *state;
  static const char plain[] = "Ladies and Gentlemen of the class of '99: If I could offer you only "
                              "one tip for the future, sunscreen would be it.";
  uint8_t aad[12], text[sizeof plain - 1], tag[P2P__AEAD_TAG];
  p2p_bytes ad = p2p__bytes(aad, unhex("50515253c0c1c2c3c4c5c6c7", aad, sizeof aad));
  for (size_t step = 1; step <= sizeof text; step++) {
    memcpy(text, plain, sizeof text);
    seal(&f->seal, ad, text, sizeof text, step, tag);
    assert_hex(
        text, sizeof text,
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282faf"
        "b69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fa"
        "d675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116");
    assert_hex(tag, sizeof tag, "1ae10b594f09e26a7e902ecbd0600691");
    assert_int_equal(p2p__aead_open(&f->open, nonce, ad, text, sizeof text, tag), 0);
    assert_memory_equal(text, plain, sizeof text);
  }
}

static void aead_seals_from_elsewhere_and_nothing_at_all(void **state) {
  fixture *f = *state;
  static const uint8_t in[5] = { 1, 2, 3, 4, 5 };
  p2p__span out = exact(p2p__bytes(in, sizeof in));
  uint8_t tag[P2P__AEAD_TAG];
  assert_int_equal(p2p__aead_start(&f->seal, nonce, p2p__bytes(NULL, 0)), 0);
  assert_int_equal(p2p__aead_add(&f->seal, p2p__bytes(in, sizeof in), out.p), 0);
  assert_int_equal(p2p__aead_add(&f->seal, p2p__bytes(NULL, 0), NULL), 0);
  assert_int_equal(p2p__aead_finish(&f->seal, tag), 0);
  assert_memory_not_equal(out.p, in, sizeof in);
  assert_int_equal(p2p__aead_open(&f->open, nonce, p2p__bytes(NULL, 0), out.p, out.len, tag), 0);
  assert_memory_equal(out.p, in, sizeof in);
  exact_free(out);
  seal(&f->seal, p2p__bytes(in, 2), NULL, 0, 1, tag);
  assert_int_equal(p2p__aead_open(&f->open, nonce, p2p__bytes(in, 2), NULL, 0, tag), 0);
  assert_int_equal(p2p__aead_open(&f->open, nonce, p2p__bytes(in, 3), NULL, 0, tag), P2P_EAUTH);
}

static void aead_wipes_what_is_not_authentic_and_goes_on(void **state) {
  fixture *f = *state;
  uint8_t text[100], sealed[100], tag[P2P__AEAD_TAG], aad[3] = { 1, 2, 3 };
  static const uint8_t zero[100];
  memset(sealed, 0x61, sizeof sealed);
  seal(&f->seal, p2p__bytes(aad, 3), sealed, sizeof sealed, 100, tag);
  for (size_t bit = 0; bit < (sizeof sealed + sizeof tag + sizeof aad) * 8; bit++) {
    uint8_t flip = (uint8_t)(1u << bit % 8);
    size_t at = bit / 8;
    uint8_t *where = at < 100 ? &text[at] : at < 116 ? &tag[at - 100] : &aad[at - 116];
    memcpy(text, sealed, sizeof text);
    *where ^= flip;
    assert_int_equal(p2p__aead_open(&f->open, nonce, p2p__bytes(aad, 3), text, 100, tag),
                     P2P_EAUTH);
    assert_memory_equal(text, zero, sizeof text);
    if (at >= 100) *where ^= flip;
  }
  memcpy(text, sealed, sizeof text);
  assert_int_equal(p2p__aead_open(&f->open, nonce, p2p__bytes(aad, 3), text, 100, tag), 0);
  assert_int_equal(text[99], 0x61);
}

static void aead_says_the_same_after_its_context_was_away(void **state) {
  fixture *f = *state;
  uint8_t one[64] = { 1 }, two[64] = { 1 }, tag[2][P2P__AEAD_TAG];
  seal(&f->seal, p2p__bytes(NULL, 0), one, sizeof one, 7, tag[0]);
  p2p__aead_idle(&f->seal);
  p2p__aead_idle(&f->seal); /* nothing to give back twice */
  assert_null(f->seal.ctx);
  seal(&f->seal, p2p__bytes(NULL, 0), two, sizeof two, 64, tag[1]);
  assert_memory_equal(one, two, sizeof one);
  assert_memory_equal(tag[0], tag[1], P2P__AEAD_TAG);
}

/* A spare context served the other direction and another key before. */
static void aead_spare_contexts_serve_any_key_and_direction(void **state) {
  fixture *f = *state;
  rng r = { 3 };
  for (int i = 0; i < 200; i++) {
    uint8_t key[P2P__AEAD_KEY], text[33] = { 0 }, tag[P2P__AEAD_TAG];
    for (size_t k = 0; k < sizeof key; k++) key[k] = (uint8_t)rng_next(&r);
    p2p__aead out, in;
    p2p__aead_init(&out, f->crypto, P2P__CHACHA20_POLY1305, true, key);
    p2p__aead_init(&in, f->crypto, P2P__CHACHA20_POLY1305, false, key);
    seal(&out, p2p__bytes(NULL, 0), text, sizeof text, 10, tag);
    if (rng_next(&r) & 1) p2p__aead_idle(&out);
    assert_int_equal(p2p__aead_open(&in, nonce, p2p__bytes(NULL, 0), text, sizeof text, tag), 0);
    assert_int_equal(text[32], 0);
    if (rng_next(&r) & 1) p2p__aead_idle(&in);
    p2p__aead_fini(&out);
    p2p__aead_fini(&in);
  }
}

static void aead_of_many_channels_keeps_them_apart(void **state) {
  fixture *f = *state;
  enum { CHANNELS = 100 }; /* more than there are spares */
  static p2p__aead a[CHANNELS];
  uint8_t text[CHANNELS][8], tag[P2P__AEAD_TAG];
  for (uint8_t i = 0; i < CHANNELS; i++) {
    uint8_t key[P2P__AEAD_KEY] = { i };
    p2p__aead_init(&a[i], f->crypto, P2P__CHACHA20_POLY1305, true, key);
    memset(text[i], 0, 8);
    seal(&a[i], p2p__bytes(NULL, 0), text[i], 8, 8, tag);
    for (uint8_t k = 0; k < i; k++) assert_memory_not_equal(text[i], text[k], 8);
  }
  for (uint8_t i = 0; i < CHANNELS; i++) p2p__aead_fini(&a[i]);
}

static void aead_fini_wipes_the_key(void **state) {
  fixture *f = *state;
  static const uint8_t zero[P2P__AEAD_KEY];
  p2p__aead a;
  p2p__aead_init(&a, f->crypto, P2P__CHACHA20_POLY1305, true, f->key);
  assert_int_equal(p2p__aead_start(&a, nonce, p2p__bytes(NULL, 0)), 0);
  p2p__aead_fini(&a);
  assert_memory_equal(a.key, zero, sizeof zero);
  assert_null(a.ctx);
  p2p__aead_fini(NULL);
}

static void crypto_new_out_of_memory_leaves_nothing(void **state) {
  (void)state;
  p2p__mem mem;
  p2p__crypto *c = (p2p__crypto *)&mem;
  for (uint64_t at = 1; at <= 2; at++) { /* its own, and what it keeps of libcrypto */
    p2p__mem_init(&mem, NULL);
    mem.fail_at = at;
    assert_int_equal(p2p__crypto_new(&mem, &c), P2P_ENOMEM);
    assert_null(c);
    p2p__crypto_free(c);
    assert_int_equal(mem.total, 0);
  }
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
    WITH(aead_gives_the_ciphertext_of_rfc_8439_in_pieces_of_any_size),
    WITH(aead_seals_from_elsewhere_and_nothing_at_all),
    WITH(aead_wipes_what_is_not_authentic_and_goes_on),
    WITH(aead_says_the_same_after_its_context_was_away),
    WITH(aead_spare_contexts_serve_any_key_and_direction),
    WITH(aead_of_many_channels_keeps_them_apart),
    WITH(aead_fini_wipes_the_key),
    cmocka_unit_test(crypto_new_out_of_memory_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
