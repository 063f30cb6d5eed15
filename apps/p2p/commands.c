/* From a word of the command line to the function behind it. */
#include "commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static void print_help(FILE *to, const char *parent, const char *summary, const command_line *lines,
                       size_t n) {
  fprintf(to, "usage: %s COMMAND [OPTION]... [ARGUMENT]...\n%s\n\n", parent, summary);
  for (size_t i = 0; i < n; i++) fprintf(to, "  %-10s %s\n", lines[i].name, lines[i].summary);
  fprintf(to, "\n\"%s COMMAND --help\" says more.\n", parent);
}

static bool is_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int commands_dispatch(const char *parent, const char *summary, const command_line *lines, size_t n,
                      int argc, char **argv) {
  if (argc < 2) {
    print_help(stderr, parent, summary, lines, n);
    return EXIT_USAGE;
  }
  if (is_help(argv[1])) {
    print_help(stdout, parent, summary, lines, n);
    return EXIT_SUCCESS;
  }
  for (size_t i = 0; i < n; i++)
    if (strcmp(lines[i].name, argv[1]) == 0) return lines[i].run(argc - 1, argv + 1);
  report(parent, "%s: no such %s; \"%s --help\" lists them", argv[1],
         argv[1][0] == '-' ? "option" : "command", parent);
  return EXIT_USAGE;
}
