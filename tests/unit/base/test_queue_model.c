/* Queues under random operations, beside flat byte arrays: three streams of one connection of one
 * host, blocks shared between them, budgets that refuse and allocations that fail. */
#include "unit/base/test.h"

#include "base/queue.h"
#include "unit/base/rng.h"
#include <p2p/error.h>

enum { QUEUES = 3, BLOCKS = 4, FLAT = 1 << 18, STEPS = 30000 };

/* What a block of each class holds. */
enum {
  SMALL = 1024 - sizeof(p2p__block),
  MIDDLE = 4096 - sizeof(p2p__block),
  LARGE = P2P__BLOCK_MAX
};

typedef struct model {
  uint8_t bytes[FLAT];
  size_t len;
} model;

typedef struct world {
  rng r;
  p2p__mem mem;
  p2p__pool pool;
  p2p__budget host, conn, stream[QUEUES];
  p2p__queue q[QUEUES];
  model flat[QUEUES];
  p2p__block *block[BLOCKS]; /* ours to share; never written to again */
  size_t refused, failed;
} world;

static world w;

static void world_init(uint64_t seed) {
  memset(&w, 0, sizeof w);
  w.r.state = seed;
  p2p__mem_init(&w.mem, NULL);
  p2p__pool_init(&w.pool, &w.mem);
  w.host = (p2p__budget){ .max = 400000 };
  w.conn = (p2p__budget){ .parent = &w.host, .max = 300000 };
  for (size_t i = 0; i < QUEUES; i++) {
    w.stream[i] = (p2p__budget){ .parent = &w.conn, .max = 120000 + 20000 * i };
    p2p__queue_init(&w.q[i], &w.pool, &w.stream[i]);
  }
  for (size_t i = 0; i < BLOCKS; i++) {
    static const size_t sizes[BLOCKS] = { 300, SMALL, 3000, 12000 };
    w.block[i] = p2p__block_new(&w.pool, sizes[i]);
    for (size_t j = 0; j < w.block[i]->cap; j++) w.block[i]->data[j] = (uint8_t)rng_next(&w.r);
  }
}

static void world_fini(void) {
  for (size_t i = 0; i < QUEUES; i++) {
    p2p__queue_fini(&w.q[i]);
    assert_int_equal(w.stream[i].used, 0);
  }
  for (size_t i = 0; i < BLOCKS; i++) {
    assert_int_equal(atomic_load(&w.block[i]->refs), 1);
    p2p__block_unref(&w.pool, w.block[i]);
  }
  p2p__pool_fini(&w.pool);
  assert_int_equal(w.conn.used, 0);
  assert_int_equal(w.host.used, 0);
  assert_int_equal(p2p__mem_used(&w.mem), 0);
}

/* Sizes of all magnitudes, often at the edge of a block. */
static size_t some_size(void) {
  static const size_t edges[] = { 1,      SMALL - 1,  SMALL, SMALL + 1,
                                  MIDDLE, MIDDLE + 1, LARGE, LARGE + 1 };
  switch (rng_below(&w.r, 3)) {
  case 0: return edges[rng_below(&w.r, P2P_COUNT(edges))];
  case 1: return 1 + rng_below(&w.r, 64);
  default: return 1 + rng_below(&w.r, (size_t)1 << (4 + rng_below(&w.r, 12)));
  }
}

static void flat_append(model *m, p2p_bytes b) {
  assert_true(b.len <= FLAT - m->len);
  memcpy(m->bytes + m->len, b.p, b.len);
  m->len += b.len;
}

static void flat_drop(model *m, size_t n) {
  m->len -= n;
  memmove(m->bytes, m->bytes + n, m->len);
}

static p2p_bytes random_bytes(size_t n) {
  static uint8_t bytes[1 << 17];
  assert_true(n <= sizeof bytes);
  for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)rng_next(&w.r);
  return p2p__bytes(bytes, n);
}

/* ---- operations ---- */

static void do_put(size_t i) {
  p2p_bytes b = random_bytes(some_size());
  size_t done = p2p__queue_put(&w.q[i], b);
  assert_true(done <= b.len);
  w.refused += done < b.len;
  flat_append(&w.flat[i], p2p__bytes(b.p, done));
}

static void do_reserve(size_t i) {
  size_t hint = some_size();
  p2p__span room = p2p__queue_reserve(&w.q[i], hint);
  w.refused += !room.len;
  if (!room.len) return;
  assert_true(room.len <= hint);
  size_t n = rng_below(&w.r, room.len + 1);
  p2p_bytes b = random_bytes(n);
  if (n) memcpy(room.p, b.p, n);
  p2p__queue_commit(&w.q[i], n);
  flat_append(&w.flat[i], b);
}

