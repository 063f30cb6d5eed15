/* Every row of rows.c with everything failing that can: the n-th allocation of one side, or it and
 * all after it, for every n until none fails; the n-th call of one side's p2p_io, in each way it can.
 * ctest takes every 307th point, `make torture` all of them; torture.h has the options. */
#include "base/bytes.h"
#include "torture.h"
#include "unit/base/test.h"
#include <stdio.h>

enum { KINDS = 20000, SAMPLE = 307 };

static torture t = { .program = "sim.torture.hosts", .every = SAMPLE };
static uint64_t told_of_memory, told_of_calls;

static void memory_fails(const story_row *row, const story_base *base, int side, bool on,
                         const story_end *well) {
  story_fault f = { .side = side, .from_then_on = on };
  for (f.n = 1; f.n <= well->allocs[side]; f.n++) {
    if (!torture_chosen(&t)) continue;
    story_end end = story_tell(row, base, &f, NULL, 0);
    told_of_memory += end.failed;
  }
}

static void call_fails(const story_row *row, const story_base *base, const story_fault *f,
                       const story_end *well) {
  if (!torture_chosen(&t)) return;
  story_end end = story_tell(row, base, f, NULL, 0);
  told_of_calls += end.failed;
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

static void everything_fails(const story_row *row, const story_base *base) {
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

static void hosts_live_whatever_fails(void **state) {
  (void)state;
  torture_rows(&t, everything_fails);
  printf("torture: %llu stories, %llu failure points, of which were told: %llu of memory, %llu of "
         "calls\n",
         (unsigned long long)t.stories, (unsigned long long)t.points,
         (unsigned long long)told_of_memory, (unsigned long long)told_of_calls);
  assert_true(!torture_is_whole(&t) || (t.stories >= 40 && t.points > 5000));
}

int main(int argc, char **argv) {
  torture_options(&t, argc, argv);
  const struct CMUnitTest tests[] = { cmocka_unit_test(hosts_live_whatever_fails) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
