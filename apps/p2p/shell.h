/* A command of the user's with pipes for its standard input and output. */
#ifndef APP_SHELL_H
#define APP_SHELL_H

#include <stdbool.h>
#include <sys/types.h>

/* Starts `sh -c text` with the variables given ("NAME=value", ended by NULL) beside our own.
 * *to is written to, *from is read; ours, close-on-exec. 0, or -1 with errno. */
int shell_start(const char *text, const char *const *variables, pid_t *pid, int *to, int *from);
/* True when it has ended: *status is its exit code, 128 and the number after a signal. */
bool shell_ended(pid_t pid, int *status);

#endif
