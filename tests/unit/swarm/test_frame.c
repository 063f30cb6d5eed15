/* The framer: every split of every stream of messages, and lengths that lie. */
#include "unit/base/test.h"

#include "swarm/frame.h"
#include <stdlib.h>

enum { LIMIT = 700, STREAM_MAX = 4096 };

typedef struct cut {
  p2p__mem mem;
  p2p__budget budget;
  p2p__frame frame;
  uint8_t got[STREAM_MAX]; /* messages, each behind its length in two bytes */
  size_t len, n;
  size_t in_place;
} cut;

static void cut_init(cut *c, p2p__framing framing, size_t limit) {
  *c = (cut){ .budget = { .max = 1 << 20 } };
  p2p__mem_init(&c->mem, NULL);
  p2p__frame_init(&c->frame, framing, limit, &c->mem, &c->budget);
}

static void cut_fini(cut *c) {
  p2p__frame_fini(&c->frame);
  assert_int_equal(c->mem.total, 0);
  assert_int_equal(c->budget.used, 0);
}

static void cut_note(cut *c, p2p_bytes msg) {
  c->got[c->len++] = (uint8_t)(msg.len >> 8);
  c->got[c->len++] = (uint8_t)msg.len;
  if (msg.len) memcpy(c->got + c->len, msg.p, msg.len);
  c->len += msg.len;
  c->n++;
}

/* Feeds one piece, in memory of its own size so that a sanitizer sees what is read beyond it. */
static int cut_feed(cut *c, p2p_bytes piece) {
  uint8_t *copy = piece.len ? malloc(piece.len) : NULL;
  if (copy) memcpy(copy, piece.p, piece.len);
  p2p_bytes in = p2p__bytes(copy, piece.len), msg;
  int r;
  while ((r = p2p__frame_next(&c->frame, &in, &msg)) == 1) {
    bool inside = copy && msg.p >= copy && msg.p + msg.len <= copy + piece.len;
    c->in_place += inside && msg.len > 0;
    cut_note(c, msg);
  }
  if (r == 0) assert_int_equal(in.len, 0);
  free(copy);
  return r;
}

/* Messages of these lengths, framed; returns the stream's length. */
static size_t stream_make(uint8_t *out, size_t cap, p2p__framing framing, const size_t *lens,
                          size_t n) {
  p2p__wr w = p2p__wr_of(out, cap);
  uint8_t fill = 1;
  for (size_t i = 0; i < n; i++) {
    p2p__frame_head(framing, lens[i], &w);
    p2p__span room = p2p__wr_room(&w, lens[i]);
    for (size_t k = 0; k < room.len; k++) room.p[k] = fill++;
  }
  assert_int_equal(w.err, 0);
  return w.len;
}

static const size_t lens[] = { 1, 0, 127, 128, 0, 700, 3 };
static const size_t fixed_lens[] = { 32, 32, 32 };

static void whole(cut *c, p2p__framing framing, const size_t *sizes, size_t n, size_t limit,
                  uint8_t *stream, size_t *len) {
  *len = stream_make(stream, STREAM_MAX, framing, sizes, n);
  cut_init(c, framing, limit);
  assert_int_equal(cut_feed(c, p2p__bytes(stream, *len)), 0);
  assert_int_equal(c->n, n);
  assert_false(p2p__frame_is_partial(&c->frame));
  assert_int_equal(c->mem.calls, 0); /* in place: nothing was kept */
}

