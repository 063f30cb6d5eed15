/* The host: one peer of the network. Everything here is called from one thread at a time, except
 * p2p_host_post and p2p_host_stop; nothing blocks but p2p_host_run and p2p_host_step. Debug builds
 * assert it: while a thread is in run or step, no other may be in the host.
 *
 * Objects (listeners, connections, streams) are handles. p2p_dial and p2p_stream_open return a live
 * handle at once; exactly one OPEN (when it gets that far) and one CLOSED with the reason follow,
 * as an event or as a callback of the stream's handler. Backpressure is the return value
 * P2P_EAGAIN; not reading a stream closes the peer's window. */
#ifndef P2P_HOST_H
#define P2P_HOST_H

#include <p2p/addr.h>
#include <p2p/error.h>
#include <p2p/io.h>
#include <p2p/key.h>
#include <p2p/log.h>
#include <p2p/mem.h>
#include <p2p/memory.h>
#include <p2p/psk.h>
#include <p2p/types.h>

P2P_BEGIN

/* How far an attempt to connect came; goes with the error of a CONN_CLOSED event. */
typedef enum p2p_stage {
  P2P_STAGE_NONE = 0,
  P2P_STAGE_ADDRESS,  /* no transport claims it, or it is malformed */
  P2P_STAGE_RESOLVE,  /* name lookup */
  P2P_STAGE_CONNECT,  /* reaching the other side */
  P2P_STAGE_SECURITY, /* agreeing on a secure channel, and its handshake */
  P2P_STAGE_IDENTITY, /* who answered */
  P2P_STAGE_MUXER,    /* agreeing on a stream muxer */
  P2P_STAGE_GATER,    /* the connection gater said no */
  P2P_STAGE_LIMIT,    /* a limit of ours */
  P2P_STAGE_UP        /* it was connected */
} p2p_stage;

P2P_API const char *p2p_stage_name(p2p_stage stage); /* "connect"; static */

/* A limit by its name (see p2p_limit_info) and its value; values outside its range refuse the host. */
typedef struct p2p_setting {
  const char *name;
  uint64_t value;
} p2p_setting;

/* Asked before a connection is used, outbound and inbound, when its peer is known: true lets it
 * pass. addr: packed multiaddr of the remote. Must not call the host. */
typedef bool (*p2p_gate_fn)(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir);

/* The connection gater: asked at five points of a connection's way, the cheapest first. true lets it
 * pass; false refuses it with P2P_EGATED. Any may be NULL: all pass. addr: packed multiaddr of the
 * remote, without /p2p/ID, borrowed for the call. None may call the host (debug builds assert it).
 * When the peer of an inbound connection that is up moves (QUIC), accept and secured are asked about the
 * address it is at now, which is proven; false closes the connection with P2P_EGATED. */
typedef struct p2p_gater {
  size_t size; /* sizeof(p2p_gater); 0, or larger than the library's, is P2P_EINVAL */
  /* Before a peer is dialed at all: the call that wanted it says P2P_EGATED. */
  bool (*peer_dial)(void *user, const p2p_peer_id *peer);
  /* Before one address is dialed, names looked up; peer is all zero when anybody may answer. */
  bool (*addr_dial)(void *user, const p2p_peer_id *peer, p2p_bytes addr);
  /* A connection has arrived; nothing was spent on it yet. */
  bool (*accept)(void *user, p2p_bytes addr);
  /* The handshake is done and the peer known. */
  bool (*secured)(void *user, const p2p_peer_id *peer, p2p_bytes addr, p2p_direction dir);
  /* All is agreed; the connection is about to be told of. conn: the handle it will have. */
  bool (*upgraded)(void *user, p2p_conn conn, const p2p_peer_id *peer, p2p_bytes addr,
                   p2p_direction dir);
  void *user;
} p2p_gater;

/* Told every multistream-select line of a connection or of one of its streams (stream.id 0: of the
 * connection itself). For tests and for people who debug. Must not call the host. */
