/* The inside of the p2p_io on libuv: what its files share. libuv polls, wakes, resolves and works;
 * sockets are ours.
 *
 * A fact lives in the object it speaks of (socket, lookup, work, wake-up) and is linked into one
 * ready list: nothing is allocated for a fact, no ring can overflow, and close takes it back. */
#ifndef P2P_IO_UV_H
#define P2P_IO_UV_H

#include "base/list.h"
#include "base/mem.h"
#include <netinet/in.h>
#include <p2p/io.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <uv.h>

typedef struct p2p__uv p2p__uv;

typedef struct p2p__uv_fact {
  p2p__list link; /* in p2p__uv.ready while `what` waits to be told */
  uint64_t token;
  uint32_t what;
  int error;
  void (*told)(p2p__uv *io, struct p2p__uv_fact *f); /* after it was handed out; may free it */
} p2p__uv_fact;

/* A timer in ns: timerfd where there is one, libuv's milliseconds elsewhere. */
typedef struct p2p__uv_timer {
  union {
    uv_poll_t poll;
    uv_timer_t timer;
  } uv;
  int fd;
  p2p_time at; /* when it fires; P2P_NEVER: not armed */
} p2p__uv_timer;

/* Watches the interfaces: a routing socket of Linux, a look now and then elsewhere. */
typedef struct p2p__uv_ifwatch {
  union {
    uv_poll_t poll;
    uv_timer_t timer;
  } uv;
  p2p__uv_fact fact;
  int fd;
  bool on;
  uint64_t seen; /* portable: what the addresses were, in short */
} p2p__uv_ifwatch;

typedef enum p2p__uv_kind { P2P__UV_LISTENER, P2P__UV_STREAM, P2P__UV_UDP } p2p__uv_kind;

typedef struct p2p__uv_sock {
  uv_poll_t poll;
  p2p__uv_fact fact;
  int fd, slot;
  p2p__uv_kind kind;
  uint32_t want;   /* what the caller asked for */
  uint32_t polled; /* what libuv watches; wider than want after a reduction, see want() */
  int error;       /* of a stream: sticky, so that an error once seen never turns into an end */
  bool connecting; /* until the outcome was told */
  bool gso, gro;   /* of a UDP socket: the kernel splits and joins batches */
  bool errors;     /* of a UDP socket: ERRORS was raised, and nobody asked since */
  uint16_t port;   /* of a UDP socket, its own */
  char *path;      /* of a unix listener, else NULL */
  uint64_t device, inode; /* of the file at path, as it was made; inode 0: it is not ours */
} p2p__uv_sock;

typedef struct p2p__uv_slot {
  p2p__uv_sock *sock; /* NULL: free */
  int next_free;      /* of a free slot; -1: the last */
} p2p__uv_slot;

struct p2p__uv {
  p2p_io io; /* first: the caller's pointer */
  uv_loop_t loop;
  uv_async_t async;
  atomic_bool wake_asked; /* since the last WOKEN fact was raised */
  bool embedded;          /* fd was asked for: changes must show in it */
  bool closing;
  p2p__mem mem;
  p2p__uv_timer timer;
  p2p__uv_ifwatch ifwatch;
  p2p__uv_fact woken;
  p2p__list ready;   /* facts not yet told */
  p2p__list lookups; /* p2p__uv_lookup */
  p2p__list works;   /* p2p__uv_work */
  p2p__uv_slot *slots;
  int n_slots, free_slot;
};

/* uv.c: facts */
void p2p__uv_fact_init(p2p__uv_fact *f, uint64_t token, void (*told)(p2p__uv *io, p2p__uv_fact *f));
void p2p__uv_raise(p2p__uv *io, p2p__uv_fact *f, uint32_t what, int error);
/* Makes fd() readable when the poller does not yet know of a change. */
void p2p__uv_changed(p2p__uv *io);

/* socket.c: sockets by number */
/* Takes fd (closes it when it fails). Returns the socket's number, or an error. */
P2P_MUST_USE int p2p__uv_sock_new(p2p__uv *io, int fd, p2p__uv_kind kind, uint64_t token,
                                  uint32_t watch, p2p__uv_sock **out);
p2p__uv_sock *p2p__uv_sock_get(p2p__uv *io, int sock, p2p__uv_kind kind); /* NULL: no such */
int p2p__uv_want(p2p_io *io, int sock, uint32_t what);
int p2p__uv_option(p2p_io *io, int sock, p2p_io_option option, uint64_t value);
void p2p__uv_close(p2p_io *io, int sock);
void p2p__uv_close_all(p2p__uv *io);

