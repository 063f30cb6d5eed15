/* From words of the command line to the function behind them. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help.h"
#include "nearest.h"
#include "report.h"

static bool is_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static const args_command *part_of(const args_command *group, const char *word) {
  for (const args_command *const *part = group->parts; part && *part; part++)
    if (strcmp(args_word(*part), word) == 0) return *part;
  return NULL;
}

const args_command *commands_find(const args_command *from, char *const *words, size_t n,
                                  size_t *used) {
  const args_command *c = from, *next;
  for (*used = 0; *used < n && (next = part_of(c, words[*used])); ++*used) c = next;
  return c;
}

const char *commands_nearest(const args_command *group, const char *word) {
  nearest best;
  nearest_begin(&best, word);
  for (const args_command *const *part = group->parts; *part; part++)
    nearest_offer(&best, args_word(*part));
  return nearest_name(&best);
}

static int unknown(const args_command *group, const char *word) {
  const char *near = commands_nearest(group, word);
  bool option = word[0] == '-';
  report(group->name, "%s: no such %s;%s%s%s \"%s --help\" lists them", word,
         option ? "option" : "command", near && !option ? " did you mean " : "",
         near && !option ? near : "", near && !option ? "?" : "", group->name);
  return EXIT_USAGE;
}

int commands_dispatch(const args_command *group, int argc, char **argv) {
  if (argc < 2) {
    help_print(stderr, group);
    return EXIT_USAGE;
  }
  if (is_help(argv[1])) {
    help_print(stdout, group);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  const args_command *c = part_of(group, argv[1]);
  if (!c) return unknown(group, argv[1]);
  return c->parts ? commands_dispatch(c, argc - 1, argv + 1) : c->run(argc - 1, argv + 1);
}
