/* Command lines from tables, on getopt_long. */
#include "args.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "help.h"
#include "number.h"
#include "report.h"

enum { OPTIONS_MAX = 48, FIRST = 256, HELP = FIRST + OPTIONS_MAX };

const char *args_word(const args_command *c) {
  const char *space = strrchr(c->name, ' ');
  return space ? space + 1 : c->name;
}

/* ---- one value ---- */

static bool refuse(char why[ARGS_WHY_MAX], const char *want) {
  snprintf(why, ARGS_WHY_MAX, "%s", want);
  return false;
}

static bool is_number(args_kind kind) {
  return kind == ARGS_COUNT || kind == ARGS_SIZE || kind == ARGS_DURATION;
}

static bool scan_number(args_kind kind, const char *value, uint64_t *n, char why[ARGS_WHY_MAX]) {
  if (kind == ARGS_COUNT) return number_count(value, n) || refuse(why, "give a whole number");
  if (kind == ARGS_SIZE)
    return number_size(value, n) || refuse(why, "give a size such as 4096, 64k, 100M or 1GiB");
  return number_duration(value, n) || refuse(why, "give seconds, such as 2 or 0.5, or 300ms");
}

static bool take_number(const args_option *o, void *at, const char *value, char why[ARGS_WHY_MAX]) {
  uint64_t n = 0, unit = o->kind == ARGS_DURATION ? P2P_MS : 1;
  if (!scan_number(o->kind, value, &n, why)) return false;
  bool small = n < o->min;
  if (small || (o->max && n > o->max)) {
    snprintf(why, ARGS_WHY_MAX, "must be %s %llu%s", small ? "at least" : "at most",
             (unsigned long long)((small ? o->min : o->max) / unit), unit > 1 ? " ms" : "");
    return false;
  }
  memcpy(at, &n, sizeof n);
  return true;
}

/* The word of the table that value is, in any case; NULL after *why. */
static const char *choose(const args_option *o, const char *value, char why[ARGS_WHY_MAX]) {
  size_t len = 0;
  for (const char *const *w = o->choices; *w; w++)
    if (strcasecmp(*w, value) == 0) return *w;
  for (const char *const *w = o->choices; *w && len < ARGS_WHY_MAX; w++)
    len += (size_t)snprintf(why + len, ARGS_WHY_MAX - len, "%s%s", len ? ", " : "not among ", *w);
  return NULL;
}

static bool take_item(args_list *list, const char *value, char why[ARGS_WHY_MAX]) {
  if (list->n == ARGS_LIST_MAX) return refuse(why, "given too often");
  list->item[list->n++] = value;
  return true;
}

bool args_set(const args_option *o, void *into, const char *value, char why[ARGS_WHY_MAX]) {
  void *at = (char *)into + o->at;
  if (is_number(o->kind)) return take_number(o, at, value, why);
  if (o->kind == ARGS_FLAG) *(bool *)at = true;
  if (o->kind == ARGS_TALLY) ++*(unsigned *)at;
  if (o->kind == ARGS_LIST) return take_item(at, value, why);
  if (o->kind != ARGS_TEXT) return true;
  if (o->choices && !(value = choose(o, value, why))) return false;
  *(const char **)at = value;
  return true;
}

void args_defaults(const args_command *c, void *into) {
  char why[ARGS_WHY_MAX];
  for (size_t i = 0; i < c->n_options; i++)
    if (c->options[i].standard) args_set(&c->options[i], into, c->options[i].standard, why);
}

const args_option *args_find(const args_command *c, const char *name) {
  for (size_t i = 0; i < c->n_options; i++)
    if (strcmp(c->options[i].name, name) == 0) return &c->options[i];
  return NULL;
}

/* ---- a command line ---- */

/* getopt's two tables. */
static void lay_out(const args_command *c, struct option *longs, char *shorts) {
  *shorts++ = ':'; /* a missing value is told apart from an unknown option */
  for (size_t i = 0; i < c->n_options; i++) {
    const args_option *o = &c->options[i];
    longs[i] = (struct option){ o->name, o->value ? required_argument : no_argument, NULL,
                                FIRST + (int)i };
    if (!o->letter) continue;
    *shorts++ = o->letter;
    if (o->value) *shorts++ = ':';
  }
  longs[c->n_options] = (struct option){ "help", no_argument, NULL, HELP };
  memcpy(shorts, "h", 2);
}

static const args_option *find(const args_command *c, int code) {
  if (code >= FIRST && code < HELP) return &c->options[code - FIRST];
  for (size_t i = 0; i < c->n_options; i++)
    if (c->options[i].letter == code) return &c->options[i];
  return NULL;
}

static int take(const args_command *c, const args_option *o, void *into, const char *value) {
  char why[ARGS_WHY_MAX];
  if (args_set(o, into, value, why)) return ARGS_GO;
  report(c->name, "--%s %s: %s", o->name, value ? value : "", why);
  return EXIT_USAGE;
}

static int unknown(const args_command *c, char **argv, bool lacks_value) {
  char letter[] = { '-', (char)optopt, '\0' };
  bool is_short = optopt > 0 && optopt < FIRST;
  const char *given = is_short ? letter : argv[optind - 1];
  if (lacks_value)
    report(c->name, "%s: needs a value; see \"%s --help\"", given, c->name);
  else
    report(c->name, "%s: no such option; \"%s --help\" lists them", given, c->name);
  return EXIT_USAGE;
}

static int take_options(const args_command *c, int argc, char **argv, void *into) {
  struct option longs[OPTIONS_MAX + 1] = { 0 };
  char shorts[2 * OPTIONS_MAX + 3];
  int code, verdict = ARGS_GO;
  bool begun[OPTIONS_MAX] = { false };
  lay_out(c, longs, shorts);
  opterr = 0;
  optind = 0; /* glibc: begin anew; a command line may be read twice */
  while (verdict == ARGS_GO && (code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
    if (code == 'h' || code == HELP) {
      help_print(stdout, c);
      return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    const args_option *o = find(c, code);
    if (o && o->kind == ARGS_LIST && !begun[o - c->options]) {
      ((args_list *)(void *)((char *)into + o->at))->n = 0; /* what a file said is replaced */
      begun[o - c->options] = true;
    }
    verdict = o ? take(c, o, into, optarg) : unknown(c, argv, code == ':');
  }
  return verdict;
}

int args_parse_over(const args_command *c, int argc, char **argv, void *into, char ***operands) {
  int verdict = take_options(c, argc, argv, into);
  if (verdict != ARGS_GO) return verdict;
  size_t n = (size_t)(argc - optind);
  *operands = argv + optind;
  if (n >= c->n_required && n <= c->n_operands) return ARGS_GO;
  if (n < c->n_required)
    report(c->name, "%s is missing; see \"%s --help\"", c->operands, c->name);
  else
    report(c->name, "%s: one too many; see \"%s --help\"", argv[optind + (int)c->n_operands],
           c->name);
  return EXIT_USAGE;
}

int args_parse(const args_command *c, int argc, char **argv, void *into, char ***operands) {
  args_defaults(c, into);
  return args_parse_over(c, argc, argv, into, operands);
}
