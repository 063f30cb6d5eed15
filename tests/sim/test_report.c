/* The report of dials that fail in every way there is, word for word: durations are blanked. */
#include "golden.h"
#include "troupe.h"
#include "unit/base/test.h"

static troupe t;

static int start(void **state) {
  (void)state;
  troupe_begin(&t, 12);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static golden said;

static void on_event(host_node *n, const p2p_event *e) {
  (void)n;
  if (e->kind == P2P_EV_CONN_CLOSED) golden_collect(&said, t.a.host, e->conn);
}

static void check(const char *line, const char *json) { golden_check(&said, line, json); }

static void join_a(const p2p_host_opts *opts) {
  troupe_join(&t, &t.a, opts);
  t.a.node.on_event = on_event;
}

static void dial(const char *addr) {
  p2p_conn c;
  assert_int_equal(p2p_dial(t.a.host, addr, &c), 0);
  player_poke(&t.a);
  said = (golden){ 0 };
  troupe_wait(&t, 30 * P2P_SECOND);
  if (!said.lines[0]) golden_collect(&said, t.a.host, c);
}

static void success(void **state) {
  (void)state;
  join_a(NULL);
  troupe_join(&t, &t.b, NULL);
  dial("/ip4/10.0.0.2/tcp/4001");
  check("/ip4/10.0.0.2/tcp/4001: connected after T ms",
        "{\"address\":\"/ip4/10.0.0.2/tcp/4001\",\"stage\":\"up\",\"ok\":true,\"began_ms\":T,"
        "\"elapsed_ms\":T}");
}

static void refused(void **state) {
  (void)state;
  join_a(NULL);
  troupe_join(&t, &t.b, NULL);
  dial("/ip4/10.0.0.2/tcp/9");
  check("/ip4/10.0.0.2/tcp/9: connection refused: nothing listens there (connect after T ms, "
        "remote); is the peer running, and is the port right?",
        "{\"address\":\"/ip4/10.0.0.2/tcp/9\",\"stage\":\"connect\",\"ok\":false,"
        "\"error\":\"P2P_EREFUSED\",\"text\":\"connection refused: nothing listens there\","
        "\"side\":\"remote\",\"hint\":\"is the peer running, and is the port right?\","
        "\"began_ms\":T,\"elapsed_ms\":T}");
}

static void dropped(void **state) {
  (void)state;
  join_a(NULL);
  troupe_join(&t, &t.b, NULL);
  p2p_sim_cut(t.sim, t.a.node.io, t.b.node.io, true);
  dial("/ip4/10.0.0.2/tcp/4001");
  check("/ip4/10.0.0.2/tcp/4001: timed out (connect after T ms, remote); check the address; a "
        "firewall may drop the packets",
        NULL);
}

static void silent(void **state) {
  (void)state;
  join_a(NULL);
  troupe_join(&t, &t.b, NULL);
  player_sleep(&t.b); /* its machine takes connections, its program is stuck */
  dial("/ip4/10.0.0.2/tcp/4001");
  check("/ip4/10.0.0.2/tcp/4001: timed out (security after T ms, remote); something took the "
        "connection and then said nothing: is it a libp2p peer that listens there?",
        NULL);
}

static void unreachable(void **state) {
  (void)state;
  join_a(NULL);
  dial("/ip4/10.9.9.9/tcp/4001");
  check("/ip4/10.9.9.9/tcp/4001: host or network unreachable (connect after T ms, remote); check "
        "the address and this machine's route to it",
        NULL);
}

static void wrong_peer(void **state) {
  (void)state;
  join_a(NULL);
  troupe_join(&t, &t.b, NULL);
  dial("/ip4/10.0.0.2/tcp/4001/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5");
  check("/ip4/10.0.0.2/tcp/4001: another peer answered than the one asked for (identity after T "
        "ms, remote); correct the /p2p/... part of the address, or leave it out to accept any peer",
        NULL);
}

static void no_common_security(void **state) {
  (void)state;
  static const char *const plaintext[] = { "plaintext" }, *const noise[] = { "noise" };
  join_a(&(p2p_host_opts){ .size = sizeof(p2p_host_opts), .security = plaintext, .n_security = 1 });
  troupe_join(
      &t, &t.b,
      &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .security = noise, .n_security = 1 });
  dial("/ip4/10.0.0.2/tcp/4001");
  check("/ip4/10.0.0.2/tcp/4001: no common security protocol (security after T ms, remote); switch "
        "on a security protocol that both sides have",
        NULL);
}

static void no_common_muxer(void **state) {
  (void)state;
  static const p2p_setting late[] = { { "early_muxer", 0 } };
  static const char *const yamux[] = { "yamux" };
  join_a(&(p2p_host_opts){ .size = sizeof(p2p_host_opts),
                           .limits = late,
                           .n_limits = 1,
                           .muxers = yamux,
                           .n_muxers = 1 });
  troupe_join(&t, &t.b, NULL);
  t.b.host->muxer_ids[0] = "/other/1.0.0"; /* a muxer that we do not have */
  t.b.host->upgrades.n_muxers = 1;
  dial("/ip4/10.0.0.2/tcp/4001");
  check("/ip4/10.0.0.2/tcp/4001: no common stream muxer (muxer after T ms, remote); switch on a "
        "stream muxer that both sides have",
        NULL);
}

