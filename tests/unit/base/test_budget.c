/* Budgets: chains of bytes that may be owned. */
#include "unit/base/test.h"

#include "base/queue.h"

static void budget_charges_itself_and_all_above(void **state) {
  (void)state;
  p2p__budget host = { .max = 1000 }, conn = { .parent = &host, .max = 100 };
  assert_true(p2p__budget_charge(&conn, 60));
  assert_int_equal(conn.used, 60);
  assert_int_equal(host.used, 60);
  p2p__budget_refund(&conn, 20);
  assert_int_equal(conn.used, 40);
  assert_int_equal(host.used, 40);
}

static void budget_is_used_to_the_last_byte_and_not_beyond(void **state) {
  (void)state;
  p2p__budget b = { .max = 100 };
  assert_true(p2p__budget_charge(&b, 100));
  assert_false(p2p__budget_charge(&b, 1));
  assert_true(p2p__budget_charge(&b, 0));
  assert_int_equal(b.used, 100);
}

static void budget_refused_above_charges_nothing_below(void **state) {
  (void)state;
  p2p__budget host = { .max = 50 }, conn = { .parent = &host, .max = 100 },
              stream = { .parent = &conn, .max = 100 };
  assert_false(p2p__budget_charge(&stream, 51));
  assert_int_equal(stream.used + conn.used + host.used, 0);
}

static void budget_survives_a_maximum_lowered_below_its_use(void **state) {
  (void)state;
  p2p__budget b = { .max = 100 };
  assert_true(p2p__budget_charge(&b, 80));
  b.max = 10;
  assert_false(p2p__budget_charge(&b, 1));
  p2p__budget_refund(&b, 80);
  assert_true(p2p__budget_charge(&b, 10));
}

static void budget_charge_does_not_overflow(void **state) {
  (void)state;
  p2p__budget b = { .max = SIZE_MAX };
  assert_true(p2p__budget_charge(&b, 10));
  assert_false(p2p__budget_charge(&b, SIZE_MAX));
  assert_int_equal(b.used, 10);
}

static void budget_of_nobody_takes_everything(void **state) {
  (void)state;
  assert_true(p2p__budget_charge(NULL, SIZE_MAX));
  p2p__budget_refund(NULL, SIZE_MAX);
}

static void budget_moves_a_charge_without_counting_it_twice_above(void **state) {
  (void)state;
  p2p__budget host = { .max = 100 }, a = { .parent = &host, .max = 100 },
              b = { .parent = &host, .max = 100 };
  assert_true(p2p__budget_charge(&a, 80));
  assert_true(p2p__budget_move(&a, &b, 80)); /* 160 would not fit the host */
  assert_int_equal(a.used, 0);
  assert_int_equal(b.used, 80);
  assert_int_equal(host.used, 80);
}

static void budget_that_cannot_move_stays(void **state) {
  (void)state;
  p2p__budget host = { .max = 100 }, a = { .parent = &host, .max = 100 },
              b = { .parent = &host, .max = 79 };
  assert_true(p2p__budget_charge(&a, 80));
  a.max = 10; /* even when it would not be granted again */
  assert_false(p2p__budget_move(&a, &b, 80));
  assert_int_equal(a.used, 80);
  assert_int_equal(b.used, 0);
  assert_int_equal(host.used, 80);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(budget_charges_itself_and_all_above),
    cmocka_unit_test(budget_is_used_to_the_last_byte_and_not_beyond),
    cmocka_unit_test(budget_refused_above_charges_nothing_below),
    cmocka_unit_test(budget_survives_a_maximum_lowered_below_its_use),
    cmocka_unit_test(budget_charge_does_not_overflow),
    cmocka_unit_test(budget_of_nobody_takes_everything),
    cmocka_unit_test(budget_moves_a_charge_without_counting_it_twice_above),
    cmocka_unit_test(budget_that_cannot_move_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
