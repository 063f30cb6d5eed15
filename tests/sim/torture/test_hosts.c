/* Every row of rows.c with everything failing that can: the n-th allocation of one side, or it and
 * all after it, for every n until none fails; the n-th call of one side's p2p_io, in each way it can.
 *
 *   sim.torture.hosts                  every 307th point, as ctest does
 *   sim.torture.hosts --every N        every N-th; 1: all of them (make torture)
 *   sim.torture.hosts --part I/N       a share of the rows, to run several beside each other
 *   sim.torture.hosts --row TEXT       rows whose name begins so */
#include "base/bytes.h"
#include "story.h"
#include "unit/base/test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = 20000, SAMPLE = 307 };

static struct {
  uint64_t every, part, parts, turn; /* turn: points passed, told or not */
  const char *row;
  uint64_t stories, memory, calls; /* rows told; points told */
  uint64_t points;                 /* there are */
} t = { .every = SAMPLE, .parts = 1 };

/* Whether this point's turn has come. Points of all rows count on, so that a sample has of each. */
static bool chosen(void) {
  t.points++;
  return ++t.turn % t.every == 0;
}

static void memory_fails(const story_row *row, const story_base *base, int side, bool on,
                         const story_end *well) {
  story_fault f = { .side = side, .from_then_on = on };
  for (f.n = 1; f.n <= well->allocs[side]; f.n++) {
    if (!chosen()) continue;
    story_end end = story_tell(row, base, &f, NULL, 0);
    t.memory += end.failed;
  }
}

static void call_fails(const story_row *row, const story_base *base, const story_fault *f,
                       const story_end *well) {
  if (!chosen()) return;
  story_end end = story_tell(row, base, f, NULL, 0);
  t.calls += end.failed;
  if (end.failed && f->way->harmless && !row->varies && end.sum != well->sum)
    fail_msg("%s over %s: '%s' at call %llu of the %s is not harmless", row->name, base->name,
             f->way->name, (unsigned long long)f->n, f->side ? "listener" : "dialer");
}

static void calls_fail(const story_row *row, const story_base *base, int side) {
  static uint8_t kinds[KINDS];
  story_end well = story_tell(row, base, &(story_fault){ .side = side }, kinds, KINDS);
  size_t n = p2p__min(well.calls[side], KINDS);
  for (size_t i = 0; i < n; i++)
    for (int k = 0; k < n_faulty_ways; k++) {
      story_fault f = { .side = side, .n = i + 1, .way = &faulty_ways[k] };
      if (faulty_ways[k].calls & 1u << kinds[i]) call_fails(row, base, &f, &well);
    }
}

static void torture(const story_row *row, const story_base *base) {
  story_end well = story_tell(row, base, &(story_fault){ 0 }, NULL, 0);
  if (!well.told) return;
  assert_true(!well.failed);
  t.stories++;
  for (int side = 0; side < 2; side++) {
    memory_fails(row, base, side, false, &well);
    memory_fails(row, base, side, true, &well);
    calls_fail(row, base, side);
  }
}

static bool asked_for(const story_row *row, uint64_t number) {
  if (t.row && strncmp(row->name, t.row, strlen(t.row)) != 0) return false;
  return number % t.parts == t.part;
}

static void hosts_live_whatever_fails(void **state) {
  uint64_t number = 0;
  (void)state;
  for (int i = 0; i < n_story_rows; i++)
    for (int k = 0; k < n_story_bases; k++) {
      if (!(story_rows[i].bases & 1u << k) || !asked_for(&story_rows[i], number++)) continue;
      torture(&story_rows[i], &story_bases[k]);
    }
  printf("torture: %llu stories, %llu failure points, of which were told: %llu of memory, %llu of "
         "calls\n",
         (unsigned long long)t.stories, (unsigned long long)t.points, (unsigned long long)t.memory,
         (unsigned long long)t.calls);
  assert_true(t.row || t.parts > 1 || (t.stories >= 40 && t.points > 5000));
}

static void usage(void) {
  fprintf(stderr, "usage: sim.torture.hosts [--every N] [--part I/N] [--row TEXT]\n");
  exit(2);
}

static void read_options(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    char *end = NULL;
    if (i + 1 == argc) usage();
    const char *value = argv[++i];
    if (strcmp(argv[i - 1], "--row") == 0) {
      t.row = value;
    } else if (strcmp(argv[i - 1], "--every") == 0) {
      t.every = strtoull(value, &end, 10);
    } else if (strcmp(argv[i - 1], "--part") == 0) {
      t.part = strtoull(value, &end, 10);
      t.parts = *end == '/' ? strtoull(end + 1, &end, 10) : 0;
    } else {
      usage();
    }
    if (!t.every || t.part >= t.parts || (end && *end)) usage();
  }
}

int main(int argc, char **argv) {
  read_options(argc, argv);
  const struct CMUnitTest tests[] = { cmocka_unit_test(hosts_live_whatever_fails) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
