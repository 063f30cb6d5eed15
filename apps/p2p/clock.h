/* The clock and the processor time of this process. */
#ifndef APP_CLOCK_H
#define APP_CLOCK_H

#include <p2p/types.h>

p2p_time clock_now(void); /* monotonic, read anew by every call */
double clock_cpu(void);   /* user and system seconds of this process so far */

typedef struct stopwatch {
  p2p_time begun;
  double cpu_begun;
  double seconds, cpu; /* when stopped */
  bool stopped;
} stopwatch;

void stopwatch_start(stopwatch *w);
void stopwatch_stop(stopwatch *w); /* only the first stop counts */

#endif
