/* Rows QC-… of attacks that a peer with keys can try: what it may cost us is bounded, and lies end the
 * connection. */
#include "seal.h"

static pair p;

static int start(void **state) {
  (void)state;
  pair_begin(&p);
  pair_connect(&p);
  (void)pair_run(&p, P2P_SECOND, NULL);
  return 0;
}

static int end(void **state) {
  (void)state;
  pair_end_all(&p);
  return 0;
}

static size_t quic_memory(void) { return p.server.world.mem.used[P2P__MEM_QUIC]; }

static void drain(pair_end *e) {
  p2p__quic_event ev;
  while (p2p__quic_next(e->q, &ev) == 1)
    if (ev.kind == P2P__QUIC_ENDED) {
      e->ended = true;
      e->end = ev.end;
    }
}

static void inject(uint32_t number, const p2p__wr *frames) {
  seal_inject(&p, &p.client, number, p2p__wr_bytes(frames));
}

static void expect_violation(const p2p__wr *frames) {
  inject(5000, frames);
  drain(&p.server);
  assert_true(p.server.ended);
  assert_int_equal(p.server.end.err, P2P_EPROTO);
  assert_int_equal(p.server.end.stage, P2P_STAGE_UP);
}

/* The peer never acknowledges what retiring makes us say. */
static void qc_05_a_flood_of_new_ids_costs_bounded_memory(void **state) {
  (void)state;
  size_t before = quic_memory();
  for (uint32_t i = 0; i < 3000 && !p.server.ended; i++) {
    uint8_t space[64];
    p2p__wr w = p2p__wr_of(space, sizeof space);
    p2p__wr_u8(&w, 0x18);
    seal_varint(&w, 10 + i);
    seal_varint(&w, 10 + i);
    p2p__wr_u8(&w, P2P__QUIC_CID);
    for (size_t k = 0; k < P2P__QUIC_CID + P2P__QUIC_RESET; k++)
      p2p__wr_u8(&w, (uint8_t)((i >> (k % 4 * 8)) + k));
    inject(1000 + i, &w);
    drain(&p.server);
    assert_true(quic_memory() < before + 65536);
  }
  assert_true(p.server.ended);
}

static void qc_06_a_flood_of_path_challenges_costs_bounded_memory(void **state) {
  (void)state;
  size_t before = quic_memory();
  for (uint32_t i = 0; i < 2000; i++) {
    uint8_t space[1300];
    p2p__wr w = p2p__wr_of(space, sizeof space);
    while (w.len + 9 < 1200) {
      p2p__wr_u8(&w, 0x1a);
      p2p__wr_be64(&w, i);
    }
    inject(1000 + i, &w);
  }
  assert_false(p.server.ended);
  assert_true(quic_memory() < before + 65536);
}

static void qc_08_handshake_done_from_a_client_is_a_violation(void **state) {
  (void)state;
  uint8_t space[32] = { 0x1e };
  p2p__wr w = p2p__wr_of(space, sizeof space);
  w.len = sizeof space;
  expect_violation(&w);
}

static void qc_09_an_unknown_frame_is_a_violation(void **state) {
  (void)state;
  uint8_t space[32] = { 0x3f };
  p2p__wr w = p2p__wr_of(space, sizeof space);
  w.len = sizeof space;
  expect_violation(&w);
}

static void qc_09_a_frame_that_ends_too_early_is_a_violation(void **state) {
  (void)state;
  uint8_t space[32] = { 0 };
  space[31] = 0x08; /* STREAM, and nothing behind it */
  p2p__wr w = p2p__wr_of(space, sizeof space);
  w.len = sizeof space;
  expect_violation(&w);
}

/* One byte in each place of the window that costs most to keep. */
static void qc_10_fragments_with_gaps_cost_no_more_than_two_windows(void **state) {
  (void)state;
  uint64_t window = p.server.world.limits.quic_window;
  size_t before = quic_memory();
  uint32_t number = 1000;
  for (uint64_t step = 4096; step >= 16; step /= 16) {
    for (uint64_t at = step - 1; at < window; at += step) {
      uint8_t space[64];
      p2p__wr w = p2p__wr_of(space, sizeof space);
      p2p__wr_u8(&w, 0x0e);
      seal_varint(&w, 0);
      seal_varint(&w, at);
      seal_varint(&w, 1);
      p2p__wr_u8(&w, 1);
      for (int i = 0; i < 16; i++) p2p__wr_u8(&w, 0);
      inject(number++, &w);
    }
    assert_true(quic_memory() + p.server.world.mem.used[P2P__MEM_BLOCK] - before < 2 * window);
  }
  drain(&p.server);
}

static void qc_15_acknowledging_what_was_never_sent_is_a_violation(void **state) {
  (void)state;
  uint8_t space[64];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p__wr_u8(&w, 0x02);
  seal_varint(&w, 100000);
  seal_varint(&w, 0);
  seal_varint(&w, 0);
  seal_varint(&w, 100000);
  for (int i = 0; i < 16; i++) p2p__wr_u8(&w, 0);
  expect_violation(&w);
}

