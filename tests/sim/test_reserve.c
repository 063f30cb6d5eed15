/* Writing in place: what was reserved counts only if it is committed in time, and no more of it. */
#include "troupe.h"
#include "unit/base/test.h"

static troupe t;
static told x, served;

static int start(void **state) {
  (void)state;
  x = served = (told){ 0 };
  troupe_begin(&t, 32);
  troupe_join(&t, &t.a, NULL);
  troupe_join(&t, &t.b, NULL);
  told_serve(&t, &t.b, "/x", &served);
  troupe_meet(&t, &t.a, &t.b);
  served.paused = true;
  told_open(&t, &t.a, "/x", &x);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_open, &x));
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

/* Reserves room for len bytes and fills it. */
static size_t reserve(size_t len, char with) {
  void *p;
  size_t room;
  assert_int_equal(p2p_reserve(t.a.host, x.stream, len, &p, &room), 0);
  assert_true(p && room >= 1);
  room = p2p__min(room, len);
  memset(p, with, room);
  return room;
}

static int commit(size_t n) { return p2p_commit(t.a.host, x.stream, n); }

static void b_has(const char *text) {
  char buf[256] = { 0 };
  player_poke(&t.a);
  troupe_wait(&t, P2P_SECOND);
  ptrdiff_t n = p2p_read(t.b.host, served.stream, buf, sizeof buf - 1);
  assert_int_equal(n < 0 ? 0 : n, strlen(text));
  assert_string_equal(buf, text);
}

static void what_is_committed_arrives(void **state) {
  (void)state;
  assert_int_equal(reserve(4, 'a'), 4);
  assert_int_equal(commit(3), 0);
  b_has("aaa");
}

static void commit_of_more_than_was_reserved_is_refused(void **state) {
  (void)state;
  void *p;
  size_t room;
  assert_int_equal(p2p_reserve(t.a.host, x.stream, 10, &p, &room), 0);
  memset(p, 'a', room);
  assert_int_equal(commit(room + 1), P2P_EINVAL);
  assert_int_equal(commit(SIZE_MAX), P2P_EINVAL);
  assert_int_equal(commit(2), 0); /* what was reserved still is */
  b_has("aa");
}

static void commit_without_reserve_is_refused(void **state) {
  (void)state;
  assert_int_equal(commit(1), P2P_EINVAL);
  assert_int_equal(commit(0), 0);
  (void)reserve(3, 'a');
  assert_int_equal(commit(3), 0);
  assert_int_equal(commit(1), P2P_EINVAL); /* a second time */
  b_has("aaa");
}

static void last_of_two_reserves_counts(void **state) {
  (void)state;
  (void)reserve(8, 'a');
  (void)reserve(2, 'b');
  assert_int_equal(commit(2), 0);
  b_has("bb");
}

static void write_takes_a_reserve_back(void **state) {
  (void)state;
  (void)reserve(4, 'a');
  assert_int_equal(p2p_write(t.a.host, x.stream, "bcd", 3), 3);
  assert_int_equal(commit(4), P2P_EINVAL);
  b_has("bcd");
}

static void turn_takes_a_reserve_back(void **state) {
  (void)state;
  assert_int_equal(p2p_write(t.a.host, x.stream, "bcd", 3), 3);
  (void)reserve(4, 'a');
  b_has("bcd");
  assert_int_equal(commit(4), P2P_EINVAL);
  (void)reserve(2, 'e');
  assert_int_equal(commit(2), 0);
  b_has("ee");
}

static void commit_to_a_stream_that_was_reset_is_refused(void **state) {
  (void)state;
  size_t n = reserve(100, 'a');
  assert_int_equal(p2p_reset(t.a.host, x.stream, 0), 0);
  assert_int_equal(commit(n), P2P_ECANCELED);
  player_poke(&t.a);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_closed, &x));
  assert_int_equal(commit(n), P2P_ESTALE);
}

static void commit_to_a_connection_that_was_lost_is_refused(void **state) {
  (void)state;
  size_t n = reserve(100, 'a');
  host_node_fini(&t.b.node); /* between two turns of a */
  t.b.host = NULL;
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(x.closed, 1);
  assert_int_equal(commit(n), P2P_ESTALE);
}

/* What the budget gave for it is given back, whatever became of it. */
static void reserve_that_is_never_committed_costs_nothing(void **state) {
  (void)state;
  (void)reserve(8, 'a');
  player_poke(&t.a);
  assert_int_equal(p2p_finish(t.a.host, x.stream), 0);
  troupe_wait(&t, P2P_SECOND);
  assert_int_equal(t.a.host->swarm.budget.used, 0);
}

static void missing_arguments_are_refused(void **state) {
  (void)state;
  void *p;
  size_t len;
  assert_int_equal(p2p_reserve(t.a.host, x.stream, 1, NULL, &len), P2P_EINVAL);
  assert_int_equal(p2p_reserve(t.a.host, x.stream, 1, &p, NULL), P2P_EINVAL);
  assert_int_equal(p2p_reserve(t.a.host, (p2p_stream){ 1 }, 1, &p, &len), P2P_ESTALE);
  assert_int_equal(p2p_write(t.a.host, x.stream, NULL, 1), P2P_EINVAL);
  assert_int_equal(p2p_read(t.a.host, x.stream, NULL, 1), P2P_EINVAL);
  assert_int_equal(p2p_peek(t.a.host, x.stream, NULL), P2P_EINVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(what_is_committed_arrives),
    TEST(commit_of_more_than_was_reserved_is_refused),
    TEST(commit_without_reserve_is_refused),
    TEST(last_of_two_reserves_counts),
    TEST(write_takes_a_reserve_back),
    TEST(turn_takes_a_reserve_back),
    TEST(commit_to_a_stream_that_was_reset_is_refused),
    TEST(commit_to_a_connection_that_was_lost_is_refused),
    TEST(reserve_that_is_never_committed_costs_nothing),
    TEST(missing_arguments_are_refused),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
