/* Addresses that failed are left alone, longer each time, and not without bound. */
#include "swarm/backoff.h"
#include "unit/base/test.h"

typedef struct world {
  p2p__mem mem;
  p2p__limits limits;
  p2p__env env;
  p2p__backoffs b;
} world;

static const p2p_peer_id alice = { .len = 3, .b = { 1, 2, 3 } };
static const p2p_peer_id bob = { .len = 3, .b = { 1, 2, 4 } };

static p2p_bytes addr(uint8_t i) {
  static uint8_t bytes[256][3];
  bytes[i][0] = 4;
  bytes[i][2] = i;
  return p2p__bytes(bytes[i], 3);
}

static void begin(world *w) {
  *w = (world){ 0 };
  p2p__mem_init(&w->mem, NULL);
  p2p__limits_default(&w->limits);
  w->env = (p2p__env){ .mem = &w->mem, .limits = &w->limits };
  p2p__backoffs_init(&w->b, &w->env);
}

static void end(world *w) {
  p2p__backoffs_fini(&w->b);
  assert_int_equal(p2p__mem_used(&w->mem), 0);
}

static p2p_time until(const world *w, p2p_time now) {
  return p2p__backoff_until(&w->b, &alice, addr(1), now);
}

static void wait_doubles_up_to_its_bound(void **state) {
  (void)state;
  world w;
  begin(&w);
  p2p_time now = 1000, wait = w.limits.backoff_first;
  assert_int_equal(until(&w, now), 0);
  for (int i = 0; i < 12; i++) {
    p2p__backoff_failed(&w.b, &alice, addr(1), now);
    assert_int_equal(until(&w, now), now + wait);
    assert_int_equal(until(&w, now + wait - 1), now + wait);
    assert_int_equal(until(&w, now + wait), 0);
    now += wait;
    wait = p2p__time_min(2 * wait, w.limits.backoff_max);
  }
  assert_int_equal(wait, w.limits.backoff_max);
  end(&w);
}

static void success_and_time_forget(void **state) {
  (void)state;
  world w;
  begin(&w);
  p2p__backoff_failed(&w.b, &alice, addr(1), 0);
  p2p__backoff_failed(&w.b, &alice, addr(1), 0);
  p2p__backoff_succeeded(&w.b, &alice, addr(1));
  assert_int_equal(until(&w, 0), 0);
  p2p__backoff_failed(&w.b, &alice, addr(1), 0);
  assert_int_equal(until(&w, 0), w.limits.backoff_first);
  p2p_time late = 2 * w.limits.backoff_max;
  p2p__backoff_failed(&w.b, &alice, addr(1), late);
  assert_int_equal(until(&w, late), late + w.limits.backoff_first);
  end(&w);
}

static void it_is_of_one_address_of_one_peer(void **state) {
  (void)state;
  world w;
  begin(&w);
  p2p__backoff_failed(&w.b, &alice, addr(1), 0);
  assert_int_equal(p2p__backoff_until(&w.b, &bob, addr(1), 0), 0);
  assert_int_equal(p2p__backoff_until(&w.b, &alice, addr(2), 0), 0);
  end(&w);
}

static void oldest_failure_makes_room(void **state) {
  (void)state;
  world w;
  begin(&w);
  w.limits.backoffs = 3;
  for (uint8_t i = 1; i <= 3; i++) p2p__backoff_failed(&w.b, &alice, addr(i), i);
  p2p__backoff_failed(&w.b, &alice, addr(1), 4); /* not the oldest any more */
  p2p__backoff_failed(&w.b, &alice, addr(4), 5);
  assert_int_equal(w.b.n, 3);
  assert_int_equal(p2p__backoff_until(&w.b, &alice, addr(2), 6), 0);
  assert_true(p2p__backoff_until(&w.b, &alice, addr(1), 6) > 0);
  assert_true(p2p__backoff_until(&w.b, &alice, addr(4), 6) > 0);
  end(&w);
}

static void without_memory_nothing_is_remembered(void **state) {
  (void)state;
  for (uint64_t k = 1; k <= 2; k++) {
    world w;
    begin(&w);
    w.mem.fail_at = k;
    p2p__backoff_failed(&w.b, &alice, addr(1), 0);
    assert_int_equal(until(&w, 0), 0);
    end(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(wait_doubles_up_to_its_bound),
    cmocka_unit_test(success_and_time_forget),
    cmocka_unit_test(it_is_of_one_address_of_one_peer),
    cmocka_unit_test(oldest_failure_makes_room),
    cmocka_unit_test(without_memory_nothing_is_remembered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
