/* PIPE: an ordered channel of bytes without security: a TCP socket, one end of an in-process pair,
 * a stream of another connection. A byte link is a pipe with steps, a record and a muxer on it. */
#ifndef P2P_TRANSPORT_PIPE_H
#define P2P_TRANSPORT_PIPE_H

#include "base/bytes.h"
#include <p2p/io.h>

typedef struct p2p__pipe p2p__pipe;

/* Who is told that the pipe can do something. what: P2P_IO_READABLE | P2P_IO_WRITABLE. error: the
 * pipe is of no more use for writing; what can still be read is there first. */
typedef struct p2p__pipe_user p2p__pipe_user;
struct p2p__pipe_user {
  void (*ready)(p2p__pipe_user *u, uint32_t what, int error, p2p_time now);
};

typedef struct p2p__pipe_ops {
  ptrdiff_t (*recv)(p2p__pipe *p, void *buf, size_t cap);        /* as p2p_io recv */
  ptrdiff_t (*send)(p2p__pipe *p, const p2p_bytes *v, size_t n); /* as p2p_io send */
  void (*want)(p2p__pipe *p, uint32_t what);                     /* as p2p_io want */
  void (*lowat)(p2p__pipe *p, size_t unsent); /* take no more unsent bytes; may be NULL */
  void (*shutdown)(p2p__pipe *p);             /* finish writing */
  /* What comes from now on is of a handshake, or no longer: see loop.h. May be NULL. */
  void (*costly)(p2p__pipe *p, bool on);
  /* Our own address, packed; < 0: unknown. NULL: it has none. */
  int (*local)(const p2p__pipe *p, p2p__wr *out);
  void (*free)(p2p__pipe *p); /* closes */
} p2p__pipe_ops;

struct p2p__pipe {
  const p2p__pipe_ops *ops;
  p2p__pipe_user *user;
};

#endif