static void split_everywhere(p2p__framing framing, const size_t *sizes, size_t n, size_t limit) {
  static uint8_t stream[STREAM_MAX];
  static cut want, got;
  size_t len;
  whole(&want, framing, sizes, n, limit, stream, &len);
  for (size_t a = 0; a <= len; a++) {
    for (size_t b = a; b <= len; b += 1 + (b - a) / 3) {
      cut_init(&got, framing, limit);
      assert_int_equal(cut_feed(&got, p2p__bytes(stream, a)), 0);
      assert_int_equal(cut_feed(&got, p2p__bytes(stream + a, b - a)), 0);
      assert_int_equal(cut_feed(&got, p2p__bytes(stream + b, len - b)), 0);
      assert_int_equal(got.len, want.len);
      assert_memory_equal(got.got, want.got, want.len);
      assert_false(p2p__frame_is_partial(&got.frame));
      cut_fini(&got);
    }
  }
  cut_fini(&want);
}

static void frame_cuts_the_same_messages_at_every_split(void **state) {
  (void)state;
  split_everywhere(P2P__FRAMED, lens, P2P_COUNT(lens), LIMIT);
  split_everywhere(P2P__FIXED, fixed_lens, P2P_COUNT(fixed_lens), 32);
}

static void frame_cuts_the_same_messages_byte_by_byte(void **state) {
  (void)state;
  static uint8_t stream[STREAM_MAX];
  static cut want, got;
  size_t len;
  whole(&want, P2P__FRAMED, lens, P2P_COUNT(lens), LIMIT, stream, &len);
  cut_init(&got, P2P__FRAMED, LIMIT);
  for (size_t i = 0; i < len; i++) {
    assert_int_equal(cut_feed(&got, p2p__bytes(stream + i, 1)), 0);
  }
  assert_int_equal(got.len, want.len);
  assert_memory_equal(got.got, want.got, want.len);
  cut_fini(&got);
  cut_fini(&want);
}

static void frame_gives_raw_pieces_as_they_come(void **state) {
  (void)state;
  static cut c;
  cut_init(&c, P2P__RAW, 0);
  assert_int_equal(cut_feed(&c, p2p__cstr("abc")), 0);
  assert_int_equal(cut_feed(&c, p2p__cstr("")), 0);
  assert_int_equal(cut_feed(&c, p2p__cstr("de")), 0);
  assert_int_equal(c.n, 2);
  assert_int_equal(c.in_place, 2);
  assert_memory_equal(c.got, "\0\3abc\0\2de", 9);
  assert_false(p2p__frame_is_partial(&c.frame));
  cut_fini(&c);
}

static void frame_is_partial_until_a_message_is_whole(void **state) {
  (void)state;
  static uint8_t stream[STREAM_MAX];
  static cut c;
  size_t one = 200;
  size_t len = stream_make(stream, sizeof stream, P2P__FRAMED, &one, 1);
  for (size_t i = 0; i <= len; i++) {
    cut_init(&c, P2P__FRAMED, LIMIT);
    assert_int_equal(cut_feed(&c, p2p__bytes(stream, i)), 0);
    assert_int_equal(p2p__frame_is_partial(&c.frame), i > 0 && i < len);
    cut_fini(&c);
  }
}

/* FR-02: lengths beyond the limit are refused when they are known, before a byte is kept. */
static void frame_refuses_lengths_beyond_the_limit_before_keeping_anything(void **state) {
  (void)state;
  static const uint64_t lengths[] = { LIMIT + 1, 1 << 20, UINT32_MAX, (uint64_t)1 << 62 };
  for (size_t i = 0; i < P2P_COUNT(lengths); i++) {
    static cut c;
    uint8_t bytes[16];
    p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
    p2p__wr_varint(&w, lengths[i]);
    cut_init(&c, P2P__FRAMED, LIMIT);
    assert_int_equal(cut_feed(&c, p2p__wr_bytes(&w)), P2P_ELIMIT);
    assert_int_equal(c.mem.calls, 0);
    assert_int_equal(cut_feed(&c, p2p__cstr("\1x")), P2P_ELIMIT); /* FR-07: it stays refused */
    assert_int_equal(c.n, 0);
    cut_fini(&c);
  }
}

