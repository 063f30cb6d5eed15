/* The black-hole detector: SW-06. */
#include "swarm/blackhole.h"
#include "unit/base/test.h"

static void tell(p2p__blackhole *b, int n, bool answered) {
  for (int i = 0; i < n; i++) p2p__blackhole_told(b, answered);
}

static void nothing_is_blocked_before_a_hundred_results(void **state) {
  (void)state;
  p2p__blackhole b = { 0 };
  tell(&b, P2P__BLACKHOLE_WINDOW - 1, false);
  assert_int_equal(p2p__blackhole_ask(&b), P2P__BLACKHOLE_PROBING);
  tell(&b, 1, false);
  assert_int_equal(p2p__blackhole_ask(&b), P2P__BLACKHOLE_BLOCKED);
}

static void five_answers_in_a_hundred_are_enough(void **state) {
  (void)state;
  p2p__blackhole b = { 0 };
  tell(&b, 5, true);
  tell(&b, 95, false);
  assert_int_equal(p2p__blackhole_ask(&b), P2P__BLACKHOLE_OPEN);
  tell(&b, 1, false); /* the oldest answer is forgotten */
  assert_int_equal(p2p__blackhole_ask(&b), P2P__BLACKHOLE_BLOCKED);
}

static void one_dial_in_a_hundred_looks_again(void **state) {
  (void)state;
  p2p__blackhole b = { 0 };
  tell(&b, 100, false);
  for (int round = 0; round < 3; round++) {
    for (int i = 1; i < P2P__BLACKHOLE_WINDOW; i++)
      assert_int_equal(p2p__blackhole_ask(&b), P2P__BLACKHOLE_BLOCKED);
    assert_int_equal(p2p__blackhole_ask(&b), P2P__BLACKHOLE_PROBING);
    tell(&b, 1, false);
  }
}

static void an_answer_opens_what_was_blocked(void **state) {
  (void)state;
  p2p__blackhole b = { 0 };
  tell(&b, 250, false);
  tell(&b, 1, true);
  assert_int_equal(p2p__blackhole_ask(&b), P2P__BLACKHOLE_PROBING);
  tell(&b, 98, false);
  assert_int_equal(p2p__blackhole_ask(&b), P2P__BLACKHOLE_PROBING);
  tell(&b, 1, false);
  assert_int_equal(p2p__blackhole_ask(&b), P2P__BLACKHOLE_BLOCKED);
}

static void the_window_counts_what_is_in_it(void **state) {
  (void)state;
  p2p__blackhole b = { 0 };
  unsigned in_window = 0;
  bool last[P2P__BLACKHOLE_WINDOW] = { 0 };
  uint32_t x = 1;
  for (unsigned i = 0; i < 5000; i++) {
    x = x * 1103515245u + 12345u;
    bool answered = (x >> 16) % 3 == 0; /* never so few that all is forgotten */
    in_window = in_window - last[i % P2P__BLACKHOLE_WINDOW] + answered;
    last[i % P2P__BLACKHOLE_WINDOW] = answered;
    p2p__blackhole_told(&b, answered);
    assert_int_equal(b.successes, in_window);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(nothing_is_blocked_before_a_hundred_results),
    cmocka_unit_test(five_answers_in_a_hundred_are_enough),
    cmocka_unit_test(one_dial_in_a_hundred_looks_again),
    cmocka_unit_test(an_answer_opens_what_was_blocked),
    cmocka_unit_test(the_window_counts_what_is_in_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
