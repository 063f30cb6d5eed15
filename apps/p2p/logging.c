/* Log lines on standard error. */
#include "logging.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "mem.h"
#include "report.h"

enum { LINE_MAX_LEN = 2048, LEVEL_TRACE = P2P_LOG_TRACE };

static const char *const levels[] = { "error", "warn", "info", "debug", "trace" };

/* The level's number, -1: none is called so. */
static int level_of(const char *name, size_t len) {
  for (int i = 0; i <= LEVEL_TRACE; i++)
    if (strlen(levels[i]) == len && strncmp(levels[i], name, len) == 0) return i;
  return -1;
}

/* One word: LEVEL or MODULE=LEVEL. */
static bool take(logging *l, const char *word, size_t len) {
  const char *sign = memchr(word, '=', len);
  size_t module = sign ? (size_t)(sign - word) : 0, skip = sign ? module + 1 : 0;
  int level = level_of(word + skip, len - skip);
  if (level < 0) return false;
  if (!sign) {
    l->level = level;
    return true;
  }
  if (module == 0 || module >= LOGGING_NAME_MAX || l->n == LOGGING_MODULES_MAX) return false;
  logging_module *m = &l->modules[l->n++];
  *m = (logging_module){ .level = level };
  memcpy(m->name, word, module);
  return true;
}

bool logging_parse(logging *l, const char *command, const char *text) {
  for (const char *at = text; *at;) {
    size_t len = strcspn(at, ",");
    if (!take(l, at, len)) {
      report(command,
             "--log-level %s: \"%.*s\": give error, warn, info, debug or trace, or MODULE=LEVEL, "
             "separated by commas",
             text, (int)len, at);
      return false;
    }
    at += len + (at[len] == ',');
  }
  return true;
}

void logging_shift(logging *l, int steps) {
  int level = l->level + steps;
  l->level = level < 0 ? 0 : level > LEVEL_TRACE ? LEVEL_TRACE : level;
}

p2p_log_level logging_level(const logging *l) {
  int most = l->level;
  for (size_t i = 0; i < l->n; i++)
    if (l->modules[i].level > most) most = l->modules[i].level;
  return (p2p_log_level)most;
}

/* RFC 3339, milliseconds, UTC. */
static void stamp(char out[32]) {
  struct timespec now;
  struct tm utc;
  size_t n = 0;
  clock_gettime(CLOCK_REALTIME, &now);
  if (gmtime_r(&now.tv_sec, &utc)) n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &utc);
  snprintf(out + n, 32 - n, ".%03ldZ", now.tv_nsec / 1000000);
}

/* One line in one write, so that it never waits where there is room for it. */
static void print(const logging *l, int level, const char *module, const char *message) {
  char when[32];
  json j;
  if (l->as_json) {
    stamp(when);
    json_begin(&j);
    json_text(&j, "time", when);
    json_text(&j, "level", levels[level]);
    json_text(&j, "module", module);
    json_text(&j, "message", message);
    json_end_on(&j, stderr);
    return;
  }
  char *text = NULL;
  size_t len = 0;
  FILE *line = open_memstream(&text, &len);
  if (!line) return;
  fprintf(line, "%s: %s: ", levels[level], module);
  text_print(line, message);
  fputc('\n', line);
  if (fclose(line) == 0) fwrite(text, 1, len, stderr);
  mem_free(text);
}

/* A reader that has stopped must not stop us: then standard error has no room for a line. */
static bool has_room(void) {
  struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };
  return poll(&fd, 1, 0) != 0; /* gone, or in error: writing says so */
}

static void say(logging *l, int level, const char *module, const char *message) {
  char text[64];
  if (l->lost && has_room()) {
    snprintf(text, sizeof text, "%llu lines were lost, which nobody read",
             (unsigned long long)l->lost);
    l->lost = 0;
    print(l, P2P_LOG_WARN, "log", text);
  }
  if (l->lost || !has_room())
    l->lost++;
  else
    print(l, level, module, message);
}

static int level_for(const logging *l, const char *module) {
  for (size_t i = l->n; i-- > 0;) /* the last word counts */
    if (strcmp(l->modules[i].name, module) == 0) return l->modules[i].level;
  return l->level;
}

void logging_line(void *user, p2p_log_level level, const char *line) {
  logging *l = user;
  char module[LOGGING_NAME_MAX] = "";
  size_t len = strcspn(line, " ");
  if (len < sizeof module) memcpy(module, line, len);
  if ((int)level > level_for(l, module)) return;
  say(l, (int)level, module, line + (*module ? len + (line[len] == ' ') : 0));
}

void logging_say(logging *l, p2p_log_level level, const char *module, const char *format, ...) {
  char text[LINE_MAX_LEN];
  va_list args;
  if ((int)level > level_for(l, module)) return;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  say(l, (int)level, module, text);
}
