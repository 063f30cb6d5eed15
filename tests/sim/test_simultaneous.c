/* Two peers dial each other at once: one connection stays, the same on both sides, and no stream is
 * lost on the way there. */
#include "troupe.h"
#include "unit/base/test.h"

enum { SEEDS = 24, STREAMS = 6, SENT = 60000 };

static troupe t;
static told echoes[2 * STREAMS], asks[2 * STREAMS];

static void begin(uint64_t seed) {
  const p2p_sim_path path = { .latency = 20 * P2P_MS, .jitter = 10 * P2P_MS };
  troupe_begin(&t, seed);
  p2p_sim_default(t.sim, &path);
  troupe_join(&t, &t.a, NULL);
  troupe_join(&t, &t.b, NULL);
  memset(echoes, 0, sizeof echoes);
  memset(asks, 0, sizeof asks);
}

static void introduce(player *p, const player *to, uint8_t last) {
  char addr[P2P_ADDR_TEXT_MAX];
  host_node_addr(last ? last : to->node.number, p2p_host_peer(to->host), addr, sizeof addr);
  assert_int_equal(p2p_peer_add_addr(p->host, addr), 0);
}

/* Whoever of the two has the smaller id, and so keeps the connection that it dialed. */
static bool a_is_smaller(void) {
  const p2p_peer_id *a = p2p_host_peer(t.a.host), *b = p2p_host_peer(t.b.host);
  return memcmp(a->b, b->b, a->len) < 0;
}

static player *smaller(void) { return a_is_smaller() ? &t.a : &t.b; }

/* The direction of the only connection p has. */
static p2p_direction only_conn(const player *p) {
  const p2p__peer *peer = NULL;
  for (uint32_t i = 0; i < p->host->swarm.peers.n && !peer; i++) {
    const p2p__peer *at = p2p__peer_at(&p->host->swarm.peers, i);
    if (at && !p2p__list_empty(&at->conns)) peer = at;
  }
  assert_non_null(peer);
  assert_int_equal(player_stats(p).conns, 1);
  const p2p__sconn *c = P2P_CONTAINER(peer->conns.next, p2p__sconn, of_peer);
  return c->inbound ? P2P_INBOUND : P2P_OUTBOUND;
}

static void assert_one_is_left(void) {
  assert_int_equal(only_conn(smaller()), P2P_OUTBOUND);
  assert_int_equal(only_conn(smaller() == &t.a ? &t.b : &t.a), P2P_INBOUND);
}

static const char *const echo[] = { "/echo" };

static p2p_handler asking(player *from, int i) {
  asks[i].sim = t.sim;
  asks[i].host = from->host;
  return told_handler(&asks[i]);
}

static void say_all(player *from, int i) {
  static const uint8_t bytes[SENT];
  assert_int_equal(p2p_write(from->host, asks[i].stream, bytes, sizeof bytes), sizeof bytes);
  assert_int_equal(p2p_finish(from->host, asks[i].stream), 0);
  player_poke(from);
}

/* A stream to the peer, over whatever connection there is or will be. */
static void ask(player *from, const player *to, int i) {
  p2p_handler handler = asking(from, i);
  const p2p_peer_id *peer = p2p_host_peer(to->host);
  assert_int_equal(p2p_stream_open(from->host, peer, echo, 1, &handler, &asks[i].stream), 0);
  say_all(from, i);
}

static void ask_on(player *from, p2p_conn c, int i) {
  p2p_handler handler = asking(from, i);
  assert_int_equal(p2p_stream_open_on(from->host, c, echo, 1, &handler, &asks[i].stream), 0);
  say_all(from, i);
}

static void assert_answered(int i) {
  assert_int_equal(asks[i].closed, 1);
  assert_int_equal(asks[i].err, 0);
  assert_int_equal(asks[i].got, SENT);
}

/* Reads everything, writes back as much, finishes. */
static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  static uint8_t buf[65536];
  ptrdiff_t n;
  (void)user;
  while ((n = p2p_read(h, s, buf, sizeof buf)) > 0)
    assert_int_equal(p2p_write(h, s, buf, (size_t)n), n);
  if (n == P2P_EEOF) (void)p2p_finish(h, s);
}

static void serve_echo(player *p) {
  const p2p_handler handler = { .size = sizeof handler, .on_readable = on_readable };
  assert_int_equal(p2p_protocol_add(p->host, "/echo", &handler), 0);
}

