/* SHA-256 of what comes in pieces. */
#ifndef APP_DIGEST_H
#define APP_DIGEST_H

#include <p2p/types.h>

enum { DIGEST_LEN = 32 };

typedef struct digest {
  void *ctx; /* NULL: there was no memory; digest_end then fails */
} digest;

void digest_begin(digest *d);
void digest_add(digest *d, const void *p, size_t len);
/* What it is up to here; may go on. False: there was no memory. */
bool digest_so_far(const digest *d, uint8_t out[DIGEST_LEN]);
void digest_fini(digest *d); /* all zero is accepted */

#endif
