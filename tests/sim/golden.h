/* Reports of dials, word for word, with durations blanked. */
#ifndef TESTS_SIM_GOLDEN_H
#define TESTS_SIM_GOLDEN_H

#include <p2p/p2p.h>

typedef struct golden {
  char lines[3000], json[3000];
} golden;

/* The report of c as it is now. */
void golden_collect(golden *g, p2p_host *h, p2p_conn c);
/* line, json: without the last line's end, T for each duration; json NULL: whatever. */
void golden_check(const golden *g, const char *line, const char *json);

#endif
