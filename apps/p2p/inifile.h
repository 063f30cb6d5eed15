/* INI files: sections in brackets, name = value, comments behind # and ;. */
#ifndef APP_INIFILE_H
#define APP_INIFILE_H

#include <stdbool.h>
#include <stdio.h>

/* One name and its value; strings live for the call. False: it was reported, the file is wrong. */
typedef bool (*inifile_fn)(void *user, unsigned line, const char *section, const char *name,
                           const char *value);
/* What stands in a line that is none of these. */
typedef void (*inifile_bad_fn)(void *user, unsigned line, const char *why);

/* Reads all of it, whatever fn says. True when every line was good. */
bool inifile_read(FILE *from, inifile_fn fn, inifile_bad_fn bad, void *user);
bool inifile_is_there(void); /* this build can read them */

#endif
