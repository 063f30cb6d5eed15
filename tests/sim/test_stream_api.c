/* What a user may ask of streams and protocols beyond reading and writing: priorities, deadlines,
 * match functions, getters, features. */
#include "troupe.h"
#include "unit/base/test.h"

static troupe t;
static told x, y;

static int start(void **state) {
  (void)state;
  x = y = (told){ 0 };
  troupe_begin(&t, 31);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static void meet(void) {
  troupe_join(&t, &t.a, NULL);
  troupe_join(&t, &t.b, NULL);
  troupe_meet(&t, &t.a, &t.b);
}

/* ---- match functions ---- */

static unsigned matched;

static bool is_version_of_x(void *user, const char *id) {
  assert_false(p2p__host_may_call(((player *)user)->host));
  matched++;
  return strncmp(id, "/x/1.", 5) == 0;
}

static void serve_family(player *p, told *out) {
  out->sim = t.sim;
  const p2p_handler handler = told_handler(out);
  matched = 0;
  assert_int_equal(p2p_protocol_add_match(p->host, "/x/1.0.0", is_version_of_x, p, &handler), 0);
}

static const char *protocol_of(const player *p, p2p_stream s, char *out) {
  p2p_stream_info info = { .size = sizeof info };
  assert_int_equal(p2p_stream_get(p->host, s, &info), 0);
  memcpy(out, info.protocol, strlen(info.protocol) + 1);
  return out;
}

static void family_of_protocols_is_served_by_one_handler(void **state) {
  (void)state;
  char id[64];
  meet();
  serve_family(&t.b, &y);
  told_open(&t, &t.a, "/x/1.7.3", &x);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_open, &y));
  assert_string_equal(protocol_of(&t.b, y.stream, id), "/x/1.7.3");
  assert_int_equal(matched, 1);
}

static void id_that_no_function_takes_is_refused(void **state) {
  (void)state;
  meet();
  serve_family(&t.b, &y);
  told_open(&t, &t.a, "/x/2.0.0", &x);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, P2P_ENOPROTO);
  assert_int_equal(y.opened, 0);
}

static void id_of_a_protocol_of_its_own_comes_before_functions(void **state) {
  (void)state;
  told own = { .sim = t.sim };
  meet();
  serve_family(&t.b, &y);
  told_serve(&t, &t.b, "/x/1.5.0", &own);
  told_open(&t, &t.a, "/x/1.5.0", &x);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_open, &own));
  assert_int_equal(matched + y.opened, 0);
}

static void removed_family_is_not_served(void **state) {
  (void)state;
  meet();
  serve_family(&t.b, &y);
  assert_int_equal(p2p_protocol_remove(t.b.host, "/x/1.0.0"), 0);
  told_open(&t, &t.a, "/x/1.7.3", &x);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  assert_int_equal(x.err, P2P_ENOPROTO);
}

/* ---- deadlines ---- */

static void set(const player *p, const told *on, p2p_deadline which, p2p_time within, int want) {
  assert_int_equal(p2p_stream_set_deadline(p->host, on->stream, which, within), want);
  player_poke(p);
}

static void open_both(void) {
  meet();
  told_serve(&t, &t.b, "/y", &y);
  told_open(&t, &t.a, "/y", &x);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_open, &y));
  assert_true(troupe_until(&t, P2P_SECOND, told_is_open, &x));
}

static void assert_timed_out(const told *on, p2p_time begun, p2p_time within) {
  assert_true(troupe_until(&t, 100 * P2P_SECOND, told_is_closed, (void *)(uintptr_t)on));
  assert_int_equal(on->err, P2P_ETIMEOUT);
  assert_int_equal(p2p_sim_now(t.sim) - begun, within);
}

static void stream_that_is_not_agreed_in_time_is_reset(void **state) {
  (void)state;
  meet();
  player_sleep(&t.b);
  told_open(&t, &t.a, "/y", &x);
  set(&t.a, &x, P2P_DEADLINE_OPEN, 50 * P2P_MS, 0);
  assert_timed_out(&x, p2p_sim_now(t.sim), 50 * P2P_MS);
  player_wake(&t.b);
  player_poke(&t.b);
}

