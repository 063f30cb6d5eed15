/* Words of the command line, or of standard input. */
#include "each.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "report.h"

enum { WORDS_MAX = 1 << 20 };

void each_hex(const uint8_t *bytes, size_t len, char *out, size_t cap) {
  static const char digits[] = "0123456789abcdef";
  size_t n = 0;
  for (size_t i = 0; i < len && n + 2 < cap; i++) {
    out[n++] = digits[bytes[i] >> 4];
    out[n++] = digits[bytes[i] & 15];
  }
  out[n] = '\0';
}

/* Takes the line's end away; false: the line did not fit. */
static bool trim(char *line) {
  size_t len = strlen(line);
  bool whole = len > 0 && (line[len - 1] == '\n' || feof(stdin));
  while (len > 0 && strchr(" \t\r\n", line[len - 1])) line[--len] = '\0';
  return whole;
}

static bool each_line(const char *command, each_fn fn, bool as_json) {
  char line[EACH_WORD_MAX];
  bool ok = true;
  while (fgets(line, sizeof line, stdin)) {
    if (!trim(line)) {
      report(command, "a line of standard input is longer than %d characters", EACH_WORD_MAX - 2);
      return false;
    }
    if (*line) ok = fn(command, line, as_json) && ok;
  }
  return ok && !ferror(stdin);
}

int each_main(const char *command, const char *operand, const char *summary, const char *more,
              each_fn fn, int argc, char **argv) {
  bool as_json = false, ok = true;
  const args_option options[] = {
    { "json", 0, NULL, "print a line of JSON for each", .flag = &as_json },
  };
  const args_command c = { .name = command,
                           .operands = operand,
                           .summary = summary,
                           .more = more,
                           .options = options,
                           .n_options = 1,
                           .n_operands = WORDS_MAX };
  char **words;
  int verdict = args_parse(&c, argc, argv, &words);
  if (verdict != ARGS_GO) return verdict;
  if (!*words) ok = each_line(command, fn, as_json);
  for (; *words; words++) ok = fn(command, *words, as_json) && ok;
  return ok && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
