/* Who gets in, how many, and that every count is given back. */
#include "sim/raw.h"
#include "troupe.h"
#include "unit/base/test.h"

enum { PER_PEER = 8, HALF_OPEN = 4, CROWD = 12 };

static troupe t;
static told x;

static int start(void **state) {
  (void)state;
  x = (told){ 0 };
  troupe_begin(&t, 36);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static void hang_up(player *p, p2p_conn c) {
  assert_int_equal(p2p_conn_close(p->host, c, 0), 0);
  player_poke(p);
}

/* ---- many of one peer ---- */

static const p2p_setting greedy[] = { { "pending_in_per_ip", 100 }, { "conns_per_peer", 1024 } };

/* Over plaintext, where the muxer takes a round trip more: admitted is not yet up. One of the
 * two does not count. */
static void join_slow(bool a_is_greedy) {
  static const char *const security[] = { "plaintext" };
  p2p_host_opts opts = {
    .size = sizeof opts, .security = security, .n_security = 1, .limits = greedy, .n_limits = 1
  };
  troupe_join(&t, a_is_greedy ? &t.b : &t.a, &opts);
  opts.n_limits = 2;
  troupe_join(&t, a_is_greedy ? &t.a : &t.b, &opts);
}

static void connections_of_a_peer_count_before_they_are_up(void **state) {
  (void)state;
  join_slow(true);
  p2p_conn c[CROWD];
  for (int i = 0; i < CROWD; i++) c[i] = player_dial(&t.a, &t.b); /* all in one flight */
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.b.n[P2P_EV_CONN_OPEN], PER_PEER);
  assert_int_equal(player_stats(&t.b).conns, PER_PEER);
  assert_int_equal(player_stats(&t.a).conns, PER_PEER);
  for (int i = 0; i < CROWD; i++) (void)p2p_conn_close(t.a.host, c[i], 0);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
  assert_true(player_knows_nothing(&t.a) && player_knows_nothing(&t.b));
}

static void peer_may_come_again_when_its_connections_are_gone(void **state) {
  (void)state;
  troupe_join_limited(&t, &t.a, greedy, 1);
  troupe_join(&t, &t.b, NULL);
  for (unsigned i = 0; i < 3 * PER_PEER; i++) {
    p2p_conn c = player_dial(&t.a, &t.b);
    troupe_wait(&t, P2P_SECOND);
    assert_int_equal(t.b.n[P2P_EV_CONN_OPEN], i + 1);
    hang_up(&t.a, c);
    troupe_wait(&t, P2P_SECOND);
  }
}

static void dialer_counts_its_own_attempts_too(void **state) {
  (void)state;
  join_slow(false);
  for (int i = 0; i < CROWD; i++) (void)player_dial(&t.a, &t.b);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], PER_PEER);
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], CROWD - PER_PEER);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ELIMIT);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_LIMIT);
}

/* ---- a silent crowd ---- */

static raw_app crowd, loner;

/* Sockets that connect and say nothing. */
static void silent(raw_app *app, uint8_t number, int n) {
  p2p_sim_node_opts opts = { .ip = { host_node_ip(number) }, .n_ip = 1 };
  p2p_io *io;
  assert_int_equal(p2p_sim_node(t.sim, &opts, &io), 0);
  raw_app_init(app, io);
  for (int i = 0; i < n; i++) raw_dial(app, 2, 4001, 0, 0)->stays = true;
  troupe_wait(&t, P2P_SECOND);
}

static void crowd_in(void) { silent(&crowd, 9, CROWD); }

static bool is_gone(const raw_flow *f) { return f->ended || f->error; }

static void oldest_half_open_connections_make_room(void **state) {
  (void)state;
  static const p2p_setting narrow[] = { { "conns_pending_in", HALF_OPEN },
                                        { "pending_in_per_ip", 100 } };
  troupe_join(&t, &t.a, NULL);
  troupe_join_limited(&t, &t.b, narrow, 2);
  crowd_in();
  assert_int_equal(player_stats(&t.b).half_open, HALF_OPEN);
  for (int i = 0; i < CROWD; i++) {
    assert_int_equal(is_gone(&crowd.flows[i]), i < CROWD - HALF_OPEN); /* the first that came */
  }
  (void)player_dial(&t.a, &t.b);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 1);
  assert_int_equal(player_stats(&t.b).half_open, HALF_OPEN - 1);
}

