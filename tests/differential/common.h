/* What our sides of the comparisons share: one question a line, one answer a line. Bytes and texts are
 * in hexadecimal, "." when there are none; "-" answers what is refused. */
#ifndef DIFFERENTIAL_COMMON_H
#define DIFFERENTIAL_COMMON_H

#include <p2p/p2p.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 5, BUFFER = 16384 };

typedef struct question {
  char *words[WORDS]; /* "" where there are fewer; the first is the verb */
} question;

typedef struct verb {
  const char *name;
  void (*run)(const question *q);
} verb;

/* Answers all of standard input. An exit code: 2 after a question that has no verb. */
int answer_all(const verb *verbs, size_t n);

/* The bytes of hexadecimal, decoded into b, which has room for BUFFER. */
p2p_bytes bytes_of(const char *hex, uint8_t *b);
/* The text of a word, ended by a zero; NULL when it has one within. */
const char *text_of(const char *hex, uint8_t *b);
uint64_t number_of(const char *digits);
/* n bytes at p as an answer; n negative: refused. */
void answer(const void *p, ptrdiff_t n);

/* Multiaddrs, which both comparisons ask for. */
void addr_bytes(const question *q); /* addr-bytes TEXT: the bytes of a multiaddr */
void addr_text(const question *q);  /* addr-text BYTES: its canonical text */

#endif
