/* What the table of commands says, for people: --help, manual pages, completion. */
#ifndef APP_HELP_H
#define APP_HELP_H

#include <stdio.h>

#include "args.h"

/* --help of a command or a group. */
void help_print(FILE *to, const args_command *c);
/* ": a, b or c", the words an option's value may be; nothing when it may be any. */
void help_choices(FILE *to, const args_option *o);
/* Its manual page, for man(1). */
void help_man(FILE *to, const args_command *c);
/* The page's name, "p2p-key-new"; cap bytes suffice when they hold the command's name. */
void help_page(const args_command *c, char *out, size_t cap);

/* Calls fn for c and everything below it, a group before its parts; stops at the first false. */
bool help_walk(const args_command *c, bool (*fn)(const args_command *c, void *user), void *user);

#endif
