/* Limits of a host as people write them: NAME=VALUE, sizes and times with units. */
#ifndef APP_HOSTLIMITS_H
#define APP_HOSTLIMITS_H

#include <p2p/p2p.h>
#include <stdio.h>

enum { LIMITS_SET_MAX = 128, LIMITS_WHY_MAX = 200 };

typedef struct limits {
  p2p_setting item[LIMITS_SET_MAX];
  size_t n;
} limits;

/* Sets one, over what was set before. False: *why says what is wrong. */
bool limits_set(limits *l, const char *name, const char *value, char why[LIMITS_WHY_MAX]);
/* "NAME=VALUE"; false after a report. */
bool limits_parse(limits *l, const char *command, const char *text);
/* A value of a limit as one would write it: "10s", "256KiB", "64". */
void limits_print(const p2p_limit *info, uint64_t value, char out[32]);
/* The section of a configuration file that has them all, each commented out, with its reason. */
void limits_describe(FILE *to);

#endif