static void do_share(size_t i) {
  p2p__block *b = w.block[rng_below(&w.r, BLOCKS)];
  size_t off = rng_below(&w.r, b->cap), len = rng_below(&w.r, b->cap - off + 1);
  int err = p2p__queue_share(&w.q[i], b, off, len);
  if (err < 0) {
    w.refused++;
    assert_true(err == P2P_ELIMIT || err == P2P_ENOMEM);
    return;
  }
  flat_append(&w.flat[i], p2p__bytes(b->data + off, len));
}

static void do_move(size_t i) {
  size_t from = (i + 1 + rng_below(&w.r, QUEUES - 1)) % QUEUES;
  int err = p2p__queue_move(&w.q[i], &w.q[from]);
  if (err < 0) {
    w.refused++;
    assert_int_equal(err, P2P_ELIMIT);
    return;
  }
  flat_append(&w.flat[i], p2p__bytes(w.flat[from].bytes, w.flat[from].len));
  w.flat[from].len = 0;
}

static void do_drop(size_t i) {
  size_t n = rng_below(&w.r, 4) ? p2p__min(some_size(), w.q[i].len) : w.q[i].len;
  p2p__queue_drop(&w.q[i], n);
  flat_drop(&w.flat[i], n);
}

static void do_get(size_t i) {
  static uint8_t out[1 << 17];
  size_t cap = some_size();
  size_t n = p2p__queue_get(&w.q[i], out, cap);
  assert_int_equal(n, p2p__min(cap, w.flat[i].len));
  assert_memory_equal(out, w.flat[i].bytes, n);
  flat_drop(&w.flat[i], n);
}

static void (*const operations[])(size_t) = { do_put,  do_put,  do_reserve, do_reserve, do_share,
                                              do_move, do_drop, do_drop,    do_get };

/* ---- what must hold after each ---- */

static void check_view(size_t i, size_t from, size_t max) {
  p2p_bytes v[64];
  size_t n = p2p__queue_view(&w.q[i], from, max, v, P2P_COUNT(v)), at = from;
  for (size_t k = 0; k < n; k++) {
    assert_true(v[k].len <= w.flat[i].len - at);
    assert_memory_equal(v[k].p, w.flat[i].bytes + at, v[k].len);
    at += v[k].len;
  }
  if (n < P2P_COUNT(v)) assert_int_equal(at, from + p2p__min(max, w.flat[i].len - from));
}

static void check_charge(void) {
  size_t all = 0;
  for (size_t i = 0; i < QUEUES; i++) {
    size_t pinned = 0, bytes = 0;
    for (const p2p__seg *s = w.q[i].head; s; s = s->next) {
      assert_true(s->len > 0);
      pinned += p2p__block_size(s->block);
      bytes += s->len;
    }
    assert_int_equal(w.q[i].len, bytes);
    assert_int_equal(w.stream[i].used, pinned);
    assert_true(pinned <= w.stream[i].max);
    all += pinned;
  }
  assert_int_equal(w.conn.used, all);
  assert_int_equal(w.host.used, all);
}

static void check(size_t step) {
  check_charge();
  for (size_t i = 0; i < QUEUES; i++) {
    assert_int_equal(w.q[i].len, w.flat[i].len);
    size_t from = rng_below(&w.r, w.flat[i].len + 1);
    check_view(i, from, some_size());
    if (step % 128 == 0) check_view(i, 0, SIZE_MAX);
    p2p_bytes first = p2p__queue_peek(&w.q[i]);
    assert_int_equal(first.len == 0, w.flat[i].len == 0);
    if (first.len) assert_int_equal(first.p[0], w.flat[i].bytes[0]);
  }
}

static void run(uint64_t seed, bool out_of_memory) {
  world_init(seed);
  for (size_t step = 0; step < STEPS; step++) {
    if (out_of_memory && rng_below(&w.r, 4) == 0) w.mem.fail_at = w.mem.calls + 1;
    if (rng_below(&w.r, 64) == 0) p2p__pool_trim(&w.pool);
    operations[rng_below(&w.r, P2P_COUNT(operations))](rng_below(&w.r, QUEUES));
    w.mem.fail_at = 0;
    check(step);
  }
  assert_true(w.refused > 100); /* the budgets were reached */
  if (out_of_memory) assert_true(w.mem.failed > 100);
  world_fini();
}

static void queues_match_flat_arrays(void **state) {
  (void)state;
  run(1, false);
  run(2, false);
}

static void queues_match_flat_arrays_when_memory_fails(void **state) {
  (void)state;
  run(3, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(queues_match_flat_arrays),
    cmocka_unit_test(queues_match_flat_arrays_when_memory_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