static void silent_ones_are_gone_in_time_and_nothing_is_told_of_them(void **state) {
  (void)state;
  static const p2p_setting wide[] = { { "pending_in_per_ip", 100 } };
  troupe_join_limited(&t, &t.b, wide, 1);
  crowd_in();
  assert_int_equal(player_stats(&t.b).half_open, CROWD);
  troupe_wait(&t, 10 * P2P_SECOND); /* handshake_timeout */
  assert_true(player_knows_nothing(&t.b));
  assert_int_equal(t.b.n[P2P_EV_CONN_OPEN] + t.b.n[P2P_EV_CONN_CLOSED], 0);
}

/* SW-07: who comes in great number from one place is kept out, and keeps nobody else out. */
static void crowd_from_one_address_pushes_nobody_out(void **state) {
  (void)state;
  static const p2p_setting narrow[] = { { "conns_pending_in", HALF_OPEN },
                                        { "pending_in_per_ip", HALF_OPEN - 1 } };
  troupe_join(&t, &t.a, NULL);
  troupe_join_limited(&t, &t.b, narrow, 2);
  silent(&loner, 8, 1);
  crowd_in();
  assert_int_equal(player_stats(&t.b).half_open, HALF_OPEN);
  assert_false(is_gone(&loner.flows[0]));
  for (int i = 0; i < CROWD; i++)
    assert_int_equal(is_gone(&crowd.flows[i]), i >= HALF_OPEN - 1); /* the last that came */
  troupe_wait(&t, 10 * P2P_SECOND);                                 /* handshake_timeout */
  assert_true(player_knows_nothing(&t.b));
  silent(&crowd, 7, HALF_OPEN - 1);
  assert_int_equal(player_stats(&t.b).half_open, HALF_OPEN - 1);
}

/* ---- the gate ---- */

typedef struct gate {
  bool open;
  unsigned asked;
  p2p_peer_id peer;
  p2p_direction dir;
} gate;

static bool gate_ask(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir) {
  gate *g = user;
  g->asked++;
  g->peer = *peer;
  g->dir = dir;
  char text[P2P_ADDR_TEXT_MAX];
  assert_true(p2p_addr_print(addr, text, sizeof text) > 0);
  assert_memory_equal(text, "/ip4/10.0.0.", 12);
  return g->open;
}

static void join_gated(player *p, gate *g) {
  troupe_join(&t, p,
              &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .gate = gate_ask, .gate_user = g });
}

static void gate_is_asked_once_on_each_side(void **state) {
  (void)state;
  gate a = { .open = true }, b = { .open = true };
  join_gated(&t.a, &a);
  join_gated(&t.b, &b);
  troupe_meet(&t, &t.a, &t.b);
  assert_true(a.asked == 1 && a.dir == P2P_OUTBOUND);
  assert_true(b.asked == 1 && b.dir == P2P_INBOUND);
  assert_true(p2p_peer_id_eq(&a.peer, p2p_host_peer(t.b.host)));
  assert_true(p2p_peer_id_eq(&b.peer, p2p_host_peer(t.a.host)));
}

static void gate_of_the_dialer_refuses(void **state) {
  (void)state;
  gate shut = { .open = false };
  join_gated(&t.a, &shut);
  troupe_join(&t, &t.b, NULL);
  p2p_conn c = player_dial(&t.a, &t.b);
  told_open_on(&t, &t.a, c, (const char *[]){ "/x" }, 1, &x);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(shut.asked, 1);
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 0);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EGATED);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_GATER);
  assert_int_equal(x.closed, 1);
  assert_int_equal(x.err, P2P_EGATED);
  assert_true(player_knows_nothing(&t.a) && player_knows_nothing(&t.b));
}

