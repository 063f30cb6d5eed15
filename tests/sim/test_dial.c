/* Dialing: names, order, joining, back-off, black holes; and that nothing is left of any of it. */
#include "troupe.h"
#include "unit/base/test.h"

static troupe t;

static int start(void **state) {
  (void)state;
  troupe_begin(&t, 11);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static void join_both(const p2p_setting *limits, size_t n) {
  troupe_join_limited(&t, &t.a, limits, n);
  troupe_join(&t, &t.b, NULL);
}

static const char *with_peer(char *out, const char *addr, const player *p) {
  size_t len = strlen(addr);
  memcpy(out, addr, len);
  memcpy(out + len, "/p2p/", 6);
  assert_true(p2p_peer_id_print(p2p_host_peer(p->host), out + len + 5, 100) > 0);
  return out;
}

static void name(const char *host, uint8_t last) {
  p2p_endpoint ep = host_node_ip(last);
  p2p_sim_name(t.sim, host, &ep);
}

static p2p_conn dial(const char *addr) {
  char text[P2P_ADDR_TEXT_MAX];
  p2p_conn c;
  assert_int_equal(p2p_dial(t.a.host, with_peer(text, addr, &t.b), &c), 0);
  player_poke(&t.a);
  return c;
}

static p2p_report_entry entry(p2p_conn c, size_t i) {
  p2p_report_entry e = { .size = sizeof e };
  assert_int_equal(p2p_conn_report(t.a.host, c, i, &e), 0);
  return e;
}

static void assert_addr(p2p_bytes addr, const char *want) {
  char text[P2P_ADDR_TEXT_MAX];
  assert_true(p2p_addr_print(addr, text, sizeof text) > 0);
  assert_string_equal(text, want);
}

static bool is_over(void *user) {
  const player *p = user;
  return p->n[P2P_EV_CONN_OPEN] + p->n[P2P_EV_CONN_CLOSED] > 0;
}

static void wait_for_outcome(void) {
  assert_true(troupe_until(&t, 100 * P2P_SECOND, is_over, &t.a));
}

/* ---- twice ---- */

/* Somebody at b's address who takes connections and says nothing. */
static int mute_listen(p2p_io *io) {
  p2p_endpoint at = host_node_ip(2);
  at.port = 4001;
  int sock = io->ops->tcp_listen(io, &at, 8, 1, NULL);
  assert_true(sock >= 0);
  return sock;
}

static void an_address_tried_twice_has_one_deadline(void **state) {
  (void)state;
  p2p_sim_node_opts opts = { .ip = { host_node_ip(2) }, .n_ip = 1 };
  p2p_io *mute;
  p2p_conn c;
  troupe_join(&t, &t.a, NULL);
  assert_int_equal(p2p_sim_node(t.sim, &opts, &mute), 0);
  int sock = mute_listen(mute);
  assert_int_equal(p2p_dial(t.a.host, "/ip4/10.0.0.2/tcp/4001", &c), 0);
  player_poke(&t.a);
  troupe_wait(&t, 10 * P2P_SECOND);
  mute->ops->close(mute, sock); /* resets the first try */
  (void)mute_listen(mute);
  troupe_wait(&t, 4 * P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], 0); /* there is a second, … */
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], 1); /* … but no new time */
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ETIMEOUT);
}

/* Only who lives on, and answers when asked without optimism, has shown that it bears none. */
static void a_crash_in_the_handshake_says_nothing_of_optimism(void **state) {
  (void)state;
  join_both(NULL, 0);
  p2p_sim_default(t.sim, &(p2p_sim_path){ .latency = 50 * P2P_MS });
  p2p_peer_id b = *p2p_host_peer(t.b.host);
  char addr[P2P_ADDR_TEXT_MAX];
  host_node_addr(2, &b, addr, sizeof addr);
  assert_int_equal(p2p_peer_add_addr(t.a.host, addr), 0);
  (void)dial("/ip4/10.0.0.2/tcp/4001");
  troupe_wait(&t, 120 * P2P_MS); /* the first message is under way */
  host_node_stop(&t.b.node);
  wait_for_outcome();
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], 1);
  const p2p__peer *peer = p2p__peer_find(&t.a.host->swarm.peers, &b);
  assert_true(peer && !peer->no_optimism);
}

/* ---- names ---- */

