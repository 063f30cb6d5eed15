/* QUIC v1: one connection as a machine without socket or clock. Datagrams and the time go in, datagrams
 * and things that happened come out; nothing is called back but the two functions of p2p__quic_user.
 *
 * It stands over ngtcp2 (packets, loss, congestion, flow control, paths), with packet protection and
 * the TLS handshake of our own crypto/: no TLS object outlives the handshake. It owns the queues of
 * its streams: what was written stays in its block until the peer has acknowledged it, what arrived
 * until the event that shows it.
 *
 * Time never steps back from one call to the next. Not one byte is believed before the handshake is
 * done and the peer's certificate was judged: the first event is SECURED.
 * Spec: RFC 9000, 9001, 9002, 9221; quic/README.md; tls/tls.md. */
#ifndef P2P_QUIC_QUIC_H
#define P2P_QUIC_QUIC_H

#include "base/env.h"
#include "base/slab.h"
#include "crypto/tls_engine.h"
#include <p2p/host.h>
#include <p2p/io.h>

enum {
  P2P__QUIC_CID = 8,       /* length of connection ids we choose */
  P2P__QUIC_CID_MAX = 20,  /* RFC 9000, section 17.2 */
  P2P__QUIC_RESET = 16,    /* a stateless reset token */
  P2P__QUIC_PACKET = 1452, /* longest datagram we send: IPv6 over Ethernet */
  P2P__QUIC_BATCH = 65000, /* bytes of one batch of datagrams */
  P2P__QUIC_SEGMENTS = 64, /* datagrams of one batch: what the kernel takes */
  P2P__QUIC_SPACE = P2P__QUIC_BATCH + P2P__QUIC_PACKET /* what p2p__quic_send wants to write to */
};

typedef struct p2p__quic_cid {
  uint8_t len;
  uint8_t b[P2P__QUIC_CID_MAX];
} p2p__quic_cid;

/* ---- what the connections of a host share ---- */

typedef struct p2p__quic_shared p2p__quic_shared;

/* secret: 32 bytes that are the same after a restart, so that connections of before can be reset.
 * tls: borrowed; made for QUIC. P2P_ENOMEM. */
P2P_MUST_USE int p2p__quic_shared_new(p2p__env *env, const uint8_t secret[32],
                                      p2p__tls_context *tls, p2p__quic_shared **out);
void p2p__quic_shared_free(p2p__quic_shared *s); /* all connections must be gone */
const char *p2p__quic_library(void); /* the version of ngtcp2 that is loaded: "1.11.0" */
/* Whether clients keep from this version what would abort it (recv.c). */
bool p2p__quic_is_shielded(void);

/* ---- packets without a connection ---- */

/* What a first byte says of a datagram on a shared port. Spec: RFC 9443, section 3. */
typedef enum p2p__quic_first {
  P2P__QUIC_IS_QUIC,
  P2P__QUIC_IS_STUN,
  P2P__QUIC_IS_DTLS,
  P2P__QUIC_IS_OTHER
} p2p__quic_first;
p2p__quic_first p2p__quic_first_byte(p2p_bytes datagram);

typedef struct p2p__quic_header {
  bool is_long;
  bool is_known;       /* the version is one we speak; always for short headers */
  bool is_negotiation; /* a server's list of versions, for a client of ours */
  p2p__quic_cid dcid, scid;
} p2p__quic_header;
/* 0; P2P_EPROTO: no packet, or ids longer than version 1 allows (of unknown versions too). */
P2P_MUST_USE int p2p__quic_header_read(p2p_bytes datagram, p2p__quic_header *out);

/* A client's first packet, and what we know of its address. */
typedef struct p2p__quic_initial {
  p2p__quic_cid dcid, scid; /* as in its header */
  p2p__quic_cid original;   /* validated: the dcid before our Retry */
  bool validated;           /* it returned our token */
  p2p_bytes token;          /* … this one, inside the datagram */
} p2p__quic_initial;
/* Reads a datagram that belongs to no connection. 0: an Initial that may begin one; P2P_EPROTO: it is
 * none. A token that is not ours, or too old, is none. */
P2P_MUST_USE int p2p__quic_initial_read(p2p__quic_shared *s, p2p_bytes datagram,
                                        const p2p_endpoint *remote, p2p_time now,
                                        p2p__quic_initial *out);

