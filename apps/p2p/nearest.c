/* The edit distance of Levenshtein, on two rows. */
#include "nearest.h"

#include <string.h>

enum { WORD_MAX = 48 };

static size_t smallest(size_t a, size_t b, size_t c) {
  size_t m = a < b ? a : b;
  return m < c ? m : c;
}

static size_t distance(const char *a, const char *b) {
  size_t row[WORD_MAX + 1], n = strlen(b);
  if (n > WORD_MAX || strlen(a) > WORD_MAX) return WORD_MAX;
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t corner = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t above = row[j];
      row[j] = smallest(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
      corner = above;
    }
  }
  return row[n];
}

void nearest_begin(nearest *n, const char *word) {
  *n = (nearest){ .word = word, .distance = WORD_MAX };
}

void nearest_offer(nearest *n, const char *name) {
  size_t d = distance(n->word, name);
  if (d >= n->distance) return;
  n->distance = d;
  n->name = name;
}

const char *nearest_name(const nearest *n) {
  size_t len = strlen(n->word);
  return n->name && n->distance * 3 <= len + 2 && n->distance < len ? n->name : NULL;
}