typedef void (*p2p_trace_fn)(void *user, p2p_conn conn, p2p_stream stream, bool in, p2p_bytes line);

/* What a host is made with. All zero but for size: the defaults. A struct of an older, smaller size
 * is taken as if what it lacks were zero; a larger one is P2P_EINVAL. */
typedef struct p2p_host_opts {
  size_t size; /* sizeof(p2p_host_opts); 0, or larger than the library's, is P2P_EINVAL */

  const p2p_identity *identity;   /* borrowed until p2p_host_free; NULL: a new Ed25519 key */
  p2p_io *io;                     /* borrowed; NULL: its own, on real sockets */
  const p2p_allocator *allocator; /* copied; NULL: malloc */

  /* Addresses to listen on. NULL with n_listen 0: any port of any IPv4 and IPv6 address, by every
   * transport of this build that has such (TCP, QUIC); some may fail. Not NULL with n_listen 0: none. */
  const char *const *listen;
  size_t n_listen;

  /* Security protocols and muxers in order of preference, by name ("noise", "tls", "plaintext";
   * "yamux", "mplex"). NULL: the defaults: noise and, where the build has it, tls; yamux. */
  const char *const *security;
  size_t n_security;
  const char *const *muxers;
  size_t n_muxers;

  p2p_memory *memory; /* borrowed; for /memory/N addresses; NULL: none */

  bool serve_perf; /* answer /perf/1.0.0: lets anybody make us send without end; for benches */

  const char *agent; /* told by identify; NULL: "libp2p-c/VERSION". Copied. */

  const p2p_setting *limits; /* copied; NULL: the defaults */
  size_t n_limits;           /* how many of them */

  /* Gets the lines of log_level and above, with log_user; NULL: silent. */
  p2p_log_fn log;
  void *log_user;
  p2p_log_level log_level;

  p2p_gate_fn gate; /* called with gate_user; one question of `gater`: secured; both are asked */
  void *gate_user;
  p2p_trace_fn trace; /* called with trace_user; NULL: nobody is told */
  void *trace_user;
  const p2p_gater *gater; /* copied; NULL: none */

  /* The key of a private network, copied. A host that has one speaks only to peers that have it, and
   * has no transports that cannot carry it (QUIC). NULL: the public network. */
  const p2p_psk *psk;
} p2p_host_opts;

/* Starts a host with the standard protocols (identify, identify push, ping). *out is NULL on
 * failure: P2P_ENOMEM, P2P_EINVAL (an option), P2P_ENOTFOUND (a name), or what listening said. */
P2P_API P2P_MUST_USE int p2p_host_new(p2p_host **out, const p2p_host_opts *opts);
/* Says goodbye: takes nothing new, lets queued bytes leave, closes every connection. The host is
 * done when p2p_host_step returns P2P_ECLOSED, at the latest `within` from now. */
P2P_API int p2p_host_close(p2p_host *h, p2p_time within);
/* Frees everything; what is still open is cut off without a word. NULL is accepted. */
P2P_API void p2p_host_free(p2p_host *h);

/* Turns until p2p_host_stop or the end of p2p_host_close. 0, or P2P_EIO. Use it when everything is
 * done in callbacks. */
P2P_API int p2p_host_run(p2p_host *h);
P2P_API void p2p_host_stop(p2p_host *h); /* from any thread: run and step return soon */
/* One turn: waits at most max_wait for something to happen (P2P_NEVER: as long as it takes, 0: not
 * at all), handles it. 0; P2P_ECLOSED: closed, nothing is left to do. */
P2P_API int p2p_host_step(p2p_host *h, p2p_time max_wait);

/* For a loop of the user's: when p2p_host_fd is readable, or p2p_host_deadline has passed (time of
 * p2p_host_now), call p2p_host_step(h, 0). Read the deadline again after every call into the host:
 * it is now when work is waiting, and never once the host is done closing. fd: -1 when the io has none. */
