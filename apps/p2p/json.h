/* A writer of JSON lines. Members are collected and leave as one line in one write, so a line is
 * whole or absent. Text of peers is made valid UTF-8. */
#ifndef APP_JSON_H
#define APP_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct json {
  FILE *to;
  char *text;
  size_t len;
  bool separate; /* a comma is due */
} json;

void json_begin(json *j); /* an object; json_end or json_drop must follow */
/* A member; name NULL: an element of a list. */
void json_text(json *j, const char *name, const char *value); /* value NULL: null */
void json_count(json *j, const char *name, uint64_t value);
void json_real(json *j, const char *name, double value);
void json_bool(json *j, const char *name, bool value);
void json_list(json *j, const char *name);
void json_list_end(json *j);
void json_object(json *j, const char *name);
void json_object_end(json *j);
int json_end(json *j);               /* prints the line on stdout; -1 when it could not */
int json_end_on(json *j, FILE *out); /* the same on another stream */
void json_drop(json *j);

/* Prints text of a stranger for a terminal: no control characters, valid UTF-8. */
void text_print(FILE *to, const char *text);

#endif
