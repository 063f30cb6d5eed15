/* Both hash tables, against a naive model. */
#include "unit/base/test.h"

#include "base/map.h"
#include "unit/base/rng.h"
#include <p2p/error.h>

static const uint8_t key[16] = { 1, 2, 3 };

enum { KEYS = 700 };

/* A value that knows its key, as values of the table by bytes do. */
typedef struct item {
  uint32_t number;
  uint8_t name[8];
  size_t name_len;
} item;

static item items[KEYS];

static p2p_bytes item_key(const void *value) {
  const item *it = value;
  return p2p__bytes(it->name, it->name_len);
}

/* Names of one to eight bytes, prefixes of each other among them. */
static void items_init(void) {
  for (uint32_t i = 0; i < KEYS; i++) {
    items[i] = (item){ .number = i, .name = { (uint8_t)i, (uint8_t)(i >> 8) } };
    items[i].name_len = 2 + i % 7;
  }
}

/* ---- one driver for both tables ---- */

typedef struct table {
  int (*add)(void *t, size_t i);
  void *(*find)(void *t, size_t i);
  void *(*del)(void *t, size_t i);
  void *(*next)(void *t, size_t *at);
  size_t (*n)(void *t);
} table;

/* Stream ids: odd numbers, far apart. */
static uint64_t number_key(size_t i) { return (uint64_t)i * 0x10000002 + 1; }

static int u64_add(void *t, size_t i) { return p2p__u64map_add(t, number_key(i), &items[i]); }
static void *u64_find(void *t, size_t i) { return p2p__u64map_find(t, number_key(i)); }
static void *u64_del(void *t, size_t i) { return p2p__u64map_del(t, number_key(i)); }
static void *u64_next(void *t, size_t *at) { return p2p__u64map_next(t, at); }
static size_t u64_n(void *t) { return ((p2p__u64map *)t)->n; }
static const table u64_table = { u64_add, u64_find, u64_del, u64_next, u64_n };

static int map_add(void *t, size_t i) { return p2p__map_add(t, &items[i]); }
static void *map_find(void *t, size_t i) { return p2p__map_find(t, item_key(&items[i])); }
static void *map_del(void *t, size_t i) { return p2p__map_del(t, item_key(&items[i])); }
static void *map_next(void *t, size_t *at) { return p2p__map_next(t, at); }
static size_t map_n(void *t) { return ((p2p__map *)t)->n; }
static const table map_table = { map_add, map_find, map_del, map_next, map_n };

static void check_walk(const table *ops, void *t, const bool *there, size_t n) {
  static bool seen[KEYS];
  memset(seen, 0, sizeof seen);
  size_t at = 0, count = 0;
  for (item *it; (it = ops->next(t, &at)); count++) {
    assert_true(there[it->number]);
    assert_false(seen[it->number]);
    seen[it->number] = true;
  }
  assert_int_equal(count, n);
}

static void check_model(const table *ops, void *t, p2p__mem *m, uint64_t seed) {
  static bool there[KEYS];
  memset(there, 0, sizeof there);
  size_t n = 0;
  rng r = { .state = seed };
  for (size_t step = 0; step < 40000; step++) {
    size_t i = rng_below(&r, KEYS);
    /* Grows for a while, shrinks for a while: crosses every size both ways. */
    bool grow = rng_below(&r, 100) < (step / 4000 % 2 ? 20u : 80u);
    if (grow) {
      assert_int_equal(ops->add(t, i), there[i] ? P2P_EEXIST : 0);
      n += !there[i];
      there[i] = true;
    } else {
      assert_ptr_equal(ops->del(t, i), there[i] ? &items[i] : NULL);
      n -= there[i];
      there[i] = false;
    }
    i = rng_below(&r, KEYS);
    assert_ptr_equal(ops->find(t, i), there[i] ? &items[i] : NULL);
    assert_int_equal(ops->n(t), n);
    if (step % 512 == 0) check_walk(ops, t, there, n);
    if (n == 0) assert_int_equal(p2p__mem_used(m), 0);
  }
  for (size_t i = 0; i < KEYS; i++) {
    assert_ptr_equal(ops->find(t, i), there[i] ? &items[i] : NULL);
    assert_ptr_equal(ops->del(t, i), there[i] ? &items[i] : NULL);
  }
  assert_int_equal(p2p__mem_used(m), 0);
}

