/* The same storm where the handshake is TLS, which costs a server more: see test_storm.c. */
#include "storm.h"
#include "unit/base/test.h"

enum { STORM = 10000 };

static troupe t;
static storm s;

static void everybody_honest_is_served(storm_from from, const char *hello) {
  storm_meet(&t, "tls", 25 * P2P_MS);
  storm_begin(&s, t.sim, from, STORM, hello);
  storm_tale tale = storm_ride(&s, &t);
  print_message("%u of %u up, within %.1f ms\n", tale.up, tale.tried, (double)tale.worst / 1e6);
  assert_true(tale.tried >= 5 && tale.worst < P2P_SECOND);
  assert_int_equal(tale.up, tale.tried);
  troupe_end(&t);
  storm_end(&s);
}

static void storm_of_silent_ones_keeps_nobody_out(void **state) {
  (void)state;
  everybody_honest_is_served(STORM_MANY_NETS, NULL);
}

static void speaking_storm_from_one_network_keeps_nobody_out(void **state) {
  (void)state;
  everybody_honest_is_served(STORM_ONE_NET, "\x13/multistream/1.0.0\n\x0b/tls/1.0.0\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(storm_of_silent_ones_keeps_nobody_out),
    cmocka_unit_test(speaking_storm_from_one_network_keeps_nobody_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
