/* The subcommands. Each takes its own command line (argv[0] is its name) and returns the exit code:
 * 0, EXIT_FAILURE, or EXIT_USAGE when the command line was wrong. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include <stddef.h>

typedef int (*command_fn)(int argc, char **argv);

typedef struct command_line {
  const char *name;
  command_fn run;
  const char *summary;
} command_line;

int node_main(int argc, char **argv);
int ping_main(int argc, char **argv);
int identify_main(int argc, char **argv);
int perf_main(int argc, char **argv);
int key_main(int argc, char **argv);
int id_main(int argc, char **argv);
int addr_main(int argc, char **argv);
int cid_main(int argc, char **argv);
int bench_main(int argc, char **argv);

/* Runs the one of n lines that argv[1] names; --help lists them. parent: "p2p". */
int commands_dispatch(const char *parent, const char *summary, const command_line *lines, size_t n,
                      int argc, char **argv);

#endif
