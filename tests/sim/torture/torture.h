/* What the programs of torture share: which rows and points are told, by the command line.
 *
 *   --every N    every N-th point; 1: all of them
 *   --part I/N   a share of the rows, to run several beside each other
 *   --row TEXT   rows whose name begins so
 *   --base TEXT  what hosts are made of, whose name begins so */
#ifndef TESTS_SIM_TORTURE_TORTURE_H
#define TESTS_SIM_TORTURE_TORTURE_H

#include "story.h"

typedef struct torture {
  const char *program;
  uint64_t every, part, parts;
  uint64_t points; /* there were, told or not */
  uint64_t stories;
  const char *row, *base;
} torture;

/* t: program and every are set. Exits with usage when the command line is wrong. */
void torture_options(torture *t, int argc, char **argv);
/* Whether the next point's turn has come. Points of all rows count on, so that a sample has of each. */
bool torture_chosen(torture *t);
/* Calls `each` for every row and base that was asked for. */
void torture_rows(torture *t, void (*each)(const story_row *row, const story_base *base));
/* The whole of it was asked for, not a part. */
bool torture_is_whole(const torture *t);

#endif
