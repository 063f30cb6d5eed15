/* 10,000 first packets of QUIC within a second, and an honest peer half a hundred milliseconds away. Where
 * addresses may be lies nobody is pushed out: all but the first are asked to prove theirs. Those who do are
 * treated as a storm over TCP is: test_storm.c. */
#include "storm.h"
#include "support/quic_knock.h"
#include "unit/base/test.h"
#include <stdlib.h>
#include <string.h>

enum { STORM = 10000, HELLOS = 500, IPS = 4, HELLO = 1500, ASKED = 64 };

static troupe t;

static void meet(p2p_time latency, const p2p_setting *limits, size_t n) {
  static const char *const listen[] = { "/ip4/10.0.0.2/udp/4001/quic-v1" };
  const p2p_sim_path path = { .latency = latency };
  p2p_host_opts opts = { .size = sizeof opts, .limits = limits, .n_limits = n };
  troupe_begin(&t, 1);
  troupe_join(&t, &t.a, NULL);
  troupe_join(&t, &t.c, NULL); /* whose knocks the storm is made of */
  opts.listen = listen;
  opts.n_listen = 1;
  troupe_join(&t, &t.b, &opts);
  p2p_sim_link(t.sim, t.a.node.io, t.b.node.io, &path);
}

static const p2p_endpoint target = { .family = 4, .port = 4001, .ip = { 10, 0, 0, 2 } };

static storm_tale ride_out(bool (*blow)(void *user), void *user) {
  char addr[P2P_ADDR_TEXT_MAX];
  storm_aim(&t, "udp/4001/quic-v1", addr);
  storm_tale tale = storm_ride_out(&t, addr, blow, user);
  print_message("%u of %u up, within %.1f ms\n", tale.up, tale.tried, (double)tale.worst / 1e6);
  assert_true(tale.tried >= 3 && tale.worst < P2P_SECOND);
  return tale;
}

static void is_over(void) {
  troupe_wait(&t, 40 * P2P_SECOND);
  assert_true(player_knows_nothing(&t.b));
  troupe_end(&t);
}

/* ---- addresses that are lies ---- */
typedef struct liar {
  p2p_io *io;
  int sock;
  storm_from from;
  size_t sent, half_open; /* the most there were */
  struct {
    uint8_t bytes[HELLO];
    size_t len;
  } hello[HELLOS]; /* said again and again: whoever was asked is forgotten */
} liar;

static liar lies;

static void lies_make(storm_from from) {
  static uint8_t space[QUIC_KNOCK_MAX];
  p2p_endpoint any = { .family = 4 };
  p2p_sim_node_opts opts = { .ip = { { .family = 4, .ip = { 10, 0, 0, 9 } } }, .n_ip = 1 };
  memset(&lies, 0, sizeof lies);
  lies.from = from;
  assert_int_equal(p2p_sim_node(t.sim, &opts, &lies.io), 0);
  lies.sock = lies.io->ops->udp_open(lies.io, &any, 0, NULL);
  assert_true(lies.sock >= 0);
  for (size_t i = 0; i < HELLOS; i++) {
    quic_knock k;
    assert_int_equal(quic_knock_init(&k, t.c.host, &target), 0);
    lies.hello[i].len = quic_knock_say(&k, t.c.host, space);
    assert_in_range(lies.hello[i].len, 1200, HELLO);
    memcpy(lies.hello[i].bytes, space, lies.hello[i].len);
    quic_knock_fini(&k);
  }
}

static bool lie(void *user) {
  liar *l = user;
  for (int i = 0; i < 10 && l->sent < STORM; i++) {
    size_t k = l->sent % HELLOS;
    p2p_dgrams d = { .local = storm_addr(l->from, l->sent),
                     .remote = target,
                     .data = l->hello[k].bytes,
                     .len = l->hello[k].len };
    assert_int_equal(l->io->ops->udp_send(l->io, l->sock, &d, 1), 1);
    l->sent++;
  }
  l->half_open = p2p__max(l->half_open, player_stats(&t.b).half_open);
  return l->sent < STORM;
}

static void nobody_is_kept_out_by_lies(storm_from from) {
  meet(25 * P2P_MS, NULL, 0);
  lies_make(from);
  storm_tale tale = ride_out(lie, &lies);
  assert_int_equal(tale.up, tale.tried);
  assert_in_range(lies.half_open, ASKED, ASKED + 1); /* and the honest one, who has proven it */
  is_over();
}

static void storm_of_lies_from_everywhere_keeps_nobody_out(void **state) {
  (void)state;
  nobody_is_kept_out_by_lies(STORM_MANY_NETS);
}

static void storm_of_lies_from_one_network_keeps_nobody_out(void **state) {
  (void)state;
  nobody_is_kept_out_by_lies(STORM_ONE_NET);
}

