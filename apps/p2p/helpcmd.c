/* p2p help: what --help says, and the manual pages. */
#include <errno.h>
#include <p2p/p2p.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "help.h"
#include "report.h"

#define NAME "p2p help"

enum { WORDS_MAX = 8, PATH_LEN_MAX = 4096 };

typedef struct help_args {
  bool man, list;
  const char *man_dir;
} help_args;

static const args_option options[] = {
  { "man", 0, NULL, "print the manual page instead, for man(1)", ARGS_FLAG,
    .at = offsetof(help_args, man) },
  { "man-dir", 0, "DIR", "write every manual page into this directory, p2p.1 and so on", ARGS_TEXT,
    .at = offsetof(help_args, man_dir) },
  { "list", 0, NULL, "print the name of every command, a line each", ARGS_FLAG,
    .at = offsetof(help_args, list) },
};

static bool list_one(const args_command *c, void *user) {
  (void)user;
  return puts(c->name) >= 0;
}

typedef struct folder {
  const char *path;
} folder;

static bool write_page(const args_command *c, void *user) {
  const folder *into = user;
  char page[64], path[PATH_LEN_MAX];
  help_page(c, page, sizeof page);
  int n = snprintf(path, sizeof path, "%s/%s.1", into->path, page);
  FILE *to = n > 0 && (size_t)n < sizeof path ? fopen(path, "we") : NULL;
  if (to) {
    help_man(to, c);
    if (fclose(to) == 0) return true;
  }
  report(NAME, "cannot write %s: %s", path, strerror(errno));
  return false;
}

static int help_main(int argc, char **argv) {
  help_args a = { 0 };
  char **words;
  size_t n = 0, used;
  int code = args_parse(&help_command, argc, argv, &a, &words);
  if (code != ARGS_GO) return code;
  folder into = { a.man_dir };
  if (into.path) return help_walk(&p2p_command, write_page, &into) ? EXIT_SUCCESS : EXIT_FAILURE;
  while (words[n]) n++;
  const args_command *c = commands_find(&p2p_command, words, n, &used);
  if (used < n) {
    report(NAME, "%s: no such command; \"%s --help\" lists them", words[used], c->name);
    return EXIT_USAGE;
  }
  if (a.list)
    help_walk(c, list_one, NULL);
  else
    (a.man ? help_man : help_print)(stdout, c);
  return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

const args_command help_command = {
  .name = NAME,
  .operands = "[COMMAND]...",
  .n_operands = WORDS_MAX,
  .brief = "explain commands; write their manual pages",
  .summary = "Explains a command, as its --help does.",
  .examples = "p2p help key new\n"
              "p2p help --man ping | man -l -\n",
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = help_main,
};
