/* Which of some names a mistyped word most likely meant. */
#ifndef APP_NEAREST_H
#define APP_NEAREST_H

#include <stddef.h>

typedef struct nearest {
  const char *word, *name;
  size_t distance;
} nearest;

void nearest_begin(nearest *n, const char *word);
void nearest_offer(nearest *n, const char *name); /* name lives as long as n */
const char *nearest_name(const nearest *n);       /* NULL: nothing is near enough to be told */

#endif
