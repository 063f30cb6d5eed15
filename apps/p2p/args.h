/* Command lines from tables: parsing, messages and --help come from the same lines. */
#ifndef APP_ARGS_H
#define APP_ARGS_H

#include <p2p/types.h>

enum { ARGS_LIST_MAX = 32, ARGS_GO = -1 };

typedef struct args_list {
  const char *item[ARGS_LIST_MAX];
  size_t n;
} args_list;

/* One option. Exactly one of the pointers says where its value goes, and so what kind it is. */
typedef struct args_option {
  const char *name;
  char letter;       /* 0: none */
  const char *value; /* its name in the help; NULL: takes none */
  const char *help;
  bool *flag;
  const char **text;
  args_list *list;    /* may be given several times */
  uint64_t *count;    /* a number */
  uint64_t *size;     /* bytes: 64k, 100M, 1GiB */
  p2p_time *duration; /* seconds: 0.5, 300ms */
  uint64_t min, max;  /* of numbers; max 0: no bound */
} args_option;

typedef struct args_command {
  const char *name;     /* "p2p ping" */
  const char *operands; /* "ADDR"; "" for none; [X] in brackets: may be absent */
  const char *summary;
  const char *more; /* paragraph under the options; NULL: none */
  const args_option *options;
  size_t n_options;
  size_t n_operands, n_required;
} args_command;

/* Takes argv apart (argv[0] is the subcommand). ARGS_GO: *operands points at the operands, ended by
 * NULL. Else the exit code: 0 after --help, EXIT_USAGE after a report. */
int args_parse(const args_command *c, int argc, char **argv, char ***operands);

#endif
