/* Keeps a program from waiting for whoever reads its output: what is written to standard output goes through
 * a pipe to a thread that always takes it, and from there, as the reader takes it, to where it led
 * before. What does not fit meanwhile is left out in whole lines, and a line says how many.
 *
 * Not for standard error: what a dying program says there must not need a thread. */
#ifndef APP_OUTBOX_H
#define APP_OUTBOX_H

#include <stdbool.h>

typedef struct outbox outbox;

/* From now on writing lines to standard output never waits for its reader. NULL: it stays as it was.
 * as_json: so is the line about those that are missing. */
outbox *outbox_start(bool as_json);
/* Writes the rest, unless its reader takes nothing for some seconds; standard output is then as before.
 * NULL is accepted. */
void outbox_stop(outbox *o);

#endif
