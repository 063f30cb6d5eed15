/* What a user waits for, where the network says how long it must take at least. */
#include "troupe.h"
#include "unit/base/test.h"

enum { ANSWER = 60000 }; /* less than a record may be, more than a first congestion window */
#define ONE_WAY (50 * P2P_MS)

static troupe t;
static told x, served;
static uint8_t bytes[ANSWER];

static int start(void **state) {
  (void)state;
  x = served = (told){ 0 };
  troupe_begin(&t, 37);
  p2p_sim_path path = { .latency = ONE_WAY, .bits_per_second = 1000000000, .tcp = P2P_SIM_NEWRENO };
  p2p_sim_default(t.sim, &path);
  p2p_sim_split(t.sim, 0);
  troupe_join(&t, &t.a, NULL);
  troupe_join(&t, &t.b, NULL);
  told_serve(&t, &t.b, "/x", &served);
  troupe_meet(&t, &t.a, &t.b);
  told_open(&t, &t.a, "/x", &x);
  assert_true(troupe_until(&t, P2P_SECOND, told_is_open, &x));
  troupe_wait(&t, 10 * P2P_SECOND);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  return 0;
}

static bool all_is_there(void *user) {
  (void)user;
  return served.got == ANSWER;
}

/* A record cannot be read before it is whole, and one of 60,000 bytes is not within a round trip. */
static void first_bytes_after_idle_do_not_wait_for_the_last(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    served.got = 0;
    p2p_time from = p2p_sim_now(t.sim);
    assert_int_equal(p2p_write(t.a.host, x.stream, bytes, ANSWER), ANSWER);
    player_poke(&t.a);
    assert_true(troupe_until(&t, P2P_SECOND, all_is_there, NULL));
    assert_in_range(served.first_at - from, ONE_WAY, ONE_WAY + P2P_MS);
    troupe_wait(&t, 10 * P2P_SECOND);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(first_bytes_after_idle_do_not_wait_for_the_last, start, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
