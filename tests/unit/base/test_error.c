/* The one list of errors. */
#include "unit/base/test.h"

#include "base/attr.h"
#include <p2p/error.h>
#include <string.h>

static const struct {
  int value;
  const char *name, *text;
} errors[] = {
#define ROW(name, value, text) { value, #name, text },
  P2P_ERRORS(ROW)
#undef ROW
};

static void error_has_its_name_and_sentence(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(errors); i++) {
    assert_string_equal(p2p_error_name(errors[i].value), errors[i].name);
    assert_string_equal(p2p_strerror(errors[i].value), errors[i].text);
  }
  assert_string_equal(p2p_error_name(P2P_EPROTO), "P2P_EPROTO");
  assert_string_equal(p2p_strerror(P2P_ENOMEM), "out of memory");
}

static void error_values_are_all_of_minus_one_downward(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(errors); i++) {
    assert_int_equal(errors[i].value, -1 - (int)i); /* ABI: appended only, no hole */
  }
}

static void error_sentences_differ(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(errors); i++) {
    for (size_t j = 0; j < i; j++) assert_string_not_equal(errors[i].text, errors[j].text);
  }
}

static void error_that_is_none_is_ok(void **state) {
  (void)state;
  assert_string_equal(p2p_strerror(0), "ok");
  assert_string_equal(p2p_strerror(17), "ok");
  assert_string_equal(p2p_error_name(0), "P2P_OK");
}

static void error_nobody_knows_has_a_text(void **state) {
  (void)state;
  assert_string_equal(p2p_strerror(INT32_MIN), "unknown error");
  assert_string_equal(p2p_error_name(-100000), "P2P_EUNKNOWN");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(error_has_its_name_and_sentence),
    cmocka_unit_test(error_values_are_all_of_minus_one_downward),
    cmocka_unit_test(error_sentences_differ),
    cmocka_unit_test(error_that_is_none_is_ok),
    cmocka_unit_test(error_nobody_knows_has_a_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
