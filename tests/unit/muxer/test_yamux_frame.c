/* The header on the wire. Spec: yamux/README.md, "Framing". */
#include "side.h"

typedef struct row {
  const char *what;
  uint8_t bytes[12];
  int err;
  p2p__yamux_frame f;
} row;

static const row rows[] = {
  { "data", { 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x3f, 0xef }, 0, { 0, 0, 1, 16367 } },
  { "data with SYN", { 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5 }, 0, { 0, 1, 2, 5 } },
  { "window", { 0, 1, 0, 2, 0x80, 0, 0, 1, 0, 4, 0, 0 }, 0, { 1, 2, 0x80000001u, 262144 } },
  { "FIN and RST", { 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 0 }, 0, { 0, 12, 1, 0 } },
  { "ping", { 0, 2, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4 }, 0, { 2, 1, 0, 0x01020304 } },
  { "pong", { 0, 2, 0, 2, 0, 0, 0, 0, 1, 2, 3, 4 }, 0, { 2, 2, 0, 0x01020304 } },
  { "goaway", { 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 0, { 3, 0, 0, 1 } },
  { "version 1", { 1, 0, 0, 0, 0, 0, 0, 1 }, P2P_EPROTO, { 0 } },
  { "type 4", { 0, 4, 0, 0, 0, 0, 0, 1 }, P2P_EPROTO, { 0 } },
  { "flag 16", { 0, 0, 0, 16, 0, 0, 0, 1 }, P2P_EPROTO, { 0 } },
  { "flag 256", { 0, 1, 1, 0, 0, 0, 0, 1 }, P2P_EPROTO, { 0 } },
  { "data of the session", { 0, 0, 0, 0, 0, 0, 0, 0 }, P2P_EPROTO, { 0 } },
  { "window of the session", { 0, 1, 0, 0, 0, 0, 0, 0 }, P2P_EPROTO, { 0 } },
  { "ping of a stream", { 0, 2, 0, 1, 0, 0, 0, 1 }, P2P_EPROTO, { 0 } },
  { "goaway of a stream", { 0, 3, 0, 0, 0, 0, 0, 1 }, P2P_EPROTO, { 0 } },
  { "ping that neither asks nor answers", { 0, 2 }, P2P_EPROTO, { 0 } },
  { "ping that asks and answers", { 0, 2, 0, 3 }, P2P_EPROTO, { 0 } },
};

static void yamux_frames_are_read_and_written_as_specified(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    const row *t = &rows[i];
    p2p__rd r = p2p__rd_of(p2p__bytes(t->bytes, 12));
    p2p__yamux_frame f;
    int err = p2p__yamux_frame_read(&r, &f);
    if (err != t->err) fail_msg("%s: %d", t->what, err);
    if (err) continue;
    assert_int_equal(f.type, t->f.type);
    assert_int_equal(f.flags, t->f.flags);
    assert_int_equal(f.sid, t->f.sid);
    assert_int_equal(f.len, t->f.len);
    uint8_t out[12];
    p2p__yamux_frame_write(out, f);
    assert_memory_equal(out, t->bytes, 12);
  }
}

static void yamux_header_that_ends_early_is_short_not_wrong(void **state) {
  (void)state;
  for (size_t len = 0; len < 12; len++) {
    p2p__rd r = p2p__rd_of(p2p__bytes(rows[0].bytes, len));
    p2p__yamux_frame f;
    assert_int_equal(p2p__yamux_frame_read(&r, &f), P2P_ESHORT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(yamux_frames_are_read_and_written_as_specified),
    cmocka_unit_test(yamux_header_that_ends_early_is_short_not_wrong),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
