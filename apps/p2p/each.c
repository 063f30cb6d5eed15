/* Words of the command line, or of standard input. */
#include "each.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

typedef struct each_args {
  bool as_json;
} each_args;

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

const args_option each_options[1] = {
  { "json", 0, NULL, "print a line of JSON for each", ARGS_FLAG,
    .at = offsetof(each_args, as_json) },
};

int each_main(const args_command *c, each_fn fn, int argc, char **argv) {
  each_args a = { 0 };
  bool ok = true;
  char **words;
  int verdict = args_parse(c, argc, argv, &a, &words);
  if (verdict != ARGS_GO) return verdict;
  if (!*words) ok = each_line(c->name, fn, a.as_json);
  for (; *words; words++) ok = fn(c->name, *words, a.as_json) && ok;
  return ok && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
