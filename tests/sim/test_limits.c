/* Limits that show only where whole hosts meet: each at its bound, and what happens beyond. The others
 * are tested beside what they bound; tests/limits.txt says where. */
#include "troupe.h"
#include "unit/base/test.h"
#include <stdio.h>

static const char ECHO[] = "/test/1.0.0";
static troupe t;

static int start(void **state) {
  (void)state;
  troupe_begin(&t, 41);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

/* ---- counts ---- */

static void host_takes_no_more_connections_than_its_table_has(void **state) {
  (void)state;
  static const p2p_setting narrow[] = { { "conns_max", 3 } };
  troupe_join(&t, &t.a, NULL);
  troupe_join_limited(&t, &t.b, narrow, 1);
  for (int i = 0; i < 6; i++) {
    (void)player_dial(&t.a, &t.b);
    troupe_wait(&t, P2P_SECOND);
  }
  assert_int_equal(player_stats(&t.b).conns, 3);
  assert_int_equal(player_stats(&t.a).conns, 3);
}

static void host_takes_no_more_streams_than_its_table_has(void **state) {
  (void)state;
  enum { MANY = 8 };
  static const p2p_setting narrow[] = { { "streams_max", 4 } };
  static told served, x[MANY];
  unsigned refused = 0;
  served = (told){ 0 };
  memset(x, 0, sizeof x);
  troupe_join(&t, &t.a, NULL);
  troupe_join_limited(&t, &t.b, narrow, 1);
  troupe_meet(&t, &t.a, &t.b);
  told_serve(&t, &t.b, ECHO, &served);
  for (int i = 0; i < MANY; i++) told_open(&t, &t.a, ECHO, &x[i]);
  troupe_wait(&t, P2P_SECOND);
  for (int i = 0; i < MANY; i++) refused += x[i].closed != 0;
  assert_int_equal(player_stats(&t.b).streams, 4);
  assert_int_equal(refused, MANY - 4);
  assert_int_equal(t.b.n[P2P_EV_CONN_CLOSED], 0);
}

/* ---- dials: the time until the last attempt was given up tells how they went ---- */

static bool is_closed(void *user) { return ((player *)user)->n[P2P_EV_CONN_CLOSED] > 0; }

/* Three addresses behind a cut. */
static p2p_time dial_nowhere(const p2p_setting *limits, size_t n) {
  char peer[P2P_PEER_ID_TEXT_MAX], text[3][P2P_ADDR_TEXT_MAX];
  const char *addrs[3];
  p2p_conn c;
  troupe_join_limited(&t, &t.a, limits, n);
  troupe_join(&t, &t.b, NULL);
  p2p_sim_cut(t.sim, t.a.node.io, t.b.node.io, true);
  assert_true(p2p_peer_id_print(p2p_host_peer(t.b.host), peer, sizeof peer) > 0);
  for (int i = 0; i < 3; i++) {
    snprintf(text[i], sizeof text[i], "/ip4/10.0.0.2/tcp/%d/p2p/%s", 4001 + i, peer);
    addrs[i] = text[i];
  }
  p2p_time begun = p2p_sim_now(t.sim);
  assert_int_equal(p2p_dial_addrs(t.a.host, addrs, 3, &c), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 300 * P2P_SECOND, is_closed, &t.a));
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ETIMEOUT);
  return p2p_sim_now(t.sim) - begun;
}

static void dial_ends_at_its_timeout(void **state) {
  (void)state;
  static const p2p_setting quick[] = { { "dial_timeout", 2 * P2P_SECOND },
                                       { "dial_addrs_max", 1 } };
  assert_int_equal(dial_nowhere(quick, 2), 2 * P2P_SECOND);
}

static void dial_tries_so_many_addresses(void **state) {
  (void)state;
  static const p2p_setting two[] = { { "dial_addrs_max", 2 }, { "dial_stagger_near", P2P_SECOND } };
  assert_int_equal(dial_nowhere(two, 2), 16 * P2P_SECOND);
}

static void dial_begins_the_next_address_after_the_stagger(void **state) {
  (void)state;
  static const p2p_setting slow[] = { { "dial_stagger_near", 4 * P2P_SECOND } };
  assert_int_equal(dial_nowhere(slow, 1), (4 + 4 + 15) * P2P_SECOND);
}

static void dial_has_so_many_addresses_in_flight(void **state) {
  (void)state;
  static const p2p_setting one[] = { { "dial_parallel", 1 } };
  assert_int_equal(dial_nowhere(one, 1), 3 * 15 * P2P_SECOND);
}

/* ---- bytes ---- */

enum { STREAMS = 16, PIECE = 128 << 10 };
static told served[STREAMS], sent[STREAMS];
static char names[STREAMS][24];

/* a writes all it may on many streams, and b's user reads none of it. Returns by how much b grew. */
static size_t pile_up(const char *limit, uint64_t value) {
  const p2p_setting narrow[] = { { limit, value } };
  static const uint8_t zeros[PIECE];
  memset(served, 0, sizeof served);
  memset(sent, 0, sizeof sent);
  troupe_join(&t, &t.a, NULL);
  troupe_join_limited(&t, &t.b, narrow, 1);
  troupe_meet(&t, &t.a, &t.b);
  size_t before = player_stats(&t.b).memory;
  for (int i = 0; i < STREAMS; i++) {
    snprintf(names[i], sizeof names[i], "/test/%d", i);
    served[i].paused = true;
    told_serve(&t, &t.b, names[i], &served[i]);
    told_open(&t, &t.a, names[i], &sent[i]);
    assert_int_equal(p2p_write(t.a.host, sent[i].stream, zeros, PIECE), PIECE);
    player_poke(&t.a);
  }
  troupe_wait(&t, 10 * P2P_SECOND);
  return player_stats(&t.b).memory - before;
}

