/* Datagrams (RFC 9221) between two engines, and the turns of streams beside them. */
#include "pair.h"

static pair p;
static uint8_t bytes[2000];

static int start(void **state) {
  (void)state;
  pair_begin(&p);
  return 0;
}

static int end(void **state) {
  (void)state;
  pair_end_all(&p);
  return 0;
}

static int send_one(size_t len, uint8_t first) {
  bytes[0] = first;
  return p2p__quic_datagram(p.client.q, p2p__bytes(bytes, len));
}

static void datagrams_arrive_whole_and_room_comes_back(void **state) {
  (void)state;
  pair_connect(&p);
  size_t max = p2p__quic_datagram_max(p.client.q);
  assert_in_range(max, 1100, P2P__QUIC_PACKET);
  assert_int_equal(send_one(max, 1), 0);
  assert_int_equal(send_one(0, 0), 0);
  assert_int_equal(send_one(10, 3), 0);
  assert_false(p2p__quic_is_flushed(p.client.q));
  (void)pair_run(&p, P2P_SECOND, NULL);
  assert_true(p2p__quic_is_flushed(p.client.q));
  assert_int_equal(p.server.datagrams, 3);
  assert_int_equal(p.server.datagram_bytes, max + 10);
  assert_int_equal(p.server.datagram_first[0], 1);
  assert_int_equal(p.server.datagram_first[1], 3);
  assert_int_equal(p.client.datagram_room, 3 * p2p__dgram_cost(0) + max + 10);
}

static void longest_datagram_follows_the_path(void **state) {
  (void)state;
  pair_connect(&p);
  size_t before = p2p__quic_datagram_max(p.client.q);
  assert_int_equal(send_one(before + 1, 0), P2P_ELIMIT);
  (void)pair_run(&p, 10 * P2P_SECOND, NULL); /* the path's width is found */
  size_t after = p2p__quic_datagram_max(p.client.q);
  assert_true(after > before);
  assert_int_equal(send_one(after, 9), 0);
  (void)pair_run(&p, P2P_SECOND, NULL);
  assert_int_equal(p.server.datagram_bytes, after);
}

static void who_takes_none_is_sent_none(void **state) {
  (void)state;
  p.server.world.limits.datagrams_in = 0;
  pair_connect(&p);
  assert_int_equal(p2p__quic_datagram_max(p.client.q), 0);
  assert_int_equal(send_one(10, 0), P2P_ENOTSUP);
  assert_true(p2p__quic_datagram_max(p.server.q) > 0); /* the other way they go */
}

static void before_the_handshake_is_done_there_are_none(void **state) {
  (void)state;
  pair_dial(&p, NULL);
  assert_int_equal(send_one(10, 0), P2P_ENOTSUP);
}

static void what_waits_to_be_sent_is_bounded(void **state) {
  (void)state;
  p.client.world.limits.datagrams_out = 4096;
  pair_connect(&p);
  int err, n = 0;
  while ((err = send_one(1000, 0)) == 0) n++;
  assert_int_equal(err, P2P_EAGAIN);
  assert_int_equal(n, 4);
  (void)pair_run(&p, P2P_SECOND, NULL);
  assert_int_equal(send_one(1000, 0), 0);
  assert_int_equal(p.server.datagrams, 4);
}

/* Nobody asks for what arrives: the newest stay, as many as the limit has room for. */
static void what_arrives_and_is_not_taken_is_bounded(void **state) {
  (void)state;
  p.server.world.limits.datagrams_in = 5000;
  pair_connect(&p);
  for (uint8_t i = 0; i < 50; i++)
    assert_int_equal(p2p__quic_on_datagram(NULL, 0, bytes, 1000, p.server.q), 0);
  p2p__quic_stats stats;
  p2p__quic_stats_get(p.server.q, &stats);
  assert_int_equal(stats.datagrams_dropped, 46);
  assert_true(p.server.q->dgrams.in.cost <= 5000);
}

