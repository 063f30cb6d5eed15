/* Words to be explained one by one: operands, or lines of standard input when there are none. */
#ifndef APP_EACH_H
#define APP_EACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "args.h"

enum { EACH_WORD_MAX = 16384, EACH_WORDS_MAX = 1 << 20 };

/* False: it was reported why the word is none. */
typedef bool (*each_fn)(const char *command, const char *word, bool as_json);

/* The whole of a command that has --json and words only. */
int each_main(const args_command *c, each_fn fn, int argc, char **argv);

/* The one option of such a command. */
extern const args_option each_options[1];

/* Bytes as hexadecimal digits with a zero; cap is at least 2 len + 1. */
void each_hex(const uint8_t *bytes, size_t len, char *out, size_t cap);

#endif
