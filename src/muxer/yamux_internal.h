/* yamux from the inside: one session, its streams, and what its files share.
 *
 *   yamux.c         the session: birth, the owner's commands, death
 *   yamux_stream.c  a stream's life: opening, backlog, ends
 *   yamux_recv.c    bytes in, events out
 *   yamux_send.c    frames out
 *   yamux_window.c  receive windows: credit, growth, discarding
 *   yamux_ping.c    round trips, keepalive, deadlines
 *   yamux_frame.c   the header on the wire */
#ifndef P2P_MUXER_YAMUX_INTERNAL_H
#define P2P_MUXER_YAMUX_INTERNAL_H

#include "base/list.h"
#include "base/map.h"
#include "muxer/yamux.h"
#include "muxer/yamux_frame.h"

/* How a stream opens. Assigned by p2p__yamux_stream_move only.
 *   ours:  HELD -> SYN    the peer has room for one more unacknowledged stream
 *          SYN  -> SENT   the SYN left
 *          SENT -> OPEN   the peer said anything but RST
 *   peer's: ACK -> OPEN   our ACK left */
typedef enum p2p__yamux_state {
  P2P__YAMUX_HELD = 0,
  P2P__YAMUX_SYN_WAITS,
  P2P__YAMUX_SYN_SENT,
  P2P__YAMUX_ACK_WAITS,
  P2P__YAMUX_OPEN
} p2p__yamux_state;

/* Window, always: recv_left + unread by the owner + owed + grant == window. */
typedef struct p2p__yamux_stream {
  p2p__list ring;   /* in y->ring while it has something to send; in y->lost when it is gone */
  p2p__list grants; /* in y->grants while a SYN, an ACK or credit must leave */
  p2p__list roomy;  /* in y->roomy while the owner was not told of `freed` */
  p2p__list order;  /* in y->held, y->unacked or y->lingering */
  p2p__queue sendq;

  uint32_t sid;
  p2p__yamux_state state;
  bool ours;      /* we opened it */
  bool finishing; /* a FIN follows the queue */
  bool fin_sent;
  bool fin_got;
  bool ended;        /* gone but for y->roomy */
  bool stopped;      /* nobody reads: what arrives is dropped */
  uint8_t priority;  /* p2p_priority */
  bool flag_planned; /* the pull's plan carries its SYN or ACK already */
  bool fin_planned;

  uint32_t credit; /* bytes we may send */
  size_t planned;  /* bytes of the queue in the pull's plan */
  size_t debt;     /* bytes its turns were cut short by full records */
  size_t freed;    /* bytes that left since the owner was told */

  uint32_t window;    /* what the peer may have sent ahead of the reader */
  uint32_t recv_left; /* what the peer may still send */
  uint32_t owed;      /* consumed, not granted again */
  uint32_t grant;     /* granted, the window update has not left */
  uint32_t received;  /* all bytes announced by headers, modulo 2^32 */
  uint32_t mark;      /* `received` when the epoch began */
  uint32_t discarded; /* bytes dropped since `stopped` */
  p2p_time epoch;     /* credit was last granted */

  p2p_time since; /* its SYN left, or it began to linger */
  uint32_t code;  /* of stop */
  int err;        /* in y->lost: why */
} p2p__yamux_stream;

enum {
  P2P__YAMUX_FEW = 6 /* headers of one pull kept in the session: four frames and two */
};

typedef struct p2p__yamux {
  p2p__mux mux;
  p2p__env *env;
  p2p__slab *slab;
  p2p__budget *budget;
  p2p__u64map streams;
  p2p__yamux_stream *hit; /* the last one found */
  uint64_t next;          /* sid that open takes next, or a later one */
  uint32_t inbound;       /* live streams of the peer */
  uint32_t inflight;      /* ours in SYN_WAITS or SYN_SENT */
  uint64_t grown;         /* bytes of receive window above the initial one, all streams */
  int err;                /* the connection must end: recv says so for ever */
  p2p_time now;           /* latest time told */

  p2p__list ring;      /* streams with something to send, in turn */
  p2p__list grants;    /* streams with a SYN, an ACK or credit to send */
  p2p__list roomy;     /* streams to be told by room */
  p2p__list held;      /* ours above the inflight limit, in order */
  p2p__list unacked;   /* ours in SYN_SENT, oldest first */
  p2p__list lingering; /* we finished and do not read, the peer goes on; oldest first */
  p2p__list lost;      /* given up by us, to be told by recv */

  struct {
    uint8_t head[P2P__YAMUX_HEADER]; /* a header that came in parts */
    uint8_t have;
    bool fin;             /* a FIN follows the body */
    uint32_t left;        /* bytes of the body not seen yet */
    p2p__yamux_stream *s; /* whose body it is; NULL: nobody's, skip it */
  } rx;

  p2p__queue ctl;    /* whole frames, ready to leave: pongs and resets */
  uint32_t n_pongs;  /* of them pongs */
  uint32_t n_resets; /* of them resets of the peer's streams */
  bool goaway_wanted, goaway_sent, goaway_got;
  uint32_t goaway_code;

  struct { /* the last pull, until `sent` */
    uint8_t few[P2P__YAMUX_FEW][P2P__YAMUX_HEADER];
    p2p__block *more;           /* headers beyond few */
    uint16_t n;                 /* headers laid out */
    uint32_t ctl;               /* bytes of y->ctl */
    p2p__list *turn;            /* who is first next time; NULL: as it is */
    p2p__yamux_stream *cut_one; /* whose turn the end of the record cut short, or NULL */
    size_t cut;                 /* by so many bytes */
    size_t quantum;             /* bytes of a whole turn */
  } plan;

  struct {
    bool wanted, out; /* to be sent; sent and not answered */
    uint32_t id;
    p2p_time since; /* asked for */
    p2p_time sent;
    p2p_time heard; /* last byte from the peer */
    p2p_time rtt;   /* 0: unknown */
    p2p_time rtt_at;
  } ping;
} p2p__yamux;