static void lost_datagrams_are_not_sent_again(void **state) {
  (void)state;
  pair_connect(&p);
  (void)pair_run(&p, P2P_SECOND, NULL);
  p.loss = 100;
  assert_int_equal(send_one(100, 1), 0);
  (void)pair_run(&p, 5 * P2P_MS, NULL);
  p.loss = 0;
  (void)pair_run(&p, 5 * P2P_SECOND, NULL);
  assert_int_equal(p.server.datagrams, 0);
  assert_true(p2p__quic_is_flushed(p.client.q));
}

/* ---- turns ---- */
static uint64_t datagrams_sent;

/* As one comes in place of each that left. */
static void refill(void) {
  while (send_one(1000, 0) == 0) datagrams_sent++;
}
static void on_told(pair *x, pair_end *e, const p2p__quic_event *ev) {
  (void)x;
  if (!e->server && ev->kind == P2P__QUIC_DATAGRAM_ROOM) refill();
}

static void datagrams_and_a_stream_have_each_their_turn(void **state) {
  (void)state;
  p.told = on_told;
  pair_connect(&p);
  assert_int_equal(p2p__quic_open(p.client.q, 0), 0);
  pair_write(&p.client, 0, 600000);
  refill();
  (void)pair_run(&p, 9 * p.latency, NULL);
  uint64_t stream = pair_stream_of(&p.server, 0)->got, dgrams = p.server.datagram_bytes;
  assert_true(stream > 20000 && dgrams > 20000);
  assert_true(stream < 2 * dgrams && dgrams < 2 * stream);
}

static void an_urgent_stream_has_four_shares_and_a_background_stream_an_eighth(void **state) {
  (void)state;
  pair_connect(&p);
  for (uint64_t sid = 0; sid < 12; sid += 4) {
    assert_int_equal(p2p__quic_open(p.client.q, sid), 0);
    pair_write(&p.client, sid, 900000);
  }
  p2p__quic_priority(p.client.q, 4, P2P_PRIORITY_URGENT);
  p2p__quic_priority(p.client.q, 8, P2P_PRIORITY_BACKGROUND);
  (void)pair_run(&p, 11 * p.latency, NULL);
  uint64_t normal = pair_stream_of(&p.server, 0)->got, urgent = pair_stream_of(&p.server, 4)->got;
  uint64_t background = pair_stream_of(&p.server, 8)->got;
  assert_true(background > 0);
  assert_true(urgent > 3 * normal && urgent < 6 * normal);
  assert_true(normal > 5 * background);
}

/* QC-21: who said that it takes none and is sent one all the same ends the connection. */
static void a_datagram_that_was_not_allowed_is_a_violation(void **state) {
  (void)state;
  p.server.world.limits.datagrams_in = 0;
  pair_connect(&p);
  ngtcp2_transport_params *theirs = (ngtcp2_transport_params *)(uintptr_t)
      ngtcp2_conn_get_remote_transport_params(p.client.q->conn);
  theirs->max_datagram_frame_size = 65535;
  assert_int_equal(send_one(10, 0), 0);
  assert_true(pair_run(&p, 5 * P2P_SECOND, pair_is_over));
  assert_int_equal(p.server.end.err, P2P_EPROTO);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, start, end)
  const struct CMUnitTest tests[] = {
    T(datagrams_arrive_whole_and_room_comes_back),
    T(longest_datagram_follows_the_path),
    T(who_takes_none_is_sent_none),
    T(before_the_handshake_is_done_there_are_none),
    T(what_waits_to_be_sent_is_bounded),
    T(what_arrives_and_is_not_taken_is_bounded),
    T(lost_datagrams_are_not_sent_again),
    T(datagrams_and_a_stream_have_each_their_turn),
    T(an_urgent_stream_has_four_shares_and_a_background_stream_an_eighth),
    T(a_datagram_that_was_not_allowed_is_a_violation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
