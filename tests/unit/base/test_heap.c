/* Timers. */
#include "unit/base/test.h"

#include "base/heap.h"
#include "unit/base/rng.h"
#include <p2p/error.h>

static void setup(p2p__mem *m, p2p__timers *h, uint32_t places) {
  p2p__mem_init(m, NULL);
  p2p__timers_init(h, m);
  for (uint32_t i = 0; i < places; i++) assert_int_equal(p2p__timers_reserve(h), 0);
}

static void teardown(p2p__mem *m, p2p__timers *h) {
  p2p__timers_fini(h);
  assert_int_equal(p2p__mem_used(m), 0);
}

static void timers_fire_in_the_order_of_their_times(void **state) {
  (void)state;
  p2p__mem m;
  p2p__timers h;
  setup(&m, &h, 100);
  p2p__timer t[100] = { 0 };
  for (size_t i = 0; i < 100; i++) p2p__timer_set(&h, &t[i], (i * 37 + 5) % 100);
  for (p2p_time at = 0; at < 100; at++) {
    assert_int_equal(p2p__timers_next(&h), at);
    p2p__timer *due = p2p__timers_due(&h, P2P_NEVER);
    assert_int_equal(due->at, at);
  }
  assert_null(p2p__timers_due(&h, P2P_NEVER));
  teardown(&m, &h);
}

static void timers_of_one_time_fire_in_the_order_they_were_set(void **state) {
  (void)state;
  p2p__mem m;
  p2p__timers h;
  setup(&m, &h, 200);
  p2p__timer t[200] = { 0 };
  for (size_t i = 0; i < 200; i++) p2p__timer_set(&h, &t[i], i % 2 ? 10 : 20);
  for (size_t i = 1; i < 200; i += 2) assert_ptr_equal(p2p__timers_due(&h, 20), &t[i]);
  for (size_t i = 0; i < 200; i += 2) assert_ptr_equal(p2p__timers_due(&h, 20), &t[i]);
  teardown(&m, &h);
}

static void timer_moved_to_a_tie_goes_behind_it(void **state) {
  (void)state;
  p2p__mem m;
  p2p__timers h;
  setup(&m, &h, 3);
  p2p__timer a = { 0 }, b = { 0 }, c = { 0 };
  p2p__timer_set(&h, &a, 5);
  p2p__timer_set(&h, &b, 10);
  p2p__timer_set(&h, &c, 10);
  p2p__timer_set(&h, &b, 10); /* where it was: keeps its place */
  p2p__timer_set(&h, &a, 10);
  assert_ptr_equal(p2p__timers_due(&h, 10), &b);
  assert_ptr_equal(p2p__timers_due(&h, 10), &c);
  assert_ptr_equal(p2p__timers_due(&h, 10), &a);
  teardown(&m, &h);
}

static void timer_is_due_at_its_time_and_not_before(void **state) {
  (void)state;
  p2p__mem m;
  p2p__timers h;
  setup(&m, &h, 1);
  p2p__timer t = { 0 };
  assert_true(p2p__timers_next(&h) == P2P_NEVER);
  p2p__timer_set(&h, &t, 100);
  assert_null(p2p__timers_due(&h, 99));
  assert_true(t.pos != 0);
  assert_ptr_equal(p2p__timers_due(&h, 100), &t);
  assert_int_equal(t.pos, 0);
  assert_true(p2p__timers_next(&h) == P2P_NEVER);
  teardown(&m, &h);
}

static void timer_at_never_is_cleared(void **state) {
  (void)state;
  p2p__mem m;
  p2p__timers h;
  setup(&m, &h, 1);
  p2p__timer t = { 0 };
  p2p__timer_set(&h, &t, 100);
  p2p__timer_set(&h, &t, P2P_NEVER);
  assert_int_equal(t.pos, 0);
  assert_null(p2p__timers_due(&h, P2P_NEVER));
  p2p__timer_clear(&h, &t); /* once more does nothing */
  p2p__timer_set(&h, &t, P2P_NEVER);
  assert_int_equal(h.n, 0);
  teardown(&m, &h);
}

