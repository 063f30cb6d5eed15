/* As much of redis as a transport test needs: one command on a connection of its own. */
#ifndef APP_REDIS_H
#define APP_REDIS_H

#include <stdbool.h>
#include <stddef.h>

/* Sends a command and waits for its reply, at most `seconds`. at: "host:port". The last of the strings
 * that came back goes to out ("" when none did). False, with a reason in out: nobody is there, it said
 * no, or something that is no reply. */
bool redis_ask(const char *at, unsigned seconds, const char *const *words, size_t n, char *out,
               size_t cap);

#endif
