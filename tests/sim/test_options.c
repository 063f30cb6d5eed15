/* What a host is asked to be and cannot be. */
#include "base/attr.h"
#include "unit/base/test.h"
#include <p2p/host.h>

/* A count without its list is a mistake of the caller's, not a reason to read through NULL. */
static void lists_that_are_not_there_make_no_host(void **state) {
  (void)state;
  const p2p_host_opts wrong[] = {
    { .size = sizeof(p2p_host_opts), .n_listen = 1 },
    { .size = sizeof(p2p_host_opts), .n_security = 1 },
    { .size = sizeof(p2p_host_opts), .n_muxers = 1 },
    { .size = sizeof(p2p_host_opts), .n_limits = 1 },
  };
  for (size_t i = 0; i < P2P_COUNT(wrong); i++) {
    p2p_host *h;
    assert_int_equal(p2p_host_new(&h, &wrong[i]), P2P_EINVAL);
    assert_null(h);
  }
}

static void options_of_another_time_make_no_host(void **state) {
  (void)state;
  const size_t sizes[] = { 0, sizeof(p2p_host_opts) + sizeof(void *) };
  for (size_t i = 0; i < P2P_COUNT(sizes); i++) {
    p2p_host *h;
    const p2p_host_opts o = { .size = sizes[i] };
    assert_int_equal(p2p_host_new(&h, &o), P2P_EINVAL);
    assert_null(h);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(lists_that_are_not_there_make_no_host),
    cmocka_unit_test(options_of_another_time_make_no_host),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