static void timers_place_is_given_or_out_of_memory(void **state) {
  (void)state;
  p2p__mem m;
  p2p__timers h;
  setup(&m, &h, 0);
  m.fail_at = 1;
  assert_int_equal(p2p__timers_reserve(&h), P2P_ENOMEM);
  assert_int_equal(h.reserved, 0);
  p2p__timer t[40] = { 0 };
  for (size_t i = 0; i < 40; i++) { /* reserved all first, set all then */
    m.fail_at = m.calls + 1;
    if (p2p__timers_reserve(&h) < 0) assert_int_equal(p2p__timers_reserve(&h), 0);
  }
  uint64_t calls = m.calls;
  for (size_t i = 0; i < 40; i++) p2p__timer_set(&h, &t[i], 40 - i);
  assert_int_equal(m.calls, calls); /* setting allocates nothing */
  for (size_t i = 40; i-- > 0;) assert_ptr_equal(p2p__timers_due(&h, 40), &t[i]);
  teardown(&m, &h);
}

static void timers_give_memory_back_when_owners_end(void **state) {
  (void)state;
  p2p__mem m;
  p2p__timers h;
  setup(&m, &h, 10000);
  p2p__timer t = { 0 };
  p2p__timer_set(&h, &t, 5);
  size_t full = p2p__mem_used(&m);
  for (size_t i = 0; i < 9999; i++) p2p__timers_unreserve(&h);
  assert_true(p2p__mem_used(&m) < full / 100);
  assert_ptr_equal(p2p__timers_due(&h, 5), &t);
  teardown(&m, &h);
}

static void timers_that_cannot_shrink_still_work(void **state) {
  (void)state;
  p2p__mem m;
  p2p__timers h;
  setup(&m, &h, 1000);
  p2p__timer t = { 0 };
  p2p__timer_set(&h, &t, 5);
  m.fail_at = m.calls + 1;
  m.fail_on = true;
  for (size_t i = 0; i < 999; i++) p2p__timers_unreserve(&h);
  assert_true(m.failed > 0);
  assert_ptr_equal(p2p__timers_due(&h, 5), &t);
  teardown(&m, &h);
}

/* The timer that a scan over all of them would fire first. */
static p2p__timer *first_of(p2p__timer *t, const uint64_t *order, size_t n) {
  p2p__timer *first = NULL;
  for (size_t i = 0; i < n; i++) {
    if (!t[i].pos) continue;
    if (!first || t[i].at < first->at || (t[i].at == first->at && order[i] < order[first - t])) {
      first = &t[i];
    }
  }
  return first;
}

static void timers_match_a_naive_model(void **state) {
  (void)state;
  enum { N = 200 };
  p2p__mem m;
  p2p__timers h;
  setup(&m, &h, N);
  p2p__timer t[N] = { 0 };
  uint64_t order[N] = { 0 }, clock = 0;
  rng r = { .state = 2 };
  for (size_t step = 0; step < 20000; step++) {
    size_t i = rng_below(&r, N);
    size_t what = rng_below(&r, 8);
    if (what < 5) {
      p2p_time at = rng_below(&r, 50); /* many ties */
      if (!t[i].pos || t[i].at != at) order[i] = ++clock;
      p2p__timer_set(&h, &t[i], at);
      assert_int_equal(t[i].at, at);
    } else if (what < 6) {
      p2p__timer_clear(&h, &t[i]);
      assert_int_equal(t[i].pos, 0);
    } else {
      p2p__timer *expected = first_of(t, order, N);
      assert_true(p2p__timers_next(&h) == (expected ? expected->at : P2P_NEVER));
      p2p_time now = rng_below(&r, 50);
      if (expected && expected->at > now) expected = NULL;
      assert_ptr_equal(p2p__timers_due(&h, now), expected);
    }
  }
  teardown(&m, &h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(timers_fire_in_the_order_of_their_times),
    cmocka_unit_test(timers_of_one_time_fire_in_the_order_they_were_set),
    cmocka_unit_test(timer_moved_to_a_tie_goes_behind_it),
    cmocka_unit_test(timer_is_due_at_its_time_and_not_before),
    cmocka_unit_test(timer_at_never_is_cleared),
    cmocka_unit_test(timers_place_is_given_or_out_of_memory),
    cmocka_unit_test(timers_give_memory_back_when_owners_end),
    cmocka_unit_test(timers_that_cannot_shrink_still_work),
    cmocka_unit_test(timers_match_a_naive_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
