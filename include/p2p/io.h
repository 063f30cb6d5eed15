/* The one door to the world. Everything the stack asks of the outside (sockets, clock, random
 * bytes, names, slow work) goes through a p2p_io: readiness and facts, no callbacks. The library
 * brings one on libuv (p2p_io_uv_new), the simulator another, an embedder may write a third.
 *
 * One instance serves one loop and is called from that loop's thread; only `wake` may be called
 * from any thread. Sockets are small non-negative numbers whose meaning is the instance's own.
 * Every call returns at once but `wait`. Errors are values of <p2p/error.h>. */
#ifndef P2P_IO_H
#define P2P_IO_H

#include <p2p/error.h>
#include <p2p/types.h>

P2P_BEGIN

/* One instance of a door: a table of functions and what they keep behind it. */
typedef struct p2p_io p2p_io;

/* An IP endpoint. ip: 4 bytes used when family is 4, 16 when it is 6, network order, the rest
 * zero. port in host order. scope: IPv6 interface index, 0 for none. */
typedef struct p2p_endpoint {
  uint8_t family; /* 4 or 6; 0: none */
  uint16_t port;
  uint32_t scope;
  uint8_t ip[16];
} p2p_endpoint;

enum { P2P_IO_PATH_MAX = 108 }; /* bytes of a unix socket's path with its zero; Linux's */

enum {                       /* bits of p2p_io_fact.what */
       P2P_IO_READABLE = 1,  /* recv, accept or udp_recv will say something */
       P2P_IO_WRITABLE = 2,  /* send has room; for a connecting socket: connected, or see error */
       P2P_IO_RESOLVED = 4,  /* a resolve is done: take it with resolved */
       P2P_IO_WORKED = 8,    /* a work function has returned */
       P2P_IO_WOKEN = 16,    /* somebody called wake */
       P2P_IO_IFCHANGE = 32, /* the interfaces' addresses, or the ways out, may have changed */
       P2P_IO_ERRORS = 64    /* udp_errors will say something */
};

/* One thing that became true. token: as given when the socket or request was made. what: one or more of
 * the bits above. error: 0, or
 * why the socket is of no more use (P2P_EREFUSED, P2P_ERESET …); it may accompany READABLE when
 * bytes remain to be read. Facts are hints: the call they invite may still say P2P_EAGAIN. Facts of
 * sockets are level-triggered: they come again with every wait while they are true and wanted. */
typedef struct p2p_io_fact {
  uint64_t token;
  uint32_t what;
  int error;
} p2p_io_fact;

/* A batch of datagrams of equal size (the last may be shorter), one local and remote address.
 * len: bytes in `data`. segment: size of each datagram in it, 0 when it is a single one. ecn: the two IP bits.
 * To receive: data and cap are the caller's, the rest is written; a datagram or batch longer than
 * cap is dropped, so cap is best 65,535. To send: local names the address to send from (family 0 or
 * all-zero ip: the system chooses); at most 64 segments. */
typedef struct p2p_dgrams {
  p2p_endpoint local, remote;
  uint8_t *data;
  size_t len, cap;
  uint16_t segment;
  uint8_t ecn;
} p2p_dgrams;

enum { P2P_IO_QUOTE = 64 }; /* bytes of a datagram that p2p_udp_error repeats */

/* What the network said of a datagram that was sent. Whoever knows the two addresses can forge it: it is
 * a hint, and worth more the more of the datagram it repeats.
 * remote: where the datagram went. error: P2P_EREFUSED (nobody listens there), P2P_EUNREACH (no way leads
 * there), P2P_EACCES (somebody on the way forbids it). quote: the datagram's first quote_len bytes, as far
 * as they are known. */
typedef struct p2p_udp_error {
  p2p_endpoint remote;
  int error;
  uint8_t quote_len;
  uint8_t quote[P2P_IO_QUOTE];
} p2p_udp_error;

/* What ops->option sets of a socket. */
typedef enum p2p_io_option {
  P2P_IO_NOTSENT_LOWAT = 1, /* bytes not yet sent above which a TCP socket takes no more */
  P2P_IO_SEND_BUFFER = 2,   /* bytes, as far as the kernel allows: P2P_ELIMIT when it gave less */
  P2P_IO_RECV_BUFFER = 3    /* the same */
} p2p_io_option;

