/* The one file of the program that calls malloc and its relatives. */
#include "mem.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "number.h"

void *mem_zeroed(size_t n, size_t size) { return calloc(n, size); }

void mem_free(void *p) { free(p); }

/* proc_pid_statm(5): the second figure is the number of resident pages. */
static size_t resident(void) {
  char line[128] = "";
  uint64_t pages = 0;
  FILE *f = fopen("/proc/self/statm", "re");
  if (!f) return 0;
  if (fgets(line, sizeof line, f)) {
    const char *p = line;
    if (number_scan(&p, &pages) && *p == ' ') {
      p++;
      if (!number_scan(&p, &pages)) pages = 0;
    }
  }
  fclose(f);
  return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

#ifdef __GLIBC__
void mem_trim(void) { malloc_trim(0); }

static size_t live(void) {
  struct mallinfo2 m = mallinfo2();
  return m.uordblks + m.hblkhd;
}
#else
void mem_trim(void) {}

static size_t live(void) { return 0; }
#endif

mem_use mem_used(void) { return (mem_use){ .rss = resident(), .heap = live() }; }
