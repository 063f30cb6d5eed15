/* The protobuf cursor. */
#include "unit/crypto/vectors.h"

#include "multiformats/protobuf.h"

/* Reads one field of hex; its error, 1 or 0. */
static int read_one(const char *hex, p2p__pb_field *f) {
  uint8_t in[64];
  p2p__span copy = exact(p2p__bytes(in, unhex(hex, in, sizeof in)));
  p2p__rd r = p2p__rd_of(p2p__span_bytes(copy));
  int got = p2p__pb_next(&r, f);
  if (got < 0) assert_int_equal(p2p__pb_next(&r, f), got); /* sticky */
  exact_free(copy);
  return got;
}

/* Encoding guide: "Message Structure", "More Value Types". */
static void protobuf_fields_are_read(void **state) {
  (void)state;
  static const struct {
    const char *hex;
    uint32_t number, wire;
    uint64_t value;
    size_t len;
  } fields[] = {
    { "089601", 1, 0, 150, 0 },
    { "120774657374696e67", 2, 2, 0, 7 },
    { "1200", 2, 2, 0, 0 },
    { "0900000000000000f0", 1, 1, UINT64_C(0xf000000000000000), 0 },
    { "0d01000080", 1, 5, 0x80000001, 0 },
    { "08ffffffffffffffffff01", 1, 0, UINT64_MAX, 0 },
    { "0880808080808080808000", 1, 0, 0, 0 }, /* padded to ten bytes */
    { "8a8000"
      "00",
      1, 2, 0, 0 }, /* a padded tag */
    { "f8ffffff0f01", 0x1fffffff, 0, 1, 0 },
  };
  for (size_t i = 0; i < P2P_COUNT(fields); i++) {
    p2p__pb_field f;
    assert_int_equal(read_one(fields[i].hex, &f), 1);
    assert_int_equal(f.number, fields[i].number);
    assert_int_equal(f.wire, fields[i].wire);
    assert_true(f.value == fields[i].value);
    assert_int_equal(f.bytes.len, fields[i].len);
  }
}

/* FR-01, FR-02, FR-03. */
static void protobuf_lies_are_refused(void **state) {
  (void)state;
  static const char *const lies[] = {
    "00", /* field number 0 */
    "02"
    "00",
    "0b", /* a group begins */
    "0c", /* a group ends */
    "0e",
    "0f", /* wire types that do not exist */
    "8080808010"
    "00",                     /* field number 2^29 */
    "ffffffffffffffffff7f",   /* a tag of 70 bits */
    "08ffffffffffffffffff02", /* a value of 65 bits */
    "0880808080808080808080"
    "00",                       /* eleven bytes */
    "12ffffffffffffffffff01",   /* length 2^64 - 1 */
    "128080808080808080800100", /* length 2^63 */
    "1201",                     /* cut */
    "12020a",
    "09000000",
    "0d000000",
    "08",
    "0880",
    "80",
  };
  for (size_t i = 0; i < P2P_COUNT(lies); i++) {
    p2p__pb_field f;
    assert_int_equal(read_one(lies[i], &f), P2P_EPROTO);
  }
}

static void protobuf_of_nothing_has_no_field(void **state) {
  (void)state;
  p2p__pb_field f;
  assert_int_equal(read_one("", &f), 0);
}

/* FR-03: a million group openings end at the first. */
static void protobuf_groups_do_not_nest(void **state) {
  (void)state;
  enum { DEPTH = 1000000 };
  p2p__span in = p2p__span_of(malloc(DEPTH), DEPTH);
  memset(in.p, 0x0b, in.len);
  p2p__rd r = p2p__rd_of(p2p__span_bytes(in));
  p2p__pb_field f;
  assert_int_equal(p2p__pb_next(&r, &f), P2P_EPROTO);
  assert_int_equal(r.p - in.p, 1);
  exact_free(in);
}

/* FR-02: no end of continuation bytes. */
static void protobuf_varint_without_end_is_refused_at_ten_bytes(void **state) {
  (void)state;
  uint8_t in[100];
  memset(in, 0xff, sizeof in);
  p2p__rd r = p2p__rd_of(p2p__bytes(in, sizeof in));
  p2p__pb_field f;
  assert_int_equal(p2p__pb_next(&r, &f), P2P_EPROTO);
  assert_int_equal(r.p - in, 10);
}

static size_t build(uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  p2p__pb_uint(&w, 1, 300);
  p2p__pb_bytes(&w, 2, p2p__cstr("bytes"));
  p2p__pb_uint(&w, 16, UINT64_MAX);
  p2p__pb_bytes(&w, 0x1fffffff, p2p__bytes(NULL, 0));
  return w.len;
}

static void protobuf_is_written_as_it_is_read_and_as_long_as_it_was_said(void **state) {
  (void)state;
  uint8_t out[64];
  size_t len = build(out, sizeof out);
  assert_hex(out, len,
             "08ac02"
             "12056279746573"
             "8001ffffffffffffffffff01"
             "faffffff0f00");
  assert_int_equal(p2p__pb_uint_len(1, 300) + p2p__pb_bytes_len(2, 5) +
                       p2p__pb_uint_len(16, UINT64_MAX) + p2p__pb_bytes_len(0x1fffffff, 0),
                   len);
  p2p__rd r = p2p__rd_of(p2p__bytes(out, len));
  p2p__pb_field f;
  static const uint32_t numbers[] = { 1, 2, 16, 0x1fffffff };
  for (size_t i = 0; i < P2P_COUNT(numbers); i++) {
    assert_int_equal(p2p__pb_next(&r, &f), 1);
    assert_int_equal(f.number, numbers[i]);
  }
  assert_int_equal(p2p__pb_next(&r, &f), 0);
}

/* FR-04: a prefix is a message of whole fields, or refused. */
static void protobuf_cut_anywhere_is_refused_or_ends_at_a_field(void **state) {
  (void)state;
  uint8_t out[64];
  size_t len = build(out, sizeof out), whole = 0;
  for (size_t cut = 0; cut <= len; cut++) {
    p2p__span copy = exact(p2p__bytes(out, cut));
    p2p__rd r = p2p__rd_of(p2p__span_bytes(copy));
    p2p__pb_field f;
    int got;
    while ((got = p2p__pb_next(&r, &f)) > 0) continue;
    whole += got == 0;
    exact_free(copy);
  }
  assert_int_equal(whole, 5); /* nothing, and after each of four fields */
}

static void protobuf_field_without_room_is_not_begun(void **state) {
  (void)state;
  uint8_t out[64];
  size_t len = build(out, sizeof out);
  static const size_t ends[] = { 0, 3, 10, 22, 28 };
  for (size_t cap = 0; cap < len; cap++) {
    size_t at = 0;
    while (ends[at + 1] <= cap) at++;
    assert_int_equal(build(out, cap), ends[at]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(protobuf_fields_are_read),
    cmocka_unit_test(protobuf_lies_are_refused),
    cmocka_unit_test(protobuf_of_nothing_has_no_field),
    cmocka_unit_test(protobuf_groups_do_not_nest),
    cmocka_unit_test(protobuf_varint_without_end_is_refused_at_ten_bytes),
    cmocka_unit_test(protobuf_is_written_as_it_is_read_and_as_long_as_it_was_said),
    cmocka_unit_test(protobuf_cut_anywhere_is_refused_or_ends_at_a_field),
    cmocka_unit_test(protobuf_field_without_room_is_not_begun),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
