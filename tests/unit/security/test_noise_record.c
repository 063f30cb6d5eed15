/* Noise's transport messages: gathered, opened in place, dead after the first lie. */
#include "party.h"
#include "security/noise_record.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WIRE_MAX = P2P__NOISE_HEAD + P2P__NOISE_MAX + P2P__AEAD_TAG };

typedef struct channel {
  party p;
  p2p__record *a, *b;
  uint8_t text[P2P__NOISE_MAX + 1], wire[WIRE_MAX];
} channel;

static const uint8_t key1[32] = { 1 }, key2[32] = { 2 };

static int setup(void **state) {
  channel *c = calloc(1, sizeof *c);
  assert_non_null(c);
  party_init(&c->p, 1);
  assert_int_equal(p2p__noise_record_new(&c->p.world.env, key1, key2, &c->a), 0);
  assert_int_equal(p2p__noise_record_new(&c->p.world.env, key2, key1, &c->b), 0);
  for (size_t i = 0; i < sizeof c->text; i++) c->text[i] = (uint8_t)(i * 7);
  *state = c;
  return 0;
}

static int teardown(void **state) {
  channel *c = *state;
  p2p__record_free(c->a);
  p2p__record_free(c->b);
  party_fini(&c->p);
  free(c);
  return 0;
}

static p2p__noise_record *inside(p2p__record *r) { return (p2p__noise_record *)r; }

static size_t seal(channel *c, p2p__record *from, size_t n) {
  size_t len = 0;
  p2p_bytes v = p2p__bytes(c->text, n);
  assert_int_equal(from->ops->seal(from, &v, 1, c->wire, &len), 0);
  assert_int_equal(len, from->head + n + from->tail);
  return len;
}

static int open(p2p__record *to, uint8_t *wire, size_t len, p2p__span *plain) {
  size_t used = SIZE_MAX;
  return to->ops->open(to, p2p__span_of(wire, len), &used, plain);
}

static void assert_opens(channel *c, p2p__record *to, size_t len, size_t n) {
  p2p__span plain;
  assert_int_equal(open(to, c->wire, len, &plain), 1);
  assert_int_equal(plain.len, n);
  assert_ptr_equal(plain.p, c->wire + P2P__NOISE_HEAD);
  assert_memory_equal(plain.p, c->text, n);
}

static void records_of_every_size_pass(void **state) {
  channel *c = *state;
  static const size_t sizes[] = { 0,  1,   2,   15,  16,   17,   63,    64,
                                  65, 255, 256, 257, 1400, 4096, 65518, 65519 };
  for (size_t i = 0; i < P2P_COUNT(sizes); i++) {
    assert_opens(c, c->b, seal(c, c->a, sizes[i]), sizes[i]);
    assert_opens(c, c->a, seal(c, c->b, sizes[i]), sizes[i]);
  }
}

static void header_is_the_ciphertext_s_length(void **state) {
  channel *c = *state;
  seal(c, c->a, 300);
  assert_int_equal(c->wire[0] << 8 | c->wire[1], 316);
  assert_int_equal(c->a->max, 65519);
}

static void pieces_are_gathered(void **state) {
  channel *c = *state;
  p2p_bytes v[64];
  for (size_t n = 1; n <= P2P_COUNT(v); n++) {
    size_t total = 0, len = 0;
    for (size_t i = 0; i < n; i++) { /* odd sizes, some of them empty */
      size_t piece = i * 37 % 100;
      v[i] = p2p__bytes(c->text + total, piece);
      total += piece;
    }
    assert_int_equal(c->a->ops->seal(c->a, v, n, c->wire, &len), 0);
    assert_opens(c, c->b, len, total);
  }
}

static void more_than_a_record_is_refused(void **state) {
  channel *c = *state;
  size_t len = 0;
  p2p_bytes v[] = { p2p__bytes(c->text, 65519), p2p__bytes(c->text, 1) };
  assert_int_equal(c->a->ops->seal(c->a, v, 2, c->wire, &len), P2P_EINVAL);
  assert_opens(c, c->b, seal(c, c->a, 10), 10); /* nothing was used up */
}

static void incomplete_records_tell_their_size(void **state) {
  channel *c = *state;
  size_t len = seal(c, c->a, 100), used;
  p2p__span plain;
  for (size_t n = 0; n < len; n++) {
    assert_int_equal(c->b->ops->open(c->b, p2p__span_of(c->wire, n), &used, &plain), 0);
    assert_int_equal(used, n < P2P__NOISE_HEAD ? 0 : len);
  }
  assert_opens(c, c->b, len, 100);
}

static void bytes_behind_a_record_are_left(void **state) {
  channel *c = *state;
  size_t len = seal(c, c->a, 100), used;
  p2p__span plain;
  memset(c->wire + len, 0xee, 50);
  assert_int_equal(c->b->ops->open(c->b, p2p__span_of(c->wire, len + 50), &used, &plain), 1);
  assert_int_equal(used, len);
  assert_int_equal(plain.len, 100);
  for (size_t i = 0; i < 50; i++) assert_int_equal(c->wire[len + i], 0xee);
}

