/* Slabs. */
#include "unit/base/test.h"

#include "base/slab.h"
#include "unit/base/rng.h"
#include <string.h>

enum { SIZE = 100, MANY = 500 };

static void setup(p2p__mem *m, p2p__slab *s, size_t size) {
  p2p__mem_init(m, NULL);
  p2p__slab_init(s, m, P2P__MEM_STREAM, size);
}

static void teardown(p2p__mem *m, p2p__slab *s) {
  p2p__slab_fini(s);
  assert_int_equal(p2p__mem_used(m), 0);
}

static void slab_objects_are_zeroed_and_aligned(void **state) {
  (void)state;
  static const size_t sizes[] = { 1, 7, 8, 100, 1000, 5000 };
  for (size_t k = 0; k < P2P_COUNT(sizes); k++) {
    p2p__mem m;
    p2p__slab s;
    setup(&m, &s, sizes[k]);
    uint8_t *p[20];
    for (int round = 0; round < 2; round++) { /* the second over used memory */
      for (size_t i = 0; i < 20; i++) {
        p[i] = p2p__slab_take(&s);
        assert_int_equal((uintptr_t)p[i] % sizeof(uint64_t), 0);
        for (size_t j = 0; j < sizes[k]; j++) assert_int_equal(p[i][j], 0);
        memset(p[i], 0xff, sizes[k]);
      }
      for (size_t i = 0; i < 20; i++) p2p__slab_give(&s, p[i]);
    }
    teardown(&m, &s);
  }
}

static void slab_object_given_back_is_the_next_taken(void **state) {
  (void)state;
  p2p__mem m;
  p2p__slab s;
  setup(&m, &s, SIZE);
  void *a = p2p__slab_take(&s), *b = p2p__slab_take(&s);
  p2p__slab_give(&s, a);
  assert_ptr_equal(p2p__slab_take(&s), a);
  p2p__slab_give(&s, a);
  p2p__slab_give(&s, b);
  p2p__slab_give(&s, NULL);
  assert_int_equal(s.live, 0);
  teardown(&m, &s);
}

static void slab_pages_return_but_one(void **state) {
  (void)state;
  p2p__mem m;
  p2p__slab s;
  setup(&m, &s, SIZE);
  static void *p[MANY];
  p[0] = p2p__slab_take(&s);
  size_t page = p2p__mem_used(&m);
  for (size_t i = 1; i < MANY; i++) p[i] = p2p__slab_take(&s);
  assert_int_equal(p2p__mem_used(&m), (MANY + s.per_page - 1) / s.per_page * page);
  for (size_t i = 0; i < MANY; i++) p2p__slab_give(&s, p[i]);
  assert_int_equal(p2p__mem_used(&m), page);
  teardown(&m, &s);
}

static void slab_in_steady_state_allocates_nothing(void **state) {
  (void)state;
  p2p__mem m;
  p2p__slab s;
  setup(&m, &s, SIZE);
  p2p__slab_give(&s, p2p__slab_take(&s));
  uint64_t calls = m.calls;
  for (size_t i = 0; i < 1000; i++) { /* over the edge of a page and back */
    void *a = p2p__slab_take(&s), *b = p2p__slab_take(&s);
    p2p__slab_give(&s, a);
    p2p__slab_give(&s, b);
  }
  assert_int_equal(m.calls, calls);
  teardown(&m, &s);
}

static void slab_costs_little_beside_its_objects(void **state) {
  (void)state;
  p2p__mem m;
  p2p__slab s;
  setup(&m, &s, 200);
  static void *p[2000];
  for (size_t i = 0; i < 2000; i++) p[i] = p2p__slab_take(&s);
  assert_in_range(p2p__mem_used(&m), 2000 * 200, 2000 * 220);
  for (size_t i = 0; i < 2000; i++) p2p__slab_give(&s, p[i]);
  teardown(&m, &s);
}

static void slab_without_memory_gives_null_and_goes_on(void **state) {
  (void)state;
  p2p__mem m;
  p2p__slab s;
  setup(&m, &s, SIZE);
  m.fail_at = 1;
  assert_null(p2p__slab_take(&s));
  assert_int_equal(s.live, 0);
  void *a = p2p__slab_take(&s);
  assert_non_null(a);
  p2p__slab_give(&s, a);
  teardown(&m, &s);
}

static void slab_matches_a_naive_model(void **state) {
  (void)state;
  p2p__mem m;
  p2p__slab s;
  setup(&m, &s, SIZE);
  static uint8_t *live[MANY];
  static uint8_t mark[MANY];
  size_t n = 0;
  rng r = { .state = 3 };
  for (size_t step = 0; step < 30000; step++) {
    bool grow = rng_below(&r, 100) < (step / 3000 % 2 ? 35u : 65u);
    if (grow && n < MANY) {
      live[n] = p2p__slab_take(&s);
      mark[n] = (uint8_t)rng_next(&r);
      memset(live[n], mark[n], SIZE);
      n++;
    } else if (n > 0) {
      size_t i = rng_below(&r, n);
      for (size_t j = 0; j < SIZE; j++) assert_int_equal(live[i][j], mark[i]);
      p2p__slab_give(&s, live[i]);
      live[i] = live[--n];
      mark[i] = mark[n];
    }
    assert_int_equal(s.live, n);
  }
  while (n > 0) p2p__slab_give(&s, live[--n]);
  teardown(&m, &s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(slab_objects_are_zeroed_and_aligned),
    cmocka_unit_test(slab_object_given_back_is_the_next_taken),
    cmocka_unit_test(slab_pages_return_but_one),
    cmocka_unit_test(slab_in_steady_state_allocates_nothing),
    cmocka_unit_test(slab_costs_little_beside_its_objects),
    cmocka_unit_test(slab_without_memory_gives_null_and_goes_on),
    cmocka_unit_test(slab_matches_a_naive_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
