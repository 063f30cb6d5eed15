/* Queues: each behaviour alone. test_queue_model.c has the random operations. */
#include "unit/base/test.h"

#include "base/queue.h"
#include <p2p/error.h>

/* What a block of each class holds. */
enum {
  SMALL = 1024 - sizeof(p2p__block),
  MIDDLE = 4096 - sizeof(p2p__block),
  LARGE = P2P__BLOCK_MAX
};

typedef struct fixture {
  p2p__mem mem;
  p2p__pool pool;
  p2p__budget budget;
  p2p__queue q;
} fixture;

static int setup(void **state) {
  static fixture f; /* one test at a time */
  p2p__mem_init(&f.mem, NULL);
  p2p__pool_init(&f.pool, &f.mem);
  f.budget = (p2p__budget){ .max = 1 << 20 };
  p2p__queue_init(&f.q, &f.pool, &f.budget);
  *state = &f;
  return 0;
}

/* Whatever a test did: all comes back. */
static int teardown(void **state) {
  fixture *f = *state;
  p2p__queue_fini(&f->q);
  p2p__pool_fini(&f->pool);
  return f->budget.used != 0 || p2p__mem_used(&f->mem) != 0 || f->q.len != 0;
}

static uint8_t pattern(size_t i) { return (uint8_t)(i * 31 + i / 256 * 7); }

/* Puts n bytes of the pattern; the count that fitted. */
static size_t put(p2p__queue *q, size_t n) {
  uint8_t *bytes = test_malloc(n);
  for (size_t i = 0; i < n; i++) bytes[i] = pattern(i);
  size_t done = p2p__queue_put(q, p2p__bytes(bytes, n));
  test_free(bytes);
  return done;
}

/* A block of `len` bytes of the pattern, one reference. */
static p2p__block *block_of(p2p__pool *pool, size_t len) {
  p2p__block *b = p2p__block_new(pool, len);
  for (size_t i = 0; i < len; i++) b->data[i] = pattern(i);
  return b;
}

static void queue_gives_bytes_back_in_order(void **state) {
  fixture *f = *state;
  static const size_t sizes[] = {
    1, SMALL, SMALL + 1, MIDDLE, MIDDLE + 1, LARGE, LARGE + 1, 100000
  };
  for (size_t k = 0; k < P2P_COUNT(sizes); k++) {
    static uint8_t out[100001];
    assert_int_equal(put(&f->q, sizes[k]), sizes[k]);
    assert_int_equal(f->q.len, sizes[k]);
    assert_int_equal(p2p__queue_get(&f->q, out, sizeof out), sizes[k]);
    for (size_t i = 0; i < sizes[k]; i++) assert_int_equal(out[i], pattern(i));
    assert_int_equal(f->budget.used, 0);
  }
}

static void queue_reserve_counts_when_committed(void **state) {
  fixture *f = *state;
  p2p__span room = p2p__queue_reserve(&f->q, 100);
  assert_int_equal(room.len, 100);
  assert_int_equal(f->q.len, 0);
  assert_int_equal(p2p__queue_peek(&f->q).len, 0);
  memcpy(room.p, "abc", 3);
  p2p__queue_commit(&f->q, 3);
  assert_int_equal(f->q.len, 3);
  assert_memory_equal(p2p__queue_peek(&f->q).p, "abc", 3);
  assert_ptr_equal(p2p__queue_reserve(&f->q, 1).p, room.p + 3); /* behind it */
  p2p__queue_commit(&f->q, 0);
}

static void queue_reserve_taken_back_costs_nothing(void **state) {
  fixture *f = *state;
  assert_true(p2p__queue_reserve(&f->q, 10000).len >= 10000);
  assert_int_equal(f->budget.used, 16384);
  p2p__queue_commit(&f->q, 0);
  assert_int_equal(f->budget.used, 0);
  assert_null(f->q.head);
  p2p__queue_commit(&f->q, 0); /* nothing to take back */
}

/* Else odd lengths, each with a block of its own, would cost a budget three times their bytes. */
static void queue_reserve_takes_no_block_that_stays_mostly_empty(void **state) {
  fixture *f = *state;
  size_t len = p2p__queue_reserve(&f->q, 5000).len;
  assert_in_range(len, 4000, 4096);
  p2p__queue_commit(&f->q, len);
  assert_int_equal(f->budget.used, 4096);
  assert_true(p2p__queue_reserve(&f->q, 5000 - len).len >= 5000 - len);
  assert_int_equal(f->budget.used, 4096 + 1024);
  p2p__queue_commit(&f->q, 0);
}