/* A new pair of records for each flip: one lie is the end of a channel. */
static void any_flipped_byte_kills_the_record(void **state) {
  channel *c = *state;
  uint8_t good[128];
  size_t len = seal(c, c->a, 100);
  memcpy(good, c->wire, len);
  for (size_t i = 0; i < len; i++) {
    p2p__record *b;
    p2p__span plain;
    assert_int_equal(p2p__noise_record_new(&c->p.world.env, key2, key1, &b), 0);
    memset(c->wire, 0, 1 << 15); /* what a longer record would be made of */
    memcpy(c->wire, good, len);
    c->wire[i] ^= 1;
    assert_true(open(b, c->wire, sizeof c->wire, &plain) < 0);
    assert_int_equal(inside(b)->in.n, 0);
    memcpy(c->wire, good, len);
    assert_true(open(b, c->wire, len, &plain) < 0); /* stays dead */
    p2p__record_free(b);
  }
}

static void records_out_of_order_are_refused(void **state) {
  channel *c = *state;
  p2p__span plain;
  seal(c, c->a, 10);
  size_t second = seal(c, c->a, 10);
  assert_int_equal(open(c->b, c->wire, second, &plain), P2P_EAUTH);
}

static void replayed_record_is_refused(void **state) {
  channel *c = *state;
  p2p__span plain;
  uint8_t copy[64];
  size_t len = seal(c, c->a, 10);
  memcpy(copy, c->wire, len);
  assert_opens(c, c->b, len, 10);
  assert_int_equal(open(c->b, copy, len, &plain), P2P_EAUTH);
}

static void reflected_record_is_refused(void **state) {
  channel *c = *state;
  p2p__span plain;
  size_t len = seal(c, c->a, 10);
  assert_int_equal(open(c->a, c->wire, len, &plain), P2P_EAUTH);
}

static void garbage_does_not_advance_the_nonce(void **state) {
  channel *c = *state;
  p2p__span plain;
  uint8_t garbage[P2P__NOISE_HEAD + 40] = { 0, 40 };
  assert_int_equal(open(c->b, garbage, sizeof garbage, &plain), P2P_EAUTH);
  assert_int_equal(inside(c->b)->in.n, 0);
  size_t len = seal(c, c->a, 10);
  assert_int_equal(open(c->b, c->wire, len, &plain), P2P_EAUTH); /* dead, deterministically */
  assert_opens(c, c->a, seal(c, c->b, 10), 10); /* the other way says its last words */
}

static void record_without_room_for_a_tag_is_refused(void **state) {
  channel *c = *state;
  for (uint8_t n = 0; n < P2P__AEAD_TAG; n++) {
    p2p__record *b;
    p2p__span plain;
    uint8_t wire[2] = { 0, n };
    assert_int_equal(p2p__noise_record_new(&c->p.world.env, key2, key1, &b), 0);
    assert_int_equal(open(b, wire, sizeof wire, &plain), P2P_EPROTO); /* waits for nothing */
    p2p__record_free(b);
  }
}

static void last_nonce_is_never_used(void **state) {
  channel *c = *state;
  p2p__span plain;
  p2p_bytes v = p2p__bytes(c->text, 5);
  size_t len;
  inside(c->a)->out.n = inside(c->b)->in.n = UINT64_MAX - 1;
  len = seal(c, c->a, 5);
  assert_opens(c, c->b, len, 5);
  assert_int_equal(c->a->ops->seal(c->a, &v, 1, c->wire, &len), P2P_ELIMIT);
  assert_int_equal(c->a->ops->seal(c->a, &v, 1, c->wire, &len), P2P_ELIMIT);
  uint8_t wire[P2P__NOISE_HEAD + 20] = { 0, 20 };
  assert_int_equal(open(c->b, wire, sizeof wire, &plain), P2P_ELIMIT);
}

static void nonce_counts_in_little_endian(void **state) {
  channel *c = *state;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    inside(c->a)->out.n = inside(c->b)->in.n = UINT64_C(1) << shift;
    assert_opens(c, c->b, seal(c, c->a, 20), 20);
  }
}

static void idle_record_goes_on(void **state) {
  channel *c = *state;
  for (int i = 0; i < 3; i++) {
    assert_opens(c, c->b, seal(c, c->a, 100), 100);
    c->a->ops->idle(c->a);
    c->b->ops->idle(c->b);
    assert_null(inside(c->a)->out.aead.ctx);
    assert_null(inside(c->b)->in.aead.ctx);
    c->b->ops->idle(c->b); /* twice is no harm */
  }
  assert_int_equal(inside(c->a)->out.n, 3);
}

static void record_is_one_small_allocation(void **state) {
  channel *c = *state;
  assert_int_equal(c->p.world.mem.used[P2P__MEM_RECORD], 2 * sizeof(p2p__noise_record));
  assert_true(sizeof(p2p__noise_record) <= 192);
}

static void record_survives_no_memory(void **state) {
  channel *c = *state;
  p2p__record *r;
  c->p.world.mem.fail_at = c->p.world.mem.calls + 1;
  assert_int_equal(p2p__noise_record_new(&c->p.world.env, key1, key2, &r), P2P_ENOMEM);
  assert_null(r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
    TEST(records_of_every_size_pass),
    TEST(header_is_the_ciphertext_s_length),
    TEST(pieces_are_gathered),
    TEST(more_than_a_record_is_refused),
    TEST(incomplete_records_tell_their_size),
    TEST(bytes_behind_a_record_are_left),
    TEST(any_flipped_byte_kills_the_record),
    TEST(records_out_of_order_are_refused),
    TEST(replayed_record_is_refused),
    TEST(reflected_record_is_refused),
    TEST(garbage_does_not_advance_the_nonce),
    TEST(record_without_room_for_a_tag_is_refused),
    TEST(last_nonce_is_never_used),
    TEST(nonce_counts_in_little_endian),
    TEST(idle_record_goes_on),
    TEST(record_is_one_small_allocation),
    TEST(record_survives_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