P2P_API int p2p_host_fd(const p2p_host *h);
P2P_API p2p_time p2p_host_deadline(const p2p_host *h);
P2P_API p2p_time p2p_host_now(const p2p_host *h);

P2P_API const p2p_peer_id *p2p_host_peer(const p2p_host *h); /* its own id; lives as long as it */
P2P_API p2p_io *p2p_host_io(p2p_host *h); /* the door it uses, given or its own */

/* ---- listening and dialing ---- */

/* Listens on a multiaddr. P2P_EADDR, P2P_ENOTSUP (no transport for it), P2P_EADDRINUSE,
 * P2P_EACCES, …. */
P2P_API P2P_MUST_USE int p2p_listen(p2p_host *h, const char *addr, p2p_listener *out);
/* Listens with a listening socket of the system, TCP or Unix, or a bound UDP one (for QUIC), that somebody
 * else made, as systemd's socket activation does. The host works on a duplicate: fd stays the caller's,
 * to be closed at any time; it does not block any more. A Unix socket's file stays when the listener is
 * closed. P2P_EINVAL (something else), P2P_EADDR (a Unix socket without an absolute path), P2P_ENOTSUP
 * (the io has none). */
P2P_API P2P_MUST_USE int p2p_listen_fd(p2p_host *h, int fd, p2p_listener *out);
P2P_API int p2p_listener_close(p2p_host *h, p2p_listener l);
/* The i-th address at which we can be reached, as text with /p2p/ID: wildcards are expanded to the
 * addresses of the interfaces. Returns the text's length; P2P_ENOTFOUND past the last; P2P_ELIMIT. */
P2P_API ptrdiff_t p2p_host_addr(p2p_host *h, size_t i, char *out, size_t cap);

/* Dials one address; with /p2p/ID only that peer is accepted. /dns, /dns4 and /dns6 are looked up.
 * The handle is live at once; P2P_EV_CONN_OPEN or P2P_EV_CONN_CLOSED follows, and <p2p/report.h>
 * tells of each address. p2p_conn_close cancels it. P2P_EADDR, P2P_ENOTSUP (no transport for it, or
 * /dnsaddr, which comes with discovery), P2P_ELIMIT, P2P_ESELF. When the peer dialed us at the same
 * moment one of the two connections is hung up once it is idle (limit redundant_linger). */
P2P_API P2P_MUST_USE int p2p_dial(p2p_host *h, const char *addr, p2p_conn *out);
/* Dials n addresses of one peer: near and public ones beside each other, UDP before TCP, IPv6 and
 * IPv4 in turn, the next when one fails or after dial_stagger(_near); the first that is up wins, the others
 * are dropped. What failed lately is tried all the same. Errors as
 * p2p_dial. Spec: RFC 8305. */
P2P_API P2P_MUST_USE int p2p_dial_addrs(p2p_host *h, const char *const *addrs, size_t n,
                                        p2p_conn *out);
/* The connection to a peer: the one there is, the dial under way, or a new one of the addresses known
 * but for those that failed lately (limits backoff_…). P2P_ENOADDR. */
P2P_API P2P_MUST_USE int p2p_dial_peer(p2p_host *h, const p2p_peer_id *to, p2p_conn *out);
/* Makes a connection of a connected stream socket of the system, TCP or Unix, on a duplicate as
 * p2p_listen_fd. Nothing may have been read of it that is not libp2p's.
 *
 * dir:      P2P_OUTBOUND: our side speaks first; P2P_INBOUND: the other side does. *out is as
 *           p2p_dial's: OPEN or CLOSED follows.
 * expected: who must answer (outbound only); NULL: anybody.
 * Returns 0; P2P_EINVAL: it is something else; P2P_ENOTSUP: the io has no descriptors; P2P_ELIMIT,
 *         P2P_ENOMEM. An address of it is known only with TCP. */
