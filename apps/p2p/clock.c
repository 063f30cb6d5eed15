/* The clock and the processor time of this process. */
#include "clock.h"

#include <sys/resource.h>
#include <time.h>

p2p_time clock_now(void) {
  struct timespec t = { 0 };
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (p2p_time)t.tv_sec * P2P_SECOND + (p2p_time)t.tv_nsec;
}

static double seconds_of(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec * 1e-6; }

double clock_cpu(void) {
  struct rusage use = { 0 };
  getrusage(RUSAGE_SELF, &use);
  return seconds_of(use.ru_utime) + seconds_of(use.ru_stime);
}

void stopwatch_start(stopwatch *w) {
  *w = (stopwatch){ .begun = clock_now(), .cpu_begun = clock_cpu() };
}

void stopwatch_stop(stopwatch *w) {
  if (w->stopped) return;
  w->seconds = (double)(clock_now() - w->begun) * 1e-9;
  w->cpu = clock_cpu() - w->cpu_begun;
  w->stopped = true;
}