static void more_than_the_window_is_a_violation(void **state) {
  (void)state;
  uint8_t space[64];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p__wr_u8(&w, 0x0e);
  seal_varint(&w, 0);
  seal_varint(&w, p.server.world.limits.quic_window);
  seal_varint(&w, 1);
  p2p__wr_u8(&w, 1);
  for (int i = 0; i < 16; i++) p2p__wr_u8(&w, 0);
  expect_violation(&w);
}

static void more_streams_than_allowed_are_a_violation(void **state) {
  (void)state;
  uint8_t space[64];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p__wr_u8(&w, 0x0a);
  seal_varint(&w, 4 * p.server.world.limits.quic_streams);
  seal_varint(&w, 1);
  p2p__wr_u8(&w, 1);
  for (int i = 0; i < 16; i++) p2p__wr_u8(&w, 0);
  expect_violation(&w);
}

static void put_crypto(p2p__wr *w, uint64_t at, const void *bytes, size_t n) {
  p2p__wr_u8(w, 0x06);
  seal_varint(w, at);
  seal_varint(w, n);
  p2p__wr_bytes_in(w, p2p__bytes(bytes, n));
  for (int i = 0; i < 16; i++) p2p__wr_u8(w, 0);
}

/* RFC 9001, section 6. */
static void a_key_update_of_tls_is_a_violation(void **state) {
  (void)state;
  uint8_t space[64];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  put_crypto(&w, 0, "\x18\0\0\1\0", 5);
  expect_violation(&w);
  assert_int_equal(p.server.q->ccerr.error_code, NGTCP2_CRYPTO_ERROR | 10);
}

static void a_client_that_gives_tickets_is_a_violation(void **state) {
  (void)state;
  uint8_t space[64];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  put_crypto(&w, 0, "\4\0\0\1\0", 5);
  expect_violation(&w);
}

/* In pieces; and what is behind one is looked at. */
static void tickets_of_a_server_are_let_pass(void **state) {
  (void)state;
  static const char said[] = "\4\0\0\3abc\4\0\0\0\4\0\0\1a\x18\0\0\1\0";
  size_t i = 0;
  for (; i < sizeof said - 1; i++) {
    uint8_t space[64];
    p2p__wr w = p2p__wr_of(space, sizeof space);
    put_crypto(&w, i, said + i, 1);
    seal_inject(&p, &p.server, (uint32_t)(5000 + i), p2p__wr_bytes(&w));
    drain(&p.client);
    if (p.client.ended) break;
  }
  assert_true(p.client.ended);
  assert_int_equal(said[i], 0x18);
}

/* None was ever offered. */
static void a_stream_in_one_direction_is_a_violation(void **state) {
  (void)state;
  uint8_t space[64];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p__wr_u8(&w, 0x0a);
  seal_varint(&w, 2);
  seal_varint(&w, 1);
  p2p__wr_u8(&w, 1);
  for (int i = 0; i < 16; i++) p2p__wr_u8(&w, 0);
  expect_violation(&w);
}

/* Anybody who sees packets can send them again, cut off, or changed: nothing happens. */
static p2p_bytes seen;
static uint8_t copy[P2P__QUIC_PACKET];
static bool remember(pair *x, bool to_server, p2p_bytes datagram) {
  (void)x;
  if (!to_server) return true;
  memcpy(copy, datagram.p, datagram.len);
  seen = p2p__bytes(copy, datagram.len);
  return true;
}

static void repeated_and_damaged_packets_do_nothing(void **state) {
  (void)state;
  p.filter = remember;
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 500);
  (void)pair_run(&p, P2P_SECOND, NULL);
  assert_true(seen.len > 30);
  p.filter = NULL;
  for (size_t len = 0; len <= seen.len; len++)
    p2p__quic_recv(p.server.q, &p.server.at, &p.client.at, 0, p2p__bytes(copy, len), p.now);
  for (size_t i = 9; i < seen.len; i++) {
    copy[i] ^= 0x40;
    p2p__quic_recv(p.server.q, &p.server.at, &p.client.at, 0, seen, p.now);
    copy[i] ^= 0x40;
  }
  drain(&p.server);
  assert_false(p.server.ended);
  assert_int_equal(pair_stream_of(&p.server, 0)->got, 500);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, start, end)
  const struct CMUnitTest tests[] = {
    T(qc_05_a_flood_of_new_ids_costs_bounded_memory),
    T(qc_06_a_flood_of_path_challenges_costs_bounded_memory),
    T(qc_08_handshake_done_from_a_client_is_a_violation),
    T(qc_09_an_unknown_frame_is_a_violation),
    T(qc_09_a_frame_that_ends_too_early_is_a_violation),
    T(qc_10_fragments_with_gaps_cost_no_more_than_two_windows),
    T(qc_15_acknowledging_what_was_never_sent_is_a_violation),
    T(more_than_the_window_is_a_violation),
    T(more_streams_than_allowed_are_a_violation),
    T(a_key_update_of_tls_is_a_violation),
    T(a_client_that_gives_tickets_is_a_violation),
    T(tickets_of_a_server_are_let_pass),
    T(a_stream_in_one_direction_is_a_violation),
    T(repeated_and_damaged_packets_do_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