P2P_API P2P_MUST_USE int p2p_adopt(p2p_host *h, int fd, p2p_direction dir,
                                   const p2p_peer_id *expected, p2p_conn *out);
/* Remembers an address of a peer (text with /p2p/ID). */
P2P_API int p2p_peer_add_addr(p2p_host *h, const char *addr);

/* Closes gracefully: streams end, queued bytes leave, the peer is told. Cancels a dial. code: given
 * to the peer where the muxer can. */
P2P_API int p2p_conn_close(p2p_host *h, p2p_conn c, uint32_t code);

/* Moves a QUIC connection that we dialed to another address of ours, under the eyes of its peer only: who
 * watches both ways cannot tell that it is the same. It moves by itself when the address it uses is gone
 * or the system has a better way (p2p_io: ifwatch, source).
 *
 * local: where to send from, "/ip4/192.0.2.7/udp/0/quic-v1", bound to a port of its own; NULL: the address
 *        that the system would choose now, by a new port.
 * Returns 0: P2P_EV_CONN_ADDR follows when the peer has answered there; until then, and if it never does, the
 *         connection is where it was. P2P_ENOTSUP: no QUIC, not dialed by us, or the peer forbids it, as
 *         rust-libp2p does; P2P_EAGAIN: not yet (the handshake is fresh), or it is moving; P2P_EADDR,
 *         P2P_ECLOSED, P2P_ESTALE, and what opening a socket says: P2P_EUNREACH, P2P_EADDRINUSE, ….
 * Spec: RFC 9000, section 9. */
P2P_API P2P_MUST_USE int p2p_conn_migrate(p2p_host *h, p2p_conn c, const char *local);

/* A connection at this moment. */
typedef struct p2p_conn_info {
  size_t size;                  /* sizeof(p2p_conn_info), set by the caller */
  p2p_peer_id peer;             /* all zero before it is known */
  p2p_direction direction;      /* who dialed */
  bool up;                      /* secured and multiplexed */
  bool early_muxer;             /* agreed inside the security handshake */
  const char *security;         /* "/noise"; static; NULL before it is agreed */
  const char *muxer;            /* "/yamux/1.0.0" */
  p2p_time rtt;                 /* last measured, 0: not yet */
  uint64_t bytes_in, bytes_out; /* of streams */
  uint32_t streams;             /* open now, either direction */
  uint64_t window;              /* largest receive window among the streams, bytes */
  bool limited;                 /* through a relay that bounds time and bytes */
  p2p_time opened;              /* when it was up, as p2p_host_now; 0: it was not */
  size_t datagram_max;          /* longest datagram it carries now, bytes; 0: none */
  uint64_t datagrams_dropped;   /* by this side, for want of room, in and out */
} p2p_conn_info;
/* Writes what is known of a connection. 0; P2P_ESTALE, P2P_EINVAL. */
P2P_API int p2p_conn_get(p2p_host *h, p2p_conn c, p2p_conn_info *out);
/* Text of the remote's address (with /p2p/ID), as dialed or as seen. */
P2P_API ptrdiff_t p2p_conn_addr(p2p_host *h, p2p_conn c, char *out, size_t cap);
/* Text of our own address on it; P2P_ENOTFOUND: it has none, or is not connected. */
P2P_API ptrdiff_t p2p_conn_local_addr(p2p_host *h, p2p_conn c, char *out, size_t cap);
P2P_API int p2p_conn_set_user(p2p_host *h, p2p_conn c, void *user);
P2P_API void *p2p_conn_user(p2p_host *h, p2p_conn c); /* NULL when stale */

/* ---- datagrams ---- */

