/* The standard protocols between two hosts, through the public API. */
#include "duet.h"
#include "unit/base/test.h"

static duet d;
static p2p_event got[256]; /* of side a, of the kind waited for */
static size_t n_got, n_want;
static p2p_event_kind wanted;

static int start(void **state) {
  (void)state;
  duet_begin(&d, 21);
  duet_connect(&d);
  n_got = 0;
  return 0;
}

static int end(void **state) {
  (void)state;
  duet_end(&d);
  return 0;
}

static bool have_events(duet *w) {
  while (p2p_next_event(w->b.host)) continue;
  for (const p2p_event *e; (e = p2p_next_event(w->a.host)) != NULL;) {
    bool progress = e->kind == P2P_EV_PERF && !e->perf.done;
    if (e->kind == wanted && !progress) got[n_got++] = *e;
  }
  return n_got >= n_want;
}

/* The next event of a kind on side a; NULL: none within. */
static const p2p_event *next(p2p_event_kind kind, p2p_time within) {
  n_got = 0;
  n_want = 1;
  wanted = kind;
  p2p_sim_poke(d.a.io);
  return duet_run(&d, within, have_events) ? &got[0] : NULL;
}

static const p2p_peer_id *b_id(void) { return p2p_host_peer(d.b.host); }

/* ---- time between turns ---- */

/* Deadlines of what is begun between turns count from then, not from the last turn. */
static void dial_after_a_long_silence_has_all_its_time(void **state) {
  (void)state;
  static duet late;
  duet_begin(&late, 3);
  (void)duet_run(&late, 100 * P2P_SECOND, NULL);
  duet_connect(&late);
  duet_end(&late);
}

/* ---- identify ---- */

static void hosts_know_each_other_after_connecting(void **state) {
  (void)state;
  p2p_peer_info info = { .size = sizeof info };
  assert_int_equal(p2p_peer_get(d.a.host, b_id(), &info), 0);
  assert_true(info.identified && info.record);
  assert_true(strncmp(info.agent, "libp2p-c/", 9) == 0);
  assert_string_equal(info.version, "ipfs/0.1.0");
  assert_true(strncmp(info.observed, "/ip4/10.0.0.1/tcp/", 18) == 0);
  char addr[P2P_ADDR_TEXT_MAX];
  assert_true(p2p_peer_addr(d.a.host, b_id(), 0, addr, sizeof addr) > 0);
  assert_true(strncmp(addr, "/ip4/10.0.0.2/tcp/4001", 22) == 0);
  p2p_peer_info other = { .size = sizeof other };
  assert_int_equal(p2p_peer_get(d.b.host, p2p_host_peer(d.a.host), &other), 0);
  assert_true(other.identified && other.record);
  assert_string_equal(other.observed, "/ip4/10.0.0.2/tcp/4001");
}

static bool speaks(p2p_host *h, const p2p_peer_id *peer, const char *id) {
  const char *known;
  for (size_t i = 0; (known = p2p_peer_protocol(h, peer, i)) != NULL; i++) {
    if (strcmp(known, id) == 0) return true;
  }
  return false;
}

static void new_protocols_are_pushed(void **state) {
  (void)state;
  assert_true(speaks(d.a.host, b_id(), "/ipfs/ping/1.0.0"));
  assert_false(speaks(d.a.host, b_id(), "/news/1.0.0"));
  assert_int_equal(p2p_protocol_add(d.b.host, "/news/1.0.0", NULL), 0);
  p2p_sim_poke(d.b.io);
  const p2p_event *e = next(P2P_EV_IDENTIFIED, P2P_SECOND);
  assert_true(e && e->err == 0 && p2p_peer_id_eq(&e->peer, b_id()));
  assert_true(speaks(d.a.host, b_id(), "/news/1.0.0"));
}

/* The budget of an idle connection has about 1.2 KiB for peer and identify. */
static void idle_connection_costs_little_for_being_identified(void **state) {
  (void)state;
  size_t bytes, sum = 0;
  const char *name;
  for (size_t i = 0; (name = p2p_host_memory(d.b.host, i, &bytes)) != NULL; i++) {
    print_message("%-9s %zu\n", name, bytes);
    if (strcmp(name, "peer") == 0) sum = bytes;
  }
  assert_true(sum > 0 && sum <= 2048); /* one peer, its names, and tables of the least size */
}

/* ---- ping ---- */

static void ping_takes_a_round_trip_first_and_later(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    assert_int_equal(p2p_ping(d.a.host, b_id()), 0);
    assert_int_equal(p2p_ping(d.a.host, b_id()), P2P_EAGAIN);
    const p2p_event *e = next(P2P_EV_PING, P2P_SECOND);
    assert_true(e && e->err == 0 && p2p_peer_id_eq(&e->peer, b_id()));
    assert_in_range(e->rtt, 2 * P2P_MS, 3 * P2P_MS);
    (void)duet_run(&d, (p2p_time)i * 20 * P2P_SECOND, NULL); /* kept, then finished */
  }
}

static void ping_to_a_peer_that_is_cut_off_times_out_once(void **state) {
  (void)state;
  p2p_sim_cut(d.sim, d.a.io, d.b.io, true);
  assert_int_equal(p2p_ping(d.a.host, b_id()), 0);
  const p2p_event *e = next(P2P_EV_PING, 30 * P2P_SECOND);
  assert_true(e && e->err == P2P_ETIMEOUT);
  assert_null(next(P2P_EV_PING, 60 * P2P_SECOND));
}

/* ---- perf ---- */

static void perf_moves_what_it_was_told_to(void **state) {
  (void)state;
  uint64_t id;
  assert_int_equal(p2p_perf(d.a.host, b_id(), 3 << 20, 5 << 20, &id), 0);
  const p2p_event *e = next(P2P_EV_PERF, 60 * P2P_SECOND);
  assert_true(e && e->err == 0 && e->perf.id == id && e->perf.done);
  assert_int_equal(e->perf.uploaded, 3 << 20);
  assert_int_equal(e->perf.downloaded, 5 << 20);
  assert_true(e->perf.elapsed > 2 * P2P_MS);
}

/* More streams than the connection's send queue has room for. */
static void perf_on_many_streams_at_once_ends_on_all(void **state) {
  (void)state;
  enum { STREAMS = 200 };
  for (int i = 0; i < STREAMS; i++) {
    uint64_t id;
    assert_int_equal(p2p_perf(d.a.host, b_id(), 100000, 100000, &id), 0);
  }
  n_got = 0;
  n_want = STREAMS;
  wanted = P2P_EV_PERF;
  p2p_sim_poke(d.a.io);
  assert_true(duet_run(&d, 60 * P2P_SECOND, have_events));
  for (size_t i = 0; i < STREAMS; i++) {
    assert_int_equal(got[i].err, 0);
    assert_int_equal(got[i].perf.downloaded, 100000);
  }
  (void)duet_run(&d, P2P_SECOND, NULL);
  p2p_host_stats stats = { .size = sizeof stats };
  assert_int_equal(p2p_host_get(d.a.host, &stats), 0);
  assert_int_equal(stats.streams, 0); /* of those that are, not of those that were */
  assert_int_equal(stats.conns, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(dial_after_a_long_silence_has_all_its_time),
    TEST(hosts_know_each_other_after_connecting),
    TEST(new_protocols_are_pushed),
    TEST(idle_connection_costs_little_for_being_identified),
    TEST(ping_takes_a_round_trip_first_and_later),
    TEST(ping_to_a_peer_that_is_cut_off_times_out_once),
    TEST(perf_moves_what_it_was_told_to),
    TEST(perf_on_many_streams_at_once_ends_on_all),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
