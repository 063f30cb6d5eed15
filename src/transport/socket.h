/* Sockets of the loop's io as pipes, and listeners that accept them. */
#ifndef P2P_TRANSPORT_SOCKET_H
#define P2P_TRANSPORT_SOCKET_H

#include "transport/byte_link.h"

typedef struct p2p__sock_pipe {
  p2p__pipe base;
  p2p__source source;
  p2p__loop *loop;
  int sock; /* < 0: none yet */
} p2p__sock_pipe;

/* A pipe without a socket: make one with its source's token. lowat: it may be told how much to leave
 * unsent. P2P_ENOMEM. */
P2P_MUST_USE int p2p__sock_pipe_new(p2p__loop *loop, bool lowat, p2p__sock_pipe **out);
/* A link over p, whose socket is connecting; p->sock < 0: why there is none. Takes p. */
P2P_MUST_USE int p2p__sock_dial(const p2p__upgrades *upgrades, p2p__sock_pipe *p,
                                const p2p__link_spec *spec, p2p_time now, p2p__link **out);

/* How a transport makes its listening socket and takes a connection from it. accept: the socket, or its
 * error; *remote gets the packed address of the other side. */
typedef struct p2p__sock_kind {
  bool lowat;
  int (*accept)(p2p_io *io, int listener, uint64_t token, p2p__wr *remote);
} p2p__sock_kind;

/* A listener without a socket: make one with the token, then give it by open (a negative one undoes
 * all). P2P_ENOMEM. */
P2P_MUST_USE int p2p__sock_listener_new(const p2p__upgrades *upgrades, const p2p__sock_kind *kind,
                                        p2p__acceptor *acceptor, p2p__listening **out,
                                        uint64_t *token);
int p2p__sock_listener_open(p2p__listening *l, int sock);
void p2p__sock_unlisten(p2p__transport *t, p2p__listening *l);

#endif