/* ---- addresses that are not ---- */
typedef struct knocker {
  p2p_io *io;
  int sock;
  quic_knock knock[IPS]; /* of its addresses: not yet asked for them */
} knocker;

typedef struct crowd {
  knocker *nodes;
  size_t n_nodes, n, sent;
  storm_from from;
} crowd;

static uint8_t space[QUIC_KNOCK_MAX];

static void say(const knocker *k, quic_knock *knock, const p2p_endpoint *from) {
  size_t len = quic_knock_say(knock, t.c.host, space);
  p2p_dgrams d = { .local = *from, .remote = target, .data = space, .len = len };
  if (len) assert_int_equal(k->io->ops->udp_send(k->io, k->sock, &d, 1), 1);
}

/* The first answer is a Retry, or the server's flight: what there is to say to that is the last word. */
static int knocker_step(void *user) {
  knocker *k = user;
  p2p_io_fact fact;
  uint8_t bytes[2048];
  int n = k->io->ops->wait(k->io, 0, &fact, 1);
  p2p_dgrams d = { .data = bytes, .cap = sizeof bytes };
  while (k->io->ops->udp_recv(k->io, k->sock, &d, 1) == 1) {
    size_t i = 0;
    while (i < IPS && memcmp(k->knock[i].to.ip + 4, d.local.ip, 4) != 0) i++;
    if (i == IPS || !k->knock[i].quic) continue;
    quic_knock_hear(&k->knock[i], t.c.host, p2p__bytes(bytes, d.len));
    say(k, &k->knock[i], &d.local);
    quic_knock_fini(&k->knock[i]);
  }
  return n;
}

static bool knock(void *user) {
  crowd *c = user;
  for (int i = 0; i < 2 && c->sent < c->n; i++) {
    size_t at = c->sent++ % (c->n_nodes * IPS);
    knocker *k = &c->nodes[at / IPS];
    quic_knock *one = &k->knock[at % IPS];
    p2p_endpoint from = storm_addr(c->from, at);
    quic_knock_fini(one);
    assert_int_equal(quic_knock_init(one, t.c.host, &target), 0);
    memcpy(one->to.ip + 4, from.ip, 4); /* whose it is */
    say(k, one, &from);
  }
  return c->sent < c->n;
}

static storm_tale crowd_of(storm_from from, size_t n, p2p_time latency) {
  static const p2p_setting limits[] = { { "conns_pending_in", 64 } };
  meet(latency, limits, 1);
  crowd c = { .n = n, .from = from, .n_nodes = from == STORM_ONE_NET ? 256 / IPS : n / IPS };
  c.nodes = calloc(c.n_nodes, sizeof *c.nodes);
  assert_non_null(c.nodes);
  for (size_t k = 0; k < c.n_nodes; k++) {
    p2p_endpoint any = { .family = 4 };
    p2p_sim_node_opts opts = { .n_ip = IPS };
    for (size_t i = 0; i < IPS; i++) opts.ip[i] = storm_addr(from, k * IPS + i);
    assert_int_equal(p2p_sim_node(t.sim, &opts, &c.nodes[k].io), 0);
    c.nodes[k].sock = c.nodes[k].io->ops->udp_open(c.nodes[k].io, &any, 0, NULL);
    assert_true(c.nodes[k].sock >= 0);
    p2p_sim_attach(c.nodes[k].io, &(p2p_sim_actor){ .step = knocker_step, .user = &c.nodes[k] });
  }
  storm_tale tale = ride_out(knock, &c);
  assert_in_range(player_stats(&t.b).half_open, 63, 64); /* the honest one is up by then, or not */
  for (size_t k = 0; k < c.n_nodes; k++) {
    p2p_sim_attach(c.nodes[k].io, NULL);
    for (size_t i = 0; i < IPS; i++) quic_knock_fini(&c.nodes[k].knock[i]);
  }
  is_over();
  free(c.nodes);
  return tale;
}

static void proven_storm_from_one_network_keeps_nobody_out(void **state) {
  (void)state;
  storm_tale tale = crowd_of(STORM_ONE_NET, 1000, 25 * P2P_MS);
  assert_int_equal(tale.up, tale.tried);
}

/* A handshake of 2 ms sees 4 newcomers, and each takes one of 64 places: 1/cosh(4/64)^2 = 0.996. */
static void proven_storm_from_everywhere_lets_most_through(void **state) {
  (void)state;
  storm_tale tale = crowd_of(STORM_MANY_NETS, 1000, P2P_MS);
  assert_true(tale.up * 100 >= tale.tried * 75);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(storm_of_lies_from_everywhere_keeps_nobody_out),
    cmocka_unit_test(storm_of_lies_from_one_network_keeps_nobody_out),
    cmocka_unit_test(proven_storm_from_one_network_keeps_nobody_out),
    cmocka_unit_test(proven_storm_from_everywhere_lets_most_through),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
