/* What this is. */
#ifndef P2P_P2P_H
#define P2P_P2P_H

#include <p2p/attr.h>

/* A duration. */
#define P2P_SECOND 1000000000

/* A thing; count is how many. */
typedef struct p2p_thing {
  unsigned size;
  int count;
  int depth; /* of it, in bytes */
  /* Called with user. */
  void (*on_end)(void *user);
  void *user;
} p2p_thing;

enum {
  P2P_MOST = 3, /* things at once */
  P2P_LEAST = 1 /* the same */
};

/* Makes one. */
P2P_API P2P_MUST_USE int p2p_thing_new(p2p_thing **out);
/* Frees it. */
P2P_API void p2p_thing_free(p2p_thing *thing);
P2P_API int p2p_thing_count(const p2p_thing *thing); /* how many */

#endif
