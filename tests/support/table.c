/* Lines of words from a file of tests/vectors/. */
#include "support/table.h"

void table_open(table *t, const char *name) {
  char path[1024];
  int n = snprintf(path, sizeof path, "%s/%s", P2P_TEST_VECTORS, name);
  assert_in_range(n, 1, sizeof path - 1);
  *t = (table){ .file = fopen(path, "r") };
  assert_non_null(t->file);
}

static void split(table *t) {
  char *at = t->line;
  for (size_t i = 0; i < TABLE_WORDS; i++) {
    t->words[i] = at;
    at += strcspn(at, " \n");
    if (*at) *at++ = 0;
  }
  assert_int_equal(*at, 0); /* else the table has more words than we look at */
}

bool table_next(table *t) {
  do {
    if (!fgets(t->line, sizeof t->line, t->file)) return false;
    assert_non_null(strchr(t->line, '\n')); /* else the line is longer than our room */
  } while (t->line[0] == '#');
  split(t);
  t->lines++;
  return true;
}

void table_close(table *t) {
  assert_true(t->lines > 0);
  fclose(t->file);
}

p2p__span table_bytes(const table *t, size_t word) {
  static uint8_t bytes[TABLE_LINE / 2];
  const char *hex = t->words[word];
  size_t n = is_word(hex, "-") ? 0 : unhex(hex, bytes, sizeof bytes);
  return exact(p2p__bytes(bytes, n));
}
