/* The connection gater: five points, each alone, on both sides; and who may call a host when. */
#include "troupe.h"
#include "unit/base/test.h"

static troupe t;

static int start(void **state) {
  (void)state;
  troupe_begin(&t, 14);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

/* ---- a gater that counts, and says no at one point ---- */

enum { NOWHERE, PEER_DIAL, ADDR_DIAL, ACCEPT, SECURED, UPGRADED, POINTS };

typedef struct guard {
  int shut; /* the point that refuses */
  unsigned asked[POINTS];
  p2p_peer_id peer;
  p2p_direction dir;
  p2p_conn conn;
  char addr[P2P_ADDR_TEXT_MAX];
  const player *self;
} guard;

static bool answer(guard *g, int point) {
  g->asked[point]++;
  if (g->self && g->self->host) assert_false(p2p__host_may_call(g->self->host));
  return g->shut != point;
}

static void note_addr(guard *g, p2p_bytes addr) {
  assert_true(p2p_addr_print(addr, g->addr, sizeof g->addr) > 0);
}

static bool ask_peer_dial(void *user, const p2p_peer_id *peer) {
  guard *g = user;
  g->peer = *peer;
  return answer(g, PEER_DIAL);
}

static bool ask_addr_dial(void *user, const p2p_peer_id *peer, p2p_bytes addr) {
  guard *g = user;
  g->peer = *peer;
  note_addr(g, addr);
  return answer(g, ADDR_DIAL);
}

static bool ask_accept(void *user, p2p_bytes addr) {
  note_addr(user, addr);
  return answer(user, ACCEPT);
}

static bool ask_secured(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir) {
  guard *g = user;
  g->peer = *peer;
  g->dir = dir;
  note_addr(g, addr);
  return answer(g, SECURED);
}

static bool ask_upgraded(void *user, p2p_conn conn, const p2p_peer_id *peer, p2p_bytes addr,
                         p2p_direction dir) {
  guard *g = user;
  g->conn = conn;
  g->peer = *peer;
  g->dir = dir;
  note_addr(g, addr);
  return answer(g, UPGRADED);
}

static void join_guarded(player *p, guard *g) {
  g->self = p;
  const p2p_gater gater = { .size = sizeof gater,
                            .peer_dial = ask_peer_dial,
                            .addr_dial = ask_addr_dial,
                            .accept = ask_accept,
                            .secured = ask_secured,
                            .upgraded = ask_upgraded,
                            .user = g };
  troupe_join(&t, p, &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .gater = &gater });
}

static int dial(p2p_conn *c) { return host_node_dial(&t.a.node, &t.b.node, c); }

/* The dial fails at a's point, or for a whatever b's refusal looks like. */
static void refuse(guard *a, guard *b) {
  join_guarded(&t.a, a);
  join_guarded(&t.b, b);
  p2p_conn c;
  int err = dial(&c);
  troupe_wait(&t, P2P_SECOND);
  if (a->shut == PEER_DIAL) {
    assert_int_equal(err, P2P_EGATED);
  } else {
    assert_int_equal(err, 0);
    assert_int_equal(t.a.n[P2P_EV_CONN_CLOSED], 1);
    assert_int_not_equal(t.a.last[P2P_EV_CONN_CLOSED].err, 0);
  }
  assert_int_equal(t.b.n[P2P_EV_CONN_OPEN] + t.b.n[P2P_EV_CONN_CLOSED], 0);
  assert_true(player_knows_nothing(&t.a) && player_knows_nothing(&t.b));
}

static void each_point_is_asked_once_and_told_the_truth(void **state) {
  (void)state;
  guard a = { 0 }, b = { 0 };
  join_guarded(&t.a, &a);
  join_guarded(&t.b, &b);
  troupe_meet(&t, &t.a, &t.b);
  static const unsigned dialer[POINTS] = { 0, 1, 1, 0, 1, 1 },
                        listener[POINTS] = { 0, 0, 0, 1, 1, 1 };
  assert_memory_equal(a.asked, dialer, sizeof dialer);
  assert_memory_equal(b.asked, listener, sizeof listener);
  assert_string_equal(a.addr, "/ip4/10.0.0.2/tcp/4001");
  assert_memory_equal(b.addr, "/ip4/10.0.0.1/tcp/", 18);
  assert_true(p2p_peer_id_eq(&a.peer, p2p_host_peer(t.b.host)));
  assert_true(p2p_peer_id_eq(&b.peer, p2p_host_peer(t.a.host)));
  assert_true(a.dir == P2P_OUTBOUND && b.dir == P2P_INBOUND);
  assert_int_equal(a.conn.id, t.a.last[P2P_EV_CONN_OPEN].conn.id);
  assert_int_equal(b.conn.id, t.b.last[P2P_EV_CONN_OPEN].conn.id);
}

static void dialer_refuses_the_peer(void **state) {
  (void)state;
  guard a = { .shut = PEER_DIAL }, b = { 0 };
  refuse(&a, &b);
  assert_int_equal(a.asked[ADDR_DIAL], 0);
}

