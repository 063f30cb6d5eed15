/* Every row of rows.c with the memory of the libraries below failing: the n-th allocation that any of
 * them asks for while the story is told, or it and all after it, for every n until none fails.
 *
 * Libraries crash for want of memory, some by design. So stories are told in a child; where it ends in
 * a library at a known place, that is counted, and the next child goes on behind it. What is known has
 * its line below and its reason in docs/internals/torture.md.
 *
 * What is left of a library's memory after a story may be a cache or its queue of errors. Where
 * something is left the point is told again; while the sum still grows the leak checker is asked,
 * where there is one, and what it finds fails. */
#include "torture.h"
#include "unit/base/test.h"
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* AGAIN: more often than libcrypto remembers errors. */
enum { SAMPLE = 9973, AGAIN = 18, PATIENCE_S = 120, FRAMES = 48, ENDS = 64 };

/* A way in which a library ends the program for want of memory. */
typedef struct library_end {
  char wants[40], in[40]; /* whose allocation failed; whose code ended it */
  char call[60];          /* what was called of the outermost library */
  int signal;
  uint64_t times;
} library_end;

/* Those that are known; `call` does not matter. */
static const library_end known[] = {
  { .wants = "libtasn1.so.6", .in = "libtasn1.so.6", .signal = SIGSEGV },
  { .wants = "libgnutls.so.30", .in = "libgnutls.so.30", .signal = SIGABRT },
  { .wants = "libgmp.so.10", .in = "libgmp.so.10", .signal = SIGABRT },
};

/* What a child has done, seen by its parent. */
typedef struct progress {
  torture t;
  story_fault fault; /* being told */
  uint64_t told, kept, failed;
  library_end last, ends[ENDS]; /* last: signal 0: none */
  size_t n_ends;
  bool done;
} progress;

static progress *at;
static const story_row *row;
static const story_base *base;

/* ---- how a child ends ---- */

static void point(char *out, size_t cap) {
  snprintf(out, cap, "%s over %s: %llu%s allocations of libraries", row->name, base->name,
           (unsigned long long)at->fault.n, at->fault.from_then_on ? " and on" : "");
}

static const char *name_of(const Dl_info *info) {
  const char *slash = strrchr(info->dli_fname, '/');
  return slash ? slash + 1 : info->dli_fname;
}

static bool is(const char *name, const char *begins) {
  return strncmp(name, begins, strlen(begins)) == 0;
}

static bool frame_is_ours(const void *frame, Dl_info *info) {
  static const char own = 0;
  Dl_info self;
  if (!dladdr(frame, info) || !dladdr(&own, &self)) return true;
  return info->dli_fbase == self.dli_fbase;
}

/* Frames from the inside: the handler's, the system's, a library's, ours. None of ours is known. */
static size_t note_place(void *const *frames, size_t n, library_end *e) {
  Dl_info info;
  size_t i = 0;
  while (i < n && !frame_is_ours(frames[i], &info)) i++;
  while (i < n && frame_is_ours(frames[i], &info)) i++;
  for (; i < n && !frame_is_ours(frames[i], &info); i++) {
    const char *name = name_of(&info);
    if (is(name, "libc.") || is(name, "libasan.")) continue;
    if (!e->in[0]) snprintf(e->in, sizeof e->in, "%s", name);
    snprintf(e->call, sizeof e->call, "%s", info.dli_sname ? info.dli_sname : "?");
  }
  return i;
}

static library_end *end_like(const library_end *e) {
  for (size_t i = 0; i < at->n_ends; i++) {
    const library_end *o = &at->ends[i];
    if (o->signal == e->signal && strcmp(o->wants, e->wants) == 0 && strcmp(o->in, e->in) == 0 &&
        strcmp(o->call, e->call) == 0)
      return &at->ends[i];
  }
  return NULL;
}

static void end_of_child(int sig) {
  void *frames[FRAMES];
  int n = backtrace(frames, FRAMES);
  const char *wants = library_memory_now().failed_in;
  at->last = (library_end){ .signal = sig };
  snprintf(at->last.wants, sizeof at->last.wants, "%s", wants ? wants : "none");
  size_t to = note_place(frames, (size_t)n, &at->last);
  if (!end_like(&at->last)) backtrace_symbols_fd(frames, (int)to, STDERR_FILENO);
  _exit(1);
}

