/* Command lines from tables, on getopt_long. */
#include "args.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "report.h"

enum { OPTIONS_MAX = 32, FIRST = 256, HELP = FIRST + OPTIONS_MAX, HELP_COLUMN = 26 };

static void print_option(char letter, const char *name, const char *value, const char *help) {
  char left[64];
  int n = snprintf(left, sizeof left, "  %c%c%s--%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
                   letter ? ", " : "  ", name, value ? " " : "", value ? value : "");
  printf("%-*s%s%s\n", HELP_COLUMN, left, n >= HELP_COLUMN ? " " : "", help);
}

static void print_help(const args_command *c) {
  printf("usage: %s%s%s%s\n%s\n\n", c->name, c->n_options ? " [OPTION]..." : "",
         *c->operands ? " " : "", c->operands, c->summary);
  for (size_t i = 0; i < c->n_options; i++) {
    const args_option *o = &c->options[i];
    print_option(o->letter, o->name, o->value, o->help);
  }
  print_option('h', "help", NULL, "this text");
  if (c->more) printf("\n%s\n", c->more);
}

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

static int refuse(const args_command *c, const args_option *o, const char *value,
                  const char *want) {
  report(c->name, "--%s %s: %s", o->name, value, want);
  return EXIT_USAGE;
}

static int take_number(const args_command *c, const args_option *o, const char *value) {
  uint64_t n = 0;
  if (o->count && !number_count(value, &n)) return refuse(c, o, value, "give a whole number");
  if (o->size && !number_size(value, &n))
    return refuse(c, o, value, "give a size such as 4096, 64k, 100M or 1GiB");
  if (o->duration && !number_duration(value, &n))
    return refuse(c, o, value, "give seconds, such as 2 or 0.5, or 300ms");
  if (n < o->min || (o->max && n > o->max)) {
    uint64_t unit = o->duration ? P2P_MS : 1;
    report(c->name, "--%s %s: must be %s %llu%s", o->name, value,
           n < o->min ? "at least" : "at most",
           (unsigned long long)((n < o->min ? o->min : o->max) / unit), o->duration ? " ms" : "");
    return EXIT_USAGE;
  }
  *(o->count ? o->count : o->size ? o->size : o->duration) = n;
  return ARGS_GO;
}

static int take(const args_command *c, const args_option *o, const char *value) {
  if (o->flag) *o->flag = true;
  if (o->text) *o->text = value;
  if (o->list) {
    if (o->list->n == ARGS_LIST_MAX) return refuse(c, o, value, "given too often");
    o->list->item[o->list->n++] = value;
  }
  return o->count || o->size || o->duration ? take_number(c, o, value) : ARGS_GO;
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

static int take_options(const args_command *c, int argc, char **argv) {
  struct option longs[OPTIONS_MAX + 1] = { 0 };
  char shorts[2 * OPTIONS_MAX + 3];
  int code, verdict = ARGS_GO;
  lay_out(c, longs, shorts);
  opterr = 0;
  while (verdict == ARGS_GO && (code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
    if (code == 'h' || code == HELP) {
      print_help(c);
      return EXIT_SUCCESS;
    }
    const args_option *o = find(c, code);
    verdict = o ? take(c, o, optarg) : unknown(c, argv, code == ':');
  }
  return verdict;
}

int args_parse(const args_command *c, int argc, char **argv, char ***operands) {
  int verdict = take_options(c, argc, argv);
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