/* Sends a datagram on a connection that carries them (QUIC, when both sides allow it): whole or not at all,
 * in any order, never again when it is lost; confidential and congestion controlled like everything else
 * of the connection. Those of the peer come as P2P_EV_DATAGRAM; when more arrive than are taken, the oldest
 * are dropped and counted (limit datagrams_in; p2p_conn_info.datagrams_dropped).
 *
 * datagram: copied; at most p2p_conn_info.datagram_max bytes, which may change with the path: at least
 *           1,100 where the peer has no bound of its own. Empty ones are sent too.
 * Returns 0: it waits for its packet; P2P_EAGAIN: as many wait as may (limit datagrams_out), then
 *         P2P_EV_DATAGRAM_ROOM follows, or the connection is not up yet; P2P_ELIMIT: too long;
 *         P2P_ENOTSUP: the connection, or its peer, takes none; P2P_ECLOSED, P2P_ESTALE, P2P_EINVAL.
 * Spec: RFC 9221. */
P2P_API P2P_MUST_USE int p2p_datagram_send(p2p_host *h, p2p_conn c, p2p_bytes datagram);

/* ---- streams ---- */

/* What happens to a stream, as callbacks. Any may be NULL. They run on the host's thread, may call
 * the host, and must not assume that other handles survived what they did.
 * on_open: negotiated (inbound: arrived). on_readable: bytes or the end are there: read until
 * P2P_EAGAIN or P2P_EEOF; called again only when more has arrived. on_writable: after P2P_EAGAIN
 * from p2p_write there is room again. on_close: the last, exactly once; err 0: both sides
 * finished; P2P_ESTOPPED: so they did, but the peer read no more before all was sent; code: of a
 * reset. */
typedef struct p2p_handler {
  size_t size; /* sizeof(p2p_handler); 0, or larger than the library's, is P2P_EINVAL */
  void (*on_open)(p2p_host *h, p2p_stream s, void *user);
  void (*on_readable)(p2p_host *h, p2p_stream s, void *user);
  void (*on_writable)(p2p_host *h, p2p_stream s, void *user);
  void (*on_close)(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user);
  void *user;
} p2p_handler;

/* Whether a protocol id (a line of multistream-select, text) is served. Must not call the host. */
typedef bool (*p2p_match_fn)(void *user, const char *id);

/* Serves a protocol: inbound streams that ask for id go to the handler; without handler (NULL) they
 * come out as events. id is copied. P2P_EEXIST, P2P_EINVAL, P2P_ENOMEM. */
P2P_API P2P_MUST_USE int p2p_protocol_add(p2p_host *h, const char *id, const p2p_handler *handler);
/* The same for a family of ids, as versions are: inbound streams whose id no other protocol has and
 * that match takes (asked in the order of adding) go to the handler; p2p_stream_get tells which id
 * it was. id: what peers are told, and the name for p2p_protocol_remove; it need not match.
 * P2P_EEXIST, P2P_EINVAL, P2P_ENOMEM. */
P2P_API P2P_MUST_USE int p2p_protocol_add_match(p2p_host *h, const char *id, p2p_match_fn match,
                                                void *match_user, const p2p_handler *handler);
P2P_API int p2p_protocol_remove(p2p_host *h, const char *id);

/* Opens a stream for the first of n protocol ids that the peer speaks; dials the peer if need be.
 * handler is copied; NULL: events. Writing is legal at once. P2P_ENOADDR, P2P_ELIMIT, P2P_EINVAL. */
P2P_API P2P_MUST_USE int p2p_stream_open(p2p_host *h, const p2p_peer_id *to, const char *const *ids,
                                         size_t n, const p2p_handler *handler, p2p_stream *out);
/* The same on a given connection, which may still be dialing. P2P_ESTALE. */
P2P_API P2P_MUST_USE int p2p_stream_open_on(p2p_host *h, p2p_conn c, const char *const *ids,
                                            size_t n, const p2p_handler *handler, p2p_stream *out);

/* Copies up to cap bytes out. Bytes; P2P_EAGAIN; P2P_EEOF: the peer finished and all is read;
 * P2P_ERESET, P2P_ECLOSED, P2P_ESTALE. */
