/* multistream-select against lies, and at its limits. */
#include "script.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void proposals_are_counted(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  w.limits.multistream_lines = 5;
  p2p__step *l = answer(&w, three, 3);
  uint8_t said[4096];
  size_t total = 0;
  assert_int_equal(hear(l, HEADER), 0);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(hear(l, "\x03/x\n"), 0);
    total += step_said(l, said, sizeof said);
  }
  assert_int_equal(total, strlen(HEADER) + 5 * strlen("\x03na\n"));
  assert_int_equal(hear(l, "\x03/x\n"), P2P_ELIMIT);
  p2p__step_free(l);
  step_world_fini(&w);
}

typedef struct lie {
  const char *what, *bytes;
  size_t len;
  int err;
} lie;

#define LIE(what, text, err) { what, text, sizeof text - 1, err }

static const lie lies[] = {
  LIE("another header", "\x13/multistream/2.0.0\n", P2P_EPROTO),
  LIE("no header", "\x07/noise\n", P2P_EPROTO),
  LIE("na for a header", "\x03na\n", P2P_EPROTO),
  LIE("HTTP",
      "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a browser with a long name\r\n"
      "Accept: everything\r\n\r\n",
      P2P_EPROTO),
  LIE("empty line", "\x00", P2P_EPROTO),
  LIE("empty line later", HEADER "\x00", P2P_EPROTO),
  LIE("no newline", "\x13/multistream/1.0.0x", P2P_EPROTO),
  LIE("no newline later", HEADER "\x07/noisex", P2P_EPROTO),
  LIE("one byte above the limit", HEADER "\x81\x08", P2P_ELIMIT),
  LIE("64 KiB", HEADER "\x80\x80\x04", P2P_ELIMIT),
  LIE("2^63 - 1", HEADER "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", P2P_ELIMIT),
  LIE("length not minimal", HEADER "\x87\x00/noise\n", P2P_EPROTO),
  LIE("endless length", HEADER "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", P2P_EPROTO),
};

static void lies_are_refused_by_both_sides(void **state) {
  (void)state;
  for (size_t i = 0; i < P2P_COUNT(lies); i++) {
    for (int side = 0; side < 2; side++) {
      step_world w;
      step_world_init(&w);
      uint8_t said[64];
      size_t used;
      p2p__step *s = side ? answer(&w, noise_yamux, 1) : dial(&w, noise_yamux, 1, false);
      if (!side) assert_true(step_said(s, said, sizeof said) > 0);
      p2p_bytes in = p2p__bytes(lies[i].bytes, lies[i].len);
      int err = hear_at(s, in, &used, 0);
      if (err != lies[i].err) fail_msg("%s, side %d: %d", lies[i].what, side, err);
      assert_int_equal(hear_at(s, in, &used, 0), lies[i].err); /* and stays so */
      assert_int_equal(used, 0);
      p2p__step_free(s);
      step_world_fini(&w);
    }
  }
}

static void line_of_exactly_the_limit_is_read(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  uint8_t line[2 + 1024] = { 0x80, 0x08 };
  memset(line + 2, 'x', 1023);
  line[sizeof line - 1] = '\n';
  size_t used;
  p2p__step *l = answer(&w, noise_yamux, 1);
  assert_int_equal(hear(l, HEADER), 0);
  assert_int_equal(hear_at(l, p2p__bytes(line, sizeof line), &used, 0), 0);
  assert_int_equal(used, sizeof line);
  assert_says(l, HEADER "\x03na\n");
  p2p__step_free(l);
  step_world_fini(&w);
}

static void initiator_refuses_other_answers(void **state) {
  (void)state;
  static const char *const wrong[] = { HEADER "\x0d/yamux/1.0.0\n", HEADER "\x03ls\n",
                                       HEADER HEADER, HEADER "\x01\n" };
  for (size_t i = 0; i < P2P_COUNT(wrong); i++) {
    step_world w;
    step_world_init(&w);
    p2p__step *d = dial(&w, noise_yamux, 2, false);
    assert_says(d, HEADER "\x07/noise\n");
    assert_int_equal(hear(d, wrong[i]), P2P_EPROTO);
    p2p__step_free(d);
    step_world_fini(&w);
  }
}

static void initiator_refuses_an_answer_before_its_question(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *d = dial(&w, noise_yamux, 1, false);
  assert_int_equal(hear(d, HEADER "\x07/noise\n"), P2P_EPROTO);
  p2p__step_free(d);
  step_world_fini(&w);
}

static void empty_id_is_not_available(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  p2p__step *l = answer(&w, three, 3);
  assert_int_equal(hear(l, HEADER "\x01\n"), 0);
  assert_says(l, HEADER "\x03na\n");
  p2p__step_free(l);
  step_world_fini(&w);
}

static void silence_ends_at_the_deadline(void **state) {
  (void)state;
  step_world w;
  step_world_init(&w);
  size_t used;
  p2p__step *s[] = { dial(&w, noise_yamux, 1, true), answer(&w, noise_yamux, 1) };
  for (size_t i = 0; i < P2P_COUNT(s); i++) {
    assert_int_equal(s[i]->ops->deadline(s[i]), DEADLINE);
    assert_int_equal(hear_at(s[i], p2p__cstr(HEADER), &used, DEADLINE - 1), 0);
    assert_int_equal(hear_at(s[i], p2p__cstr("\x07"), &used, DEADLINE), P2P_ETIMEOUT);
    p2p__step_free(s[i]);
  }
  step_world_fini(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(proposals_are_counted),
    cmocka_unit_test(lies_are_refused_by_both_sides),
    cmocka_unit_test(line_of_exactly_the_limit_is_read),
    cmocka_unit_test(initiator_refuses_other_answers),
    cmocka_unit_test(initiator_refuses_an_answer_before_its_question),
    cmocka_unit_test(empty_id_is_not_available),
    cmocka_unit_test(silence_ends_at_the_deadline),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
