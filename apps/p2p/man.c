/* Manual pages, out of the table of commands: man(7), as every man(1) reads it. */
#include <p2p/p2p.h>
#include <string.h>

#include "help.h"

void help_page(const args_command *c, char *out, size_t cap) {
  snprintf(out, cap, "%s", c->name);
  for (char *at = out; *at; at++)
    if (*at == ' ') *at = '-';
}

/* Text that roff takes as it stands: its escapes and its leading dots are disarmed. */
static void put(FILE *to, const char *text) {
  bool fresh = true;
  for (; *text; text++) {
    if (fresh && (*text == '.' || *text == '\'')) fputs("\\&", to);
    fresh = *text == '\n';
    if (*text == '\\')
      fputs("\\e", to);
    else if (*text == '-')
      fputs("\\-", to);
    else
      fputc(*text, to);
  }
}

/* Paragraphs are separated by empty lines. */
static void put_paragraphs(FILE *to, const char *text) {
  for (const char *gap; (gap = strstr(text, "\n\n")); text = gap + 2) {
    char part[4096];
    snprintf(part, sizeof part, "%.*s", (int)(gap - text), text);
    put(to, part);
    fputs("\n.PP\n", to);
  }
  put(to, text);
  fputc('\n', to);
}

static void put_option(FILE *to, const args_option *o) {
  fputs(".TP\n", to);
  if (o->letter) fprintf(to, "\\fB\\-%c\\fR, ", o->letter);
  fputs("\\fB\\-\\-", to);
  put(to, o->name);
  fputs("\\fR", to);
  if (o->value) {
    fputs(" \\fI", to);
    put(to, o->value);
    fputs("\\fR", to);
  }
  fputc('\n', to);
  put(to, o->help);
  help_choices(to, o);
  if (o->kind == ARGS_LIST) fputs("; may be given several times", to);
  if (o->standard) {
    fputs(" (default ", to);
    put(to, o->standard);
    fputc(')', to);
  }
  fputc('\n', to);
}

static void put_synopsis(FILE *to, const args_command *c) {
  fputs(".SH SYNOPSIS\n\\fB", to);
  put(to, c->name);
  fputs(c->parts       ? "\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]..."
        : c->n_options ? "\\fR [\\fIOPTION\\fR]..."
                       : "\\fR",
        to);
  if (!c->parts && *c->operands) {
    fputc(' ', to);
    put(to, c->operands);
  }
  fputc('\n', to);
}

static void put_parts(FILE *to, const args_command *c) {
  fputs(".SH COMMANDS\n", to);
  for (const args_command *const *part = c->parts; *part; part++) {
    char page[64];
    help_page(*part, page, sizeof page);
    fputs(".TP\n\\fB", to);
    put(to, page);
    fputs("\\fR(1)\n", to);
    put(to, (*part)->brief);
    fputc('\n', to);
  }
}

static void put_options(FILE *to, const args_command *c) {
  static const args_option help = { "help",    'h',
                                    NULL,      "print a summary of this page",
                                    ARGS_FLAG, .no_file = true };
  fputs(".SH OPTIONS\n", to);
  for (size_t i = 0; i < c->n_options; i++) put_option(to, &c->options[i]);
  put_option(to, &help);
}

static void put_exits(FILE *to, const args_command *c) {
  fputs(".SH EXIT STATUS\n.nf\n0 success, 1 failure, 2 wrong usage", to);
  if (c->exits) {
    fputc('\n', to);
    put(to, c->exits);
  }
  fputs("\n.fi\n", to);
}

void help_man(FILE *to, const args_command *c) {
  char page[64];
  help_page(c, page, sizeof page);
  fputs(".TH \"", to);
  put(to, page);
  fprintf(to, "\" 1 \"\" \"libp2p %s\" \"libp2p\"\n.SH NAME\n", p2p_version());
  put(to, page);
  fputs(" \\- ", to);
  put(to, c->brief);
  fputc('\n', to);
  put_synopsis(to, c);
  fputs(".SH DESCRIPTION\n", to);
  put_paragraphs(to, c->summary);
  if (c->more && !c->parts) {
    fputs(".PP\n", to);
    put_paragraphs(to, c->more);
  }
  if (c->parts)
    put_parts(to, c);
  else
    put_options(to, c);
  put_exits(to, c);
  if (c->examples) {
    fputs(".SH EXAMPLES\n.nf\n", to);
    put(to, c->examples);
    fputs(".fi\n", to);
  }
  if (strcmp(c->name, "p2p") != 0) fputs(".SH SEE ALSO\n\\fBp2p\\fR(1)\n", to);
}