P2P_API ptrdiff_t p2p_read(p2p_host *h, p2p_stream s, void *buf, size_t cap);
/* The next unread bytes without copying, and how many were taken. The view is valid until the next
 * call for this stream or the end of the callback. 0 with len 0: nothing now; errors as p2p_read. */
P2P_API int p2p_peek(p2p_host *h, p2p_stream s, p2p_bytes *out);
P2P_API int p2p_consume(p2p_host *h, p2p_stream s, size_t n);
/* Takes up to len bytes, copies them once. Bytes taken, maybe fewer; P2P_EAGAIN: none, on_writable
 * or P2P_EV_STREAM_WRITABLE will tell; P2P_ENOMEM: none, and nobody tells when there is memory again:
 * try later, or reset; P2P_ESTOPPED, P2P_ERESET, P2P_ECLOSED, P2P_ESTALE. */
P2P_API ptrdiff_t p2p_write(p2p_host *h, p2p_stream s, const void *buf, size_t len);
/* Room for up to `hint` bytes to write in place, then how many were written: no copy. len 0: as
 * P2P_EAGAIN. Valid until the next call into the host. */
P2P_API int p2p_reserve(p2p_host *h, p2p_stream s, size_t hint, void **p, size_t *len);
P2P_API int p2p_commit(p2p_host *h, p2p_stream s, size_t n);

P2P_API int p2p_finish(p2p_host *h, p2p_stream s);               /* no more bytes from us */
P2P_API int p2p_stop(p2p_host *h, p2p_stream s, uint32_t code);  /* no more bytes to us */
P2P_API int p2p_reset(p2p_host *h, p2p_stream s, uint32_t code); /* neither; drops what is queued */

/* What the stream's bytes are worth beside those of others on the same connection, from now on.
 * Without effect where the muxer cannot. P2P_ESTALE, P2P_EINVAL. */
P2P_API int p2p_stream_set_priority(p2p_host *h, p2p_stream s, p2p_priority priority);

/* What a stream may be waited for, each with a deadline of its own. */
typedef enum p2p_deadline {
  P2P_DEADLINE_OPEN,  /* the protocol is agreed */
  P2P_DEADLINE_READ,  /* bytes, or the end, have come: set it before each wait */
  P2P_DEADLINE_WRITE, /* everything written so far has left for the network */
  P2P_DEADLINE_CLOSE, /* it is over */
  P2P_DEADLINES
} p2p_deadline;
/* A stream that misses it is reset (code 0) and closed with P2P_ETIMEOUT. A deadline that was met is
 * forgotten, a new one replaces the old.
 *
 * within: ns from now; P2P_NEVER: none any more.
 * Returns 0, also when it is met already; P2P_ESTALE, P2P_EINVAL, P2P_ENOMEM, or why it is closed. */
P2P_API int p2p_stream_set_deadline(p2p_host *h, p2p_stream s, p2p_deadline which, p2p_time within);

/* A stream at this moment. */
typedef struct p2p_stream_info {
  size_t size;                  /* sizeof(p2p_stream_info), set by the caller */
  p2p_conn conn;                /* the connection it runs on */
  p2p_peer_id peer;             /* at the other end; all zero before it is known */
  p2p_direction direction;      /* who opened it */
  const char *protocol;         /* NULL before it is agreed; lives as long as the stream */
  uint64_t bytes_in, bytes_out; /* read by and accepted from the user */
  size_t unread, unsent;        /* bytes waiting */
} p2p_stream_info;
/* Writes what is known of a stream. 0; P2P_ESTALE, P2P_EINVAL. */
P2P_API int p2p_stream_get(p2p_host *h, p2p_stream s, p2p_stream_info *out);
P2P_API int p2p_stream_set_user(p2p_host *h, p2p_stream s, void *user); /* handler's user too */
P2P_API void *p2p_stream_user(p2p_host *h, p2p_stream s);               /* NULL when stale */
/* Another handler from now on (NULL: events); an inbound stream may get one of its own so. */
P2P_API int p2p_stream_set_handler(p2p_host *h, p2p_stream s, const p2p_handler *handler);

