/* The commands. Each file has its own line of the table and whatever stands behind it; `run` takes
 * its own command line (argv[0] is its last word) and returns the exit code: 0, EXIT_FAILURE, or
 * EXIT_USAGE when the command line was wrong. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "args.h"

extern const args_command p2p_command; /* the root: everything hangs below it */

extern const args_command node_command;
extern const args_command config_command;
extern const args_command ping_command;
extern const args_command dial_command;
extern const args_command identify_command;
extern const args_command perf_command;
extern const args_command connect_command;
extern const args_command listen_command;
extern const args_command send_command;
extern const args_command recv_command;
extern const args_command key_command;
extern const args_command psk_command;
extern const args_command id_command;
extern const args_command addr_command;
extern const args_command cid_command;
extern const args_command bench_command;
extern const args_command help_command;
extern const args_command completion_command;

/* Runs what argv[1] names within a group; --help lists what there is. */
int commands_dispatch(const args_command *group, int argc, char **argv);
/* The command below `from` that n words name; *used: how many of them did. */
const args_command *commands_find(const args_command *from, char *const *words, size_t n,
                                  size_t *used);
/* The part of a group whose name is nearest to a word, NULL: none is near. */
const char *commands_nearest(const args_command *group, const char *word);

#endif