/* socket_linux.c, socket_portable.c: non-blocking, close-on-exec, without signals */
int p2p__uv_socket(int family, int type); /* descriptor, or -1 and errno */
int p2p__uv_accept(int fd, struct sockaddr_storage *remote, socklen_t *len);

/* endpoint.c, error.c */
socklen_t p2p__uv_to_sockaddr(const p2p_endpoint *e, struct sockaddr_storage *out); /* 0: invalid */
bool p2p__uv_from_sockaddr(const struct sockaddr *a, p2p_endpoint *out); /* false: not IP */
int p2p__uv_local(int fd, p2p_endpoint *out);
int p2p__uv_error(int sys); /* errno -> P2P_E… */

/* timer_linux.c, timer_portable.c */
P2P_MUST_USE int p2p__uv_timer_init(p2p__uv *io);
void p2p__uv_timer_arm(p2p__uv *io, p2p_time at); /* no-op when it fires earlier anyway */
void p2p__uv_timer_close(p2p__uv *io);

/* tcp.c */
int p2p__uv_tcp_listen(p2p_io *io, const p2p_endpoint *at, int backlog, uint64_t token,
                       p2p_endpoint *bound);
int p2p__uv_tcp_accept(p2p_io *io, int listener, uint64_t token, p2p_endpoint *local,
                       p2p_endpoint *remote);
int p2p__uv_tcp_connect(p2p_io *io, const p2p_endpoint *from, const p2p_endpoint *to,
                        uint64_t token);
int p2p__uv_tcp_local(p2p_io *io, int sock, p2p_endpoint *local);
ptrdiff_t p2p__uv_recv(p2p_io *io, int sock, void *buf, size_t cap);
ptrdiff_t p2p__uv_send(p2p_io *io, int sock, const p2p_bytes *v, size_t n);
int p2p__uv_shutdown(p2p_io *io, int sock);

/* adopt.c */
bool p2p__uv_is_stream(int fd, bool listens);
bool p2p__uv_is_datagram(int fd); /* bound to an IP address, and to no peer */
int p2p__uv_duplicate(int fd);    /* one that neither blocks nor outlives an exec, or an error */
int p2p__uv_adopt(p2p_io *io, int fd, bool listens, uint64_t token, p2p_endpoint *local,
                  p2p_endpoint *remote);

/* unix.c */
int p2p__uv_unix_listen(p2p_io *io, const char *path, int backlog, uint64_t token);
int p2p__uv_unix_accept(p2p_io *io, int listener, uint64_t token, char *path, size_t cap);
int p2p__uv_unix_connect(p2p_io *io, const char *path, uint64_t token);
int p2p__uv_unix_adopt(p2p_io *io, int fd, uint64_t token, char *path, size_t cap);
void p2p__uv_unix_forget(p2p__uv *io, p2p__uv_sock *s); /* its file, when it has one */

/* udp_linux.c, udp_portable.c */
int p2p__uv_udp_open(p2p_io *io, const p2p_endpoint *at, uint64_t token, p2p_endpoint *bound);
int p2p__uv_udp_recv(p2p_io *io, int sock, p2p_dgrams *d, int n);
int p2p__uv_udp_send(p2p_io *io, int sock, const p2p_dgrams *d, int n);
int p2p__uv_udp_adopt(p2p_io *io, int fd, uint64_t token, p2p_endpoint *bound);
int p2p__uv_udp_errors(p2p_io *io, int sock, p2p_udp_error *out, int n);

/* ifwatch_linux.c, ifwatch_portable.c */
int p2p__uv_ifwatch_set(p2p_io *io, uint64_t token);
void p2p__uv_ifwatch_close(p2p__uv *io);

/* resolve.c, work.c, ifaddrs.c */
int p2p__uv_resolve(p2p_io *io, const char *host, int family, uint64_t token);
int p2p__uv_resolved(p2p_io *io, uint64_t token, p2p_endpoint *out, int n);
bool p2p__uv_name_fits(const char *host);
int p2p__uv_name_error(int status); /* of uv_getaddrinfo -> P2P_E… */
void p2p__uv_resolve_cancel(p2p_io *io, uint64_t token);
void p2p__uv_resolve_close(p2p__uv *io);
int p2p__uv_work_start(p2p_io *io, void (*fn)(void *arg), void *arg, uint64_t token);
void p2p__uv_work_close(p2p__uv *io);
int p2p__uv_ifaddrs(p2p_io *io, p2p_endpoint *out, int n);
int p2p__uv_source(p2p_io *io, const p2p_endpoint *to, p2p_endpoint *from);

static inline p2p__uv *p2p__uv_of(p2p_io *io) { return P2P_CONTAINER(io, p2p__uv, io); }

#endif
