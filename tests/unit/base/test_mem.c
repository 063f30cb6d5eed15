/* Memory: counting, failing on demand, the user's allocator. */
#include "unit/base/test.h"

#include "base/mem.h"
#include <p2p/error.h>
#include <stdlib.h>
#include <string.h>

static void mem_gives_zeroed_bytes(void **state) {
  (void)state;
  p2p__mem m;
  p2p__mem_init(&m, NULL);
  for (int i = 0; i < 3; i++) { /* the second time over used memory */
    uint8_t *p = p2p__alloc(&m, P2P__MEM_HOST, 100);
    for (size_t j = 0; j < 100; j++) assert_int_equal(p[j], 0);
    memset(p, 0xff, 100);
    p2p__release(&m, P2P__MEM_HOST, p, 100);
  }
}

static void mem_counts_by_purpose(void **state) {
  (void)state;
  p2p__mem m;
  p2p__mem_init(&m, NULL);
  void *a = p2p__alloc(&m, P2P__MEM_LINK, 100);
  void *b = p2p__alloc_raw(&m, P2P__MEM_MUX, 50);
  assert_int_equal(m.used[P2P__MEM_LINK], 100);
  assert_int_equal(m.used[P2P__MEM_MUX], 50);
  assert_int_equal(p2p__mem_used(&m), 150);
  p2p__release(&m, P2P__MEM_LINK, a, 100);
  assert_int_equal(m.used[P2P__MEM_LINK], 0);
  assert_int_equal(p2p__mem_used(&m), 50);
  assert_int_equal(m.peak, 150);
  p2p__release(&m, P2P__MEM_MUX, b, 50);
  assert_int_equal(p2p__mem_used(&m), 0);
  assert_int_equal(m.calls, 2);
}

static void mem_releases_nothing_gladly(void **state) {
  (void)state;
  p2p__mem m;
  p2p__mem_init(&m, NULL);
  p2p__release(&m, P2P__MEM_HOST, NULL, 77);
  assert_int_equal(p2p__mem_used(&m), 0);
}

/* Five allocations; the number of those that failed. */
static unsigned failures_of_five(p2p__mem *m) {
  void *p[5];
  unsigned failed = 0;
  for (size_t i = 0; i < 5; i++) {
    p[i] = p2p__alloc(m, P2P__MEM_HOST, 8);
    failed += !p[i];
  }
  for (size_t i = 0; i < 5; i++) p2p__release(m, P2P__MEM_HOST, p[i], 8);
  return failed;
}

static void mem_fails_the_nth_call_alone(void **state) {
  (void)state;
  for (uint64_t n = 1; n <= 6; n++) {
    p2p__mem m;
    p2p__mem_init(&m, NULL);
    m.fail_at = n;
    assert_int_equal(failures_of_five(&m), n <= 5 ? 1 : 0);
    assert_int_equal(m.failed, n <= 5 ? 1 : 0);
    assert_int_equal(p2p__mem_used(&m), 0);
  }
}

static void mem_fails_the_nth_call_and_all_after_it(void **state) {
  (void)state;
  for (uint64_t n = 1; n <= 6; n++) {
    p2p__mem m;
    p2p__mem_init(&m, NULL);
    m.fail_at = n;
    m.fail_on = true;
    assert_int_equal(failures_of_five(&m), 6 - n);
    assert_int_equal(m.failed, 6 - n);
    assert_int_equal(p2p__mem_used(&m), 0);
  }
}

static void mem_resize_keeps_contents_and_zeroes_growth(void **state) {
  (void)state;
  p2p__mem m;
  p2p__mem_init(&m, NULL);
  void *p = NULL;
  assert_int_equal(p2p__resize(&m, P2P__MEM_HOST, &p, 0, 4), 0);
  memcpy(p, "abcd", 4);
  assert_int_equal(p2p__resize(&m, P2P__MEM_HOST, &p, 4, 8), 0);
  assert_memory_equal(p, "abcd\0\0\0\0", 8);
  assert_int_equal(p2p__resize(&m, P2P__MEM_HOST, &p, 8, 2), 0);
  assert_memory_equal(p, "ab", 2);
  assert_int_equal(p2p__mem_used(&m), 2);
  assert_int_equal(p2p__resize(&m, P2P__MEM_HOST, &p, 2, 0), 0);
  assert_null(p);
  assert_int_equal(p2p__mem_used(&m), 0);
}