/* Answers without state; they write nothing when there is no room or nothing to say. */
void p2p__quic_write_versions(p2p__quic_shared *s, const p2p__quic_header *h, p2p__wr *out);
void p2p__quic_write_retry(p2p__quic_shared *s, const p2p__quic_initial *i,
                           const p2p_endpoint *remote, p2p_time now, p2p__wr *out);
/* Shorter than the packet that caused it, so that two who answer each other come to an end. */
void p2p__quic_write_reset(p2p__quic_shared *s, const p2p__quic_header *h, size_t caused_by,
                           p2p__wr *out);

/* ---- a connection ---- */

typedef struct p2p__quic p2p__quic;

/* Whom a connection tells by which names datagrams reach it. Called from inside recv, send and tick;
 * may not call back. */
typedef struct p2p__quic_user p2p__quic_user;
struct p2p__quic_user {
  /* A connection id names it from now on, or no longer. ours: we chose it, else the client for its first
   * packets. Adding may fail: P2P_ENOMEM, P2P_EEXIST. */
  int (*route)(p2p__quic_user *u, const p2p__quic_cid *cid, bool ours, bool on);
  /* A datagram that ends in this token is the peer's stateless reset. */
  int (*reset)(p2p__quic_user *u, const uint8_t token[P2P__QUIC_RESET], bool on);
};

typedef struct p2p__quic_config {
  p2p__quic_shared *shared;
  p2p__quic_user *user;
  p2p__budget *budget;        /* what its send queues are charged to */
  p2p_endpoint local, remote; /* local: any constant for those who dial */
  p2p_peer_id expected;       /* dialing: who must answer; all zero: anybody */
  int64_t unix_s;             /* to judge certificates by */
} p2p__quic_config;

/* P2P_ENOMEM, P2P_EIO. A dialed connection has its first datagram to send at once; an accepted one is
 * to be given the datagram that `initial` was read from. */
P2P_MUST_USE int p2p__quic_dial(const p2p__quic_config *config, p2p_time now, p2p__quic **out);
P2P_MUST_USE int p2p__quic_accept(const p2p__quic_config *config, const p2p__quic_initial *initial,
                                  p2p_time now, p2p__quic **out);
void p2p__quic_free(p2p__quic *q); /* without a word; its routes are the user's to end */

/* One datagram. What it did comes out of p2p__quic_next. */
void p2p__quic_recv(p2p__quic *q, const p2p_endpoint *local, const p2p_endpoint *remote,
                    uint8_t ecn, p2p_bytes datagram, p2p_time now);
/* Accepted, and ended because its client is to be asked for its address first: a hello came in pieces out
 * of order, which is not kept for everybody. */
bool p2p__quic_wants_retry(const p2p__quic *q);
/* Writes what is to be sent now into space (P2P__QUIC_SPACE bytes): up to two batches, the second a
 * single datagram. Returns their number; call again until 0. */
P2P_MUST_USE int p2p__quic_send(p2p__quic *q, p2p__span space, p2p_dgrams out[2], p2p_time now);
/* Names the address a dialed connection is at, which `local` of its config left to the system. */
void p2p__quic_settle(p2p__quic *q, const p2p_endpoint *local);
/* Moves a dialed connection to another address of ours, with a connection id that nobody has seen.
 *
 * local:   its ip may be all zero: then the port alone tells what came to it.
 * at_once: the old address is gone: everything goes the new way from now on; else nothing but probes
 *          does before the peer has answered there. Either way MOVED or STAYED follows.
 * Returns 0; P2P_ENOTSUP: accepted, or the peer does not allow it; P2P_EAGAIN: the server has not
 *         confirmed the handshake, the peer has given no id to spare, or a move is under way; P2P_EEXIST:
 *         it is there already; P2P_ENOMEM; P2P_ECLOSED.
 * Spec: RFC 9000, sections 9.2 and 9.5. */
P2P_MUST_USE int p2p__quic_move(p2p__quic *q, const p2p_endpoint *local, bool at_once,
                                p2p_time now);
/* Gives back what the next packet would take again: cipher contexts. */
void p2p__quic_idle(p2p__quic *q);
/* When to tick. Ticking is followed by sending. */
p2p_time p2p__quic_deadline(p2p__quic *q);
void p2p__quic_tick(p2p__quic *q, p2p_time now);