/* ---- what the standard protocols do ---- */

/* Sends one ping to a peer on its open ping stream (opened when there is none). P2P_EV_PING follows.
 * P2P_ENOADDR, P2P_EAGAIN: one is under way. */
P2P_API P2P_MUST_USE int p2p_ping(p2p_host *h, const p2p_peer_id *to);

/* Measures throughput to a peer on a stream of its own (/perf/1.0.0, which the peer must serve):
 * uploads so many bytes, then downloads so many. P2P_EV_PERF with the *id given here follows each
 * second, and once with `done`; times count from this call, so connect first. Several may run at
 * once. P2P_ENOADDR, P2P_ENOMEM. */
P2P_API P2P_MUST_USE int p2p_perf(p2p_host *h, const p2p_peer_id *to, uint64_t upload,
                                  uint64_t download, uint64_t *id);

/* What identify told of a peer. Strings and bytes live until the next call into the host. */
typedef struct p2p_peer_info {
  size_t size;                 /* sizeof(p2p_peer_info), set by the caller */
  bool identified;             /* it has told */
  const char *agent, *version; /* of its program, of its protocols */
  size_t n_protocols, n_addrs; /* known: p2p_peer_protocol, p2p_peer_addr */
  bool record;                 /* its addresses came in a record that it signed */
  char observed[128];          /* our address as it sees us, "" when unknown */
} p2p_peer_info;
P2P_API int p2p_peer_get(p2p_host *h, const p2p_peer_id *peer,
                         p2p_peer_info *out); /* P2P_ENOTFOUND */
P2P_API const char *p2p_peer_protocol(p2p_host *h, const p2p_peer_id *peer,
                                      size_t i); /* NULL: end */
P2P_API ptrdiff_t p2p_peer_addr(p2p_host *h, const p2p_peer_id *peer, size_t i, char *out,
                                size_t cap);

/* ---- events ---- */

/* What can happen, and which members of p2p_event tell about it. */
typedef enum p2p_event_kind {
  P2P_EV_CONN_OPEN = 1,   /* conn, peer: secured, multiplexed, admitted */
  P2P_EV_CONN_CLOSED,     /* conn, peer, err (0: in good order), stage, code, reason */
  P2P_EV_STREAM_OPEN,     /* stream, conn, peer, protocol; direction */
  P2P_EV_STREAM_READABLE, /* stream */
  P2P_EV_STREAM_WRITABLE, /* stream */
  P2P_EV_STREAM_CLOSED,   /* stream, err, code */
  P2P_EV_IDENTIFIED,      /* peer, conn: p2p_peer_get has it; or err */
  P2P_EV_PING,            /* peer, rtt; or err */
  P2P_EV_ADDRS,           /* p2p_host_addr gives other addresses than before */
  P2P_EV_LISTENER_CLOSED, /* listener, err */
  P2P_EV_PERF,            /* peer, perf: how far a measurement is; err when it failed */
  P2P_EV_DATAGRAM,        /* conn, peer, datagram */
  P2P_EV_DATAGRAM_ROOM,   /* conn, peer: p2p_datagram_send has room again after P2P_EAGAIN */
  P2P_EV_CONN_ADDR        /* conn, peer: p2p_conn_addr or p2p_conn_local_addr has changed */
} p2p_event_kind;

/* How far a measurement is. */
typedef struct p2p_perf_progress {
  uint64_t id;                   /* as p2p_perf gave it */
  uint64_t uploaded, downloaded; /* bytes: sent, and received */
  p2p_time elapsed;              /* since p2p_perf */
  bool done;                     /* the last event of this measurement */
} p2p_perf_progress;