static void simultaneous_dials_become_one_connection(uint64_t seed) {
  begin(seed);
  introduce(&t.a, &t.b, 0);
  introduce(&t.b, &t.a, 0);
  serve_echo(&t.a);
  serve_echo(&t.b);
  bool a_first = seed % 2;
  player *first = a_first ? &t.a : &t.b, *second = a_first ? &t.b : &t.a;
  for (int i = 0; i < STREAMS; i++) {
    ask(first, second, 2 * i);
    if (i == 0) troupe_wait(&t, seed % 12 * 2 * P2P_MS); /* up to 22 ms: before the SYN is there */
    ask(second, first, 2 * i + 1);
    troupe_wait(&t, seed % 7 * 10 * P2P_MS); /* while connections come and go */
  }
  troupe_wait(&t, 2 * P2P_SECOND);
  for (int i = 0; i < 2 * STREAMS; i++) assert_answered(i);
  troupe_wait(&t, 15 * P2P_SECOND);
  assert_one_is_left();
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 2);
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], 1);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, 0);
  assert_int_equal(t.b.n[P2P_EV_CONN_CLOSED], 1);
  assert_int_equal(t.b.last[P2P_EV_CONN_CLOSED].err, 0);
  troupe_end(&t);
}

static void one_connection_stays_and_no_stream_is_lost(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) simultaneous_dials_become_one_connection(seed);
}

static void connection_in_use_is_not_hung_up(void **state) {
  (void)state;
  begin(3);
  told_serve(&t, &t.a, "/y", &echoes[0]);
  told_serve(&t, &t.b, "/y", &echoes[1]);
  p2p_conn a = player_dial(&t.a, &t.b), b = player_dial(&t.b, &t.a);
  told_open_on(&t, &t.a, a, (const char *[]){ "/y" }, 1, &asks[0]);
  told_open_on(&t, &t.b, b, (const char *[]){ "/y" }, 1, &asks[1]);
  troupe_wait(&t, 30 * P2P_SECOND);
  assert_int_equal(player_stats(&t.a).conns, 2);
  assert_true(asks[0].opened && !asks[0].closed && asks[1].opened && !asks[1].closed);
  assert_int_equal(p2p_reset(t.a.host, asks[0].stream, 0), 0);
  assert_int_equal(p2p_reset(t.b.host, asks[1].stream, 0), 0);
  player_poke(&t.a);
  player_poke(&t.b);
  troupe_wait(&t, 10 * P2P_SECOND);
  assert_one_is_left();
  troupe_end(&t);
}

/* The connection that somebody dialed to p. */
static p2p_conn inbound_of(const player *p) {
  uint32_t i = 0;
  p2p__sconn *c = p2p__handles_next(&p->host->swarm.conns, &i);
  while (c && !c->inbound) c = p2p__handles_next(&p->host->swarm.conns, &i);
  assert_non_null(c);
  return (p2p_conn){ c->handle };
}

/* A peer that does not know the rule opens its streams, one short one after the other, on the
 * connection that we would hang up. */
static void connection_that_the_peer_goes_on_using_stays(void **state) {
  (void)state;
  begin(3);
  serve_echo(&t.a);
  serve_echo(&t.b);
  (void)player_dial(&t.a, &t.b);
  (void)player_dial(&t.b, &t.a);
  troupe_wait(&t, P2P_SECOND);
  p2p_conn loser = inbound_of(smaller());
  for (int i = 0; i < 2 * STREAMS; i++) {
    ask_on(smaller(), loser, i);
    troupe_wait(&t, 1700 * P2P_MS);
    assert_answered(i);
  }
  assert_int_equal(player_stats(&t.a).conns, 2);
  troupe_wait(&t, 6 * P2P_SECOND);
  assert_one_is_left();
  troupe_end(&t);
}

static void second_connection_dialed_on_purpose_stays(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 4; seed++) {
    begin(seed);
    player *first = seed % 2 ? &t.a : &t.b, *second = seed % 2 ? &t.b : &t.a;
    (void)player_dial(first, second);
    troupe_wait(&t, 3 * P2P_SECOND);
    (void)player_dial(second, first);
    (void)player_dial(second, first);
    troupe_wait(&t, 30 * P2P_SECOND);
    assert_int_equal(player_stats(&t.a).conns, 3);
    troupe_end(&t);
  }
}

static void streams_that_wait_for_a_dial_go_over_what_comes_in(void **state) {
  (void)state;
  begin(5);
  serve_echo(&t.b);
  introduce(&t.a, &t.b, 99); /* a wrong address: nobody is there */
  ask(&t.a, &t.b, 0);
  troupe_wait(&t, 10 * P2P_MS);
  (void)player_dial(&t.b, &t.a);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &asks[0]));
  assert_int_equal(asks[0].err, 0);
  assert_int_equal(asks[0].got, SENT);
  troupe_wait(&t, 60 * P2P_SECOND); /* the dial has failed meanwhile */
  assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], 1);
  assert_int_equal(player_stats(&t.a).conns, 1);
  troupe_end(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_connection_stays_and_no_stream_is_lost),
    cmocka_unit_test(connection_in_use_is_not_hung_up),
    cmocka_unit_test(connection_that_the_peer_goes_on_using_stays),
    cmocka_unit_test(second_connection_dialed_on_purpose_stays),
    cmocka_unit_test(streams_that_wait_for_a_dial_go_over_what_comes_in),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