static void gate_of_the_listener_refuses(void **state) {
  (void)state;
  gate shut = { .open = false };
  troupe_join(&t, &t.a, NULL);
  join_gated(&t.b, &shut);
  (void)player_dial(&t.a, &t.b);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(shut.asked, 1);
  assert_int_equal(t.b.n[P2P_EV_CONN_OPEN] + t.b.n[P2P_EV_CONN_CLOSED], 0);
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], 1);
  assert_int_not_equal(t.a.last[P2P_EV_CONN_CLOSED].err, 0);
  assert_true(player_knows_nothing(&t.a) && player_knows_nothing(&t.b));
}

/* ---- dials ---- */

/* Also where an address fails in the very call that tries it. */
static void stream_to_who_cannot_be_reached_lives_until_it_is_told(void **state) {
  (void)state;
  p2p_memory *hub;
  assert_int_equal(p2p_memory_new(&hub), 0);
  troupe_join(&t, &t.a, &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .memory = hub });
  troupe_join(&t, &t.b, NULL);
  char addr[P2P_ADDR_TEXT_MAX] = "/memory/77/p2p/";
  assert_true(p2p_peer_id_print(p2p_host_peer(t.b.host), addr + 15, sizeof addr - 15) > 0);
  assert_int_equal(p2p_peer_add_addr(t.a.host, addr), 0);
  const char *ids[] = { "/x" };
  p2p_handler handler = told_handler(&x);
  assert_int_equal(p2p_stream_open(t.a.host, p2p_host_peer(t.b.host), ids, 1, &handler, &x.stream),
                   0);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(x.closed, 1);
  assert_int_equal(x.err, P2P_EREFUSED);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_CONNECT);
  assert_true(player_knows_nothing(&t.a));
  host_node_fini(&t.a.node); /* before the hub */
  t.a.host = NULL;
  p2p_memory_free(hub);
}

/* Every step of a dial to b takes a round trip of its own. */
static void be_careful(void) {
  p2p__peers *peers = &t.a.host->swarm.peers;
  p2p__peer *peer = p2p__peer_ref(peers, p2p_host_peer(t.b.host));
  peer->no_optimism = true;
  p2p__peer_unref(peers, peer);
}

/* At every step of it: connecting, securing, admitted, up. */
static void cancel_dials(const char *const *security, bool careful) {
  static const p2p_setting one[] = { { "conns_pending_out", 1 } };
  p2p_host_opts opts = { .size = sizeof opts, .security = security, .n_security = 1 };
  troupe_join(&t, &t.b, &opts);
  opts.limits = one;
  opts.n_limits = 1;
  troupe_join(&t, &t.a, &opts);
  for (p2p_time after = 0; after < 12 * P2P_MS; after += P2P_MS / 2) {
    if (careful) be_careful();
    p2p_conn second, c = player_dial(&t.a, &t.b);
    assert_int_equal(p2p_dial(t.a.host, "/ip4/10.0.0.2/tcp/4001", &second), P2P_ELIMIT);
    troupe_wait(&t, after);
    hang_up(&t.a, c);
    troupe_wait(&t, P2P_SECOND);
    assert_true(player_knows_nothing(&t.a) && player_knows_nothing(&t.b));
  }
}

static void dial_that_is_cancelled_gives_its_place_back(void **state) {
  (void)state;
  cancel_dials((const char *[]){ "noise" }, false);
}

static void careful_dial_that_is_cancelled_gives_its_place_back(void **state) {
  (void)state;
  cancel_dials((const char *[]){ "plaintext" }, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(connections_of_a_peer_count_before_they_are_up),
    TEST(peer_may_come_again_when_its_connections_are_gone),
    TEST(dialer_counts_its_own_attempts_too),
    TEST(oldest_half_open_connections_make_room),
    TEST(crowd_from_one_address_pushes_nobody_out),
    TEST(silent_ones_are_gone_in_time_and_nothing_is_told_of_them),
    TEST(gate_is_asked_once_on_each_side),
    TEST(gate_of_the_dialer_refuses),
    TEST(gate_of_the_listener_refuses),
    TEST(stream_to_who_cannot_be_reached_lives_until_it_is_told),
    TEST(dial_that_is_cancelled_gives_its_place_back),
    TEST(careful_dial_that_is_cancelled_gives_its_place_back),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
