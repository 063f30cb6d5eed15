/* The configuration file of a command: its options in a section of its name, limits in [limits]. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "args.h"
#include "hostlimits.h"

enum { CONFIG_TEXTS_MAX = 256 };

/* What a file said; values of options point into it. */
typedef struct config {
  char *texts[CONFIG_TEXTS_MAX];
  size_t n;
  limits limits;
} config;

/* Reads the options of c into its struct. False when anything was wrong: each line was reported, as
 * FILE:LINE. */
bool config_read(config *f, const char *command, const char *path, const args_command *c,
                 void *into);
void config_fini(config *f); /* all zero is accepted */

#endif
