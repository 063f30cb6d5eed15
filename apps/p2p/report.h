/* What goes wrong is told in one line on stderr: who speaks, the cause, the remedy. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include <p2p/p2p.h>

enum { EXIT_USAGE = 2 }; /* the command line was wrong; EXIT_FAILURE: what it asked for failed */

__attribute__((format(printf, 2, 3))) void report(const char *command, const char *format, ...);

/* True when text is a multiaddr; else reports what is wrong with it. */
bool report_bad_address(const char *command, const char *text);
/* The same for a protocol id. */
bool report_bad_protocol(const char *command, const char *id);
/* Reports why addr could not be dialed, how far it came, and what to try. */
void report_dial(const char *command, const char *addr, int err, p2p_stage stage);
/* What a person can do about an error when connecting; NULL: no idea. */
const char *report_remedy(int err);

#endif
