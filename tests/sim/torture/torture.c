/* Which rows and points are told. */
#include "torture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(const torture *t) {
  fprintf(stderr, "usage: %s [--every N] [--part I/N] [--row TEXT] [--base TEXT]\n", t->program);
  exit(2);
}

void torture_options(torture *t, int argc, char **argv) {
  t->parts = 1;
  for (int i = 1; i < argc; i++) {
    char *end = NULL;
    if (i + 1 == argc) usage(t);
    const char *value = argv[++i];
    if (strcmp(argv[i - 1], "--row") == 0) {
      t->row = value;
    } else if (strcmp(argv[i - 1], "--base") == 0) {
      t->base = value;
    } else if (strcmp(argv[i - 1], "--every") == 0) {
      t->every = strtoull(value, &end, 10);
    } else if (strcmp(argv[i - 1], "--part") == 0) {
      t->part = strtoull(value, &end, 10);
      t->parts = *end == '/' ? strtoull(end + 1, &end, 10) : 0;
    } else {
      usage(t);
    }
    if (!t->every || t->part >= t->parts || (end && *end)) usage(t);
  }
}

bool torture_chosen(torture *t) { return ++t->points % t->every == 0; }

static bool begins(const char *name, const char *with) {
  return !with || strncmp(name, with, strlen(with)) == 0;
}

void torture_rows(torture *t, void (*each)(const story_row *row, const story_base *base)) {
  uint64_t number = 0;
  for (int i = 0; i < n_story_rows; i++)
    for (int k = 0; k < n_story_bases; k++) {
      const story_row *row = &story_rows[i];
      const story_base *base = &story_bases[k];
      if (!(row->bases & 1u << k) || !begins(row->name, t->row) || !begins(base->name, t->base))
        continue;
      if (number++ % t->parts == t->part) each(row, base);
    }
}

bool torture_is_whole(const torture *t) { return !t->row && !t->base && t->parts == 1; }
