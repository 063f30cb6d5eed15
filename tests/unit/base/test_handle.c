/* Handle tables. */
#include "unit/base/test.h"

#include "base/handle.h"
#include "unit/base/rng.h"
#include <p2p/error.h>

enum { SEED = 0x1234567 };

static int objects[4096];

static void setup(p2p__mem *m, p2p__handles *t, uint64_t seed, uint32_t max) {
  p2p__mem_init(m, NULL);
  p2p__handles_init(t, m, seed, max);
}

static void teardown(p2p__mem *m, p2p__handles *t) {
  p2p__handles_fini(t);
  assert_int_equal(p2p__mem_used(m), 0);
}

static uint64_t add(p2p__handles *t, void *object) {
  uint64_t id = 0;
  assert_int_equal(p2p__handles_add(t, object, &id), 0);
  assert_true(id != 0);
  return id;
}

static void handle_finds_its_object(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  setup(&m, &t, SEED, 100);
  uint64_t a = add(&t, &objects[0]), b = add(&t, &objects[1]);
  assert_true(a != b);
  assert_ptr_equal(p2p__handles_get(&t, a), &objects[0]);
  assert_ptr_equal(p2p__handles_get(&t, b), &objects[1]);
  teardown(&m, &t);
}

static void handle_is_generation_and_slot(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  setup(&m, &t, SEED, 100);
  assert_true(add(&t, &objects[0]) == ((uint64_t)SEED << 24 | 0));
  assert_true(add(&t, &objects[1]) == ((uint64_t)SEED << 24 | 1));
  teardown(&m, &t);
}

static void handle_is_stale_after_deletion_and_after_reuse(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  setup(&m, &t, SEED, 100);
  uint64_t old = add(&t, &objects[0]);
  p2p__handles_del(&t, old);
  assert_null(p2p__handles_get(&t, old));
  uint64_t new = add(&t, &objects[1]);
  assert_int_equal(old & 0xffffff, new & 0xffffff); /* the same slot */
  assert_null(p2p__handles_get(&t, old));
  p2p__handles_del(&t, old); /* and deleting it does nothing */
  assert_ptr_equal(p2p__handles_get(&t, new), &objects[1]);
  teardown(&m, &t);
}

static void handle_to_come_finds_nothing_yet(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  setup(&m, &t, SEED, 100);
  uint64_t id = add(&t, &objects[0]);
  p2p__handles_del(&t, id);
  assert_null(p2p__handles_get(&t, id + (1 << 24)));
  p2p__handles_del(&t, id + (1 << 24));
  assert_true(add(&t, &objects[0]) == id + (1 << 24));
  teardown(&m, &t);
}

static void handle_of_another_host_finds_nothing(void **state) {
  (void)state;
  p2p__mem m, m2;
  p2p__handles t, t2;
  setup(&m, &t, SEED, 100);
  setup(&m2, &t2, SEED + 1000000, 100);
  for (size_t i = 0; i < 10; i++) {
    uint64_t mine = add(&t, &objects[i]), theirs = add(&t2, &objects[i]);
    assert_null(p2p__handles_get(&t, theirs));
    assert_null(p2p__handles_get(&t2, mine));
  }
  teardown(&m, &t);
  teardown(&m2, &t2);
}

static void handle_out_of_nowhere_finds_nothing(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  setup(&m, &t, 0, 100);
  assert_null(p2p__handles_get(&t, 0));
  add(&t, &objects[0]); /* a seed of zero makes no handle of zero, add says */
  assert_null(p2p__handles_get(&t, 0));
  assert_null(p2p__handles_get(&t, UINT64_MAX));
  assert_null(p2p__handles_get(&t, 0xffffff));
  teardown(&m, &t);
}

static void handle_generation_wraps_around_zero(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  setup(&m, &t, UINT64_MAX, 100);
  uint64_t last = add(&t, &objects[0]);
  assert_true(last == UINT64_C(0xffffffffff) << 24);
  p2p__handles_del(&t, last);
  assert_true(add(&t, &objects[0]) == UINT64_C(1) << 24);
  teardown(&m, &t);
}

static void handle_slots_are_reused_first_in_first_out(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  setup(&m, &t, SEED, 100);
  uint64_t id[5];
  static const size_t order[] = { 3, 0, 4, 1 };
  for (size_t i = 0; i < 5; i++) id[i] = add(&t, &objects[i]);
  for (size_t i = 0; i < 4; i++) p2p__handles_del(&t, id[order[i]]);
  for (size_t i = 0; i < 4; i++) assert_int_equal(add(&t, &objects[0]) & 0xffffff, order[i]);
  assert_int_equal(add(&t, &objects[0]) & 0xffffff, 5);
  teardown(&m, &t);
}

