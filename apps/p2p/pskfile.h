/* The key of a private network in a file. */
#ifndef APP_PSKFILE_H
#define APP_PSKFILE_H

#include <p2p/p2p.h>

/* Each reports what went wrong and returns false then. The caller ends *out with p2p_psk_fini. */
bool pskfile_read(const char *command, const char *path, p2p_psk *out);
bool pskfile_store(const char *command, const char *path, bool replace, const p2p_psk *psk);

#endif
