/* Cursors, varints, and the operations on secrets. */
#include "unit/base/test.h"

#include "base/bytes.h"

static p2p__rd rd(const void *p, size_t len) { return p2p__rd_of(p2p__bytes(p, len)); }

/* ---- read cursor ---- */

static void read_cursor_reads_big_endian_numbers(void **state) {
  (void)state;
  static const uint8_t in[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255 };
  p2p__rd r = rd(in, sizeof in);
  assert_int_equal(p2p__rd_u8(&r), 1);
  assert_int_equal(p2p__rd_be16(&r), 0x0203);
  assert_int_equal(p2p__rd_be32(&r), 0x04050607);
  assert_true(p2p__rd_be64(&r) == (uint64_t)0x08090a0b0c0d0eff);
  assert_true(p2p__rd_done(&r));
}

static void read_cursor_lends_bytes_of_the_input(void **state) {
  (void)state;
  static const uint8_t in[] = { 1, 2, 3, 4 };
  p2p__rd r = rd(in, sizeof in);
  p2p_bytes b = p2p__rd_bytes(&r, 3);
  assert_ptr_equal(b.p, in);
  assert_int_equal(b.len, 3);
  p2p_bytes rest = p2p__rd_rest(&r);
  assert_ptr_equal(rest.p, in + 3);
  assert_int_equal(rest.len, 1);
  assert_true(p2p__rd_done(&r));
}

static void read_cursor_error_is_sticky_and_reads_give_zeros(void **state) {
  (void)state;
  static const uint8_t in[] = { 1, 2, 3 };
  p2p__rd r = rd(in, sizeof in);
  assert_int_equal(p2p__rd_be32(&r), 0);
  assert_int_equal(r.err, P2P_ESHORT);
  assert_int_equal(p2p__rd_u8(&r), 0); /* there would be one */
  assert_int_equal(p2p__rd_bytes(&r, 1).len, 0);
  assert_int_equal(p2p__rd_rest(&r).len, 0);
  assert_int_equal(p2p__rd_varint(&r), 0);
  assert_int_equal(p2p__rd_prefixed(&r, 10).len, 0);
  assert_int_equal(r.err, P2P_ESHORT);
  assert_false(p2p__rd_done(&r));
}

static void read_cursor_keeps_its_first_error(void **state) {
  (void)state;
  p2p__rd r = rd("", 0);
  assert_int_equal(p2p__rd_fail(&r, P2P_EPROTO), P2P_EPROTO);
  assert_int_equal(p2p__rd_fail(&r, P2P_ESHORT), P2P_EPROTO);
  assert_int_equal(p2p__rd_u8(&r), 0);
  assert_int_equal(r.err, P2P_EPROTO);
}

static void read_cursor_over_nothing_is_done(void **state) {
  (void)state;
  p2p__rd r = p2p__rd_of((p2p_bytes){ 0 });
  assert_true(p2p__rd_done(&r));
  assert_int_equal(p2p__rd_bytes(&r, 0).len, 0);
  assert_int_equal(p2p__rd_rest(&r).len, 0);
  assert_true(p2p__rd_done(&r));
  assert_int_equal(p2p__rd_u8(&r), 0);
  assert_int_equal(r.err, P2P_ESHORT);
}

static void read_cursor_refuses_a_length_near_the_end_of_memory(void **state) {
  (void)state;
  p2p__rd r = rd("abc", 3);
  assert_int_equal(p2p__rd_bytes(&r, SIZE_MAX).len, 0);
  assert_int_equal(r.err, P2P_ESHORT);
}

/* ---- varints ---- */

static const struct {
  uint64_t value;
  const char *bytes;
  size_t len;
} varints[] = {
  { 0, "\x00", 1 },
  { 1, "\x01", 1 },
  { 127, "\x7f", 1 },
  { 128, "\x80\x01", 2 },
  { 255, "\xff\x01", 2 },
  { 300, "\xac\x02", 2 },
  { 16383, "\xff\x7f", 2 },
  { 16384, "\x80\x80\x01", 3 },
  { UINT32_MAX, "\xff\xff\xff\xff\x0f", 5 },
  { (UINT64_C(1) << 56) - 1, "\xff\xff\xff\xff\xff\xff\xff\x7f", 8 },
  { UINT64_C(1) << 56, "\x80\x80\x80\x80\x80\x80\x80\x80\x01", 9 },
  { INT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9 },
};