/* The peer has the second muxer only, and says so by lines: no byte of the first may have gone out. */
static void second_muxer_is_agreed_on_by_lines(void **state) {
  (void)state;
  static const p2p_setting late[] = { { "early_muxer", 0 } };
  static const char *const both[] = { "yamux", "mplex" };
  p2p_host_opts opts = { .size = sizeof opts, .limits = late, .n_limits = 1 };
  opts.muxers = both;
  opts.n_muxers = 2;
  join_a(&opts);
  opts.muxers = both + 1;
  opts.n_muxers = 1;
  troupe_join(&t, &t.b, &opts);
  dial("/ip4/10.0.0.2/tcp/4001");
  check("/ip4/10.0.0.2/tcp/4001: connected after T ms", NULL);
}

static bool shut(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir) {
  (void)user;
  (void)peer;
  (void)addr;
  (void)dir;
  return false;
}

static void gated(void **state) {
  (void)state;
  join_a(&(p2p_host_opts){ .size = sizeof(p2p_host_opts), .gate = shut });
  troupe_join(&t, &t.b, NULL);
  dial("/ip4/10.0.0.2/tcp/4001");
  check("/ip4/10.0.0.2/tcp/4001: refused by the connection gater (gater after T ms, local); the "
        "connection gater of this host forbids it",
        NULL);
}

static void limit(void **state) {
  (void)state;
  static const p2p_setting one[] = { { "conns_per_peer", 1 } };
  join_a(&(p2p_host_opts){ .size = sizeof(p2p_host_opts), .limits = one, .n_limits = 1 });
  troupe_join(&t, &t.b, NULL);
  troupe_meet(&t, &t.a, &t.b);
  dial("/ip4/10.0.0.2/tcp/4001");
  check("/ip4/10.0.0.2/tcp/4001: a limit was reached (limit after T ms, local); close other "
        "connections, or raise the limit",
        NULL);
}

static void no_such_name(void **state) {
  (void)state;
  join_a(NULL);
  dial("/dns4/nowhere.example/tcp/4001");
  check("/dns4/nowhere.example/tcp/4001: no such name (resolve after T ms, remote); check the "
        "spelling of the name",
        NULL);
}

static void found_name(void **state) {
  (void)state;
  join_a(NULL);
  troupe_join(&t, &t.b, NULL);
  p2p_endpoint ep = host_node_ip(2);
  p2p_sim_name(t.sim, "b.example", &ep);
  dial("/dns/b.example/tcp/9");
  check("/dns/b.example/tcp/9: 1 address found after T ms\n"
        "/ip4/10.0.0.2/tcp/9: connection refused: nothing listens there (connect after T ms, "
        "remote); is the peer running, and is the port right?",
        NULL);
}

/* A program of before `reason` has a smaller entry, with anything behind it. */
static void an_older_entry_is_printed(void **state) {
  (void)state;
  join_a(NULL);
  p2p_report_entry e = { .size = offsetof(p2p_report_entry, reason),
                         .addr = p2p__bytes("\x04\x0a\x00\x00\x01\x06\x0f\xa1", 8),
                         .err = P2P_EREFUSED,
                         .stage = P2P_STAGE_SECURITY,
                         .reason = "not of this entry" };
  char text[512];
  assert_true(p2p_report_print(&e, text, sizeof text) > 0);
  assert_null(strstr(text, e.reason));
  assert_true(p2p_report_json(&e, text, sizeof text) > 0);
  assert_null(strstr(text, e.reason));
  e.size = sizeof e;
  assert_true(p2p_report_json(&e, text, sizeof text) > 0);
  assert_non_null(strstr(text, e.reason));
  e.size = 0;
  assert_int_equal(p2p_report_print(&e, text, sizeof text), P2P_EINVAL);
}

static void odd_arguments_are_refused(void **state) {
  (void)state;
  join_a(NULL);
  p2p_report_entry e = { .size = sizeof e };
  char text[8];
  assert_int_equal(p2p_conn_report(t.a.host, (p2p_conn){ 1 }, 0, &e), P2P_ESTALE);
  assert_int_equal(p2p_report_print(NULL, text, sizeof text), P2P_EINVAL);
  assert_int_equal(p2p_report_print(&e, NULL, 8), P2P_EINVAL);
  e.addr = p2p__bytes("\x04\x0a", 2);
  assert_int_equal(p2p_report_json(&e, text, sizeof text), P2P_EINVAL); /* half an address */
  e.addr = p2p__bytes("\x04\x0a\x00\x00\x01\x06\x0f\xa1", 8);
  assert_int_equal(p2p_report_print(&e, text, sizeof text), P2P_ELIMIT);
  assert_int_equal(p2p_report_json(&e, text, sizeof text), P2P_ELIMIT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(success),
    TEST(refused),
    TEST(dropped),
    TEST(silent),
    TEST(unreachable),
    TEST(wrong_peer),
    TEST(no_common_muxer),
    TEST(second_muxer_is_agreed_on_by_lines),
    TEST(gated),
    TEST(limit),
    TEST(no_such_name),
    TEST(found_name),
    TEST(no_common_security),
    TEST(an_older_entry_is_printed),
    TEST(odd_arguments_are_refused),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
