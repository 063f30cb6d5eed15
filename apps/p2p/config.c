/* Configuration files, and p2p config, which writes and checks them. */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commands.h"
#include "help.h"
#include "inifile.h"
#include "mem.h"
#include "nearest.h"
#include "node.h"
#include "report.h"

#define NAME "p2p config"

enum { OPTIONS_MAX = 48, WHY_MAX = 256 };

typedef struct reading {
  config *f;
  const char *command, *path;
  const args_command *c;
  void *into;
  bool seen[OPTIONS_MAX];
} reading;

__attribute__((format(printf, 3, 4))) static bool refuse(const reading *r, unsigned line,
                                                         const char *format, ...) {
  char why[WHY_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(why, sizeof why, format, args);
  va_end(args);
  if (line)
    report(r->command, "%s:%u: %s", r->path, line, why);
  else
    report(r->command, "%s: %s", r->path, why);
  return false;
}

static void on_bad(void *user, unsigned line, const char *why) { refuse(user, line, "%s", why); }

/* A copy that lives as long as the configuration. */
static char *keep(config *f, const char *text) {
  size_t len = strlen(text);
  char *copy = f->n < CONFIG_TEXTS_MAX ? mem_zeroed(1, len + 1) : NULL;
  if (!copy) return NULL;
  memcpy(copy, text, len);
  return f->texts[f->n++] = copy;
}

static bool is_word(const char *text, const char *const *words) {
  for (; *words; words++)
    if (strcasecmp(text, *words) == 0) return true;
  return false;
}

static bool take_flag(const reading *r, unsigned line, const args_option *o, const char *value) {
  static const char *const yes[] = { "yes", "true", "on", "1", NULL };
  static const char *const no[] = { "no", "false", "off", "0", NULL };
  char why[ARGS_WHY_MAX];
  if (is_word(value, yes)) return args_set(o, r->into, "", why);
  return is_word(value, no) || refuse(r, line, "%s = %s: give yes or no", o->name, value);
}

static bool take_option(reading *r, unsigned line, const args_option *o, const char *value) {
  char why[ARGS_WHY_MAX];
  bool *seen = &r->seen[o - r->c->options];
  if (*seen && o->kind != ARGS_LIST) return refuse(r, line, "%s: given twice", o->name);
  *seen = true;
  if (o->kind == ARGS_FLAG) return take_flag(r, line, o, value);
  const char *copy = keep(r->f, value);
  if (!copy) return refuse(r, line, "the file is too long");
  return args_set(o, r->into, copy, why) || refuse(r, line, "%s = %s: %s", o->name, value, why);
}

static bool unknown_option(const reading *r, unsigned line, const char *name) {
  nearest near;
  nearest_begin(&near, name);
  for (size_t i = 0; i < r->c->n_options; i++)
    if (!r->c->options[i].no_file) nearest_offer(&near, r->c->options[i].name);
  const char *guess = nearest_name(&near);
  return refuse(r, line, "%s: no such option of [%s]%s%s%s", name, args_word(r->c),
                guess ? "; did you mean " : "; \"p2p config\" lists them", guess ? guess : "",
                guess ? "?" : "");
}

static bool on_pair(void *user, unsigned line, const char *section, const char *name,
                    const char *value) {
  reading *r = user;
  char why[LIMITS_WHY_MAX];
  if (strcmp(section, "limits") == 0)
    return limits_set(&r->f->limits, name, value, why) ||
           refuse(r, line, "%s = %s: %s", name, value, why);
  if (strcmp(section, args_word(r->c)) != 0)
    return refuse(r, line, "[%s]: no such section; there are [%s] and [limits]", section,
                  args_word(r->c));
  const args_option *o = args_find(r->c, name);
  return o && !o->no_file ? take_option(r, line, o, value) : unknown_option(r, line, name);
}

bool config_read(config *f, const char *command, const char *path, const args_command *c,
                 void *into) {
  reading r = { .f = f, .command = command, .path = path, .c = c, .into = into };
  FILE *from = fopen(path, "re");
  if (!from) {
    report(command, "cannot open %s: %s; \"p2p config\" prints a file to begin with", path,
           strerror(errno));
    return false;
  }
  bool good = inifile_read(from, on_pair, on_bad, &r);
  fclose(from);
  return good;
}

void config_fini(config *f) {
  for (size_t i = 0; i < f->n; i++) mem_free(f->texts[i]);
  *f = (config){ 0 };
}

/* ---- the command ---- */

static void describe_option(const args_option *o) {
  if (o->no_file) return;
  printf("\n# %s", o->help);
  help_choices(stdout, o);
  if (o->kind == ARGS_LIST) fputs("; may be given several times", stdout);
  printf("\n#%s = %s\n", o->name,
         o->standard            ? o->standard
         : o->kind == ARGS_FLAG ? "no"
                                : o->value);
}

static void describe(const args_command *c) {
  printf("# Configuration of \"%s\", for its option --config. What is commented out is the "
         "default, or\n"
         "# an example where there is none; the command line is stronger than this file.\n"
         "# Sizes: 4096, 64k, 1MiB. Times: seconds, or 300ms, 5m.\n\n[%s]\n",
         c->name, args_word(c));
  for (size_t i = 0; i < c->n_options; i++) describe_option(&c->options[i]);
  limits_describe(stdout);
}

typedef struct config_args {
  const char *check;
} config_args;

static const args_option options[] = {
  { "check", 0, "FILE", "check this file instead, and say what is wrong, line by line", ARGS_TEXT,
    .at = offsetof(config_args, check) },
};

static int config_main(int argc, char **argv) {
  config_args a = { 0 };
  char **operands;
  int code = args_parse(&config_command, argc, argv, &a, &operands);
  if (code != ARGS_GO) return code;
  if (a.check) return node_check_config(NAME, a.check) ? EXIT_SUCCESS : EXIT_FAILURE;
  describe(&node_command);
  return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

const args_command config_command = {
  .name = NAME,
  .operands = "",
  .brief = "print or check a configuration file of \"p2p node\"",
  .summary = "Prints a configuration file for \"p2p node --config FILE\": every option with its "
             "meaning and "
             "default, commented out.",
  .examples = "p2p config > node.conf\n"
              "p2p config --check node.conf\n",
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = config_main,
};
