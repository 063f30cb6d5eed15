/* Memory of libraries that fails. */
#include "torture/library_memory.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is stood before ---- */

void *__libc_malloc(size_t size) __attribute__((weak));
void *__libc_calloc(size_t n, size_t size) __attribute__((weak));
void *__libc_realloc(void *p, size_t size) __attribute__((weak));
void *__libc_memalign(size_t align, size_t size) __attribute__((weak));
void __libc_free(void *p) __attribute__((weak));
void *__interceptor_malloc(size_t size) __attribute__((weak));
void *__interceptor_calloc(size_t n, size_t size) __attribute__((weak));
void *__interceptor_realloc(void *p, size_t size) __attribute__((weak));
int __interceptor_posix_memalign(void **p, size_t align, size_t size) __attribute__((weak));
void __interceptor_free(void *p) __attribute__((weak));

static void *real_malloc(size_t size) {
  return __interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size);
}

static void *real_calloc(size_t n, size_t size) {
  return __interceptor_calloc ? __interceptor_calloc(n, size) : __libc_calloc(n, size);
}

static void *real_realloc(void *p, size_t size) {
  return __interceptor_realloc ? __interceptor_realloc(p, size) : __libc_realloc(p, size);
}

static void *real_align(size_t align, size_t size) {
  void *p;
  if (!__interceptor_posix_memalign) return __libc_memalign(align, size);
  return __interceptor_posix_memalign(&p, align, size) == 0 ? p : NULL;
}

static void real_free(void *p) {
  if (__interceptor_free)
    __interceptor_free(p);
  else
    __libc_free(p);
}

bool library_memory_works(void) { return __interceptor_malloc || __libc_malloc; }

/* ---- who calls ---- */

enum { AREAS = 128 };

typedef struct area {
  uintptr_t from, to;
  bool ours; /* the program, and what tests and sanitizers stand on */
  const char *name;
} area;

static struct {
  area areas[AREAS];
  size_t n;
} map;

static bool is_ours(const char *name) {
  static const char *const known[] = { "libcmocka.", "libasan.",  "libubsan.",
                                       "libtsan.",   "libgcc_s.", "ld-linux" };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strncmp(name, known[i], strlen(known[i])) == 0) return true;
  return !*name;
}

static int note_object(struct dl_phdr_info *info, size_t size, void *user) {
  const char *slash = strrchr(info->dlpi_name, '/'), *name = slash ? slash + 1 : info->dlpi_name;
  (void)size;
  (void)user;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *h = &info->dlpi_phdr[i];
    if (h->p_type != PT_LOAD || !(h->p_flags & PF_X) || map.n == AREAS) continue;
    uintptr_t from = info->dlpi_addr + h->p_vaddr;
    map.areas[map.n++] = (area){ from, from + h->p_memsz, is_ours(name), name };
  }
  return 0;
}

static const area *area_of(const void *caller) {
  static const area unknown = { .name = "?" };
  uintptr_t at = (uintptr_t)caller;
  for (size_t i = 0; i < map.n; i++)
    if (at >= map.areas[i].from && at < map.areas[i].to) return &map.areas[i];
  return &unknown;
}

/* ---- what libraries hold ---- */

enum { SLOTS_LOG = 17, SLOTS = 1 << SLOTS_LOG };

/* Open addressing, linear; a removal moves up what probed past it. Any thread may free. */
static struct {
  pthread_mutex_t lock;
  void *slots[SLOTS];
  size_t n;
} held = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t slot_of(const void *p) {
  return (size_t)(((uint64_t)(uintptr_t)p * 0x9e3779b97f4a7c15u) >> (64 - SLOTS_LOG));
}

static size_t find(const void *p) {
  size_t i = slot_of(p);
  while (held.slots[i] && held.slots[i] != p) i = (i + 1) % SLOTS;
  return i;
}

static void hold(void *p) {
  pthread_mutex_lock(&held.lock);
  if (held.n > SLOTS / 2) abort();
  held.slots[find(p)] = p;
  held.n++;
  pthread_mutex_unlock(&held.lock);
}

static void close_gap(size_t gap) {
  for (size_t i = (gap + 1) % SLOTS; held.slots[i]; i = (i + 1) % SLOTS) {
    size_t home = slot_of(held.slots[i]);
    if ((i - home) % SLOTS < (i - gap) % SLOTS) continue; /* it would come before its home */
    held.slots[gap] = held.slots[i];
    gap = i;
  }
  held.slots[gap] = NULL;
}

/* Whether it was held. */
static bool let_go(const void *p) {
  if (!p || !held.n) return false;
  pthread_mutex_lock(&held.lock);
  size_t i = find(p);
  bool was = held.slots[i] != NULL;
  if (was) {
    close_gap(i);
    held.n--;
  }
  pthread_mutex_unlock(&held.lock);
  return was;
}

/* ---- the watch ---- */

static library_memory watch;
static atomic_bool watching;
static pthread_t watcher; /* whose calls count: what other threads ask for comes when it likes */

void library_memory_watch(uint64_t fail_at, bool from_then_on) {
  map.n = 0;
  dl_iterate_phdr(note_object, NULL);
  watch = (library_memory){ .fail_at = fail_at, .from_then_on = from_then_on };
  watcher = pthread_self();
  watching = true;
}

library_memory library_memory_now(void) {
  library_memory now = watch;
  now.live = held.n;
  return now;
}

void library_memory_end(void) { watching = false; }

typedef enum verdict { PASS, PASS_AND_HOLD, FAIL } verdict;

static verdict judge(const void *caller) {
  if (!watching || !pthread_equal(pthread_self(), watcher)) return PASS;
  const area *a = area_of(caller);
  if (a->ours) return PASS;
  watch.calls++;
  bool fails = watch.fail_at && (watch.calls == watch.fail_at ||
                                 (watch.from_then_on && watch.calls > watch.fail_at));
  if (fails && !watch.failed) watch.failed_in = a->name;
  watch.failed |= fails;
  return fails ? FAIL : PASS_AND_HOLD;
}

static void *done(verdict v, void *p) {
  if (v == FAIL) errno = ENOMEM;
  if (v == PASS_AND_HOLD && p) hold(p);
  return p;
}

/* ---- what all the world calls ---- */

#define CALLER __builtin_return_address(0)
#pragma GCC visibility push(default)

void *malloc(size_t size) {
  verdict v = judge(CALLER);
  return done(v, v == FAIL ? NULL : real_malloc(size));
}

void *calloc(size_t n, size_t size) {
  verdict v = judge(CALLER);
  return done(v, v == FAIL ? NULL : real_calloc(n, size));
}

void *realloc(void *p, size_t size) {
  verdict v = judge(CALLER);
  if (v == FAIL && size) return done(v, NULL);
  if (let_go(p)) v = PASS_AND_HOLD; /* held before: held after */
  return done(v, real_realloc(p, size));
}

void *aligned_alloc(size_t align, size_t size) {
  verdict v = judge(CALLER);
  return done(v, v == FAIL ? NULL : real_align(align, size));
}

int posix_memalign(void **out, size_t align, size_t size) {
  verdict v = judge(CALLER);
  void *p = v == FAIL ? NULL : real_align(align, size);
  if (p) *out = done(v, p);
  return p ? 0 : ENOMEM;
}

void free(void *p) {
  (void)let_go(p);
  real_free(p);
}

#pragma GCC visibility pop