/* What fitted comes whole when it is read; what did not cost its stream, and nobody else. Returns how
 * many came. */
static int read_all(void) {
  int whole = 0;
  for (int i = 0; i < STREAMS; i++) {
    served[i].paused = false;
    if (!served[i].closed) told_read(&served[i]);
  }
  player_poke(&t.b);
  troupe_wait(&t, P2P_SECOND);
  for (int i = 0; i < STREAMS; i++) {
    assert_int_equal(served[i].got, served[i].closed ? 0 : PIECE);
    assert_int_equal(served[i].err, served[i].closed ? P2P_ELIMIT : 0);
    assert_int_equal(sent[i].err, served[i].closed ? P2P_ERESET : 0);
    whole += !served[i].closed;
  }
  assert_int_equal(t.b.n[P2P_EV_CONN_CLOSED], 0);
  return whole;
}

enum { MIB = 1 << 20, PADDING = 512 << 10 };

static void host_keeps_no_more_bytes_than_its_buffers(void **state) {
  (void)state;
  assert_in_range(pile_up("host_buffers", MIB), MIB / 2, MIB + PADDING);
  assert_in_range(read_all(), STREAMS / 4, STREAMS / 2);
}

static void connection_keeps_no_more_bytes_than_its_queue(void **state) {
  (void)state;
  assert_in_range(pile_up("conn_recv_queue", MIB), MIB / 2, MIB + PADDING);
  assert_in_range(read_all(), STREAMS / 4, STREAMS / 2);
}

static void without_a_limit_in_the_way_all_of_it_is_kept(void **state) {
  (void)state;
  assert_in_range(pile_up("conns_max", 16), STREAMS * PIECE, STREAMS * PIECE + PADDING);
  assert_int_equal(read_all(), STREAMS);
}

static void record_beyond_the_carry_ends_the_connection(void **state) {
  (void)state;
  static const p2p_setting narrow[] = { { "carry_max", 4096 } };
  static const uint8_t zeros[PIECE];
  served[0] = sent[0] = (told){ 0 };
  p2p_sim_split(t.sim, 500000); /* records come in pieces */
  troupe_join(&t, &t.a, NULL);
  troupe_join_limited(&t, &t.b, narrow, 1);
  troupe_meet(&t, &t.a, &t.b);
  told_serve(&t, &t.b, ECHO, &served[0]);
  told_open(&t, &t.a, ECHO, &sent[0]);
  for (int i = 0; i < 100 && !t.b.n[P2P_EV_CONN_CLOSED]; i++) {
    (void)p2p_write(t.a.host, sent[0].stream, zeros, PIECE);
    player_poke(&t.a);
    troupe_wait(&t, 10 * P2P_MS);
  }
  assert_int_equal(t.b.n[P2P_EV_CONN_CLOSED], 1);
  assert_int_equal(t.b.last[P2P_EV_CONN_CLOSED].err, P2P_ELIMIT);
}

/* Pieces of the handshake are bounded by its own deadline, and no part of a record behind it. */
static void a_slow_handshake_does_not_count_for_the_first_record(void **state) {
  (void)state;
  static const p2p_setting hasty[] = { { "carry_timeout", P2P_SECOND } };
  static const uint8_t zeros[3000];
  served[0] = sent[0] = (told){ 0 };
  p2p_sim_default(t.sim, &(p2p_sim_path){ .latency = 700 * P2P_MS, .bits_per_second = 64000 });
  p2p_sim_split(t.sim, 1000000);
  troupe_join(&t, &t.a, NULL);
  troupe_join_limited(&t, &t.b, hasty, 1);
  told_serve(&t, &t.b, ECHO, &served[0]);
  const char *id = ECHO;
  told_open_on(&t, &t.a, player_dial(&t.a, &t.b), &id, 1, &sent[0]);
  assert_true(p2p_write(t.a.host, sent[0].stream, zeros, 3000) > 0);
  player_poke(&t.a);
  troupe_wait(&t, 20 * P2P_SECOND);
  assert_true(served[0].got == 3000);
  assert_int_equal(t.b.n[P2P_EV_CONN_CLOSED], 0);
}

/* ---- switches ---- */

static bool muxer_is_early(player *p) {
  p2p_conn_info info = { .size = sizeof info };
  assert_int_equal(p2p_conn_get(p->host, p->node.conn, &info), 0);
  return info.early_muxer;
}

static void muxer_is_agreed_early_unless_it_is_switched_off(void **state) {
  (void)state;
  static const p2p_setting off[] = { { "early_muxer", 0 } };
  troupe_join(&t, &t.a, NULL);
  troupe_join_limited(&t, &t.b, off, 1);
  troupe_join(&t, &t.c, NULL);
  troupe_meet(&t, &t.a, &t.b);
  assert_false(muxer_is_early(&t.a));
  troupe_meet(&t, &t.a, &t.c);
  assert_true(muxer_is_early(&t.a));
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(host_takes_no_more_connections_than_its_table_has),
    TEST(host_takes_no_more_streams_than_its_table_has),
    TEST(dial_ends_at_its_timeout),
    TEST(dial_tries_so_many_addresses),
    TEST(dial_begins_the_next_address_after_the_stagger),
    TEST(dial_has_so_many_addresses_in_flight),
    TEST(host_keeps_no_more_bytes_than_its_buffers),
    TEST(connection_keeps_no_more_bytes_than_its_queue),
    TEST(without_a_limit_in_the_way_all_of_it_is_kept),
    TEST(record_beyond_the_carry_ends_the_connection),
    TEST(a_slow_handshake_does_not_count_for_the_first_record),
    TEST(muxer_is_agreed_early_unless_it_is_switched_off),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
