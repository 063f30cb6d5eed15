/* Blocks and the pools they come from. */
#include "unit/base/test.h"

#include "base/queue.h"

static void setup(p2p__mem *m, p2p__pool *pool) {
  p2p__mem_init(m, NULL);
  p2p__pool_init(pool, m);
}

static void teardown(p2p__mem *m, p2p__pool *pool) {
  p2p__pool_fini(pool);
  assert_int_equal(p2p__mem_used(m), 0);
}

static void block_fills_its_class_with_the_header(void **state) {
  (void)state;
  p2p__mem m;
  p2p__pool pool;
  setup(&m, &pool);
  static const struct {
    size_t hint, size;
  } cases[] = {
    { 0, 1024 },
    { 1024 - sizeof(p2p__block), 1024 },
    { 1024 - sizeof(p2p__block) + 1, 4096 },
    { 4096 - sizeof(p2p__block), 4096 },
    { 4096 - sizeof(p2p__block) + 1, 16384 },
    { P2P__BLOCK_MAX, 16384 },
    { SIZE_MAX, 16384 },
  };
  for (size_t i = 0; i < P2P_COUNT(cases); i++) {
    p2p__block *b = p2p__block_new(&pool, cases[i].hint);
    assert_int_equal(p2p__block_size(b), cases[i].size);
    assert_int_equal(p2p__block_size_for(cases[i].hint), cases[i].size);
    assert_int_equal(b->cap + sizeof *b, cases[i].size);
    memset(b->data, 0xff, b->cap); /* under ASan: all of it is ours */
    assert_int_equal(p2p__mem_used(&m), cases[i].size);
    p2p__block_unref(&pool, b);
    p2p__pool_trim(&pool);
  }
  teardown(&m, &pool);
}

static void block_data_is_aligned_for_any_type(void **state) {
  (void)state;
  assert_int_equal(offsetof(p2p__block, data) % _Alignof(max_align_t), 0);
}

static void block_of_the_largest_class_and_three_more_fit_one_noise_record(void **state) {
  (void)state;
  assert_true(4 * (P2P__BLOCK_MAX + 12) <= 65519);
}

static void block_returns_to_the_pool_with_its_last_reference(void **state) {
  (void)state;
  p2p__mem m;
  p2p__pool pool;
  setup(&m, &pool);
  p2p__block *b = p2p__block_new(&pool, 100);
  p2p__block_ref(b);
  p2p__block_ref(b);
  p2p__block_unref(&pool, b);
  p2p__block_unref(&pool, b);
  assert_int_equal(pool.n_free[0], 0);
  p2p__block_unref(&pool, b);
  assert_int_equal(pool.n_free[0], 1);
  assert_ptr_equal(p2p__block_new(&pool, 100), b); /* used again, with one reference */
  p2p__block_unref(&pool, b);
  assert_int_equal(pool.n_free[0], 1);
  p2p__block_unref(&pool, NULL);
  teardown(&m, &pool);
}

static void block_may_be_freed_into_another_pool(void **state) {
  (void)state;
  p2p__mem m;
  p2p__pool here, there;
  setup(&m, &here);
  p2p__pool_init(&there, &m);
  p2p__block_unref(&there, p2p__block_new(&here, 5000));
  assert_int_equal(there.n_free[2], 1);
  p2p__pool_fini(&there);
  teardown(&m, &here);
}

static void pool_keeps_a_bounded_number_of_idle_blocks(void **state) {
  (void)state;
  p2p__mem m;
  p2p__pool pool;
  setup(&m, &pool);
  static p2p__block *b[3][500];
  static const size_t hints[] = { 100, 2000, 10000 };
  for (size_t k = 0; k < 3; k++) {
    for (size_t i = 0; i < 500; i++) b[k][i] = p2p__block_new(&pool, hints[k]);
  }
  for (size_t k = 0; k < 3; k++) {
    for (size_t i = 0; i < 500; i++) p2p__block_unref(&pool, b[k][i]);
  }
  assert_in_range(p2p__mem_used(&m), 1, 2 << 20);
  p2p__pool_trim(&pool);
  assert_int_equal(p2p__mem_used(&m), 0);
  teardown(&m, &pool);
}

static void block_without_memory_is_null(void **state) {
  (void)state;
  p2p__mem m;
  p2p__pool pool;
  setup(&m, &pool);
  m.fail_at = 1;
  assert_null(p2p__block_new(&pool, 100));
  teardown(&m, &pool);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(block_fills_its_class_with_the_header),
    cmocka_unit_test(block_data_is_aligned_for_any_type),
    cmocka_unit_test(block_of_the_largest_class_and_three_more_fit_one_noise_record),
    cmocka_unit_test(block_returns_to_the_pool_with_its_last_reference),
    cmocka_unit_test(block_may_be_freed_into_another_pool),
    cmocka_unit_test(pool_keeps_a_bounded_number_of_idle_blocks),
    cmocka_unit_test(block_without_memory_is_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
