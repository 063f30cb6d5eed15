/* Memory: the only way to the allocator, counted by purpose, and able to fail on demand.
 *
 * malloc appears in mem.c and nowhere else. One p2p__mem belongs to one loop and one thread.
 * Every allocation names its purpose, so that the bytes of an idle connection can be told apart
 * (link, record, mux, peer, identify). Blocks may be released on another loop than the one that
 * made them: used[P2P__MEM_BLOCK] and total then wrap around, only sums over all loops are exact. */
#ifndef P2P_BASE_MEM_H
#define P2P_BASE_MEM_H

#include "base/attr.h"
#include <p2p/mem.h>

/* X(name, text) */
#define P2P_MEM_TAGS(X)                                                                            \
  X(HOST, "host")         /* host, tables, timers */                                               \
  X(LOOP, "loop")         /* the loop's shared buffers and pools */                                \
  X(BLOCK, "block")       /* blocks in queues */                                                   \
  X(LINK, "link")         /* links, pipes, carries, steps */                                       \
  X(RECORD, "record")     /* secure channels */                                                    \
  X(QUIC, "quic")         /* QUIC connections, their streams and keys */                           \
  X(MUX, "mux")           /* muxers and their streams */                                           \
  X(CONN, "conn")         /* the swarm's connections */                                            \
  X(STREAM, "stream")     /* the swarm's streams and their negotiation */                          \
  X(PEER, "peer")         /* peerstore */                                                          \
  X(IDENTIFY, "identify") /* what identify keeps */                                                \
  X(PROTOCOL, "protocol") /* other behaviours */

typedef enum p2p__tag {
#define P2P_MEM_ENUM(name, text) P2P__MEM_##name,
  P2P_MEM_TAGS(P2P_MEM_ENUM)
#undef P2P_MEM_ENUM
      P2P__MEM_TAGS
} p2p__tag;

typedef struct p2p__mem {
  p2p_allocator allocator;
  size_t used[P2P__MEM_TAGS]; /* live bytes by purpose */
  size_t total;               /* their sum */
  size_t peak;                /* most bytes ever live in all */
  uint64_t calls;             /* allocations asked for so far */
  uint64_t fail_at;           /* the call of this number (from 1) fails; 0: none */
  bool fail_on;               /* and every call after it, too */
  uint64_t failed;            /* how many were made to fail */
} p2p__mem;

/* allocator NULL: malloc and free. Copies it. */
void p2p__mem_init(p2p__mem *m, const p2p_allocator *allocator);

/* Zeroed bytes, or NULL. size > 0. */
P2P_MUST_USE void *p2p__alloc(p2p__mem *m, p2p__tag tag, size_t size);
/* The same, contents undefined: for buffers. */
P2P_MUST_USE void *p2p__alloc_raw(p2p__mem *m, p2p__tag tag, size_t size);
/* Gives back what either gave; p may be NULL; tag and size as at birth. */
void p2p__release(p2p__mem *m, p2p__tag tag, void *p, size_t size);
/* Grows or shrinks an array: *p of old bytes becomes new bytes (contents kept, growth zeroed).
 * P2P_ENOMEM leaves it as it was. */
P2P_MUST_USE int p2p__resize(p2p__mem *m, p2p__tag tag, void **p, size_t old_size, size_t new_size);
/* A zero-terminated copy; release it with len + 1. */
P2P_MUST_USE char *p2p__strdup(p2p__mem *m, p2p__tag tag, const char *s, size_t len);

size_t p2p__mem_used(const p2p__mem *m); /* all purposes */
const char *p2p__tag_name(p2p__tag tag);

#endif
