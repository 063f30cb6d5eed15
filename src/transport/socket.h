/* Sockets of the loop's io as pipes, and listeners that accept them. */
#ifndef P2P_TRANSPORT_SOCKET_H
#define P2P_TRANSPORT_SOCKET_H

#include "transport/byte_link.h"

/* What differs from one transport to another. lowat: a pipe may be told how much to leave unsent.
 * accept: the socket, or its error; *remote gets the packed address of the other side. local: a
 * connected socket's own address, packed; < 0: unknown; NULL: it has none. */
typedef struct p2p__sock_kind {
  bool lowat;
  int (*accept)(p2p_io *io, int listener, uint64_t token, p2p__wr *remote);
  int (*local)(p2p_io *io, int sock, p2p__wr *out);
} p2p__sock_kind;

typedef struct p2p__sock_pipe {
  p2p__pipe base;
  p2p__source source;
  p2p__loop *loop;
  const p2p__sock_kind *kind;
  int sock; /* < 0: none yet */
} p2p__sock_pipe;

/* A pipe without a socket: make one with its source's token. P2P_ENOMEM. */
P2P_MUST_USE int p2p__sock_pipe_new(p2p__loop *loop, const p2p__sock_kind *kind,
                                    p2p__sock_pipe **out);
/* A link over p, whose socket is connecting; p->sock < 0: why there is none. Takes p. */
P2P_MUST_USE int p2p__sock_dial(const p2p__upgrades *upgrades, p2p__sock_pipe *p,
                                const p2p__link_spec *spec, p2p_time now, p2p__link **out);

/* A link over a duplicate of a connected descriptor of the system. remote: where the other side is,
 * family 0: it has no IP. P2P_ENOTSUP: the io has no descriptors. */
P2P_MUST_USE int p2p__sock_adopt(const p2p__upgrades *upgrades, const p2p__sock_kind *kind, int fd,
                                 bool initiator, const p2p__link_spec *spec, p2p_time now,
                                 p2p__link **out, p2p_endpoint *remote);
bool p2p__sock_adopts(const p2p_io *io); /* it has descriptors */

/* A listener without a socket: make one with the token, then give it by open (a negative one undoes
 * all). P2P_ENOMEM. */
P2P_MUST_USE int p2p__sock_listener_new(const p2p__upgrades *upgrades, const p2p__sock_kind *kind,
                                        p2p__acceptor *acceptor, p2p__listening **out,
                                        uint64_t *token);
int p2p__sock_listener_open(p2p__listening *l, int sock);
void p2p__sock_unlisten(p2p__transport *t, p2p__listening *l);

#endif
