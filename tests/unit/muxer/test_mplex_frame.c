/* The header on the wire. Spec: mplex/README.md, "Message format". */
#include "mplex_side.h"

typedef struct row {
  const char *what;
  uint8_t bytes[20];
  size_t len;
  int err;
  p2p__mplex_frame f;
} row;

#define MAX60 0xfffffffffffffffu
#define FF8 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

static const row rows[] = {
  /* nim-libp2p's headers: stream 0 and 17, "stream 1" and "hello from channel 0!!" behind them */
  { "new 0", { 0x00, 0x08 }, 2, 0, { P2P__MPLEX_NEW, 0, 8 } },
  { "new 17", { 0x88, 0x01, 0x08 }, 3, 0, { P2P__MPLEX_NEW, 17, 8 } },
  { "message of the initiator, 0", { 0x02, 0x08 }, 2, 0, { P2P__MPLEX_MESSAGE_INITIATOR, 0, 8 } },
  { "the same, 17", { 0x8a, 0x01, 0x16 }, 3, 0, { P2P__MPLEX_MESSAGE_INITIATOR, 17, 22 } },
  { "message of the receiver", { 0x89, 0x01, 0x01 }, 3, 0, { P2P__MPLEX_MESSAGE_RECEIVER, 17, 1 } },
  { "close of the receiver", { 0x0b, 0x00 }, 2, 0, { P2P__MPLEX_CLOSE_RECEIVER, 1, 0 } },
  { "close of the initiator", { 0x0c, 0x00 }, 2, 0, { P2P__MPLEX_CLOSE_INITIATOR, 1, 0 } },
  { "reset of the receiver", { 0x0d, 0x00 }, 2, 0, { P2P__MPLEX_RESET_RECEIVER, 1, 0 } },
  { "reset of the initiator", { 0x0e, 0x00 }, 2, 0, { P2P__MPLEX_RESET_INITIATOR, 1, 0 } },
  { "a long body", { 0x02, 0x80, 0x80, 0x40 }, 4, 0, { P2P__MPLEX_MESSAGE_INITIATOR, 0, 1 << 20 } },
  { "flag 7", { 0x07, 0x00 }, 2, P2P_EPROTO, { 0 } },
  { "a padded number", { 0x82, 0x00, 0x00 }, 3, P2P_EPROTO, { 0 } },
  { "a padded length", { 0x02, 0x81, 0x00 }, 3, P2P_EPROTO, { 0 } },
  { "a number of 64 bits", { 0xff, FF8, 0x01, 0x00 }, 11, P2P_EPROTO, { 0 } },
};

static void mplex_headers_are_read_and_written_as_specified(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    const row *t = &rows[i];
    p2p__rd r = p2p__rd_of(p2p__bytes(t->bytes, t->len));
    p2p__mplex_frame f;
    int err = p2p__mplex_frame_read(&r, &f);
    if (err != t->err) fail_msg("%s: %d", t->what, err);
    if (err) continue;
    assert_true(p2p__rd_done(&r));
    assert_int_equal(f.flag, t->f.flag);
    assert_int_equal(f.num, t->f.num);
    assert_int_equal(f.len, t->f.len);
    uint8_t out[P2P__MPLEX_HEADER];
    assert_int_equal(p2p__mplex_frame_size(f), t->len);
    assert_int_equal(p2p__mplex_frame_write(out, f), t->len);
    assert_memory_equal(out, t->bytes, t->len);
  }
}

static void mplex_largest_numbers_fit_the_header(void **state) {
  (void)state;
  p2p__mplex_frame f = { P2P__MPLEX_RESET_INITIATOR, MAX60, INT64_MAX }, back;
  uint8_t out[P2P__MPLEX_HEADER];
  assert_int_equal(p2p__mplex_frame_write(out, f), sizeof out);
  p2p__rd r = p2p__rd_of(p2p__bytes(out, sizeof out));
  assert_int_equal(p2p__mplex_frame_read(&r, &back), 0);
  assert_int_equal(back.num, MAX60);
  assert_int_equal(back.len, INT64_MAX);
  assert_int_equal(back.flag, P2P__MPLEX_RESET_INITIATOR);
}

static void mplex_header_that_ends_early_is_short_not_wrong(void **state) {
  (void)state;
  uint8_t out[P2P__MPLEX_HEADER];
  p2p__mplex_frame_write(out, (p2p__mplex_frame){ P2P__MPLEX_NEW, MAX60, INT64_MAX });
  for (size_t len = 0; len < sizeof out; len++) {
    p2p__rd r = p2p__rd_of(p2p__bytes(out, len));
    p2p__mplex_frame f;
    assert_int_equal(p2p__mplex_frame_read(&r, &f), P2P_ESHORT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(mplex_headers_are_read_and_written_as_specified),
    cmocka_unit_test(mplex_largest_numbers_fit_the_header),
    cmocka_unit_test(mplex_header_that_ends_early_is_short_not_wrong),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
