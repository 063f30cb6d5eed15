/* The limits of a host. */
#include "unit/base/test.h"

#include "base/limits.h"
#include <p2p/error.h>
#include <string.h>

static size_t limits_count(void) {
  size_t n = 0;
  while (p2p__limit_at(n)) n++;
  return n;
}

static void limits_are_one_line_for_each_member(void **state) {
  (void)state;
  assert_int_equal(limits_count(), sizeof(p2p__limits) / sizeof(uint64_t));
  assert_string_equal(p2p__limit_at(0)->name, "conns_max");
  assert_null(p2p__limit_at(SIZE_MAX));
}

static void limits_default_to_their_lines_within_their_bounds(void **state) {
  (void)state;
  p2p__limits limits;
  p2p__limits_default(&limits);
  uint64_t member[sizeof limits / sizeof(uint64_t)];
  memcpy(member, &limits, sizeof limits);
  for (size_t i = 0; p2p__limit_at(i); i++) {
    const p2p__limit_line *line = p2p__limit_at(i);
    assert_true(member[i] == line->value);
    assert_true(line->min <= line->value && line->value <= line->max);
    assert_true(strlen(line->reason) > 8 && strlen(line->unit) > 1);
  }
}

static void limits_are_set_by_name_and_leave_the_others_alone(void **state) {
  (void)state;
  for (size_t i = 0; p2p__limit_at(i); i++) {
    const p2p__limit_line *line = p2p__limit_at(i);
    p2p__limits limits;
    p2p__limits_default(&limits);
    assert_int_equal(p2p__limits_set(&limits, line->name, line->max), 0);
    uint64_t member[sizeof limits / sizeof(uint64_t)];
    memcpy(member, &limits, sizeof limits);
    for (size_t j = 0; p2p__limit_at(j); j++) {
      assert_true(member[j] == (i == j ? line->max : p2p__limit_at(j)->value));
    }
  }
}

static void limits_outside_their_bounds_are_refused(void **state) {
  (void)state;
  p2p__limits limits, before;
  p2p__limits_default(&limits);
  before = limits;
  assert_int_equal(p2p__limits_set(&limits, "conns_max", 0), P2P_EINVAL);
  assert_int_equal(p2p__limits_set(&limits, "conns_max", 1000001), P2P_EINVAL);
  assert_int_equal(p2p__limits_set(&limits, "conns_max", 1), 0);
  assert_int_equal(limits.conns_max, 1);
  limits.conns_max = before.conns_max;
  assert_memory_equal(&limits, &before, sizeof limits);
}

static void limits_of_unknown_name_are_not_found(void **state) {
  (void)state;
  p2p__limits limits;
  p2p__limits_default(&limits);
  assert_int_equal(p2p__limits_set(&limits, "conns_ma", 5), P2P_ENOTFOUND);
  assert_int_equal(p2p__limits_set(&limits, "", 5), P2P_ENOTFOUND);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(limits_are_one_line_for_each_member),
    cmocka_unit_test(limits_default_to_their_lines_within_their_bounds),
    cmocka_unit_test(limits_are_set_by_name_and_leave_the_others_alone),
    cmocka_unit_test(limits_outside_their_bounds_are_refused),
    cmocka_unit_test(limits_of_unknown_name_are_not_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