static void queue_reserve_taken_back_leaves_what_was_before_it(void **state) {
  fixture *f = *state;
  assert_int_equal(put(&f->q, 2 * SMALL), 2 * SMALL);
  size_t used = f->budget.used;
  while (p2p__queue_reserve(&f->q, 1).len && f->budget.used == used) p2p__queue_commit(&f->q, 1);
  assert_true(f->budget.used > used); /* a new block, empty */
  p2p__queue_commit(&f->q, 0);
  assert_int_equal(f->budget.used, used);
  assert_int_equal(put(&f->q, 10), 10);
  assert_true(f->q.len >= 2 * SMALL + 10);
}

static void queue_reserve_of_nothing_gives_something(void **state) {
  fixture *f = *state;
  assert_int_equal(p2p__queue_reserve(&f->q, 0).len, 1);
}

static void queue_small_writes_share_a_block(void **state) {
  fixture *f = *state;
  for (size_t i = 0; i < SMALL; i++) {
    uint8_t byte = pattern(i);
    assert_int_equal(p2p__queue_put(&f->q, p2p__bytes(&byte, 1)), 1);
  }
  assert_int_equal(f->budget.used, 1024);
  p2p_bytes v[2];
  assert_int_equal(p2p__queue_view(&f->q, 0, SIZE_MAX, v, 2), 1);
  for (size_t i = 0; i < SMALL; i++) assert_int_equal(v[0].p[i], pattern(i));
}

static void queue_charges_what_small_writes_pin_within_twice_their_bytes(void **state) {
  fixture *f = *state;
  for (size_t i = 1; i <= 400000; i++) {
    assert_int_equal(p2p__queue_put(&f->q, p2p__cstr("x")), 1);
    assert_true(f->budget.used >= i);
    assert_true(f->budget.used <= 2 * i + 1024);
  }
}

static void queue_blocks_grow_with_what_waits(void **state) {
  fixture *f = *state;
  for (size_t i = 0; i < 400000; i++) assert_int_equal(p2p__queue_put(&f->q, p2p__cstr("x")), 1);
  p2p_bytes v[100];
  assert_in_range(p2p__queue_view(&f->q, 0, SIZE_MAX, v, 100), 1, 40); /* 410 of the smallest */
}

static void queue_charges_the_whole_block_until_its_last_byte_left(void **state) {
  fixture *f = *state;
  assert_int_equal(put(&f->q, LARGE), LARGE);
  assert_int_equal(f->budget.used, 16384);
  p2p__queue_drop(&f->q, LARGE - 1);
  assert_int_equal(f->budget.used, 16384);
  p2p__queue_drop(&f->q, 1);
  assert_int_equal(f->budget.used, 0);
  assert_null(f->q.head);
}

static void queue_refused_by_the_budget_stays_as_it_was(void **state) {
  fixture *f = *state;
  f->budget.max = 1024;
  assert_int_equal(put(&f->q, 10), 10);
  assert_int_equal(put(&f->q, 5000), SMALL - 10);
  assert_int_equal(p2p__queue_reserve(&f->q, 1).len, 0);
  p2p__block *b = block_of(&f->pool, 10);
  assert_int_equal(p2p__queue_share(&f->q, b, 0, 10), P2P_ELIMIT);
  assert_int_equal(atomic_load(&b->refs), 1);
  p2p__block_unref(&f->pool, b);
  assert_int_equal(f->q.len, SMALL);
  assert_int_equal(f->budget.used, 1024);
  p2p__queue_drop(&f->q, SMALL);
  assert_int_equal(put(&f->q, 20), 20); /* and goes on when there is room */
}

static void queue_takes_smaller_blocks_to_fill_a_budget(void **state) {
  fixture *f = *state;
  f->budget.max = 16384 + 4096 + 2 * 1024 + 1023;
  assert_int_equal(put(&f->q, 100000), LARGE + MIDDLE + 2 * SMALL);
  assert_int_equal(f->budget.used, 16384 + 4096 + 2 * 1024);
}