static void varint_vectors_are_written_and_read(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(varints); i++) {
    uint8_t out[16];
    p2p__wr w = p2p__wr_of(out, sizeof out);
    p2p__wr_varint(&w, varints[i].value);
    assert_int_equal(w.len, varints[i].len);
    assert_int_equal(p2p__varint_len(varints[i].value), varints[i].len);
    assert_memory_equal(out, varints[i].bytes, w.len);
    p2p__rd r = rd(out, w.len);
    assert_true(p2p__rd_varint(&r) == varints[i].value);
    assert_true(p2p__rd_done(&r));
  }
}

static void varint_cut_anywhere_is_short(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(varints); i++) {
    for (size_t len = 0; len < varints[i].len; len++) {
      p2p__rd r = rd(varints[i].bytes, len);
      assert_int_equal(p2p__rd_varint(&r), 0);
      assert_int_equal(r.err, P2P_ESHORT);
      assert_int_equal(p2p__rd_left(&r), len); /* to be tried again with more */
    }
  }
}

static void varint_that_is_not_minimal_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t len;
  } padded[] = { { "\x80\x00", 2 },
                 { "\x81\x00", 2 },
                 { "\xff\x80\x00", 3 },
                 { "\x80\x80\x80\x80\x80\x80\x80\x80\x00", 9 } };
  for (size_t i = 0; i < P2P_COUNT(padded); i++) {
    p2p__rd r = rd(padded[i].bytes, padded[i].len);
    assert_int_equal(p2p__rd_varint(&r), 0);
    assert_int_equal(r.err, P2P_EPROTO);
  }
}

static void varint_of_more_than_nine_bytes_is_refused(void **state) {
  (void)state;
  static const char ten[] = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01";
  for (size_t len = 9; len <= 10; len++) { /* the ninth byte is enough to know */
    p2p__rd r = rd(ten, len);
    assert_int_equal(p2p__rd_varint(&r), 0);
    assert_int_equal(r.err, P2P_EPROTO);
  }
}