static void name_leads_to_the_first_address_that_answers(void **state) {
  (void)state;
  join_both(NULL, 0);
  name("b.example", 99); /* nobody */
  name("b.example", 2);
  p2p_conn c = dial("/dns4/b.example/tcp/4001");
  wait_for_outcome();
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 1);
  p2p_report_entry named = entry(c, 0), up = entry(c, 2);
  assert_true(named.stage == P2P_STAGE_RESOLVE && named.err == 0 && named.found == 2);
  assert_addr(named.addr, "/dns4/b.example/tcp/4001");
  named = entry(c, 0);
  assert_addr(entry(c, 1).addr, "/ip4/10.0.0.99/tcp/4001");
  assert_true(up.stage == P2P_STAGE_UP && up.err == 0);
  assert_addr(entry(c, 2).addr, "/ip4/10.0.0.2/tcp/4001");
  p2p_report_entry e = { .size = sizeof e };
  assert_int_equal(p2p_conn_report(t.a.host, c, 3, &e), P2P_ENOTFOUND);
}

static void name_of_nobody_is_told(void **state) {
  (void)state;
  join_both(NULL, 0);
  (void)dial("/dns/nowhere.example/tcp/4001");
  wait_for_outcome();
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ENAME);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_RESOLVE);
  assert_true(player_knows_nothing(&t.a));
}

static void name_servers_that_do_not_answer_are_told_apart(void **state) {
  (void)state;
  join_both(NULL, 0);
  p2p_sim_name(t.sim, "b.example", NULL);
  (void)dial("/dns/b.example/tcp/4001");
  wait_for_outcome();
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ERESOLVE);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_RESOLVE);
  assert_non_null(strstr(p2p_report_hint(P2P_ERESOLVE, P2P_STAGE_RESOLVE), "name servers"));
  assert_true(player_knows_nothing(&t.a));
}

static void name_of_another_family_is_not_found(void **state) {
  (void)state;
  join_both(NULL, 0);
  name("b.example", 2);
  (void)dial("/dns6/b.example/tcp/4001");
  wait_for_outcome();
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ENAME);
}

static void lookup_that_takes_too_long_is_given_up(void **state) {
  (void)state;
  join_both(NULL, 0);
  name("b.example", 2);
  p2p_sim_name_latency(t.sim, 600 * P2P_SECOND);
  p2p_time before = p2p_sim_now(t.sim);
  (void)dial("/dns4/b.example/tcp/4001");
  wait_for_outcome();
  assert_int_equal(p2p_sim_now(t.sim) - before, t.a.host->limits.resolve_timeout);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_ETIMEOUT);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_RESOLVE);
  assert_true(player_knows_nothing(&t.a));
}

static void slow_lookup_does_not_hold_known_addresses_up(void **state) {
  (void)state;
  join_both(NULL, 0);
  p2p_sim_name_latency(t.sim, 600 * P2P_SECOND);
  char named[P2P_ADDR_TEXT_MAX], plain[P2P_ADDR_TEXT_MAX];
  const char *addrs[] = { with_peer(named, "/dns4/b.example/tcp/4001", &t.b),
                          with_peer(plain, "/ip4/10.0.0.2/tcp/4001", &t.b) };
  p2p_conn c;
  assert_int_equal(p2p_dial_addrs(t.a.host, addrs, 2, &c), 0);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 1);
  assert_int_equal(entry(c, 0).err, P2P_ECANCELED);
}

static void dial_is_canceled_at_every_moment_of_a_lookup(void **state) {
  (void)state;
  join_both(NULL, 0);
  name("b.example", 99);
  name("b.example", 2);
  for (p2p_time after = 0; after < 8 * P2P_MS; after += P2P_MS / 4) {
    p2p_conn c = dial("/dns4/b.example/tcp/4001");
    troupe_wait(&t, after);
    assert_int_equal(p2p_conn_close(t.a.host, c, 0), 0);
    player_poke(&t.a);
    troupe_wait(&t, P2P_SECOND);
    assert_true(player_knows_nothing(&t.a) && player_knows_nothing(&t.b));
  }
}

static void dnsaddr_is_refused_by_name(void **state) {
  (void)state;
  join_both(NULL, 0);
  p2p_conn c;
  assert_int_equal(p2p_dial(t.a.host, "/dnsaddr/b.example", &c), P2P_ENOTSUP);
  char one[P2P_ADDR_TEXT_MAX], two[P2P_ADDR_TEXT_MAX], text[2000];
  const char *addrs[] = { with_peer(one, "/dnsaddr/b.example", &t.b),
                          with_peer(two, "/ip4/10.0.0.2/tcp/4001", &t.b) };
  assert_int_equal(p2p_dial_addrs(t.a.host, addrs, 2, &c), 0);
  p2p_report_entry e = entry(c, 0);
  assert_int_equal(e.err, P2P_ENOTSUP);
  assert_true(p2p_report_print(&e, text, sizeof text) > 0);
  assert_non_null(strstr(text, "discovery"));
}

/* ---- order ---- */

