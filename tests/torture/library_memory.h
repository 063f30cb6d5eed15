/* Memory of the libraries below (libcrypto, GnuTLS, nettle, ngtcp2 …) that fails. The program's own
 * malloc, calloc, realloc and their kin stand before those of the system (or the sanitizer), and so
 * serve shared libraries, too; while somebody watches, what libraries ask for on this thread is
 * counted, and the n-th of it fails.
 *
 * What the program itself asks for, be it the library's or a test's, does not count and does not
 * fail: p2p_mem has its own way to fail. Linked where it is wanted, never into all tests. */
#ifndef TESTS_TORTURE_LIBRARY_MEMORY_H
#define TESTS_TORTURE_LIBRARY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct library_memory {
  uint64_t calls;   /* allocations of libraries since the watch began */
  uint64_t fail_at; /* the call of this number (from 1) fails; 0: none */
  bool from_then_on, failed;
  const char *failed_in; /* file name of the library whose call failed first */
  size_t live;           /* what libraries hold of all that was ever watched */
} library_memory;

/* False: this system has no malloc that can be stood before. */
bool library_memory_works(void);
void library_memory_watch(uint64_t fail_at, bool from_then_on);
/* What came of it so far; live also counts after the end. */
library_memory library_memory_now(void);
void library_memory_end(void);

#endif
