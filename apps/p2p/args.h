/* Command lines from tables. One table of commands with their options drives parsing, defaults,
 * --help, the manual pages, shell completion and the configuration file. */
#ifndef APP_ARGS_H
#define APP_ARGS_H

#include <p2p/types.h>

enum { ARGS_LIST_MAX = 32, ARGS_GO = -1 };

typedef struct args_list {
  const char *item[ARGS_LIST_MAX];
  size_t n;
} args_list;

/* What an option's value is, and so what its member of the command's struct must be. */
typedef enum args_kind {
  ARGS_FLAG = 1, /* bool: takes no value */
  ARGS_TALLY,    /* unsigned: how often it was given; takes no value */
  ARGS_TEXT,     /* const char *; one of `choices` when there are any */
  ARGS_LIST,     /* args_list: may be given several times */
  ARGS_COUNT,    /* uint64_t: a whole number */
  ARGS_SIZE,     /* uint64_t, bytes: 64k, 100M, 1GiB */
  ARGS_DURATION  /* p2p_time: 2, 0.5, 300ms, 1m */
} args_kind;

/* One option of a command. */
typedef struct args_option {
  const char *name;
  char letter;       /* 0: none */
  const char *value; /* its name in the help; NULL: takes none. FILE and DIR are completed so */
  const char *help;  /* what it means, without its default */
  args_kind kind;
  size_t at;            /* offsetof its member in the command's struct */
  const char *standard; /* its default, as one would type it; NULL: none, the member stays zero */
  uint64_t min, max;    /* of numbers; max 0: no bound */
  const char *const *choices; /* ended by NULL; NULL: any text */
  bool no_file;               /* has no place in a configuration file */
} args_option;

/* Options that several commands have; type: of the command's struct, which has a bool for each. */
#define ARGS_JSON(type)                                                                            \
  { "json", 0, NULL, "print a line of JSON", ARGS_FLAG, .at = offsetof(type, as_json) }
#define ARGS_FORCE(type, help) { "force", 'f', NULL, help, ARGS_FLAG, .at = offsetof(type, force) }

/* A command, or a group of commands. Texts are plain; `more` may have several paragraphs. */
typedef struct args_command {
  const char *name;     /* the whole: "p2p key new" */
  const char *operands; /* "ADDR"; "" for none; [X] in brackets: may be absent */
  size_t n_operands, n_required;
  const char *brief;    /* what it does, in a list: "measure round trips to a peer" */
  const char *summary;  /* the same as a sentence */
  const char *more;     /* paragraphs under the options; NULL: none */
  const char *examples; /* command lines, each ended by a newline; NULL: none */
  const char *exits;    /* exit codes beyond 0, 1 and 2, a line each; NULL: none */
  const args_option *options;
  size_t n_options;
  int (*run)(int argc, char **argv);       /* argv[0] is its last word; NULL: a group */
  const struct args_command *const *parts; /* of a group; ended by NULL */
} args_command;

/* Defaults into the command's struct, which `into` points at and which is zero. */
void args_defaults(const args_command *c, void *into);
/* Takes argv apart. ARGS_GO: *operands points at the operands, ended by NULL. Else the exit code: 0
 * after --help, EXIT_USAGE after a report. Defaults come from the table, before. */
int args_parse(const args_command *c, int argc, char **argv, void *into, char ***operands);
/* The same without defaults, for what a file has filled in already. */
int args_parse_over(const args_command *c, int argc, char **argv, void *into, char ***operands);

enum { ARGS_WHY_MAX = 160 };
/* Sets one option from text. False: *why says what would have been right. */
bool args_set(const args_option *o, void *into, const char *value, char why[ARGS_WHY_MAX]);
const args_option *args_find(const args_command *c, const char *name); /* NULL: none is called so */

/* The last word of a command's name. */
const char *args_word(const args_command *c);

#endif