/* cmocka's own handlers report no more than a failed test. */
static void watch_ends(void) {
  static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM };
  for (size_t i = 0; i < P2P_COUNT(signals); i++) (void)signal(signals[i], end_of_child);
}

/* ---- a child ---- */

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static story_end tell(void) {
  alarm(PATIENCE_S);
  story_end end = story_tell(row, base, &at->fault, NULL, 0);
  alarm(0);
  return end;
}

static void may_leave_nothing(size_t before) {
  for (int i = 0; i < AGAIN; i++) {
    size_t after = tell().libraries.live;
    if (after <= before) return;
    before = after;
  }
  at->kept++;
  char where[200];
  point(where, sizeof where);
  if (__lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check())
    fail_msg("a library's memory leaks: %s", where);
}

static void tell_the_rest(uint64_t calls) {
  while (at->fault.n < calls) {
    at->fault.n++;
    if (!torture_chosen(&at->t)) continue;
    size_t before = library_memory_now().live;
    story_end end = tell();
    at->told += end.failed;
    if (end.libraries.live > before) may_leave_nothing(end.libraries.live);
  }
  at->done = true;
}

/* ---- its parent ---- */

static bool is_known(const library_end *e) {
  for (size_t i = 0; i < P2P_COUNT(known); i++)
    if (known[i].signal == e->signal && strcmp(known[i].wants, e->wants) == 0 &&
        strcmp(known[i].in, e->in) == 0)
      return true;
  return false;
}

static void judge_end(int status) {
  char where[200];
  point(where, sizeof where);
  library_end *e = at->last.signal ? end_like(&at->last) : NULL;
  at->told++;
  if (!at->last.signal || (!e && at->n_ends == ENDS)) {
    at->failed++;
    printf("FAILED: %s: a child ended with %x\n", where, (unsigned)status);
    return;
  }
  if (!e) {
    e = &at->ends[at->n_ends++];
    *e = at->last;
    printf("first: %s\n", where);
  }
  e->times++;
  at->failed += !is_known(e);
}

static uint64_t list_ends(void) {
  uint64_t sum = 0;
  for (size_t i = 0; i < at->n_ends; i++) {
    const library_end *e = &at->ends[i];
    printf("%s: %s without memory, called by %s: signal %d in %s, %llu times\n",
           is_known(e) ? "known" : "UNKNOWN", e->wants, e->call, e->signal, e->in,
           (unsigned long long)e->times);
    sum += e->times;
  }
  return sum;
}

static void memory_fails(bool on, uint64_t calls) {
  at->fault = (story_fault){ .of_libraries = true, .from_then_on = on };
  for (at->done = false; !at->done;) {
    int status;
    at->last.signal = 0;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      watch_ends();
      tell_the_rest(calls);
      _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!at->done) judge_end(status);
  }
}

static void libraries_fail(const story_row *r, const story_base *b) {
  row = r, base = b;
  at->fault = (story_fault){ .of_libraries = true };
  story_end well = tell();
  if (!well.told) return;
  well = tell(); /* what is made once is made */
  at->t.stories++;
  memory_fails(false, well.libraries.calls);
  memory_fails(true, well.libraries.calls);
}

static void hosts_live_whatever_libraries_lack(void **state) {
  (void)state;
  if (!library_memory_works()) skip();
  torture_rows(&at->t, libraries_fail);
  uint64_t ends = list_ends();
  printf(
      "torture: %llu stories, %llu failure points, of which were told: %llu of memory, 0 of calls; "
      "%llu ended in a library, %llu left something cached\n",
      (unsigned long long)at->t.stories, (unsigned long long)at->t.points,
      (unsigned long long)at->told, (unsigned long long)ends, (unsigned long long)at->kept);
  assert_int_equal(at->failed, 0);
  assert_true(!torture_is_whole(&at->t) || at->t.stories >= 40);
}

int main(int argc, char **argv) {
  at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return 1;
  at->t = (torture){ .program = "sim.torture.libraries", .every = SAMPLE };
  torture_options(&at->t, argc, argv);
  const struct CMUnitTest tests[] = { cmocka_unit_test(hosts_live_whatever_libraries_lack) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