static void next_address_begins_when_one_fails_or_its_time_has_come(void **state) {
  (void)state;
  static const p2p_setting slow[] = { { "dial_stagger_near", 20 * P2P_MS } };
  join_both(slow, 1);
  troupe_join(&t, &t.c, NULL);
  p2p_sim_cut(t.sim, t.a.node.io, t.c.node.io, true); /* packets to c are dropped */
  char addrs[3][P2P_ADDR_TEXT_MAX];
  const char *list[] = { with_peer(addrs[0], "/ip4/10.0.0.3/tcp/4001", &t.b),
                         with_peer(addrs[1], "/ip4/10.0.0.2/tcp/9", &t.b),
                         with_peer(addrs[2], "/ip4/10.0.0.2/tcp/4001", &t.b) };
  p2p_conn c;
  assert_int_equal(p2p_dial_addrs(t.a.host, list, 3, &c), 0);
  player_poke(&t.a);
  wait_for_outcome();
  p2p_report_entry dropped = entry(c, 0), refused = entry(c, 1), up = entry(c, 2);
  assert_true(dropped.err == P2P_ECANCELED && dropped.stage == P2P_STAGE_CONNECT);
  assert_int_equal(refused.began, 20 * P2P_MS);
  assert_int_equal(refused.err, P2P_EREFUSED);
  assert_true(refused.remote);
  assert_int_equal(up.began, refused.began + refused.elapsed);
  assert_int_equal(up.err, 0);
}

static void the_peer_of_an_address_must_answer_there(void **state) {
  (void)state;
  join_both(NULL, 0);
  troupe_join(&t, &t.c, NULL);
  p2p_conn c = dial("/ip4/10.0.0.3/tcp/4001"); /* c, not b: ID-05 */
  wait_for_outcome();
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 0);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EPEER);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_IDENTITY);
  p2p_conn_info info = { .size = sizeof info };
  assert_int_equal(p2p_conn_get(t.a.host, c, &info), P2P_ESTALE);
  assert_null(p2p__peer_find(&t.a.host->swarm.peers, p2p_host_peer(t.c.host)));
  assert_int_equal(
      p2p__backoff_until(&t.a.host->swarm.backoffs, p2p_host_peer(t.c.host), p2p__bytes("", 0), 0),
      0);
}

/* ---- back-off ---- */

static void introduce(const char *addr) {
  char text[P2P_ADDR_TEXT_MAX];
  assert_int_equal(p2p_peer_add_addr(t.a.host, with_peer(text, addr, &t.b)), 0);
}

static int dial_peer(p2p_conn *c) {
  memset(t.a.n, 0, sizeof t.a.n);
  int err = p2p_dial_peer(t.a.host, p2p_host_peer(t.b.host), c);
  player_poke(&t.a);
  return err;
}

static void failed_address_is_left_alone_unless_the_user_names_it(void **state) {
  (void)state;
  join_both(NULL, 0);
  introduce("/ip4/10.0.0.2/tcp/9");
  p2p_conn c;
  const p2p_event *closed = &t.a.last[P2P_EV_CONN_CLOSED];
  assert_int_equal(dial_peer(&c), 0);
  wait_for_outcome();
  assert_int_equal(closed->err, P2P_EREFUSED);
  assert_int_equal(dial_peer(&c), 0);
  wait_for_outcome();
  assert_int_equal(closed->err, P2P_EBACKOFF);
  memset(t.a.n, 0, sizeof t.a.n);
  (void)dial("/ip4/10.0.0.2/tcp/9");
  wait_for_outcome();
  assert_int_equal(closed->err, P2P_EREFUSED);
  troupe_wait(&t, 2 * t.a.host->limits.backoff_first);
  assert_int_equal(dial_peer(&c), 0);
  wait_for_outcome();
  assert_int_equal(closed->err, P2P_EREFUSED); /* time has passed */
}

static void other_addresses_of_the_peer_are_tried_meanwhile(void **state) {
  (void)state;
  join_both(NULL, 0);
  introduce("/ip4/10.0.0.2/tcp/9");
  p2p_conn c;
  assert_int_equal(dial_peer(&c), 0);
  wait_for_outcome();
  introduce("/ip4/10.0.0.2/tcp/4001");
  assert_int_equal(dial_peer(&c), 0);
  wait_for_outcome();
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 1);
  assert_int_equal(entry(c, 0).err, P2P_EBACKOFF);
  assert_int_equal(entry(c, 0).stage, P2P_STAGE_ADDRESS);
}

/* ---- joining ---- */

