/* One log line: formatted, made harmless, handed to the user. */
#include "base/log.h"
#include <stdarg.h>
#include <stdio.h>

enum { LINE_SIZE = 1024 };

void p2p__logf(const p2p__log *log, p2p_log_level level, const char *format, ...) {
  if (!p2p__log_on(log, level)) return;
  char line[LINE_SIZE];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (n < 0) return;
  /* Text of a peer (an agent version) must not forge a second line or drive a terminal. */
  for (char *c = line; *c; c++) {
    if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
  }
  log->fn(log->user, level, line);
}
