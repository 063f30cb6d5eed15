/* What every fuzzer says when something that must hold does not. */
#ifndef P2P_FUZZ_SUPPORT_MUST_H
#define P2P_FUZZ_SUPPORT_MUST_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  abort();
}

#endif