static void reader_waits_no_longer_than_asked(void **state) {
  (void)state;
  open_both();
  set(&t.b, &y, P2P_DEADLINE_READ, 100 * P2P_MS, 0);
  troupe_wait(&t, 50 * P2P_MS);
  assert_int_equal(p2p_write(t.a.host, x.stream, "hi", 2), 2);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND); /* met, and forgotten */
  assert_true(y.got == 2 && y.closed == 0);
  set(&t.b, &y, P2P_DEADLINE_READ, 100 * P2P_MS, 0);
  assert_timed_out(&y, p2p_sim_now(t.sim), 100 * P2P_MS);
  troupe_wait(&t, P2P_SECOND);
  assert_true(x.closed == 1 && x.err == P2P_ERESET);
}

static void bytes_that_do_not_leave_in_time_reset_the_stream(void **state) {
  (void)state;
  static const uint8_t many[400000];
  open_both();
  set(&t.a, &x, P2P_DEADLINE_WRITE, 50 * P2P_MS, 0); /* nothing waits: met */
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(x.closed, 0);
  y.paused = true;
  assert_int_equal(p2p_write(t.a.host, x.stream, many, sizeof many), sizeof many);
  set(&t.a, &x, P2P_DEADLINE_WRITE, 2 * P2P_SECOND, 0);
  assert_timed_out(&x, p2p_sim_now(t.sim), 2 * P2P_SECOND);
}

static void stream_lives_no_longer_than_asked(void **state) {
  (void)state;
  open_both();
  p2p_time begun = p2p_sim_now(t.sim);
  set(&t.a, &x, P2P_DEADLINE_CLOSE, P2P_SECOND, 0);
  set(&t.a, &x, P2P_DEADLINE_CLOSE, 3 * P2P_SECOND, 0); /* replaces it */
  for (int i = 0; i < 20; i++) {
    assert_int_equal(p2p_write(t.a.host, x.stream, "hi", 2), 2);
    player_poke(&t.a);
    troupe_wait(&t, 100 * P2P_MS);
  }
  assert_timed_out(&x, begun, 3 * P2P_SECOND);
}

static void deadline_taken_back_is_none(void **state) {
  (void)state;
  open_both();
  set(&t.a, &x, P2P_DEADLINE_CLOSE, P2P_SECOND, 0);
  set(&t.a, &x, P2P_DEADLINE_READ, 2 * P2P_SECOND, 0);
  set(&t.a, &x, P2P_DEADLINE_CLOSE, P2P_NEVER, 0);
  set(&t.a, &x, P2P_DEADLINE_READ, P2P_NEVER, 0);
  troupe_wait(&t, 10 * P2P_SECOND);
  assert_int_equal(x.closed, 0);
  set(&t.a, &x, P2P_DEADLINES, P2P_SECOND, P2P_EINVAL);
  assert_int_equal(p2p_reset(t.a.host, x.stream, 0), 0);
  set(&t.a, &x, P2P_DEADLINE_READ, P2P_SECOND, P2P_ECANCELED);
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
  set(&t.a, &x, P2P_DEADLINE_READ, P2P_SECOND, P2P_ESTALE);
}

/* ---- priorities ---- */

enum { BULK = 3, CHUNK = 100000 };

/* Bytes of streams of three priorities that arrived while all had enough to say. */
static void race(size_t got[BULK]) {
  static const uint8_t chunk[CHUNK];
  static told in[BULK], out[BULK];
  static const char *const ids[BULK] = { "/normal", "/urgent", "/background" };
  const p2p_sim_path slow = { .latency = 5 * P2P_MS, .bits_per_second = 8000000 };
  p2p_sim_default(t.sim, &slow);
  meet();
  for (unsigned i = 0; i < BULK; i++) {
    in[i] = out[i] = (told){ 0 };
    told_serve(&t, &t.b, ids[i], &in[i]);
    told_open(&t, &t.a, ids[i], &out[i]);
    assert_int_equal(p2p_stream_set_priority(t.a.host, out[i].stream, (p2p_priority)i), 0);
  }
  for (int turn = 0; turn < 200; turn++) {
    for (int i = 0; i < BULK; i++) (void)p2p_write(t.a.host, out[i].stream, chunk, sizeof chunk);
    player_poke(&t.a);
    troupe_wait(&t, 10 * P2P_MS);
  }
  for (int i = 0; i < BULK; i++) got[i] = in[i].got;
}

static void streams_share_a_line_by_their_priorities(void **state) {
  (void)state;
  size_t got[BULK];
  race(got);
  assert_in_range(got[P2P_PRIORITY_URGENT], 3 * got[P2P_PRIORITY_NORMAL],
                  6 * got[P2P_PRIORITY_NORMAL]);
  assert_in_range(got[P2P_PRIORITY_BACKGROUND], got[P2P_PRIORITY_NORMAL] / 16,
                  got[P2P_PRIORITY_NORMAL] / 4);
  assert_true(got[P2P_PRIORITY_BACKGROUND] > 0); /* but nobody starves */
}