/* A key's worth of every failing allocation: add says ENOMEM and changes nothing; del that cannot
 * shrink deletes. */
static void check_failures(const table *ops, void *t, p2p__mem *m) {
  for (size_t i = 0; i < KEYS; i++) {
    m->fail_at = m->calls + 1;
    int err = ops->add(t, i);
    if (err < 0) {
      assert_int_equal(err, P2P_ENOMEM);
      assert_null(ops->find(t, i));
      assert_int_equal(ops->n(t), i);
      assert_int_equal(ops->add(t, i), 0);
    }
    for (size_t j = 0; j <= i; j += 7) assert_ptr_equal(ops->find(t, j), &items[j]);
  }
  assert_true(m->failed >= 5);
  m->fail_at = m->calls + 1;
  m->fail_on = true;
  uint64_t failed = m->failed;
  for (size_t i = 0; i < KEYS; i++) {
    assert_ptr_equal(ops->del(t, i), &items[i]);
    assert_null(ops->find(t, i));
  }
  assert_true(m->failed > failed);
  m->fail_at = 0;
  m->fail_on = false;
}

/* ---- tests ---- */

static void u64map_setup(p2p__mem *m, p2p__u64map *t) {
  items_init();
  p2p__mem_init(m, NULL);
  p2p__u64map_init(t, m, P2P__MEM_MUX, key);
}

static void map_setup(p2p__mem *m, p2p__map *t) {
  items_init();
  p2p__mem_init(m, NULL);
  p2p__map_init(t, m, P2P__MEM_PEER, key, item_key);
}

static void u64map_matches_a_naive_model(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 3; seed++) {
    p2p__mem m;
    p2p__u64map t;
    u64map_setup(&m, &t);
    check_model(&u64_table, &t, &m, seed);
    p2p__u64map_fini(&t);
  }
}

static void map_matches_a_naive_model(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 3; seed++) {
    p2p__mem m;
    p2p__map t;
    map_setup(&m, &t);
    check_model(&map_table, &t, &m, seed);
    p2p__map_fini(&t);
  }
}

static void u64map_survives_every_allocation_that_fails(void **state) {
  (void)state;
  p2p__mem m;
  p2p__u64map t;
  u64map_setup(&m, &t);
  check_failures(&u64_table, &t, &m);
  p2p__u64map_fini(&t);
  assert_int_equal(p2p__mem_used(&m), 0);
}

static void map_survives_every_allocation_that_fails(void **state) {
  (void)state;
  p2p__mem m;
  p2p__map t;
  map_setup(&m, &t);
  check_failures(&map_table, &t, &m);
  p2p__map_fini(&t);
  assert_int_equal(p2p__mem_used(&m), 0);
}

/* Eight keys whose home is the last slot of a table of `cap`: a run that wraps around. */
static void keys_of_last_slot(size_t cap, size_t n, uint64_t *out) {
  for (uint64_t k = 0, found = 0; found < n; k++) {
    if ((p2p__siphash_u64(key, k) & (cap - 1)) == cap - 1) out[found++] = k;
  }
}

static void u64map_closes_holes_in_a_run_that_wraps_around(void **state) {
  (void)state;
  enum { N = 5 }; /* in the smallest table, of eight */
  uint64_t keys[N];
  keys_of_last_slot(8, N, keys);
  for (size_t gone = 0; gone < N; gone++) {
    p2p__mem m;
    p2p__u64map t;
    u64map_setup(&m, &t);
    for (size_t i = 0; i < N; i++) assert_int_equal(p2p__u64map_add(&t, keys[i], &items[i]), 0);
    assert_int_equal(t.cap, 8);
    assert_ptr_equal(p2p__u64map_del(&t, keys[gone]), &items[gone]);
    for (size_t i = 0; i < N; i++) {
      assert_ptr_equal(p2p__u64map_find(&t, keys[i]), i == gone ? NULL : &items[i]);
    }
    p2p__u64map_fini(&t);
  }
}

static p2p_bytes colliding_key(const void *value) {
  const uint64_t *number = value;
  return p2p__bytes(number, sizeof *number);
}

