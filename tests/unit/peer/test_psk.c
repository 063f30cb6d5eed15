/* Key files of private networks. */
#include "unit/crypto/vectors.h"

#include <p2p/psk.h>

#define HEAD "/key/swarm/psk/1.0.0/\n"
#define FF16 "ffffffffffffffff"
#define FF64 FF16 FF16 FF16 FF16
#define COUNT32                                                                                    \
  "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"                               \
  "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
#define COUNT64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

typedef struct row {
  const char *file;
  size_t len;  /* 0: of the text */
  bool counts; /* 0, 1, 2 …; else all ones */
} row;

static int parse(const char *file, size_t len, p2p_psk *out) {
  p2p__span copy = exact(p2p__bytes(file, len ? len : strlen(file)));
  int err = p2p_psk_parse(out, p2p__span_bytes(copy));
  exact_free(copy);
  return err;
}

/* go's tests: each encoding, with line ends of two systems; and what editors leave. */
static void psk_files_of_others_are_read(void **state) {
  (void)state;
  static const row rows[] = {
    { HEAD "/base16/\nFFFFFFFFFFFFFFFF" FF16 FF16 FF16, 0, false },
    { HEAD "/base16/\n" FF64 "\n", 0, false },
    { HEAD "/base16/\n" FF64 " \r\n\n", 0, false },
    { "/key/swarm/psk/1.0.0/\r\n/base16/\r\n" FF64, 0, false },
    { HEAD "/base64/\n" COUNT64, 0, true },
    { "/key/swarm/psk/1.0.0/\r\n/base64/\r\n" COUNT64 "\r\n", 0, true },
    { HEAD "/bin/\n" COUNT32, 22 + 6 + 32, true },
    { HEAD "/bin/\n" COUNT32 "\n", 22 + 6 + 33, true },
    { "/key/swarm/psk/1.0.0/\r\n/bin/\r\n" COUNT32, 24 + 6 + 32, true },
  };
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    p2p_psk psk;
    if (parse(rows[i].file, rows[i].len, &psk) != 0) fail_msg("row %zu is refused", i);
    for (size_t k = 0; k < sizeof psk.key; k++)
      assert_int_equal(psk.key[k], rows[i].counts ? k : 0xff);
  }
}

static void psk_files_that_are_none_are_refused_and_leave_nothing(void **state) {
  (void)state;
  static const row rows[] = {
    { "", 0, false },
    { "/key/swarm/psk/1.0.0/", 0, false },
    { HEAD, 0, false },
    { HEAD "/base16/", 0, false },
    { HEAD "/base16/\n", 0, false },
    { "/key/swarm/psk/2.0.0/\n/base16/\n" FF64, 0, false },
    { " " HEAD "/base16/\n" FF64, 0, false },
    { HEAD "/verybadbase/\nHave fun decoding that key", 0, false },
    { HEAD "/base16/\n" FF16 FF16 FF16 "fffffffffffffff", 0, false }, /* a digit short */
    { HEAD "/base16/\n" FF16 FF16 FF16 "ffffffffffffff", 0, false },  /* a byte short */
    { HEAD "/base16/\n" FF64 "f", 0, false },                         /* a digit more */
    { HEAD "/base16/\n" FF64 "ff", 0, false },                        /* a byte more */
    { HEAD "/base16/\n" FF16 FF16 FF16 "fffffffffffffffg", 0, false },
    { HEAD "/base16/\n" FF16 FF16 FF16 "ffffffffffffff/f", 0, false },
    { HEAD "/base16/\n" FF16 FF16 FF16 "ffffffffffffff:f", 0, false },
    { HEAD "/base16/\n" FF16 FF16 FF16 "ffffffffffffff@f", 0, false },
    { HEAD "/base64/\nAAEC", 0, false },
    { HEAD "/base64/\n" COUNT64 "AAAA", 0, false },
    { HEAD "/bin/\n" COUNT32, 22 + 6 + 31, false },
    { HEAD "/bin/\n" COUNT32 "xx", 22 + 6 + 34, false },
  };
  static const p2p_psk none;
  for (size_t i = 0; i < P2P_COUNT(rows); i++) {
    p2p_psk psk;
    memset(&psk, 7, sizeof psk);
    if (parse(rows[i].file, rows[i].len, &psk) != P2P_EKEY) fail_msg("row %zu is taken", i);
    assert_memory_equal(&psk, &none, sizeof psk);
  }
}

/* rust-libp2p's test, checked there against go. */
static void psk_fingerprint_is_that_of_go_and_rust(void **state) {
  (void)state;
  p2p_psk psk;
  char text[P2P_PSK_FINGERPRINT_MAX];
  assert_int_equal(
      parse(HEAD "/base16/\n6189c5cf0b87fb800c1a9feeda73c6ab5e998db48fb9e6a978575c770ceef683", 0,
            &psk),
      0);
  assert_int_equal(p2p_psk_fingerprint(&psk, text, sizeof text), 0);
  assert_string_equal(text, "45fc986bbc9388a11d939df26f730f0c");
  assert_int_equal(p2p_psk_fingerprint(&psk, text, sizeof text - 1), P2P_ELIMIT);
}

static void psk_prints_as_others_write_it(void **state) {
  (void)state;
  p2p_psk psk, again;
  char text[P2P_PSK_FILE_MAX];
  for (size_t i = 0; i < sizeof psk.key; i++) psk.key[i] = (uint8_t)(i * 9 + 3);
  ptrdiff_t n = p2p_psk_print(&psk, text, sizeof text);
  assert_int_equal(n, sizeof text - 1);
  assert_int_equal(strlen(text), n);
  assert_memory_equal(text, HEAD "/base16/\n030c151e2730394", 22 + 9 + 15);
  assert_int_equal(p2p_psk_parse(&again, p2p__bytes(text, (size_t)n)), 0);
  assert_memory_equal(&again, &psk, sizeof psk);
  for (size_t cap = 0; cap < sizeof text; cap++) {
    char *small = malloc(cap + 1);
    assert_non_null(small);
    assert_int_equal(p2p_psk_print(&psk, small, cap), P2P_ELIMIT);
    free(small);
  }
}

static void psk_of_wrong_arguments_is_refused(void **state) {
  (void)state;
  p2p_psk psk;
  char text[P2P_PSK_FILE_MAX];
  assert_int_equal(p2p_psk_parse(NULL, p2p__bytes("x", 1)), P2P_EINVAL);
  assert_int_equal(p2p_psk_generate(&psk, NULL), P2P_EINVAL);
  assert_int_equal(p2p_psk_print(NULL, text, sizeof text), P2P_EINVAL);
  assert_int_equal(p2p_psk_fingerprint(NULL, text, sizeof text), P2P_EINVAL);
  p2p_psk_fini(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(psk_files_of_others_are_read),
    cmocka_unit_test(psk_files_that_are_none_are_refused_and_leave_nothing),
    cmocka_unit_test(psk_fingerprint_is_that_of_go_and_rust),
    cmocka_unit_test(psk_prints_as_others_write_it),
    cmocka_unit_test(psk_of_wrong_arguments_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
