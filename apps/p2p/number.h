/* Numbers, sizes and durations as people type them. Each takes the whole text or fails. */
#ifndef APP_NUMBER_H
#define APP_NUMBER_H

#include <p2p/types.h>

/* Decimal digits at *p, which moves past them; false: none, or too many for 64 bits. */
bool number_scan(const char **p, uint64_t *out);

bool number_count(const char *text, uint64_t *out); /* "1000" */
bool number_size(const char *text, uint64_t *out);  /* bytes: "64", "1.5k", "100M", "4MiB" */
bool number_duration(const char *text,
                     p2p_time *out); /* "2", "0.5", "300ms", "1m"; bare: seconds */

#endif