static void varint_of_64_bits_is_written_in_ten_bytes(void **state) {
  (void)state;
  uint8_t out[10];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__wr_varint(&w, UINT64_MAX);
  assert_int_equal(w.err, 0);
  assert_memory_equal(out, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
}

static void prefixed_bytes_are_read(void **state) {
  (void)state;
  p2p__rd r = rd("\x03"
                 "abcd",
                 5);
  p2p_bytes b = p2p__rd_prefixed(&r, 3);
  assert_int_equal(b.len, 3);
  assert_memory_equal(b.p, "abc", 3);
  assert_int_equal(p2p__rd_left(&r), 1);
}

static void prefixed_bytes_above_the_limit_are_refused_before_they_arrive(void **state) {
  (void)state;
  p2p__rd r = rd("\x04", 1);
  assert_int_equal(p2p__rd_prefixed(&r, 3).len, 0);
  assert_int_equal(r.err, P2P_ELIMIT);
}

static void prefixed_bytes_that_are_cut_are_short(void **state) {
  (void)state;
  p2p__rd r = rd("\x04"
                 "abc",
                 4);
  assert_int_equal(p2p__rd_prefixed(&r, 100).len, 0);
  assert_int_equal(r.err, P2P_ESHORT);
}

/* ---- write cursor ---- */

static void write_cursor_writes_big_endian_numbers(void **state) {
  (void)state;
  uint8_t out[15];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__wr_u8(&w, 1);
  p2p__wr_be16(&w, 0x0203);
  p2p__wr_be32(&w, 0x04050607);
  p2p__wr_be64(&w, 0x08090a0b0c0d0e0f);
  assert_int_equal(w.err, 0);
  assert_memory_equal(out, "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 15);
  assert_int_equal(p2p__wr_left(&w), 0);
}

static void write_cursor_error_is_sticky_and_keeps_what_was_written(void **state) {
  (void)state;
  uint8_t out[4];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__wr_str(&w, "ab");
  p2p__wr_be32(&w, 7);
  assert_int_equal(w.err, P2P_ELIMIT);
  p2p__wr_u8(&w, 'c'); /* there would be room */
  assert_int_equal(p2p__wr_room(&w, 1).len, 0);
  assert_int_equal(p2p__wr_left(&w), 0);
  assert_int_equal(w.len, 2);
  assert_memory_equal(p2p__wr_bytes(&w).p, "ab", 2);
}

static void write_cursor_gives_room_to_fill(void **state) {
  (void)state;
  uint8_t out[4];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__span room = p2p__wr_room(&w, 3);
  assert_ptr_equal(room.p, out);
  assert_int_equal(room.len, 3);
  assert_int_equal(w.len, 3);
  assert_int_equal(p2p__wr_room(&w, SIZE_MAX).len, 0);
  assert_int_equal(w.err, P2P_ELIMIT);
}

static void write_cursor_writes_nothing_of_a_prefixed_field_that_does_not_fit(void **state) {
  (void)state;
  uint8_t out[4];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__wr_prefixed(&w, p2p__cstr("ab"));
  assert_int_equal(w.len, 3);
  p2p__wr_prefixed(&w, p2p__cstr("c"));
  assert_int_equal(w.err, P2P_ELIMIT);
  assert_int_equal(w.len, 3);
}

static void write_cursor_of_no_room_refuses_all_but_nothing(void **state) {
  (void)state;
  p2p__wr w = p2p__wr_of(NULL, 0);
  p2p__wr_bytes_in(&w, (p2p_bytes){ 0 });
  assert_int_equal(w.err, 0);
  p2p__wr_u8(&w, 0);
  assert_int_equal(w.err, P2P_ELIMIT);
}

/* ---- checked sums, comparison, secrets ---- */

static void sums_are_checked(void **state) {
  (void)state;
  size_t out = 7;
  assert_false(p2p__add(SIZE_MAX, 1, &out));
  assert_int_equal(out, 7);
  assert_true(p2p__add(SIZE_MAX - 1, 1, &out));
  assert_true(out == SIZE_MAX);
  assert_true(p2p__time_add(P2P_NEVER, 1) == P2P_NEVER);
  assert_true(p2p__time_add(P2P_NEVER - 1, 2) == P2P_NEVER);
  assert_true(p2p__time_add(1, 2) == 3);
}

static void secrets_are_compared_at_every_byte(void **state) {
  (void)state;
  uint8_t a[32], b[32];
  for (uint8_t i = 0; i < sizeof a; i++) a[i] = b[i] = i;
  assert_true(p2p__ct_eq(a, b, sizeof a));
  assert_true(p2p__ct_eq(a, b, 0));
  for (size_t i = 0; i < sizeof a; i++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      b[i] ^= (uint8_t)(1u << bit);
      assert_false(p2p__ct_eq(a, b, sizeof a));
      b[i] = a[i];
    }
  }
}

static void wipe_clears_and_takes_nothing(void **state) {
  (void)state;
  uint8_t secret[5] = "abcd";
  p2p__wipe(secret, 4);
  assert_memory_equal(secret, "\0\0\0\0\0", 5);
  p2p__wipe(NULL, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(read_cursor_reads_big_endian_numbers),
    cmocka_unit_test(read_cursor_lends_bytes_of_the_input),
    cmocka_unit_test(read_cursor_error_is_sticky_and_reads_give_zeros),
    cmocka_unit_test(read_cursor_keeps_its_first_error),
    cmocka_unit_test(read_cursor_over_nothing_is_done),
    cmocka_unit_test(read_cursor_refuses_a_length_near_the_end_of_memory),
    cmocka_unit_test(varint_vectors_are_written_and_read),
    cmocka_unit_test(varint_cut_anywhere_is_short),
    cmocka_unit_test(varint_that_is_not_minimal_is_refused),
    cmocka_unit_test(varint_of_more_than_nine_bytes_is_refused),
    cmocka_unit_test(varint_of_64_bits_is_written_in_ten_bytes),
    cmocka_unit_test(prefixed_bytes_are_read),
    cmocka_unit_test(prefixed_bytes_above_the_limit_are_refused_before_they_arrive),
    cmocka_unit_test(prefixed_bytes_that_are_cut_are_short),
    cmocka_unit_test(write_cursor_writes_big_endian_numbers),
    cmocka_unit_test(write_cursor_error_is_sticky_and_keeps_what_was_written),
    cmocka_unit_test(write_cursor_gives_room_to_fill),
    cmocka_unit_test(write_cursor_writes_nothing_of_a_prefixed_field_that_does_not_fit),
    cmocka_unit_test(write_cursor_of_no_room_refuses_all_but_nothing),
    cmocka_unit_test(sums_are_checked),
    cmocka_unit_test(secrets_are_compared_at_every_byte),
    cmocka_unit_test(wipe_clears_and_takes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
