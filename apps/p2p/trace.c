/* The multistream lines of all connections, for the interop tests. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "report.h"

FILE *trace_open(const char *command, const char *path) {
  FILE *f = fopen(path, "we");
  if (f)
    setvbuf(f, NULL, _IOLBF, BUFSIZ);
  else
    report(command, "cannot write %s: %s", path, strerror(errno));
  return f;
}

void trace_line(void *file, p2p_conn conn, p2p_stream stream, bool in, p2p_bytes line) {
  FILE *f = file;
  (void)stream;
  if (line.len > 0 && line.p[line.len - 1] == '\n') line.len--;
  fprintf(f, "conn=%llu dir=%s line=", (unsigned long long)conn.id, in ? "in" : "out");
  for (size_t i = 0; i < line.len; i++) {
    bool plain = line.p[i] > ' ' && line.p[i] < 0x7F && line.p[i] != '\\';
    fprintf(f, plain ? "%c" : "\\x%02x", line.p[i]);
  }
  fputc('\n', f);
}
