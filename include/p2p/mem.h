/* The allocator a host takes all of its memory from. */
#ifndef P2P_MEM_H
#define P2P_MEM_H

#include <p2p/types.h>

P2P_BEGIN

/* alloc returns `size` bytes (never called with 0), aligned for any type, or NULL; release takes
 * back what alloc gave, with the same size. Called on the host's thread only. */
typedef struct p2p_allocator {
  void *(*alloc)(void *user, size_t size);
  void (*release)(void *user, void *p, size_t size);
  void *user;
} p2p_allocator;

P2P_END
#endif