static void mem_resize_that_fails_changes_nothing(void **state) {
  (void)state;
  p2p__mem m;
  p2p__mem_init(&m, NULL);
  void *p = p2p__alloc(&m, P2P__MEM_HOST, 4), *before = p;
  memcpy(p, "abcd", 4);
  m.fail_at = m.calls + 1;
  assert_int_equal(p2p__resize(&m, P2P__MEM_HOST, &p, 4, 8), P2P_ENOMEM);
  assert_ptr_equal(p, before);
  assert_memory_equal(p, "abcd", 4);
  assert_int_equal(p2p__mem_used(&m), 4);
  p2p__release(&m, P2P__MEM_HOST, p, 4);
}

static void mem_copies_text(void **state) {
  (void)state;
  p2p__mem m;
  p2p__mem_init(&m, NULL);
  char *s = p2p__strdup(&m, P2P__MEM_PEER, "hello world", 5);
  assert_string_equal(s, "hello");
  p2p__release(&m, P2P__MEM_PEER, s, 6);
  s = p2p__strdup(&m, P2P__MEM_PEER, NULL, 0);
  assert_string_equal(s, "");
  p2p__release(&m, P2P__MEM_PEER, s, 1);
  assert_int_equal(p2p__mem_used(&m), 0);
}

struct arena {
  size_t live, calls;
};

static void *arena_alloc(void *user, size_t size) {
  struct arena *a = user;
  a->live += size;
  a->calls++;
  return malloc(size);
}

static void arena_release(void *user, void *p, size_t size) {
  struct arena *a = user;
  a->live -= size;
  free(p);
}

static void mem_takes_everything_from_the_allocator_of_the_user(void **state) {
  (void)state;
  struct arena a = { 0 };
  const p2p_allocator allocator = { .alloc = arena_alloc, .release = arena_release, .user = &a };
  p2p__mem m;
  p2p__mem_init(&m, &allocator);
  void *p = p2p__alloc(&m, P2P__MEM_HOST, 10);
  assert_int_equal(p2p__resize(&m, P2P__MEM_HOST, &p, 10, 30), 0);
  char *s = p2p__strdup(&m, P2P__MEM_HOST, "abc", 3);
  assert_int_equal(a.calls, 3);
  assert_int_equal(a.live, 34);
  p2p__release(&m, P2P__MEM_HOST, s, 4);
  p2p__release(&m, P2P__MEM_HOST, p, 30); /* sizes as at birth: live ends at 0 */
  assert_int_equal(a.live, 0);
}

static void *nothing_left(void *user, size_t size) {
  (void)user;
  (void)size;
  return NULL;
}

static void mem_counts_nothing_when_the_allocator_has_nothing(void **state) {
  (void)state;
  const p2p_allocator allocator = { .alloc = nothing_left, .release = arena_release };
  p2p__mem m;
  p2p__mem_init(&m, &allocator);
  assert_null(p2p__alloc(&m, P2P__MEM_HOST, 10));
  assert_null(p2p__strdup(&m, P2P__MEM_HOST, "abc", 3));
  assert_int_equal(p2p__mem_used(&m), 0);
  assert_int_equal(m.failed, 0);
}

static void mem_purposes_have_names(void **state) {
  (void)state;
  assert_string_equal(p2p__tag_name(P2P__MEM_HOST), "host");
  assert_string_equal(p2p__tag_name(P2P__MEM_PROTOCOL), "protocol");
  for (p2p__tag i = 0; i < P2P__MEM_TAGS; i++) assert_true(strlen(p2p__tag_name(i)) > 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(mem_gives_zeroed_bytes),
    cmocka_unit_test(mem_counts_by_purpose),
    cmocka_unit_test(mem_releases_nothing_gladly),
    cmocka_unit_test(mem_fails_the_nth_call_alone),
    cmocka_unit_test(mem_fails_the_nth_call_and_all_after_it),
    cmocka_unit_test(mem_resize_keeps_contents_and_zeroes_growth),
    cmocka_unit_test(mem_resize_that_fails_changes_nothing),
    cmocka_unit_test(mem_copies_text),
    cmocka_unit_test(mem_takes_everything_from_the_allocator_of_the_user),
    cmocka_unit_test(mem_counts_nothing_when_the_allocator_has_nothing),
    cmocka_unit_test(mem_purposes_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
