/* A private network: members meet over wires that split anywhere, nobody else gets in, and what was
 * said to strangers tells them nothing. */
#include "troupe.h"
#include "unit/base/test.h"

static troupe t;
static told x, served;

static const p2p_psk key = { { 1, 2, 3 } }, other_key = { { 1, 2, 4 } };

static void join(player *p, const p2p_psk *psk) {
  p2p_host_opts opts = { .size = sizeof opts, .psk = psk };
  troupe_join(&t, p, &opts);
}

static int start(void **state) {
  (void)state;
  x = served = (told){ 0 };
  troupe_begin(&t, 71);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static bool is_over(void *user) { return ((const player *)user)->n[P2P_EV_CONN_CLOSED] > 0; }

static void members_speak_as_everybody_does(void **state) {
  static uint8_t much[200000];
  (void)state;
  join(&t.a, &key);
  join(&t.b, &key);
  served.answers = true;
  told_serve(&t, &t.b, "/x", &served);
  troupe_meet(&t, &t.a, &t.b);
  told_open(&t, &t.a, "/x", &x);
  for (size_t sent = 0; sent < sizeof much;) {
    ptrdiff_t n = p2p_write(t.a.host, x.stream, much + sent, sizeof much - sent);
    if (n == P2P_EAGAIN) {
      troupe_wait(&t, 10 * P2P_MS);
      continue;
    }
    assert_true(n > 0);
    sent += (size_t)n;
    player_poke(&t.a);
  }
  assert_int_equal(p2p_finish(t.a.host, x.stream), 0);
  player_poke(&t.a);
  assert_true(troupe_until(&t, 20 * P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, 0);
  assert_int_equal(served.got, sizeof much);
}

/* Who dials learns that nobody speaks; who listens has nobody connected. */
static void claim_strangers(const p2p_psk *dialer, const p2p_psk *listener) {
  join(&t.a, dialer);
  join(&t.b, listener);
  (void)player_dial(&t.a, &t.b);
  assert_true(troupe_until(&t, 40 * P2P_SECOND, is_over, &t.a));
  const p2p_event *e = &t.a.last[P2P_EV_CONN_CLOSED];
  assert_int_equal(e->stage, P2P_STAGE_SECURITY);
  assert_true(e->err < 0);
  troupe_wait(&t, 40 * P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN] + t.b.n[P2P_EV_CONN_OPEN], 0);
  assert_int_equal(player_stats(&t.a).conns + player_stats(&t.b).conns, 0);
  assert_int_equal(player_stats(&t.a).half_open + player_stats(&t.b).half_open, 0);
  assert_int_equal(t.a.host->swarm.budget.used + t.b.host->swarm.budget.used, 0);
}

static void hs13_member_is_not_reached_without_the_key(void **state) {
  (void)state;
  claim_strangers(NULL, &key);
}

static void hs13_member_reaches_nobody_without_the_key(void **state) {
  (void)state;
  claim_strangers(&key, NULL);
}

static void hs13_members_of_two_networks_do_not_meet(void **state) {
  (void)state;
  claim_strangers(&key, &other_key);
}

/* QUIC has no bytes under its packets that a key could hide. */
static void hs13_private_host_has_no_transport_that_cannot_hide(void **state) {
  static const char *const addr = "/ip4/10.0.0.1/udp/4001/quic-v1";
  p2p_listener l;
  p2p_conn c;
  (void)state;
  join(&t.a, &key);
  assert_int_equal(p2p_listen(t.a.host, addr, &l), P2P_ENOTSUP);
  assert_int_equal(p2p_dial(t.a.host, addr, &c), P2P_ENOTSUP);
  assert_int_equal(p2p_listen(t.a.host, "/ip4/10.0.0.1/tcp/4002", &l), 0);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, start, end)

int main(void) {
  const struct CMUnitTest tests[] = {
    ROW(members_speak_as_everybody_does),
    ROW(hs13_member_is_not_reached_without_the_key),
    ROW(hs13_member_reaches_nobody_without_the_key),
    ROW(hs13_members_of_two_networks_do_not_meet),
    ROW(hs13_private_host_has_no_transport_that_cannot_hide),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