static void who_wants_the_peer_joins_the_dial_and_brings_addresses(void **state) {
  (void)state;
  join_both(NULL, 0);
  told served = { .answers = true }, asked = { 0 };
  told_serve(&t, &t.b, "/x", &served);
  p2p_conn c = dial("/ip4/10.0.0.99/tcp/4001"), joined; /* nobody there */
  introduce("/ip4/10.0.0.2/tcp/4001");
  p2p_handler handler = told_handler(&asked);
  asked.sim = t.sim;
  assert_int_equal(p2p_stream_open(t.a.host, p2p_host_peer(t.b.host), (const char *[]){ "/x" }, 1,
                                   &handler, &asked.stream),
                   0);
  assert_int_equal(p2p_dial_peer(t.a.host, p2p_host_peer(t.b.host), &joined), 0);
  assert_int_equal(joined.id, c.id);
  assert_int_equal(player_stats(&t.a).dials, 1);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 10 * P2P_SECOND, told_is_open, &asked));
  assert_int_equal(p2p_reset(t.a.host, asked.stream, 0), 0);
  player_poke(&t.a);
}

/* ---- black holes: SW-06 ---- */

static int no_descriptors(p2p_io *io, const p2p_endpoint *from, const p2p_endpoint *to,
                          uint64_t token) {
  (void)io;
  (void)from;
  (void)to;
  (void)token;
  return P2P_EFILES;
}

/* What never left this machine says nothing of the network. */
static void want_of_descriptors_is_no_black_hole(void **state) {
  (void)state;
  join_both(NULL, 0);
  const p2p_io_ops *whole = t.a.host->io->ops;
  p2p_io_ops poor = *whole;
  poor.tcp_connect = no_descriptors;
  t.a.host->io->ops = &poor;
  for (int i = 0; i < P2P__BLACKHOLE_WINDOW; i++) {
    memset(t.a.n, 0, sizeof t.a.n);
    (void)dial("/ip6/2a00::1/tcp/4001");
    wait_for_outcome();
    assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EFILES);
  }
  t.a.host->io->ops = whole;
  assert_false(player_stats(&t.a).ip6_blackhole);
}

static void fall_into_the_hole(void) {
  for (int i = 0; i < P2P__BLACKHOLE_WINDOW; i++) {
    memset(t.a.n, 0, sizeof t.a.n);
    (void)dial("/ip6/2a00::1/tcp/4001");
    wait_for_outcome();
    assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EUNREACH);
  }
}

static void kind_of_address_that_never_answers_is_left_out(void **state) {
  (void)state;
  join_both(NULL, 0);
  fall_into_the_hole();
  p2p_host_stats stats = player_stats(&t.a);
  assert_true(stats.ip6_blackhole && !stats.udp_blackhole);
  introduce("/ip6/2a00::2/tcp/4001"); /* never tried */
  introduce("/ip4/10.0.0.2/tcp/4001");
  p2p_conn c;
  assert_int_equal(dial_peer(&c), 0);
  wait_for_outcome();
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 1);
  assert_int_equal(entry(c, 0).err, P2P_EBLACKHOLE);
  memset(t.a.n, 0, sizeof t.a.n);
  (void)dial("/ip6/2a00::3/tcp/4001"); /* but the user may */
  wait_for_outcome();
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EUNREACH);
}

/* SW-05: what failed leaves nothing behind but a bounded memory of it. */
static void thousands_of_failed_dials_leave_nothing(void **state) {
  (void)state;
  static const p2p_setting few[] = { { "backoffs", 16 } };
  join_both(few, 1);
  size_t memory = 0;
  for (int i = 0; i < 3000; i++) {
    memset(t.a.n, 0, sizeof t.a.n);
    (void)dial("/ip4/10.0.0.2/tcp/9");
    wait_for_outcome();
    if (i == 100) memory = player_stats(&t.a).memory;
  }
  troupe_wait(&t, P2P_SECOND);
  assert_true(player_stats(&t.a).memory <= memory);
  assert_true(player_knows_nothing(&t.a) && player_knows_nothing(&t.b));
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(an_address_tried_twice_has_one_deadline),
    TEST(a_crash_in_the_handshake_says_nothing_of_optimism),
    TEST(name_leads_to_the_first_address_that_answers),
    TEST(name_of_nobody_is_told),
    TEST(name_servers_that_do_not_answer_are_told_apart),
    TEST(name_of_another_family_is_not_found),
    TEST(lookup_that_takes_too_long_is_given_up),
    TEST(slow_lookup_does_not_hold_known_addresses_up),
    TEST(dial_is_canceled_at_every_moment_of_a_lookup),
    TEST(dnsaddr_is_refused_by_name),
    TEST(next_address_begins_when_one_fails_or_its_time_has_come),
    TEST(the_peer_of_an_address_must_answer_there),
    TEST(failed_address_is_left_alone_unless_the_user_names_it),
    TEST(other_addresses_of_the_peer_are_tried_meanwhile),
    TEST(who_wants_the_peer_joins_the_dial_and_brings_addresses),
    TEST(want_of_descriptors_is_no_black_hole),
    TEST(kind_of_address_that_never_answers_is_left_out),
    TEST(thousands_of_failed_dials_leave_nothing),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
