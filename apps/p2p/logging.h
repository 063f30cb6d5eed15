/* Log lines on standard error: levels for all modules and for single ones, as text or JSON. */
#ifndef APP_LOGGING_H
#define APP_LOGGING_H

#include <p2p/p2p.h>

enum { LOGGING_MODULES_MAX = 16, LOGGING_NAME_MAX = 24 };

typedef struct logging_module {
  char name[LOGGING_NAME_MAX];
  int level;
} logging_module;

typedef struct logging {
  bool as_json;
  int level; /* of modules that are not named; -1: nothing is told */
  logging_module modules[LOGGING_MODULES_MAX];
  size_t n;
  uint64_t lost; /* lines that nobody read in time, since the last that could be written */
} logging;

/* text: "warn", "info,identify=trace", "error,swarm=debug". False after a report. */
bool logging_parse(logging *l, const char *command, const char *text);
/* So many steps more (or less) for modules that are not named. */
void logging_shift(logging *l, int steps);
/* What a host must be asked for. */
p2p_log_level logging_level(const logging *l);

/* A p2p_log_fn; user is the logging. A line begins with its module. */
void logging_line(void *user, p2p_log_level level, const char *line);
/* A line of the program's own. */
__attribute__((format(printf, 4, 5))) void logging_say(logging *l, p2p_log_level level,
                                                       const char *module, const char *format, ...);

#endif
