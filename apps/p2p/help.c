/* --help, out of the table of commands. */
#include "help.h"

#include <string.h>

enum { HELP_COLUMN = 26 };

bool help_walk(const args_command *c, bool (*fn)(const args_command *c, void *user), void *user) {
  if (!fn(c, user)) return false;
  for (const args_command *const *part = c->parts; part && *part;
       part++) /* the table's depth: three */
    if (!help_walk(*part, fn, user)) return false;
  return true;
}

void help_choices(FILE *to, const args_option *o) {
  const char *lead = ": ";
  for (const char *const *w = o->choices; w && *w; w++) {
    fprintf(to, "%s%s", lead, *w);
    lead = w[1] && w[2] ? ", " : " or ";
  }
}

static void print_option(FILE *to, const args_option *o) {
  char left[64];
  int n = snprintf(left, sizeof left, "  %c%c%s--%s%s%s", o->letter ? '-' : ' ',
                   o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
                   o->value ? " " : "", o->value ? o->value : "");
  fprintf(to, "%-*s%s%s", HELP_COLUMN, left, n >= HELP_COLUMN ? " " : "", o->help);
  help_choices(to, o);
  if (o->standard) fprintf(to, " (default %s)", o->standard);
  fputc('\n', to);
}

static void print_group(FILE *to, const args_command *c) {
  fprintf(to, "usage: %s COMMAND [OPTION]... [ARGUMENT]...\n%s\n\n", c->name, c->summary);
  for (const args_command *const *part = c->parts; *part; part++)
    fprintf(to, "  %-10s %s\n", args_word(*part), (*part)->brief);
  fprintf(to, "\n\"%s COMMAND --help\" says more.\n", c->name);
}

static void print_examples(FILE *to, const char *text) {
  fputs("\nexamples:\n", to);
  for (size_t n; *text; text += n + (text[n] == '\n')) {
    n = strcspn(text, "\n");
    fprintf(to, "  %.*s\n", (int)n, text);
  }
}

void help_print(FILE *to, const args_command *c) {
  static const args_option help = { "help", 'h', NULL, "this text", ARGS_FLAG, .no_file = true };
  if (c->parts) {
    print_group(to, c);
    return;
  }
  fprintf(to, "usage: %s%s%s%s\n%s\n\n", c->name, c->n_options ? " [OPTION]..." : "",
          *c->operands ? " " : "", c->operands, c->summary);
  for (size_t i = 0; i < c->n_options; i++) print_option(to, &c->options[i]);
  print_option(to, &help);
  if (c->more) fprintf(to, "\n%s\n", c->more);
  fprintf(to, "\nexit codes: 0 success, 1 failure, 2 wrong usage%s%s\n", c->exits ? ",\n" : "",
          c->exits ? c->exits : "");
  if (c->examples) print_examples(to, c->examples);
}
