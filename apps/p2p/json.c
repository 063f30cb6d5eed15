/* A writer of JSON lines (RFC 8259). */
#include "json.h"

#include <math.h>
#include <string.h>

#include "mem.h"

static const char REPLACEMENT[] = "\xEF\xBF\xBD"; /* U+FFFD, for bytes that are no UTF-8 */

/* Bytes of the UTF-8 sequence at s, 0 when it is none (RFC 3629: no overlong form, no surrogate). */
static size_t utf8_len(const unsigned char *s) {
  if (s[0] < 0x80) return 1;
  size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
  if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xC0) != 0x80) return 0;
  if (s[0] == 0xE0 && s[1] < 0xA0) return 0;
  if (s[0] == 0xED && s[1] > 0x9F) return 0;
  if (s[0] == 0xF0 && s[1] < 0x90) return 0;
  if (s[0] == 0xF4 && s[1] > 0x8F) return 0;
  return n;
}

/* The code point of the n bytes at s; of four bytes none that anybody asks for. */
static unsigned point_of(const unsigned char *s, size_t n) {
  if (n == 2) return (s[0] & 0x1FU) << 6 | (s[1] & 0x3FU);
  if (n == 3) return (s[0] & 0x0FU) << 12 | (s[1] & 0x3FU) << 6 | (s[2] & 0x3FU);
  return n == 1 ? s[0] : 0x10000;
}

/* Controls, which a terminal would obey, and marks that turn or break a line, so that a name would
 * disguise what stands beside it. */
static bool is_hiding(unsigned point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x200E || point == 0x200F ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

void text_print(FILE *to, const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  while (*s) {
    size_t n = utf8_len(s);
    if (n == 0 || is_hiding(point_of(s, n))) {
      fputs(REPLACEMENT, to);
      s += n ? n : 1;
    } else {
      fwrite(s, 1, n, to);
      s += n;
    }
  }
}

static void put_text(FILE *to, const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  fputc('"', to);
  while (*s) {
    size_t n = utf8_len(s);
    if (n == 0)
      fputs(REPLACEMENT, to);
    else if (*s == '"' || *s == '\\')
      fprintf(to, "\\%c", *s);
    else if (is_hiding(point_of(s, n)))
      fprintf(to, "\\u%04x", point_of(s, n));
    else
      fwrite(s, 1, n, to);
    s += n ? n : 1;
  }
  fputc('"', to);
}

void json_begin(json *j) {
  *j = (json){ 0 };
  j->to = open_memstream(&j->text, &j->len);
  if (j->to) fputc('{', j->to);
}

/* The comma and the name before a value; false when there is nothing to write to. */
static bool lead(json *j, const char *name) {
  if (!j->to) return false;
  if (j->separate) fputc(',', j->to);
  j->separate = true;
  if (name) {
    put_text(j->to, name);
    fputc(':', j->to);
  }
  return true;
}

void json_text(json *j, const char *name, const char *value) {
  if (!lead(j, name)) return;
  if (value)
    put_text(j->to, value);
  else
    fputs("null", j->to);
}

void json_count(json *j, const char *name, uint64_t value) {
  if (lead(j, name)) fprintf(j->to, "%llu", (unsigned long long)value);
}

void json_real(json *j, const char *name, double value) {
  if (lead(j, name)) fprintf(j->to, "%.9g", isfinite(value) ? value : 0.0);
}

void json_bool(json *j, const char *name, bool value) {
  if (lead(j, name)) fputs(value ? "true" : "false", j->to);
}

static void open_with(json *j, const char *name, char bracket) {
  if (!lead(j, name)) return;
  fputc(bracket, j->to);
  j->separate = false;
}

static void close_with(json *j, char bracket) {
  if (j->to) fputc(bracket, j->to);
  j->separate = true;
}

void json_list(json *j, const char *name) { open_with(j, name, '['); }
void json_list_end(json *j) { close_with(j, ']'); }
void json_object(json *j, const char *name) { open_with(j, name, '{'); }
void json_object_end(json *j) { close_with(j, '}'); }

int json_end(json *j) { return json_end_on(j, stdout); }

int json_end_on(json *j, FILE *out) {
  int ok = -1;
  if (j->to) {
    fputs("}\n", j->to);
    if (fflush(j->to) == 0 && fwrite(j->text, 1, j->len, out) == j->len) ok = fflush(out);
  }
  json_drop(j);
  return ok == 0 ? 0 : -1;
}

void json_drop(json *j) {
  if (j->to) fclose(j->to);
  mem_free(j->text);
  *j = (json){ 0 };
}
