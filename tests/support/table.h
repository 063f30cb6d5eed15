/* Lines of words from a file of tests/vectors/. */
#ifndef TESTS_SUPPORT_TABLE_H
#define TESTS_SUPPORT_TABLE_H

#include "unit/crypto/vectors.h"
#include <stdio.h>

enum { TABLE_WORDS = 8, TABLE_LINE = 1 << 15 };

typedef struct table {
  FILE *file;
  char line[TABLE_LINE];
  const char *words[TABLE_WORDS]; /* of the current line; "" where there is none */
  size_t lines;                   /* read so far, comments apart */
} table;

void table_open(table *t, const char *name);
bool table_next(table *t);
/* Asserts that there was something to read. */
void table_close(table *t);
/* The bytes of a hexadecimal word ("-": none) as an exact copy on the heap; exact_free. */
p2p__span table_bytes(const table *t, size_t word);

static inline bool is_word(const char *word, const char *text) { return strcmp(word, text) == 0; }

#endif
