/* Words to be explained one by one: operands, or lines of standard input when there are none. */
#ifndef APP_EACH_H
#define APP_EACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EACH_WORD_MAX = 16384 };

/* False: it was reported why the word is none. */
typedef bool (*each_fn)(const char *command, const char *word, bool as_json);

/* The whole of a command that has --json and words only. */
int each_main(const char *command, const char *operand, const char *summary, const char *more,
              each_fn fn, int argc, char **argv);

/* Bytes as hexadecimal digits with a zero; cap is at least 2 len + 1. */
void each_hex(const uint8_t *bytes, size_t len, char *out, size_t cap);

#endif