/* What an instance does. Every function gets the instance first. */
typedef struct p2p_io_ops {
  size_t size; /* sizeof(p2p_io_ops) of the implementer: later members are absent when smaller */

  p2p_time (*now)(p2p_io *io);    /* monotonic, never decreasing, read anew by every call */
  int64_t (*unix_ns)(p2p_io *io); /* wall clock, ns since 1970, for records only */
  int (*random)(p2p_io *io, void *buf, size_t len); /* 0, or P2P_EIO: then nobody goes on */

  /* Blocks until a fact is there or `until` (absolute; 0: do not block; P2P_NEVER: no end) has
   * passed; writes up to n > 0 facts, returns their number (0: time is up). Facts that did not fit
   * come with the next call, which then does not block. */
  int (*wait)(p2p_io *io, p2p_time until, p2p_io_fact *out, int n);
  /* From any thread: wait returns with a WOKEN fact, token 0. Many wakes may make one fact. */
  void (*wake)(p2p_io *io);
  /* A descriptor for somebody else's poll, readable when wait(0) would return facts; -1: none. It
   * may be readable without a fact: wait(0) must then be called all the same. The first call says
   * that the instance is embedded, the descriptor stays the same. It knows nothing of `until`. */
  int (*fd)(p2p_io *io);

  /* Listens on at (port 0: any; family 6 with all-zero ip: IPv6 only). *bound gets the real
   * address. Returns a socket; READABLE facts invite tcp_accept. */
  int (*tcp_listen)(p2p_io *io, const p2p_endpoint *at, int backlog, uint64_t token,
                    p2p_endpoint *bound);
  /* Returns a connected socket with its addresses, or P2P_EAGAIN; P2P_EFILES: the connection waits
   * on, want nothing of the listener until files are free again. The new socket wants nothing. */
  int (*tcp_accept)(p2p_io *io, int listener, uint64_t token, p2p_endpoint *local,
                    p2p_endpoint *remote);
  /* Starts connecting from `from` (NULL: any) to `to`; returns a socket, or at once P2P_EUNREACH,
   * P2P_EFILES, …. One WRITABLE fact says the outcome in its error, whatever is wanted; other facts
   * follow it as wanted. */
  int (*tcp_connect)(p2p_io *io, const p2p_endpoint *from, const p2p_endpoint *to, uint64_t token);
  int (*tcp_local)(p2p_io *io, int sock, p2p_endpoint *local); /* address of a connected socket */

  /* Bytes read into buf, cap > 0; 0: the peer finished; P2P_EAGAIN; P2P_ERESET, …. A socket that
   * broke gives the bytes that came before, then its error for ever. */
  ptrdiff_t (*recv)(p2p_io *io, int sock, void *buf, size_t cap);
  /* Bytes taken of the n pieces (may be fewer than offered); P2P_EAGAIN; P2P_ERESET, …. Never
   * raises a signal. */
  ptrdiff_t (*send)(p2p_io *io, int sock, const p2p_bytes *v, size_t n);
  int (*shutdown)(p2p_io *io, int sock); /* finishes the write side */
  /* What to be told of the socket: READABLE | WRITABLE. A fact not yet taken that is no longer
   * wanted is withdrawn. Listeners and UDP sockets want READABLE from birth. Never fails for a socket
   * there is: what it takes is reserved when the socket is made. */
  int (*want)(p2p_io *io, int sock, uint32_t what);
  int (*option)(p2p_io *io, int sock, p2p_io_option option, uint64_t value);
  void (*close)(p2p_io *io, int sock); /* at once: no fact of it follows, not even one pending */

  /* Binds a datagram socket to at (port 0: any; family 6 with all-zero ip: IPv6 only); *bound gets the
   * real address. Returns a socket. */
  int (*udp_open)(p2p_io *io, const p2p_endpoint *at, uint64_t token, p2p_endpoint *bound);
  /* Batches received, or P2P_EAGAIN. */
  int (*udp_recv)(p2p_io *io, int sock, p2p_dgrams *d, int n);
  /* Batches sent (the rest was not tried or met the error that the next call reports); when none:
   * P2P_EAGAIN, P2P_ELIMIT (too long for the path), P2P_EUNREACH, …. */
  int (*udp_send)(p2p_io *io, int sock, const p2p_dgrams *d, int n);

  /* Looks a host name up. family: 4, 6 or 0 for both; token: of no other lookup under way
   * (P2P_EEXIST). A RESOLVED fact with the token follows; resolved then writes up to n > 0 addresses
   * (port 0) and forgets the request: their number; P2P_ENAME: there is no such name, or it has no address
   * of the family; P2P_ERESOLVE: that could not be found out (P2P_EAGAIN: not yet, P2P_ENOTFOUND: no such
   * request). cancel: no fact follows. */
  int (*resolve)(p2p_io *io, const char *host, int family, uint64_t token);
  int (*resolved)(p2p_io *io, uint64_t token, p2p_endpoint *out, int n);
  void (*resolve_cancel)(p2p_io *io, uint64_t token);

  /* Runs fn(arg) off the loop, perhaps on another thread; a WORKED fact follows. P2P_ENOTSUP: run it
   * yourself. */
  int (*work)(p2p_io *io, void (*fn)(void *arg), void *arg, uint64_t token);

  /* Writes up to n addresses of this machine's interfaces (port 0), returns how many there are. */
  int (*ifaddrs)(p2p_io *io, p2p_endpoint *out, int n);

  /* Closes everything it still has; NULL accepted. Work that has begun and lookups that cannot be
   * called back are waited for. */
  void (*free)(p2p_io *io);

  /* A number of the calling thread, never 0, so that a host can tell whether it is called from two
   * at once. NULL or absent: it cannot. */
  uint64_t (*thread)(p2p_io *io);

  /* A socket on a duplicate of a descriptor of the system, which stays the caller's: a connected
   * stream socket, TCP or Unix, as from tcp_accept; listens: a listening TCP socket. local and
   * remote (may be NULL) are told, family 0 where there is no IP. The descriptor does not block any
   * more. P2P_EINVAL: it is something else. NULL or absent: no descriptors here. */
  int (*adopt)(p2p_io *io, int fd, bool listens, uint64_t token, p2p_endpoint *local,
               p2p_endpoint *remote);

  /* Unix sockets, NULL where there are none; a path has fewer than P2P_IO_PATH_MAX bytes (P2P_EADDR).
   * Listening makes the file, for its owner only; one that a listener of the past left is replaced,
   * any other is P2P_EADDRINUSE. Closing the listener removes it. Sockets accepted and connected are
   * those of tcp_*. accept: path gets the listener's; P2P_EAGAIN, P2P_EFILES, P2P_ELIMIT (cap).
   * connect: P2P_EREFUSED (nobody listens there), P2P_EACCES, …. */
  int (*unix_listen)(p2p_io *io, const char *path, int backlog, uint64_t token);
  int (*unix_accept)(p2p_io *io, int listener, uint64_t token, char *path, size_t cap);
  int (*unix_connect)(p2p_io *io, const char *path, uint64_t token);

  /* Listens on a duplicate of a listening Unix socket of the system, as adopt does; path gets its own.
   * Closing it leaves the file, which is the caller's. P2P_EINVAL: it is something else; P2P_EADDR: its
   * name is no absolute path; P2P_ELIMIT (cap). NULL or absent: none here. */
  int (*unix_adopt)(p2p_io *io, int fd, uint64_t token, char *path, size_t cap);

  /* IFCHANGE facts with this token follow from now on. One watches: a second call replaces the first, token
   * 0 ends it. A fact may come for nothing. NULL or absent: nobody is told. */
  int (*ifwatch)(p2p_io *io, uint64_t token);
  /* The address (port 0) that datagrams to `to` would leave from now; P2P_EUNREACH, …. NULL or absent:
   * nobody knows. */
  int (*source)(p2p_io *io, const p2p_endpoint *to, p2p_endpoint *from);
  /* What the network said of datagrams that left by a UDP socket: up to n > 0 of them, oldest first; 0:
   * nothing. An ERRORS fact invites it; what is not taken by the next one is forgotten. NULL or absent:
   * nothing is ever known. */
  int (*udp_errors)(p2p_io *io, int sock, p2p_udp_error *out, int n);
  /* A UDP socket on a duplicate of a bound datagram socket of the system that is not connected, as adopt does.
   * P2P_EINVAL: it is something else. NULL or absent: none here. */
  int (*udp_adopt)(p2p_io *io, int fd, uint64_t token, p2p_endpoint *bound);
} p2p_io_ops;

/* An instance begins with this; what follows is its own. */
struct p2p_io {
  const p2p_io_ops *ops; /* lives at least as long */
};

/* The p2p_io of this library on real sockets, with libuv as poller. The caller frees it through
 * ops->free, after the host that uses it. Touches no signal: writing to a connection that was reset
 * is P2P_ERESET. P2P_ENOMEM, P2P_EFILES, P2P_EIO. */
P2P_API P2P_MUST_USE int p2p_io_uv_new(p2p_io **out);

P2P_END
#endif