static void queue_without_memory_stays_as_it_was(void **state) {
  fixture *f = *state;
  f->mem.fail_at = 1;
  f->mem.fail_on = true;
  assert_int_equal(p2p__queue_reserve(&f->q, 10).len, 0);
  assert_int_equal(put(&f->q, 10), 0);
  assert_int_equal(f->budget.used, 0);
  f->mem.fail_at = 0;
  p2p__block *b = block_of(&f->pool, 10);
  f->mem.fail_at = f->mem.calls + 1;
  assert_int_equal(p2p__queue_share(&f->q, b, 0, 10), P2P_ENOMEM);
  f->mem.fail_at = 0;
  assert_int_equal(f->budget.used, 0);
  assert_int_equal(atomic_load(&b->refs), 1);
  assert_null(f->q.head);
  p2p__block_unref(&f->pool, b);
}

static void queue_without_budget_charges_nobody(void **state) {
  fixture *f = *state;
  p2p__queue q;
  p2p__queue_init(&q, &f->pool, NULL);
  assert_int_equal(put(&q, 3 << 20), 3 << 20);
  p2p__queue_fini(&q);
  assert_int_equal(f->budget.used, 0);
}

static void queue_share_copies_nothing(void **state) {
  fixture *f = *state;
  p2p__block *b = block_of(&f->pool, 4000);
  assert_int_equal(p2p__queue_share(&f->q, b, 100, 500), 0);
  assert_ptr_equal(p2p__queue_peek(&f->q).p, b->data + 100);
  assert_int_equal(p2p__queue_peek(&f->q).len, 500);
  assert_int_equal(f->q.len, 500);
  assert_int_equal(f->budget.used, 4096);
  assert_int_equal(atomic_load(&b->refs), 2);
  p2p__block_unref(&f->pool, b);
  p2p__queue_drop(&f->q, 500);
  assert_int_equal(f->pool.n_free[1], 1); /* the queue held the last reference */
}

static void queue_share_of_no_bytes_is_nothing(void **state) {
  fixture *f = *state;
  p2p__block *b = block_of(&f->pool, 10);
  assert_int_equal(p2p__queue_share(&f->q, b, 10, 0), 0);
  assert_null(f->q.head);
  assert_int_equal(atomic_load(&b->refs), 1);
  p2p__block_unref(&f->pool, b);
}

static void queue_shares_one_block_with_many_and_each_pays(void **state) {
  fixture *f = *state;
  enum { N = 50 };
  p2p__queue q[N];
  p2p__budget budget[N];
  p2p__block *b = block_of(&f->pool, 900);
  for (size_t i = 0; i < N; i++) {
    budget[i] = (p2p__budget){ .max = 1024 };
    p2p__queue_init(&q[i], &f->pool, &budget[i]);
    assert_int_equal(p2p__queue_share(&q[i], b, 0, 900), 0);
    assert_int_equal(budget[i].used, 1024);
  }
  p2p__block_unref(&f->pool, b);
  assert_int_equal(atomic_load(&b->refs), N);
  for (size_t i = 0; i < N; i++) {
    assert_memory_equal(p2p__queue_peek(&q[i]).p, b->data, 900);
    p2p__queue_fini(&q[i]);
    assert_int_equal(budget[i].used, 0);
  }
  assert_int_equal(f->pool.n_free[0], 1);
}

static void queue_never_writes_into_a_block_that_is_shared(void **state) {
  fixture *f = *state;
  p2p__block *b = block_of(&f->pool, 900);
  memset(b->data + 900, 0xee, b->cap - 900u);
  assert_int_equal(p2p__queue_share(&f->q, b, 0, 900), 0);
  assert_int_equal(put(&f->q, 20), 20);
  for (size_t i = 900; i < b->cap; i++) assert_int_equal(b->data[i], 0xee);
  assert_int_equal(f->budget.used, 2048);
  p2p__block_unref(&f->pool, b);
}

static void queue_writes_into_a_block_that_is_its_own_again(void **state) {
  fixture *f = *state;
  p2p__block *b = block_of(&f->pool, 900);
  assert_int_equal(p2p__queue_share(&f->q, b, 0, 900), 0);
  p2p__block_unref(&f->pool, b);
  assert_int_equal(put(&f->q, 20), 20);
  assert_int_equal(f->budget.used, 1024);
  assert_int_equal(p2p__queue_peek(&f->q).len, 920);
}

