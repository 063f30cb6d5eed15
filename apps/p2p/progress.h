/* How far a file is: a bar on a terminal, lines of JSON where they are asked for, else nothing. */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include <p2p/types.h>

typedef enum progress_kind { PROGRESS_NONE = 0, PROGRESS_BAR, PROGRESS_JSON } progress_kind;

typedef struct progress {
  progress_kind kind;
  const char *name; /* lives as long */
  bool has_size;
  uint64_t size, from, done; /* from: where it was resumed */
  p2p_time begun, told;
} progress;

/* The kind for --json, --quiet and what standard error is. */
progress_kind progress_choose(bool as_json, bool quiet);
void progress_begin(progress *p, progress_kind kind, const char *name, bool has_size, uint64_t size,
                    uint64_t from);
void progress_move(progress *p, uint64_t done); /* tells it now and then */
void progress_end(progress *p);                 /* takes the bar away */
double progress_rate(const progress *p);        /* bytes per second since it began */

/* Bytes as people read them: "12.3 MB". */
void progress_amount(double n, char out[16]);

#endif