static inline p2p__yamux *p2p__yamux_of(p2p__mux *m) { return P2P_CONTAINER(m, p2p__yamux, mux); }
static inline const p2p__yamux *p2p__yamux_of_const(const p2p__mux *m) {
  return (const p2p__yamux *)(const void *)((const char *)m - offsetof(p2p__yamux, mux));
}

static inline bool p2p__yamux_is_ours(const p2p__yamux *y, uint32_t sid) {
  return (sid & 1) == (y->mux.first & 1);
}

/* ---- yamux_stream.c ---- */
p2p__yamux_stream *p2p__yamux_find(p2p__yamux *y, uint64_t sid); /* or NULL */
/* A stream in state HELD (ours) or ACK_WAITS (the peer's). P2P_ENOMEM. */
P2P_MUST_USE int p2p__yamux_stream_new(p2p__yamux *y, uint32_t sid, p2p__yamux_stream **out);
void p2p__yamux_stream_move(p2p__yamux *y, p2p__yamux_stream *s, p2p__yamux_state to);
/* Lets held streams open while the peer has room. */
void p2p__yamux_admit(p2p__yamux *y);
/* Takes it out of everything and frees it. */
void p2p__yamux_stream_free(p2p__yamux *y, p2p__yamux_stream *s);
/* The same, and recv will tell the owner: RESET with err. */
void p2p__yamux_stream_lose(p2p__yamux *y, p2p__yamux_stream *s, int err);
/* Frees it when both ends are done; lets it linger, or resets it, when only the reading is left
 * that nobody wants. True: it is gone. */
bool p2p__yamux_stream_settle(p2p__yamux *y, p2p__yamux_stream *s);
/* Puts it into the ring of senders or takes it out, as its queue, credit and FIN say. */
void p2p__yamux_ring(p2p__yamux *y, p2p__yamux_stream *s);
/* The same with the list of those that have a SYN, an ACK or credit to send. */
void p2p__yamux_grants(p2p__yamux *y, p2p__yamux_stream *s);

/* ---- yamux_send.c ---- */
size_t p2p__yamux_pull(p2p__mux *m, size_t max, p2p_bytes *v, size_t n, p2p_time now);
void p2p__yamux_sent(p2p__mux *m);
bool p2p__yamux_room(p2p__mux *m, uint64_t *sid, size_t *n);
/* Forgets the plan of a pull: something changed under it. */
void p2p__yamux_plan_drop(p2p__yamux *y);
/* Queues a pong or a reset. Out of memory, or too many of them: the session fails. */
void p2p__yamux_pong(p2p__yamux *y, uint32_t id);
void p2p__yamux_rst(p2p__yamux *y, uint32_t sid, uint32_t code);
/* Ends the session: a GoAway with the code that err stands for is all that will be pulled. */
void p2p__yamux_fail(p2p__yamux *y, int err);

/* ---- yamux_recv.c ---- */
int p2p__yamux_recv(p2p__mux *m, p2p__span *in, p2p__mux_event *ev, p2p_time now);

/* ---- yamux_window.c ---- */
void p2p__yamux_consumed(p2p__mux *m, uint64_t sid, size_t n, p2p_time now);
void p2p__yamux_stop(p2p__mux *m, uint64_t sid, uint32_t code);
/* n bytes of a stopped stream were dropped. */
void p2p__yamux_discarded(p2p__yamux *y, p2p__yamux_stream *s, uint32_t n);
/* True when the peer sent more to a stopped stream than it is worth. */
bool p2p__yamux_is_pushy(const p2p__yamux *y, const p2p__yamux_stream *s);

/* ---- yamux_ping.c ---- */
void p2p__yamux_ping_want(p2p__yamux *y);
void p2p__yamux_ping_left(p2p__yamux *y);
void p2p__yamux_ping_answered(p2p__yamux *y, uint32_t id);
bool p2p__yamux_rtt_is_stale(const p2p__yamux *y); /* or unknown */
/* Asks for a new sample when the last one will be stale before a new one could be here. */
void p2p__yamux_rtt_refresh(p2p__yamux *y);
p2p_time p2p__yamux_deadline(const p2p__mux *m);
int p2p__yamux_tick(p2p__mux *m, p2p_time now);

#endif