static void queue_moves_all_with_its_charge(void **state) {
  fixture *f = *state;
  p2p__budget other = { .max = 1 << 20 };
  p2p__queue from;
  p2p__queue_init(&from, &f->pool, &other);
  assert_int_equal(put(&f->q, 10), 10);
  assert_int_equal(put(&from, 50000), 50000);
  size_t charged = other.used, before = f->budget.used;
  uint64_t calls = f->mem.calls;
  assert_int_equal(p2p__queue_move(&f->q, &from), 0);
  assert_int_equal(f->mem.calls, calls);
  assert_int_equal(from.len, 0);
  assert_null(from.head);
  assert_int_equal(other.used, 0);
  assert_int_equal(f->budget.used, before + charged);
  assert_int_equal(f->q.len, 50010);
  static uint8_t out[50010];
  assert_int_equal(p2p__queue_get(&f->q, out, sizeof out), sizeof out);
  for (size_t i = 0; i < 50000; i++) assert_int_equal(out[10 + i], pattern(i));
  assert_int_equal(put(&from, 10), 10); /* and lives on */
  p2p__queue_fini(&from);
}

static void queue_that_may_not_move_stays(void **state) {
  fixture *f = *state;
  p2p__budget other = { .max = 1 << 20 };
  p2p__queue from;
  p2p__queue_init(&from, &f->pool, &other);
  assert_int_equal(put(&from, 50000), 50000);
  size_t charged = other.used;
  f->budget.max = charged - 1;
  assert_int_equal(p2p__queue_move(&f->q, &from), P2P_ELIMIT);
  assert_int_equal(from.len, 50000);
  assert_int_equal(other.used, charged);
  assert_int_equal(f->q.len, 0);
  assert_int_equal(f->budget.used, 0);
  p2p__queue_fini(&from);
  assert_int_equal(other.used, 0);
}

static void queue_moves_nothing_of_an_empty_one(void **state) {
  fixture *f = *state;
  p2p__queue from;
  p2p__queue_init(&from, &f->pool, NULL);
  assert_int_equal(put(&f->q, 10), 10);
  assert_int_equal(p2p__queue_move(&f->q, &from), 0);
  assert_int_equal(f->q.len, 10);
  assert_int_equal(put(&f->q, 10), 10);
}

/* Two loops, each with its memory: what one filled the other frees, and both accounts add up. */
static void queue_travels_to_another_loop_as_cargo(void **state) {
  fixture *f = *state;
  p2p__mem there;
  p2p__pool pool;
  p2p__budget budget = { .max = 1 << 20 };
  p2p__queue cargo, q;
  p2p__mem_init(&there, NULL);
  p2p__pool_init(&pool, &there);
  p2p__queue_init(&cargo, NULL, NULL);
  p2p__queue_init(&q, &pool, &budget);
  assert_int_equal(put(&f->q, 50000), 50000);
  size_t charged = f->budget.used;
  assert_int_equal(p2p__queue_charged(&f->q), charged);
  assert_int_equal(p2p__queue_move(&cargo, &f->q), 0);
  assert_int_equal(f->budget.used, 0);
  assert_int_equal(p2p__queue_charged(&cargo), charged);
  p2p__queue by_value = cargo; /* as a ring does it */
  assert_int_equal(p2p__queue_move(&q, &by_value), 0);
  assert_int_equal(budget.used, charged);
  p2p__queue_drop(&q, 50000);
  assert_int_equal(budget.used, 0);
  p2p__pool_fini(&pool);
  assert_int_equal((size_t)(p2p__mem_used(&f->mem) + p2p__mem_used(&there)), 0);
  p2p__mem_init(&f->mem, NULL); /* its account alone is not what teardown expects */
}

static void queue_view_covers_any_range_in_pieces(void **state) {
  fixture *f = *state;
  assert_int_equal(put(&f->q, 40000), 40000);
  p2p__queue_drop(&f->q, 100);
  static const size_t cases[][2] = { { 0, 39900 },       { 0, 1 },           { LARGE - 101, 1 },
                                     { LARGE - 100, 1 }, { LARGE - 101, 2 }, { 5, 39895 },
                                     { 39899, 1 },       { 39900, 10 },      { 0, 1 << 30 },
                                     { 7, 0 },           { 50000, 10 } };
  for (size_t k = 0; k < P2P_COUNT(cases); k++) {
    size_t from = cases[k][0], max = cases[k][1];
    p2p_bytes v[8];
    size_t n = p2p__queue_view(&f->q, from, max, v, 8), at = from;
    for (size_t i = 0; i < n; i++) {
      assert_true(v[i].len > 0);
      for (size_t j = 0; j < v[i].len; j++) assert_int_equal(v[i].p[j], pattern(100 + at++));
    }
    assert_int_equal(at - from, from > 39900 ? 0 : p2p__min(max, 39900 - from));
  }
}