static void dialer_refuses_the_address(void **state) {
  (void)state;
  guard a = { .shut = ADDR_DIAL }, b = { 0 };
  refuse(&a, &b);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EGATED);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_GATER);
  assert_int_equal(b.asked[ACCEPT], 0); /* not a packet has left */
}

static void dialer_refuses_who_answered(void **state) {
  (void)state;
  guard a = { .shut = SECURED }, b = { 0 };
  refuse(&a, &b);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EGATED);
}

static void dialer_refuses_what_is_up(void **state) {
  (void)state;
  guard a = { .shut = UPGRADED }, b = { 0 };
  join_guarded(&t.a, &a);
  join_guarded(&t.b, &b);
  p2p_conn c;
  assert_int_equal(dial(&c), 0);
  told x = { 0 };
  told_open_on(&t, &t.a, c, (const char *[]){ "/x" }, 1, &x);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.a.n[P2P_EV_CONN_OPEN], 0);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].err, P2P_EGATED);
  assert_int_equal(t.a.last[P2P_EV_CONN_CLOSED].stage, P2P_STAGE_GATER);
  assert_true(x.closed == 1 && x.err == P2P_EGATED);
  assert_true(player_knows_nothing(&t.a) && player_knows_nothing(&t.b));
}

static void listener_refuses_the_address(void **state) {
  (void)state;
  guard a = { 0 }, b = { .shut = ACCEPT };
  refuse(&a, &b);
  assert_int_equal(b.asked[SECURED], 0);
}

static void listener_refuses_the_peer(void **state) {
  (void)state;
  guard a = { 0 }, b = { .shut = SECURED };
  refuse(&a, &b);
  assert_int_equal(b.asked[UPGRADED], 0);
}

static void listener_refuses_what_is_up(void **state) {
  (void)state;
  guard a = { 0 }, b = { .shut = UPGRADED };
  refuse(&a, &b);
}

static void an_older_and_shorter_gater_is_understood(void **state) {
  (void)state;
  guard a = { .shut = UPGRADED };
  const p2p_gater gater = { .size = offsetof(p2p_gater, secured),
                            .peer_dial = NULL,
                            .secured = ask_secured, /* beyond its size: not there */
                            .upgraded = ask_upgraded,
                            .user = &a };
  troupe_join(&t, &t.a, &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .gater = &gater });
  troupe_join(&t, &t.b, NULL);
  troupe_meet(&t, &t.a, &t.b);
  assert_int_equal(a.asked[SECURED] + a.asked[UPGRADED], 0);
}

/* ---- who may call ---- */

static unsigned traced;

static void trace(void *user, p2p_conn conn, p2p_stream stream, bool in, p2p_bytes line) {
  const player *p = user;
  (void)conn;
  (void)stream;
  (void)in;
  (void)line;
  traced++;
  if (p->host) assert_false(p2p__host_may_call(p->host));
}

static void on_open(p2p_host *h, p2p_stream s, void *user) {
  (void)s;
  assert_true(p2p__host_may_call(h));
  ++*(unsigned *)user;
}

static void callbacks_may_call_the_host_and_trace_may_not(void **state) {
  (void)state;
  unsigned opened = 0;
  const p2p_handler handler = { .size = sizeof handler, .on_open = on_open, .user = &opened };
  troupe_join(
      &t, &t.a,
      &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .trace = trace, .trace_user = &t.a });
  troupe_join(&t, &t.b, NULL);
  assert_int_equal(p2p_protocol_add(t.b.host, "/x", &handler), 0);
  troupe_meet(&t, &t.a, &t.b);
  told x = { 0 };
  told_open(&t, &t.a, "/x", &x);
  troupe_wait(&t, P2P_SECOND);
  assert_true(traced > 0 && opened == 1);
  assert_true(p2p__host_may_call(t.a.host) && p2p__host_may_call(NULL));
}

/* Else what it means to refuse would pass. */
static void gater_that_is_not_understood_makes_no_host(void **state) {
  (void)state;
  const size_t sizes[] = { 0, sizeof(p2p_gater) + sizeof(void *) };
  for (size_t i = 0; i < P2P_COUNT(sizes); i++) {
    const p2p_gater gater = { .size = sizes[i], .accept = ask_accept };
    p2p_host *h = (p2p_host *)&t;
    const p2p_host_opts o = { .size = sizeof o, .gater = &gater };
    assert_int_equal(p2p_host_new(&h, &o), P2P_EINVAL);
    assert_null(h);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(each_point_is_asked_once_and_told_the_truth),
    TEST(dialer_refuses_the_peer),
    TEST(dialer_refuses_the_address),
    TEST(dialer_refuses_who_answered),
    TEST(dialer_refuses_what_is_up),
    TEST(listener_refuses_the_address),
    TEST(listener_refuses_the_peer),
    TEST(listener_refuses_what_is_up),
    TEST(an_older_and_shorter_gater_is_understood),
    TEST(gater_that_is_not_understood_makes_no_host),
    TEST(callbacks_may_call_the_host_and_trace_may_not),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
