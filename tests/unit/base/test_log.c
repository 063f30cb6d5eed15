/* The log sink. */
#include "unit/base/test.h"

#include "base/log.h"
#include <string.h>

struct sink {
  unsigned lines;
  p2p_log_level level;
  char last[2048];
};

static void sink_line(void *user, p2p_log_level level, const char *line) {
  struct sink *s = user;
  s->lines++;
  s->level = level;
  assert_true(strlen(line) < sizeof s->last);
  memcpy(s->last, line, strlen(line) + 1);
}

static p2p__log log_to(struct sink *s, p2p_log_level level) {
  return (p2p__log){ .fn = sink_line, .user = s, .level = level };
}

static void log_line_is_formatted_and_handed_over(void **state) {
  (void)state;
  struct sink s = { 0 };
  p2p__log log = log_to(&s, P2P_LOG_INFO);
  p2p__logf(&log, P2P_LOG_WARN, "conn=%d peer=%s", 7, "abc");
  assert_int_equal(s.lines, 1);
  assert_int_equal(s.level, P2P_LOG_WARN);
  assert_string_equal(s.last, "conn=7 peer=abc");
}

static void log_above_the_level_is_silent(void **state) {
  (void)state;
  struct sink s = { 0 };
  p2p__log log = log_to(&s, P2P_LOG_INFO);
  p2p__logf(&log, P2P_LOG_DEBUG, "x");
  assert_int_equal(s.lines, 0);
  assert_false(p2p__log_on(&log, P2P_LOG_DEBUG));
  p2p__logf(&log, P2P_LOG_INFO, "x");
  assert_int_equal(s.lines, 1);
}

static void log_without_a_function_is_silent(void **state) {
  (void)state;
  p2p__log log = { .level = P2P_LOG_TRACE };
  assert_false(p2p__log_on(&log, P2P_LOG_ERROR));
  p2p__logf(&log, P2P_LOG_ERROR, "x");
}

static void log_line_ends_at_1023_bytes(void **state) {
  (void)state;
  struct sink s = { 0 };
  p2p__log log = log_to(&s, P2P_LOG_INFO);
  char text[1501];
  memset(text, 'a', sizeof text - 1);
  text[sizeof text - 1] = 0;
  p2p__logf(&log, P2P_LOG_INFO, "%s", text);
  assert_int_equal(strlen(s.last), 1023);
}

static void log_text_of_a_peer_cannot_forge_a_line(void **state) {
  (void)state;
  struct sink s = { 0 };
  p2p__log log = log_to(&s, P2P_LOG_INFO);
  p2p__logf(&log, P2P_LOG_INFO, "agent=%s", "a\nlevel=error\r\t\x1b[2J\x7f\xc3\xa9");
  assert_string_equal(s.last, "agent=a?level=error???[2J?\xc3\xa9");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(log_line_is_formatted_and_handed_over),
    cmocka_unit_test(log_above_the_level_is_silent),
    cmocka_unit_test(log_without_a_function_is_silent),
    cmocka_unit_test(log_line_ends_at_1023_bytes),
    cmocka_unit_test(log_text_of_a_peer_cannot_forge_a_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
