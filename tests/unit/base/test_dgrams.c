/* Lines of datagrams: their bound, and who gives way. */
#include "unit/base/test.h"

#include "base/dgrams.h"

static p2p__mem mem;

static p2p_bytes filled(uint8_t *space, size_t len, uint8_t with) {
  memset(space, with, len);
  return p2p__bytes(space, len);
}

static void line_keeps_order_and_content(void **state) {
  (void)state;
  p2p__dgrams d;
  uint8_t space[100];
  p2p__mem_init(&mem, NULL);
  p2p__dgrams_init(&d, &mem, P2P__MEM_CONN, NULL, 1000);
  for (uint8_t i = 0; i < 5; i++) assert_int_equal(p2p__dgrams_put(&d, filled(space, i, i)), 0);
  for (uint8_t i = 0; i < 5; i++) {
    p2p__dgram *g = p2p__dgrams_take(&d);
    assert_non_null(g);
    assert_int_equal(g->len, i);
    assert_memory_equal(g->data, filled(space, i, i).p, i);
    p2p__dgram_free(&mem, P2P__MEM_CONN, g);
  }
  assert_null(p2p__dgrams_take(&d));
  p2p__dgrams_fini(&d);
  assert_int_equal(p2p__mem_used(&mem), 0);
}

static void full_line_takes_no_more_and_its_budget_is_exact(void **state) {
  (void)state;
  p2p__dgrams d;
  p2p__budget b = { .max = 100000 };
  uint8_t space[100];
  p2p__mem_init(&mem, NULL);
  p2p__dgrams_init(&d, &mem, P2P__MEM_CONN, &b, 3 * p2p__dgram_cost(100) - 1);
  assert_int_equal(p2p__dgrams_put(&d, filled(space, 100, 1)), 0);
  assert_int_equal(p2p__dgrams_put(&d, filled(space, 100, 2)), 0);
  assert_int_equal(p2p__dgrams_put(&d, filled(space, 100, 3)), P2P_EAGAIN);
  assert_int_equal(b.used, 2 * p2p__dgram_cost(100));
  p2p__dgrams_fini(&d);
  assert_int_equal(b.used, 0);
}

static void oldest_give_way_and_are_counted(void **state) {
  (void)state;
  p2p__dgrams d;
  uint8_t space[100];
  p2p__mem_init(&mem, NULL);
  p2p__dgrams_init(&d, &mem, P2P__MEM_CONN, NULL, 3 * p2p__dgram_cost(100));
  for (uint8_t i = 0; i < 10; i++) p2p__dgrams_push(&d, filled(space, 100, i));
  assert_int_equal(d.dropped, 7);
  assert_int_equal(p2p__dgrams_first(&d)->data[0], 7);
  assert_true(d.cost <= d.max);
  p2p__dgrams_fini(&d);
}

/* Empty ones cost something too: a flood of them is bounded like others. */
static void empty_ones_do_not_pile_up(void **state) {
  (void)state;
  p2p__dgrams d;
  p2p__mem_init(&mem, NULL);
  p2p__dgrams_init(&d, &mem, P2P__MEM_CONN, NULL, 1000);
  for (int i = 0; i < 1000; i++) p2p__dgrams_push(&d, p2p__bytes(NULL, 0));
  assert_true(d.dropped > 950);
  assert_true(p2p__mem_used(&mem) <= 1000);
  p2p__dgrams_fini(&d);
}

static void what_finds_no_room_at_all_is_dropped(void **state) {
  (void)state;
  p2p__dgrams d;
  p2p__budget b = { .max = p2p__dgram_cost(10) };
  uint8_t space[100];
  p2p__mem_init(&mem, NULL);
  p2p__dgrams_init(&d, &mem, P2P__MEM_CONN, &b, 1000);
  p2p__dgrams_push(&d, filled(space, 100, 1)); /* the budget of somebody above is out */
  assert_int_equal(d.dropped, 1);
  d.max = 5;
  p2p__dgrams_push(&d, filled(space, 10, 1));
  assert_int_equal(d.dropped, 2);
  assert_true(p2p__dgrams_empty(&d));
  p2p__dgrams_fini(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(line_keeps_order_and_content),
    cmocka_unit_test(full_line_takes_no_more_and_its_budget_is_exact),
    cmocka_unit_test(oldest_give_way_and_are_counted),
    cmocka_unit_test(empty_ones_do_not_pile_up),
    cmocka_unit_test(what_finds_no_room_at_all_is_dropped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