static void queue_view_ends_with_the_pieces_asked_for(void **state) {
  fixture *f = *state;
  assert_int_equal(put(&f->q, 100000), 100000);
  p2p_bytes v[3] = { { .p = NULL, .len = 77 }, { .p = NULL, .len = 77 }, { .p = NULL, .len = 77 } };
  assert_int_equal(p2p__queue_view(&f->q, 0, SIZE_MAX, v, 2), 2);
  assert_int_equal(v[0].len + v[1].len, 2 * LARGE);
  assert_int_equal(v[2].len, 77);
  assert_int_equal(p2p__queue_view(&f->q, 0, SIZE_MAX, v, 0), 0);
}

static void queue_pieces_stay_where_they_are_while_others_come(void **state) {
  fixture *f = *state;
  assert_int_equal(put(&f->q, 500), 500);
  p2p_bytes first = p2p__queue_peek(&f->q);
  assert_int_equal(put(&f->q, 50000), 50000);
  assert_ptr_equal(p2p__queue_peek(&f->q).p, first.p);
  for (size_t i = 0; i < 500; i++) assert_int_equal(first.p[i], pattern(i));
}

static void queue_in_steady_state_allocates_nothing(void **state) {
  fixture *f = *state;
  p2p__block *zeros = block_of(&f->pool, LARGE);
  uint64_t calls = 0;
  for (size_t i = 0; i < 100; i++) {
    if (i == 1) calls = f->mem.calls;
    assert_int_equal(put(&f->q, 500000), 500000); /* a full send queue */
    assert_int_equal(p2p__queue_share(&f->q, zeros, 0, LARGE), 0);
    p2p__queue_drop(&f->q, f->q.len);
  }
  assert_int_equal(f->mem.calls, calls);
  p2p__block_unref(&f->pool, zeros);
}

static void queue_idle_owns_nothing(void **state) {
  fixture *f = *state;
  assert_int_equal(put(&f->q, 500), 500);
  p2p__queue_drop(&f->q, 500);
  p2p__pool_trim(&f->pool);
  assert_int_equal(p2p__mem_used(&f->mem), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
    TEST(queue_gives_bytes_back_in_order),
    TEST(queue_reserve_counts_when_committed),
    TEST(queue_reserve_takes_no_block_that_stays_mostly_empty),
    TEST(queue_reserve_taken_back_costs_nothing),
    TEST(queue_reserve_taken_back_leaves_what_was_before_it),
    TEST(queue_reserve_of_nothing_gives_something),
    TEST(queue_small_writes_share_a_block),
    TEST(queue_charges_what_small_writes_pin_within_twice_their_bytes),
    TEST(queue_blocks_grow_with_what_waits),
    TEST(queue_charges_the_whole_block_until_its_last_byte_left),
    TEST(queue_refused_by_the_budget_stays_as_it_was),
    TEST(queue_takes_smaller_blocks_to_fill_a_budget),
    TEST(queue_without_memory_stays_as_it_was),
    TEST(queue_without_budget_charges_nobody),
    TEST(queue_share_copies_nothing),
    TEST(queue_share_of_no_bytes_is_nothing),
    TEST(queue_shares_one_block_with_many_and_each_pays),
    TEST(queue_never_writes_into_a_block_that_is_shared),
    TEST(queue_writes_into_a_block_that_is_its_own_again),
    TEST(queue_moves_all_with_its_charge),
    TEST(queue_that_may_not_move_stays),
    TEST(queue_moves_nothing_of_an_empty_one),
    TEST(queue_travels_to_another_loop_as_cargo),
    TEST(queue_view_covers_any_range_in_pieces),
    TEST(queue_view_ends_with_the_pieces_asked_for),
    TEST(queue_pieces_stay_where_they_are_while_others_come),
    TEST(queue_in_steady_state_allocates_nothing),
    TEST(queue_idle_owns_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