typedef enum p2p__quic_event_kind {
  P2P__QUIC_SECURED = 1,   /* the handshake is done; who is there */
  P2P__QUIC_OPENED,        /* sid */
  P2P__QUIC_DATA,          /* sid, data: to be moved, or it is lost */
  P2P__QUIC_FIN,           /* sid */
  P2P__QUIC_RESET_GOT,     /* sid, code */
  P2P__QUIC_STOPPED,       /* sid, code; then ROOM for bytes that will not leave */
  P2P__QUIC_ROOM,          /* sid, n: so many bytes were sent for the first time */
  P2P__QUIC_DATAGRAM,      /* datagram: whole */
  P2P__QUIC_DATAGRAM_ROOM, /* n: what datagrams that left, or never will, have cost */
  P2P__QUIC_MOVED,         /* local, remote: it runs between these addresses now; validated */
  P2P__QUIC_STAYED,        /* nobody answered at the address it was to move to */
  P2P__QUIC_ENDED          /* end: the last */
} p2p__quic_event_kind;

typedef struct p2p__quic_end {
  int err; /* 0: closed in good order */
  uint32_t code;
  p2p_stage stage;
  bool remote;      /* the other side's doing */
  p2p_bytes reason; /* of a close, in its words: anything; lives as long as the connection */
} p2p__quic_end;

typedef struct p2p__quic_event {
  p2p__quic_event_kind kind;
  uint32_t code;
  uint64_t sid;
  size_t n;
  p2p__queue *data;
  const p2p_peer_id *peer;
  p2p_bytes pubkey; /* protobuf */
  p2p_bytes datagram;
  p2p_endpoint local, remote;
  p2p__quic_end end;
} p2p__quic_event;

/* 1: *ev is the next thing that happened; 0: nothing more. What it points to lives until the next
 * call of any function of q. Whoever does not ask holds the peer back: nothing piles up beyond the
 * windows that were granted. */
P2P_MUST_USE int p2p__quic_next(p2p__quic *q, p2p__quic_event *ev);

/* Streams. sid: the owner's numbers: 0, 4, 8 … of a client, 1, 5, 9 … of a server, in order; it is
 * opened as soon as the peer allows one more. P2P_ENOMEM. */
P2P_MUST_USE int p2p__quic_open(p2p__quic *q, uint64_t sid);
p2p__queue *p2p__quic_sendq(p2p__quic *q, uint64_t sid); /* NULL: the stream is gone */
void p2p__quic_ready(p2p__quic *q, uint64_t sid);        /* its queue was written to */
void p2p__quic_consumed(p2p__quic *q, uint64_t sid, size_t n, p2p_time now);
void p2p__quic_finish(p2p__quic *q, uint64_t sid);
void p2p__quic_stop(p2p__quic *q, uint64_t sid, uint32_t code);
void p2p__quic_reset(p2p__quic *q, uint64_t sid, uint32_t code);
/* Datagrams (RFC 9221). Copied. P2P_ENOTSUP: the peer takes none; P2P_ELIMIT: longer than max; P2P_EAGAIN: as
 * many wait as may (limit datagrams_out); P2P_ENOMEM. max: longest, in bytes, on this path now; 0: none. */
P2P_MUST_USE int p2p__quic_datagram(p2p__quic *q, p2p_bytes datagram);
size_t p2p__quic_datagram_max(p2p__quic *q);
/* What the stream's bytes are worth beside others'. */
void p2p__quic_priority(p2p__quic *q, uint64_t sid, p2p_priority priority);
/* True when nothing that was written or finished waits to be acknowledged. */
bool p2p__quic_is_flushed(const p2p__quic *q);

/* Writes the datagram that says goodbye: code and reason of ours (static; NULL: none), or, after ENDED, what
 * the peer did wrong. After it q says nothing any more. out->len 0: there is nothing to say. */
void p2p__quic_goodbye(p2p__quic *q, uint32_t code, const char *reason, p2p__span space,
                       p2p_dgrams *out, p2p_time now);

typedef struct p2p__quic_stats {
  uint64_t datagrams_dropped; /* for want of room, in and out */
  p2p_time rtt;
  uint64_t window; /* largest receive window of a stream */
  uint64_t cwnd;
} p2p__quic_stats;
p2p_time p2p__quic_pto(const p2p__quic *q); /* how long until an answer is missed */
void p2p__quic_stats_get(p2p__quic *q, p2p__quic_stats *out);

#endif
