/* What the counted programs share. */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>

void micro_check(bool ok) {
  if (ok) return;
  fputs("micro: the operation failed\n", stderr);
  exit(EXIT_FAILURE);
}

int micro_main(int argc, char **argv, void (*once)(void *ctx), void *ctx) {
  unsigned long n = 0;
  const char *digit = argc == 2 ? argv[1] : "";
  for (; *digit >= '0' && *digit <= '9'; digit++) n = 10 * n + (unsigned long)(*digit - '0');
  if (argc != 2 || *digit || digit == argv[1]) {
    fprintf(stderr, "usage: %s TIMES\n", argv[0]);
    return 2;
  }
  while (n-- > 0) once(ctx);
  return EXIT_SUCCESS;
}