static void odd_priorities_are_refused(void **state) {
  (void)state;
  open_both();
  assert_int_equal(p2p_stream_set_priority(t.a.host, x.stream, (p2p_priority)3), P2P_EINVAL);
  assert_int_equal(p2p_stream_set_priority(t.a.host, (p2p_stream){ 1 }, 0), P2P_ESTALE);
  assert_int_equal(p2p_stream_set_priority(t.a.host, x.stream, P2P_PRIORITY_URGENT), 0);
}

/* ---- getters ---- */

static void connection_tells_of_itself(void **state) {
  (void)state;
  meet();
  char a[P2P_ADDR_TEXT_MAX], b[P2P_ADDR_TEXT_MAX];
  p2p_conn_info info = { .size = sizeof info };
  assert_int_equal(p2p_conn_get(t.a.host, t.a.node.conn, &info), 0);
  assert_true(info.up && info.opened > 0 && info.opened <= p2p_host_now(t.a.host));
  assert_false(info.limited);
  assert_true(p2p_conn_local_addr(t.b.host, t.b.node.conn, b, sizeof b) > 0);
  assert_string_equal(b, "/ip4/10.0.0.2/tcp/4001");
  assert_true(p2p_conn_local_addr(t.a.host, t.a.node.conn, a, sizeof a) > 0);
  assert_true(p2p_conn_addr(t.b.host, t.b.node.conn, b, sizeof b) > 0);
  assert_memory_equal(a, b, strlen(a)); /* what b sees, but for the peer id */
  p2p_conn dialing = player_dial(&t.a, &t.b);
  assert_int_equal(p2p_conn_local_addr(t.a.host, dialing, a, sizeof a), P2P_ENOTFOUND);
  assert_int_equal(p2p_conn_local_addr(t.a.host, (p2p_conn){ 1 }, a, sizeof a), P2P_ESTALE);
}

/* Its callbacks of a later version would never be called. */
static void handler_of_another_version_is_refused(void **state) {
  (void)state;
  meet();
  p2p_handler handler = told_handler(&x), odd[] = { handler, handler };
  const char *ids[] = { "/x" };
  p2p_stream s;
  odd[0].size = 0;
  odd[1].size = sizeof handler + 1;
  for (int i = 0; i < 2; i++) {
    assert_int_equal(p2p_protocol_add(t.b.host, "/odd", &odd[i]), P2P_EINVAL);
    assert_int_equal(p2p_stream_open(t.a.host, p2p_host_peer(t.b.host), ids, 1, &odd[i], &s),
                     P2P_EINVAL);
    assert_int_equal(p2p_stream_open_on(t.a.host, t.a.node.conn, ids, 1, &odd[i], &s), P2P_EINVAL);
  }
  assert_int_equal(p2p_stream_open_on(t.a.host, t.a.node.conn, ids, 1, &handler, &s), 0);
  for (int i = 0; i < 2; i++)
    assert_int_equal(p2p_stream_set_handler(t.a.host, s, &odd[i]), P2P_EINVAL);
  player_poke(&t.a);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x)); /* nobody serves /x */
}

static void features_are_those_that_a_host_takes(void **state) {
  (void)state;
  assert_true(p2p_has("noise") && p2p_has("yamux") && p2p_has("tcp") && p2p_has("memory"));
  assert_false(p2p_has("telepathy") || p2p_has("") || p2p_has(NULL));
  size_t n = 0;
  for (const char *name; (name = p2p_feature(n)) != NULL; n++) assert_true(p2p_has(name));
  assert_true(n >= 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(family_of_protocols_is_served_by_one_handler),
    TEST(id_that_no_function_takes_is_refused),
    TEST(id_of_a_protocol_of_its_own_comes_before_functions),
    TEST(removed_family_is_not_served),
    TEST(stream_that_is_not_agreed_in_time_is_reset),
    TEST(reader_waits_no_longer_than_asked),
    TEST(bytes_that_do_not_leave_in_time_reset_the_stream),
    TEST(stream_lives_no_longer_than_asked),
    TEST(deadline_taken_back_is_none),
    TEST(streams_share_a_line_by_their_priorities),
    TEST(odd_priorities_are_refused),
    TEST(connection_tells_of_itself),
    TEST(handler_of_another_version_is_refused),
    TEST(features_are_those_that_a_host_takes),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
