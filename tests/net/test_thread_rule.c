/* A host is called by one thread at a time. Debug builds assert it in every function; here the
 * question behind the assertion is asked itself, from a thread that may not. */
#include "host/internal.h"
#include "unit/base/test.h"
#include <pthread.h>
#include <sched.h>

static void *run(void *host) { return p2p_host_run(host) == 0 ? host : NULL; }

static void while_one_thread_runs_a_host_no_other_may_call_it(void **state) {
  (void)state;
  static const char *const nowhere[] = { NULL };
  p2p_host *h;
  assert_int_equal(
      p2p_host_new(&h, &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .listen = nowhere }), 0);
  assert_true(p2p__host_may_call(h));
  pthread_t runner;
  assert_int_equal(pthread_create(&runner, NULL, run, h), 0);
  while (!atomic_load(&h->turning)) sched_yield(); /* it gets there */
  assert_false(p2p__host_may_call(h));
  p2p_host_stop(h); /* this one may */
  void *ran;
  assert_int_equal(pthread_join(runner, &ran), 0);
  assert_ptr_equal(ran, h);
  assert_true(p2p__host_may_call(h)); /* and now it may be ours again */
  p2p_host_free(h);
}

static void call_from_post(p2p_host *h, void *arg) {
  *(bool *)arg = p2p__host_may_call(h);
  p2p_host_stop(h);
}

static void what_was_posted_runs_where_the_host_runs(void **state) {
  (void)state;
  static const char *const nowhere[] = { NULL };
  p2p_host *h;
  assert_int_equal(
      p2p_host_new(&h, &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .listen = nowhere }), 0);
  pthread_t runner;
  bool could = false;
  assert_int_equal(pthread_create(&runner, NULL, run, h), 0);
  assert_int_equal(p2p_host_post(h, call_from_post, &could), 0);
  assert_int_equal(pthread_join(runner, NULL), 0);
  assert_true(could);
  p2p_host_free(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(while_one_thread_runs_a_host_no_other_may_call_it),
    cmocka_unit_test(what_was_posted_runs_where_the_host_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
