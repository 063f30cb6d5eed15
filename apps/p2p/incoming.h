/* A file that is being received: NAME.part in a folder until it is whole and right, then NAME. */
#ifndef APP_INCOMING_H
#define APP_INCOMING_H

#include "digest.h"
#include "file_wire.h"

typedef struct incoming {
  int dir; /* borrowed */
  int fd;  /* of the part; -1: none */
  char name[FILE_NAME_MAX + 1], part[FILE_NAME_MAX + 8];
  bool force;
  uint64_t have; /* bytes of the part that are hashed */
  uint64_t old;  /* bytes that were there before */
  digest hash;
} incoming;

/* Each returns NULL, or why it could not: text for both sides, valid until the next call. */
const char *incoming_open(incoming *in, int dir, const char *name, bool force);
/* Hashes some of what is there; *done: all of it is. */
const char *incoming_hash(incoming *in, bool *done);
const char *incoming_restart(incoming *in); /* throws away what is there */
const char *incoming_fits(const incoming *in, uint64_t size);
const char *incoming_write(incoming *in, const void *p, size_t len);
/* Compares, sets the mode (0: leaves it), syncs, gives it its name. A part that is wrong goes. */
const char *incoming_finish(incoming *in, const uint8_t sha256[DIGEST_LEN], uint32_t mode);
void incoming_fini(incoming *in); /* the part stays, to be resumed; all zero is accepted */

#endif
