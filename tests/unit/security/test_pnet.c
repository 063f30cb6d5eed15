/* The shield of a private network, against itself and against what no member would send. */
#include "unit/crypto/vectors.h"

#include "crypto/salsa20.h"
#include "security/pnet.h"

enum { NONCE = 24, TEXT = 1000 };

typedef struct party {
  p2p_psk psk;
  p2p__shield *shield;
} party;

static p2p__mem mem;
static p2p__env env;
static uint8_t counter;
static party a, b;
static uint8_t text[TEXT];

static int count(void *ctx, void *buf, size_t len) {
  (void)ctx;
  for (size_t i = 0; i < len; i++) ((uint8_t *)buf)[i] = counter++;
  return 0;
}

static void join(party *p, uint8_t key) {
  memset(p->psk.key, key, sizeof p->psk.key);
  assert_int_equal(p2p__pnet_new(&env, &p->psk, &p->shield), 0);
}

static int start(void **state) {
  (void)state;
  p2p__mem_init(&mem, NULL);
  env = (p2p__env){ .mem = &mem, .random = count };
  for (size_t i = 0; i < TEXT; i++) text[i] = (uint8_t)(i * 7);
  join(&a, 1);
  join(&b, 1);
  return 0;
}

static int end(void **state) {
  (void)state;
  p2p__shield_free(a.shield);
  p2p__shield_free(b.shield);
  assert_int_equal(p2p__mem_used(&mem), 0);
  return 0;
}

static p2p_bytes greeting(const party *p) { return p->shield->ops->greeting(p->shield); }

/* What p sends: its greeting and the text, hidden. */
static void send_all(const party *p, uint8_t out[NONCE + TEXT]) {
  p2p_bytes hello = greeting(p);
  assert_int_equal(hello.len, NONCE);
  memcpy(out, hello.p, NONCE);
  p->shield->ops->seal(p->shield, 0, p2p__bytes(text, TEXT), out + NONCE);
}

/* Takes n bytes as they come; what is left of them. */
static p2p__span take(party *p, uint8_t *bytes, size_t n) {
  ptrdiff_t skip = p->shield->ops->open(p->shield, p2p__span_of(bytes, n));
  assert_true(skip >= 0 && (size_t)skip <= n);
  return p2p__span_of(bytes + skip, n - (size_t)skip);
}

static void pnet_opens_what_a_member_sent_in_any_split(void **state) {
  for (size_t split = 1; split < 80; split++) {
    uint8_t wire[NONCE + TEXT];
    size_t got = 0;
    send_all(&a, wire);
    for (size_t at = 0; at < sizeof wire; at += split) {
      p2p__span plain = take(&b, wire + at, p2p__min(split, sizeof wire - at));
      assert_memory_equal(plain.p, text + got, plain.len);
      got += plain.len;
    }
    assert_int_equal(got, TEXT);
    end(state);
    start(state);
  }
}

static void pnet_is_the_stream_of_the_specification(void **state) {
  (void)state;
  uint8_t wire[NONCE + TEXT], want[TEXT];
  p2p__xsalsa20 x;
  send_all(&a, wire);
  p2p__xsalsa20_init(&x, a.psk.key, wire);
  p2p__xsalsa20_xor(&x, 0, p2p__bytes(text, TEXT), want);
  assert_memory_equal(wire + NONCE, want, TEXT);
}

static void pnet_seals_a_place_again_the_same(void **state) {
  (void)state;
  uint8_t whole[TEXT], again[TEXT];
  a.shield->ops->seal(a.shield, 0, p2p__bytes(text, TEXT), whole);
  for (size_t at = 0; at < TEXT; at += 97) {
    a.shield->ops->seal(a.shield, at, p2p__bytes(text + at, TEXT - at), again);
    assert_memory_equal(again, whole + at, TEXT - at);
  }
}

static void hs13_who_has_another_key_reads_noise(void **state) {
  (void)state;
  uint8_t wire[NONCE + TEXT];
  party c;
  join(&c, 2);
  send_all(&c, wire);
  p2p__span plain = take(&b, wire, sizeof wire);
  size_t same = 0;
  for (size_t i = 0; i < TEXT; i++) same += plain.p[i] == text[i];
  assert_true(same < TEXT / 20);
  p2p__shield_free(c.shield);
}

static void hs13_short_nonce_gives_no_byte(void **state) {
  (void)state;
  uint8_t wire[NONCE + TEXT];
  send_all(&a, wire);
  for (size_t i = 0; i < NONCE; i++) assert_int_equal(take(&b, wire + i, 1).len, 0);
  assert_int_equal(take(&b, wire + NONCE, 1).len, 1);
  assert_int_equal(wire[NONCE], text[0]);
}

static void hs13_mirror_is_refused(void **state) {
  (void)state;
  uint8_t wire[NONCE + TEXT];
  send_all(&a, wire);
  assert_int_equal(take(&a, wire, NONCE - 1).len, 0);
  ptrdiff_t r = a.shield->ops->open(a.shield, p2p__span_of(wire + NONCE - 1, TEXT));
  assert_int_equal(r, P2P_EAUTH);
}

static void hs13_connections_of_one_key_have_streams_of_their_own(void **state) {
  (void)state;
  uint8_t one[TEXT], two[TEXT];
  a.shield->ops->seal(a.shield, 0, p2p__bytes(text, TEXT), one);
  b.shield->ops->seal(b.shield, 0, p2p__bytes(text, TEXT), two);
  assert_memory_not_equal(one, two, 64);
  assert_memory_not_equal(greeting(&a).p, greeting(&b).p, NONCE);
}

static int fails(void *ctx, void *buf, size_t len) {
  (void)ctx;
  (void)buf;
  (void)len;
  return P2P_EIO;
}

static void pnet_without_randomness_is_not_made(void **state) {
  (void)state;
  p2p__shield *s;
  env.random = fails;
  assert_int_equal(p2p__pnet_new(&env, &a.psk, &s), P2P_EIO);
  assert_null(s);
  env.random = count;
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void) {
  const struct CMUnitTest tests[] = {
    ROW(pnet_opens_what_a_member_sent_in_any_split),
    ROW(pnet_is_the_stream_of_the_specification),
    ROW(pnet_seals_a_place_again_the_same),
    ROW(hs13_who_has_another_key_reads_noise),
    ROW(hs13_short_nonce_gives_no_byte),
    ROW(hs13_mirror_is_refused),
    ROW(hs13_connections_of_one_key_have_streams_of_their_own),
    ROW(pnet_without_randomness_is_not_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