static void map_closes_holes_in_a_run_that_wraps_around(void **state) {
  (void)state;
  enum { N = 5 };
  uint64_t keys[N];
  size_t found = 0;
  for (uint64_t k = 0; found < N; k++) {
    if ((p2p__siphash(key, colliding_key(&k)) & 7) == 7) keys[found++] = k;
  }
  for (size_t gone = 0; gone < N; gone++) {
    p2p__mem m;
    p2p__map t;
    p2p__mem_init(&m, NULL);
    p2p__map_init(&t, &m, P2P__MEM_PEER, key, colliding_key);
    for (size_t i = 0; i < N; i++) assert_int_equal(p2p__map_add(&t, &keys[i]), 0);
    assert_int_equal(t.cap, 8);
    assert_ptr_equal(p2p__map_del(&t, colliding_key(&keys[gone])), &keys[gone]);
    for (size_t i = 0; i < N; i++) {
      void *there = p2p__map_find(&t, colliding_key(&keys[i]));
      assert_ptr_equal(there, i == gone ? NULL : &keys[i]);
    }
    p2p__map_fini(&t);
  }
}

static void u64map_is_never_fuller_than_three_quarters(void **state) {
  (void)state;
  p2p__mem m;
  p2p__u64map t;
  u64map_setup(&m, &t);
  for (size_t i = 0; i < KEYS; i++) {
    assert_int_equal(u64_add(&t, i), 0);
    assert_true(t.n * 4 <= t.cap * 3);
  }
  p2p__u64map_fini(&t);
}

static void u64map_gives_memory_back_when_nearly_empty(void **state) {
  (void)state;
  p2p__mem m;
  p2p__u64map t;
  u64map_setup(&m, &t);
  for (size_t i = 0; i < KEYS; i++) assert_int_equal(u64_add(&t, i), 0);
  size_t full = p2p__mem_used(&m);
  for (size_t i = 0; i < KEYS - 1; i++) assert_non_null(u64_del(&t, i));
  assert_true(p2p__mem_used(&m) <= full / 32);
  assert_non_null(u64_del(&t, KEYS - 1));
  assert_int_equal(p2p__mem_used(&m), 0);
  assert_null(u64_find(&t, 0));
  assert_null(u64_del(&t, 0));
}

static void map_key_of_no_bytes_is_a_key(void **state) {
  (void)state;
  p2p__mem m;
  p2p__map t;
  map_setup(&m, &t);
  item empty = { .number = 7 };
  assert_null(p2p__map_find(&t, (p2p_bytes){ 0 }));
  assert_int_equal(p2p__map_add(&t, &items[0]), 0);
  assert_null(p2p__map_find(&t, (p2p_bytes){ 0 }));
  assert_int_equal(p2p__map_add(&t, &empty), 0);
  assert_ptr_equal(p2p__map_find(&t, (p2p_bytes){ 0 }), &empty);
  p2p__map_fini(&t);
}

static void map_order_depends_on_the_key_of_the_host(void **state) {
  (void)state;
  static const uint8_t other[16] = { 9 };
  p2p__mem m;
  p2p__u64map a, b;
  u64map_setup(&m, &a);
  p2p__u64map_init(&b, &m, P2P__MEM_MUX, other);
  for (size_t i = 0; i < 100; i++) {
    assert_int_equal(u64_add(&a, i), 0);
    assert_int_equal(u64_add(&b, i), 0);
  }
  size_t at = 0, bt = 0, same = 0;
  for (size_t i = 0; i < 100; i++) {
    same += p2p__u64map_next(&a, &at) == p2p__u64map_next(&b, &bt);
  }
  assert_true(same < 50);
  p2p__u64map_fini(&a);
  p2p__u64map_fini(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(u64map_matches_a_naive_model),
    cmocka_unit_test(map_matches_a_naive_model),
    cmocka_unit_test(u64map_survives_every_allocation_that_fails),
    cmocka_unit_test(map_survives_every_allocation_that_fails),
    cmocka_unit_test(u64map_closes_holes_in_a_run_that_wraps_around),
    cmocka_unit_test(map_closes_holes_in_a_run_that_wraps_around),
    cmocka_unit_test(u64map_is_never_fuller_than_three_quarters),
    cmocka_unit_test(u64map_gives_memory_back_when_nearly_empty),
    cmocka_unit_test(map_key_of_no_bytes_is_a_key),
    cmocka_unit_test(map_order_depends_on_the_key_of_the_host),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
