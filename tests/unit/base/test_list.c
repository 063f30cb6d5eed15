/* The intrusive list. */
#include "unit/base/test.h"

#include "base/list.h"

typedef struct item {
  int number;
  p2p__list link;
} item;

static void list_keeps_the_order_of_adding(void **state) {
  (void)state;
  p2p__list head;
  p2p__list_init(&head);
  assert_true(p2p__list_empty(&head));
  item items[3] = { { .number = 0 }, { .number = 1 }, { .number = 2 } };
  for (int i = 0; i < 3; i++) p2p__list_add(&head, &items[i].link);
  for (int i = 0; i < 3; i++) {
    item *it = P2P_CONTAINER(p2p__list_pop(&head), item, link);
    assert_int_equal(it->number, i);
    assert_false(p2p__list_linked(&it->link));
  }
  assert_null(p2p__list_pop(&head));
}

static void list_adds_before_any_node(void **state) {
  (void)state;
  p2p__list head, a, b, c;
  p2p__list_init(&head);
  p2p__list_add(&head, &a);
  p2p__list_add(&head, &c);
  p2p__list_add(&c, &b);
  assert_ptr_equal(p2p__list_pop(&head), &a);
  assert_ptr_equal(p2p__list_pop(&head), &b);
  assert_ptr_equal(p2p__list_pop(&head), &c);
}

static void list_node_may_be_deleted_twice_or_when_zeroed(void **state) {
  (void)state;
  p2p__list head, a, zeroed = { 0 };
  p2p__list_init(&head);
  p2p__list_add(&head, &a);
  assert_true(p2p__list_linked(&a));
  p2p__list_del(&a);
  p2p__list_del(&a);
  p2p__list_del(&zeroed);
  assert_true(p2p__list_empty(&head));
  assert_false(p2p__list_linked(&a));
  assert_false(p2p__list_linked(&zeroed));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(list_keeps_the_order_of_adding),
    cmocka_unit_test(list_adds_before_any_node),
    cmocka_unit_test(list_node_may_be_deleted_twice_or_when_zeroed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
