/* What the counted programs share: argv[1] says how often. */
#ifndef BENCH_MICRO_COMMON_H
#define BENCH_MICRO_COMMON_H

#include "base/bytes.h"

/* Runs once(ctx) as often as argv[1] says (a number of digits). Exit code: 0, or 2 when it says
 * nothing. */
int micro_main(int argc, char **argv, void (*once)(void *ctx), void *ctx);

/* Ends the program when something did not go as it must: a figure of a failure is none. */
void micro_check(bool ok);

#endif
