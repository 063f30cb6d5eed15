/* Interned names: once each, counted, and fit to be shown. */
#include "unit/base/test.h"
#include "unit/swarm/store.h"

static store st;
static p2p__names names;

static int start(void **state) {
  (void)state;
  store_init(&st);
  st.limits.protocol_names = 64;
  p2p__names_init(&names, &st.env);
  return 0;
}

static int end(void **state) {
  (void)state;
  p2p__names_fini(&names);
  assert_int_equal(st.mem.total, 0);
  return 0;
}

static int learn(p2p_bytes text) {
  p2p__name *name;
  return p2p__name_learn(&names, text, &name);
}

static p2p_bytes numbered(unsigned number, char buf[8]) {
  buf[0] = '/';
  for (int i = 1; i < 6; i++) buf[i] = (char)('a' + (number >> 4 * (i - 1) & 15));
  return p2p__bytes(buf, 6);
}

static void name_is_kept_once_and_freed_with_its_last_reference(void **state) {
  (void)state;
  p2p_bytes text = p2p__cstr("/ipfs/id/1.0.0");
  p2p__name *a = p2p__name_ref(&names, text), *b = NULL;
  assert_int_equal(p2p__name_learn(&names, text, &b), 0);
  assert_ptr_equal(a, b);
  assert_string_equal(a->text, "/ipfs/id/1.0.0");
  assert_ptr_equal(p2p__name_find(&names, text), a);
  p2p__name_unref(&names, a);
  assert_ptr_equal(p2p__name_find(&names, text), a);
  p2p__name_unref(&names, a);
  assert_null(p2p__name_find(&names, text));
  assert_int_equal(st.mem.total, 0);
  p2p__name_unref(&names, NULL);
}

static void name_that_could_not_be_shown_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
    "",
    "a\nb",             /* a second log line */
    "\x1b[2J",          /* an escape sequence */
    "a\x7f",            /* delete */
    "\xc2\x9b",         /* C1: an escape sequence in one byte */
    "\xe2\x80\xae/txt", /* right to left */
    "\xe2\x80\xa8",     /* line separator */
    "\xff",             /* no UTF-8 … */
    "\x80",
    "\xc3",             /* … cut short */
    "\xc0\xaf",         /* … overlong */
    "\xe0\x80\xaf",     /* … overlong */
    "\xed\xa0\x80",     /* … surrogate */
    "\xf4\x90\x80\x80", /* … beyond Unicode */
    "\xc3(",
  };
  for (size_t i = 0; i < P2P_COUNT(bad); i++) {
    assert_int_equal(learn(p2p__cstr(bad[i])), P2P_EINVAL);
    assert_null(p2p__name_ref(&names, p2p__cstr(bad[i])));
  }
  assert_int_equal(learn(p2p__bytes("a\0b", 3)), P2P_EINVAL);
  assert_int_equal(st.mem.calls, 0);
}

static void name_may_be_any_language(void **state) {
  (void)state;
  static const char *const good[] = {
    "/x",       "gr\xc3\xbc\xc3\x9f", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x8c\x8d",
    "\xc2\xa0", "\xf4\x8f\xbf\xbf"
  };
  for (size_t i = 0; i < P2P_COUNT(good); i++) assert_int_equal(learn(p2p__cstr(good[i])), 0);
}

static void name_is_no_longer_than_the_limit(void **state) {
  (void)state;
  static char text[300];
  memset(text, 'x', sizeof text);
  assert_int_equal(learn(p2p__bytes(text, (size_t)st.limits.identify_string)), 0);
  assert_int_equal(learn(p2p__bytes(text, (size_t)st.limits.identify_string + 1)), P2P_EINVAL);
}

static void names_of_peers_are_bounded_and_ours_are_not_refused(void **state) {
  (void)state;
  char buf[8];
  for (unsigned i = 0; i < 64; i++) assert_int_equal(learn(numbered(i, buf)), 0);
  assert_int_equal(learn(numbered(64, buf)), P2P_ELIMIT);
  assert_int_equal(learn(numbered(3, buf)), 0); /* known: no new one */
  p2p__name *ours = p2p__name_ref(&names, p2p__cstr("/echo/1.0.0"));
  assert_non_null(ours);
  p2p__name_unref(&names, ours);
  assert_null(p2p__name_find(&names, p2p__cstr("/echo/1.0.0")));
}

static void name_survives_every_failed_allocation(void **state) {
  (void)state;
  for (uint64_t n = 1;; n++) {
    p2p__names_fini(&names);
    p2p__mem_init(&st.mem, NULL);
    p2p__names_init(&names, &st.env);
    st.mem.fail_at = n;
    int err = learn(p2p__cstr("/a"));
    if (!st.mem.failed) break;
    assert_int_equal(err, P2P_ENOMEM);
    assert_int_equal(st.mem.total, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(name_is_kept_once_and_freed_with_its_last_reference),
    TEST(name_that_could_not_be_shown_is_refused),
    TEST(name_may_be_any_language),
    TEST(name_is_no_longer_than_the_limit),
    TEST(names_of_peers_are_bounded_and_ours_are_not_refused),
    TEST(name_survives_every_failed_allocation),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
