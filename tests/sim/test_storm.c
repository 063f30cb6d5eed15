/* 10,000 connections arrive within a second, and an honest peer: who goes is not left to who came last.
 * docs/internals/storms.md has the reasons and the rates. */
#include "storm.h"
#include "unit/base/test.h"

enum { STORM = 10000, PLACES = 256 };

#define SPOKEN "\x13/multistream/1.0.0\n\x07/noise\n"
#define BEGUN "\x13/multi"

static troupe t;
static storm s;

static storm_tale weather(storm_from from, const char *hello, p2p_time latency) {
  storm_meet(&t, "noise", latency);
  storm_begin(&s, t.sim, from, STORM, hello);
  storm_tale tale = storm_ride(&s, &t);
  print_message("%u of %u up, within %.1f ms\n", tale.up, tale.tried, (double)tale.worst / 1e6);
  assert_true(player_stats(&t.b).half_open <= PLACES);
  assert_true(tale.tried >= 5 && tale.worst < P2P_SECOND);
  troupe_wait(&t, 15 * P2P_SECOND); /* handshake_timeout */
  assert_true(player_knows_nothing(&t.b));
  assert_int_equal(s.open, 0);
  troupe_end(&t);
  storm_end(&s);
  return tale;
}

/* The handshake takes 50 ms, in which twice as many arrive as there are places. */
static void everybody_honest_is_served(storm_from from, const char *hello) {
  storm_tale tale = weather(from, hello, 25 * P2P_MS);
  assert_int_equal(tale.up, tale.tried);
}

static void storm_of_silent_ones_keeps_nobody_out(void **state) {
  (void)state;
  everybody_honest_is_served(STORM_MANY_NETS, NULL);
}

static void storm_of_half_lines_keeps_nobody_out(void **state) {
  (void)state;
  everybody_honest_is_served(STORM_MANY_NETS, BEGUN);
}

static void silent_storm_from_one_network_keeps_nobody_out(void **state) {
  (void)state;
  everybody_honest_is_served(STORM_ONE_NET, NULL);
}

static void speaking_storm_from_one_network_keeps_nobody_out(void **state) {
  (void)state;
  everybody_honest_is_served(STORM_ONE_NET, SPOKEN);
}

/* Who says what an honest peer says, and comes from everywhere, cannot be told from one: each newcomer
 * takes the place of one of those who have spoken, at least 128. A handshake of 4 ms sees 40 of them:
 * 1/cosh(40/128)^2 = 0.91; one of 20 ms sees 200: 0.17, and dialing again helps. */
static void speaking_storm_from_everywhere_lets_most_through(void **state) {
  (void)state;
  storm_tale tale = weather(STORM_MANY_NETS, SPOKEN, 2 * P2P_MS);
  assert_true(tale.tried >= 50);
  assert_true(tale.up * 100 >= tale.tried * 70);
}

static void speaking_storm_from_everywhere_shuts_nobody_out_for_good(void **state) {
  (void)state;
  storm_tale tale = weather(STORM_MANY_NETS, SPOKEN, 10 * P2P_MS);
  assert_true(tale.up > 0 && tale.up < tale.tried);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(storm_of_silent_ones_keeps_nobody_out),
    cmocka_unit_test(storm_of_half_lines_keeps_nobody_out),
    cmocka_unit_test(silent_storm_from_one_network_keeps_nobody_out),
    cmocka_unit_test(speaking_storm_from_one_network_keeps_nobody_out),
    cmocka_unit_test(speaking_storm_from_everywhere_lets_most_through),
    cmocka_unit_test(speaking_storm_from_everywhere_shuts_nobody_out_for_good),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