static void handles_end_at_their_maximum(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  setup(&m, &t, SEED, 20); /* between two sizes of the table */
  uint64_t id[20], none = 77;
  for (size_t i = 0; i < 20; i++) id[i] = add(&t, &objects[i]);
  assert_int_equal(p2p__handles_add(&t, &objects[20], &none), P2P_ELIMIT);
  assert_int_equal(none, 77);
  p2p__handles_del(&t, id[7]);
  add(&t, &objects[20]);
  assert_int_equal(p2p__handles_add(&t, &objects[21], &none), P2P_ELIMIT);
  teardown(&m, &t);
}

static void handles_survive_every_allocation_that_fails(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  setup(&m, &t, SEED, 1000);
  m.fail_at = 1;
  uint64_t none = 77;
  assert_int_equal(p2p__handles_add(&t, &objects[0], &none), P2P_ENOMEM);
  assert_int_equal(none, 77);
  uint64_t id[100];
  for (size_t i = 0; i < 100; i++) {
    m.fail_at = m.calls + 1; /* each growth fails once */
    if (p2p__handles_add(&t, &objects[i], &id[i]) < 0) id[i] = add(&t, &objects[i]);
    for (size_t j = 0; j <= i; j++) assert_ptr_equal(p2p__handles_get(&t, id[j]), &objects[j]);
  }
  assert_true(m.failed > 3);
  teardown(&m, &t);
}

static void handles_walk_sees_each_object_once_even_while_deleting(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  setup(&m, &t, SEED, 1000);
  uint64_t id[50];
  for (size_t i = 0; i < 50; i++) id[i] = add(&t, &objects[i]);
  for (size_t i = 0; i < 50; i += 3) p2p__handles_del(&t, id[i]);
  size_t seen = 0;
  uint32_t at = 0;
  for (int *object; (object = p2p__handles_next(&t, &at));) {
    size_t i = (size_t)(object - objects);
    assert_true(i % 3 != 0);
    p2p__handles_del(&t, id[i]);
    seen++;
  }
  assert_int_equal(seen, 50 - 17);
  at = 0;
  assert_null(p2p__handles_next(&t, &at));
  teardown(&m, &t);
}

static void handles_match_a_naive_model(void **state) {
  (void)state;
  p2p__mem m;
  p2p__handles t;
  enum { MAX = 300 };
  setup(&m, &t, SEED, MAX);
  static uint64_t live[MAX], dead[20000];
  static size_t object_of[MAX];
  size_t n = 0, n_dead = 0;
  rng r = { .state = 1 };
  for (size_t step = 0; step < 20000; step++) {
    if (rng_below(&r, 2) == 0) {
      uint64_t id = 0;
      size_t object = rng_below(&r, P2P_COUNT(objects));
      int err = p2p__handles_add(&t, &objects[object], &id);
      assert_int_equal(err, n == MAX ? P2P_ELIMIT : 0);
      if (err < 0) continue;
      live[n] = id;
      object_of[n++] = object;
    } else if (n > 0) {
      size_t i = rng_below(&r, n);
      p2p__handles_del(&t, live[i]);
      dead[n_dead++] = live[i];
      live[i] = live[--n];
      object_of[i] = object_of[n];
    }
    if (n) {
      size_t i = rng_below(&r, n);
      assert_ptr_equal(p2p__handles_get(&t, live[i]), &objects[object_of[i]]);
    }
    if (n_dead) assert_null(p2p__handles_get(&t, dead[rng_below(&r, n_dead)]));
  }
  teardown(&m, &t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(handle_finds_its_object),
    cmocka_unit_test(handle_is_generation_and_slot),
    cmocka_unit_test(handle_is_stale_after_deletion_and_after_reuse),
    cmocka_unit_test(handle_to_come_finds_nothing_yet),
    cmocka_unit_test(handle_of_another_host_finds_nothing),
    cmocka_unit_test(handle_out_of_nowhere_finds_nothing),
    cmocka_unit_test(handle_generation_wraps_around_zero),
    cmocka_unit_test(handle_slots_are_reused_first_in_first_out),
    cmocka_unit_test(handles_end_at_their_maximum),
    cmocka_unit_test(handles_survive_every_allocation_that_fails),
    cmocka_unit_test(handles_walk_sees_each_object_once_even_while_deleting),
    cmocka_unit_test(handles_match_a_naive_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