/* Something that happened. Members of which p2p_event_kind does not speak are zero: conn, stream,
 * listener, peer, direction, perf. */
typedef struct p2p_event {
  p2p_event_kind kind; /* what happened */
  int err;             /* 0, or P2P_E… */
  uint32_t code;       /* of a reset or a close, as the other side gave it */
  p2p_stage stage;     /* how far the attempt came */
  p2p_direction direction;
  p2p_conn conn;
  p2p_stream stream;
  p2p_listener listener;
  p2p_peer_id peer;
  p2p_time rtt; /* round trip */
  p2p_perf_progress perf;
  const char *protocol; /* agreed on; lives as long as the stream */
  void *user;           /* of the stream or connection */
  p2p_bytes datagram;   /* lives as long as the event */
  /* The other side's words, printable, at most 200 bytes; NULL: none. Lives as long as the event. */
  const char *reason;
} p2p_event;

/* The next event, NULL: none. Valid until the next call of p2p_next_event or p2p_host_step. Object
 * events are never lost: they are bits in the object. A host whose events nobody takes stops
 * nothing but behaviours that wait for room (limit events_max). */
P2P_API const p2p_event *p2p_next_event(p2p_host *h);

/* Runs fn(h, arg) on the host's thread, soon. From any thread. P2P_EAGAIN: 256 are waiting. */
P2P_API P2P_MUST_USE int p2p_host_post(p2p_host *h, void (*fn)(p2p_host *h, void *arg), void *arg);

/* ---- numbers ---- */
/* A host in numbers, at this moment but for those that say otherwise. */
typedef struct p2p_host_stats {
  size_t size;                  /* sizeof(p2p_host_stats), set by the caller */
  uint32_t conns, streams;      /* with a handle: dials too */
  uint32_t dials, half_open;    /* being made: by us, by others */
  uint64_t conns_in, conns_out; /* ever up */
  size_t memory;                /* live bytes from the allocator */
  /* Hardly any of the last hundred dials of public addresses over UDP, over IPv6, had an answer:
   * they are left out, but for one in a hundred. */
  bool udp_blackhole, ip6_blackhole;
  uint64_t buffered; /* bytes in the queues of all streams; their limit is host_buffers */
} p2p_host_stats;
/* Writes the numbers. 0; P2P_EINVAL. */
P2P_API int p2p_host_get(p2p_host *h, p2p_host_stats *out);
/* Live bytes by purpose: name of the i-th purpose ("link", "mux" …) and its bytes; NULL: end. */
P2P_API const char *p2p_host_memory(const p2p_host *h, size_t i, size_t *bytes);
/* The i-th limit; P2P_ENOTFOUND past the last. Strings are static. */
typedef struct p2p_limit {
  size_t size;                      /* sizeof(p2p_limit), set by the caller */
  const char *name, *unit, *reason; /* static */
  uint64_t value, min, max;         /* value: the default */
} p2p_limit;
P2P_API int p2p_limit_info(size_t i, p2p_limit *out);

/* The transport of this library that would dial the address, "tcp"; NULL: none. Static. */
P2P_API const char *p2p_addr_transport(p2p_bytes addr);
P2P_API const char *p2p_version(void); /* "0.1.0" */
/* The i-th thing this build can do, NULL past the last: security protocols, muxers and transports by
 * the names of the options ("noise", "yamux", "tcp"). Static. And whether it can. */
P2P_API const char *p2p_feature(size_t i);
P2P_API bool p2p_has(const char *feature);
P2P_API const char *p2p_libraries(void); /* those it was built on, with versions */
/* The version of the QUIC library that is loaded (ngtcp2); NULL: this build has no QUIC. Static. */
P2P_API const char *p2p_quic_library(void);
/* Whether that version has faults that dialing keeps from it, at the price of early packets. */
P2P_API bool p2p_quic_shielded(void);

P2P_END
#endif