static void frame_refuses_lengths_that_are_not_varints(void **state) {
  (void)state;
  static const p2p_bytes bad[] = {
    { (const uint8_t *)"\x80\0", 2 },                                  /* not minimal */
    { (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 10 }, /* 64 bits */
    { (const uint8_t *)"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 12 },
  };
  for (size_t i = 0; i < P2P_COUNT(bad); i++) {
    static cut c;
    cut_init(&c, P2P__FRAMED, LIMIT);
    int r = 0;
    for (size_t k = 0; k < bad[i].len && r == 0; k++) r = cut_feed(&c, p2p__bytes(bad[i].p + k, 1));
    assert_int_equal(r, P2P_EPROTO);
    assert_int_equal(cut_feed(&c, p2p__cstr("\1x")), P2P_EPROTO);
    cut_fini(&c);
  }
}

/* FR-06: what is kept follows what came, and the work is linear in it. */
static void frame_keeps_no_more_than_twice_what_has_arrived(void **state) {
  (void)state;
  static cut c;
  size_t limit = 1 << 20;
  uint8_t head[8];
  p2p__wr w = p2p__wr_of(head, sizeof head);
  p2p__wr_varint(&w, limit);
  cut_init(&c, P2P__FRAMED, limit);
  assert_int_equal(cut_feed(&c, p2p__wr_bytes(&w)), 0);
  assert_int_equal(c.mem.total, 0);
  for (size_t i = 1; i < 100000; i++) {
    uint8_t byte = 7;
    p2p_bytes in = p2p__bytes(&byte, 1), msg;
    assert_int_equal(p2p__frame_next(&c.frame, &in, &msg), 0);
    assert_true(c.mem.total <= (i < 128 ? 256 : 2 * i));
    assert_int_equal(c.budget.used, c.mem.total);
  }
  assert_true(c.mem.calls < 20);
  cut_fini(&c);
}

static void frame_stops_where_the_budget_ends(void **state) {
  (void)state;
  static cut c;
  static uint8_t stream[STREAM_MAX];
  size_t one = 700;
  size_t len = stream_make(stream, sizeof stream, P2P__FRAMED, &one, 1);
  cut_init(&c, P2P__FRAMED, LIMIT);
  c.budget.max = 512;
  assert_int_equal(cut_feed(&c, p2p__bytes(stream, 400)), 0);
  assert_int_equal(cut_feed(&c, p2p__bytes(stream + 400, len - 401)), P2P_ELIMIT);
  cut_fini(&c);
}

static void frame_survives_every_failed_allocation(void **state) {
  (void)state;
  static cut c;
  static uint8_t stream[STREAM_MAX];
  size_t len = stream_make(stream, sizeof stream, P2P__FRAMED, lens, P2P_COUNT(lens));
  for (uint64_t n = 1;; n++) {
    cut_init(&c, P2P__FRAMED, LIMIT);
    c.mem.fail_at = n;
    int r = 0;
    for (size_t i = 0; i < len && r == 0; i++) r = cut_feed(&c, p2p__bytes(stream + i, 1));
    bool failed = c.mem.failed > 0;
    assert_int_equal(r, failed ? P2P_ENOMEM : 0);
    cut_fini(&c);
    if (!failed) break;
    assert_true(n < 100);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(frame_cuts_the_same_messages_at_every_split),
    cmocka_unit_test(frame_cuts_the_same_messages_byte_by_byte),
    cmocka_unit_test(frame_gives_raw_pieces_as_they_come),
    cmocka_unit_test(frame_is_partial_until_a_message_is_whole),
    cmocka_unit_test(frame_refuses_lengths_beyond_the_limit_before_keeping_anything),
    cmocka_unit_test(frame_refuses_lengths_that_are_not_varints),
    cmocka_unit_test(frame_keeps_no_more_than_twice_what_has_arrived),
    cmocka_unit_test(frame_stops_where_the_budget_ends),
    cmocka_unit_test(frame_survives_every_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
