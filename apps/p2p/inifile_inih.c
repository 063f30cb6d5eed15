/* INI files, by inih. Lines are counted here, since the library is built without telling them. */
#include "inifile.h"

#include <ini.h>
#include <string.h>

typedef struct reader {
  FILE *from;
  inifile_fn fn;
  inifile_bad_fn bad;
  void *user;
  unsigned line;
  bool good;
} reader;

static void refuse(reader *r, const char *why) {
  r->good = false;
  r->bad(r->user, r->line, why);
}

/* What inih takes as the next line; one that does not fit is refused and passed over. */
static char *next_line(char *to, int cap, void *user) {
  reader *r = user;
  if (!fgets(to, cap, r->from)) return NULL;
  r->line++;
  size_t len = strlen(to);
  if ((len > 0 && to[len - 1] == '\n') || feof(r->from)) return to;
  refuse(r, "the line is too long");
  for (int c = 0; c != '\n' && c != EOF;) c = getc(r->from);
  to[0] = '\n';
  to[1] = '\0';
  return to;
}

static int pair(void *user, const char *section, const char *name, const char *value) {
  reader *r = user;
  if (!r->fn(r->user, r->line, section, name, value ? value : "")) r->good = false;
  return 1; /* 0 is for lines that inih itself does not understand */
}

bool inifile_read(FILE *from, inifile_fn fn, inifile_bad_fn bad, void *user) {
  reader r = { from, fn, bad, user, 0, true };
  int wrong = ini_parse_stream(next_line, &r, pair, &r);
  if (wrong != 0) {
    if (wrong > 0) r.line = (unsigned)wrong; /* the first of them */
    refuse(&r, wrong > 0 ? "neither [section] nor name = value" : "out of memory");
  }
  if (ferror(from)) refuse(&r, "cannot read on");
  return r.good;
}

bool inifile_is_there(void) { return true; }
