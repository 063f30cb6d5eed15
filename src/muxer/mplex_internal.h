/* mplex from the inside: one session, its streams, and what its files share.
 *
 *   mplex.c         the session: birth, the owner's commands, deadlines, death
 *   mplex_stream.c  a stream's life: found, opened, ended
 *   mplex_recv.c    bytes in, events out
 *   mplex_send.c    frames out
 *   mplex_frame.c   the header on the wire */
#ifndef P2P_MUXER_MPLEX_INTERNAL_H
#define P2P_MUXER_MPLEX_INTERNAL_H

#include "base/list.h"
#include "base/map.h"
#include "muxer/mplex.h"
#include "muxer/mplex_frame.h"

typedef struct p2p__mplex_stream {
  p2p__list ring;  /* in x->ring while it has something to send; in x->lost when it is gone */
  p2p__list roomy; /* in x->roomy while the owner was not told of `freed` */
  p2p__list order; /* in x->lingering */
  p2p__queue sendq;

  uint64_t sid;
  bool opening;   /* ours: NewStream has not left */
  bool finishing; /* a Close follows the queue */
  bool fin_sent;
  bool fin_got;
  bool ended;       /* gone but for x->roomy */
  bool stopped;     /* nobody reads: what arrives is dropped */
  bool new_planned; /* the pull's plan carries its NewStream already */
  bool fin_planned;

  size_t planned; /* bytes of the queue in the pull's plan */
  size_t debt;    /* bytes its turns were cut short by full records */
  size_t freed;   /* bytes that left since the owner was told */

  size_t unread;    /* bytes handed up and not consumed */
  size_t discarded; /* bytes dropped since `stopped` */
  p2p_time since;   /* it began to linger */
  int err;          /* in x->lost: why */
} p2p__mplex_stream;

/* One frame of the last pull. */
typedef struct p2p__mplex_entry {
  p2p__mplex_stream *s; /* NULL: a reset of x->ctl */
  uint32_t len;
  uint8_t flag, size;
  uint8_t head[12]; /* a number of nine bytes, and a length of at most P2P__MPLEX_PAYLOAD */
} p2p__mplex_entry;

enum { P2P__MPLEX_FEW = 6 }; /* entries of one pull kept in the session */

typedef struct p2p__mplex {
  p2p__mux mux;
  p2p__env *env;
  p2p__slab *slab;
  p2p__budget *budget;
  p2p__u64map streams;
  p2p__mplex_stream *hit; /* the last one found */
  uint64_t next;          /* sid that open takes next, or a later one */
  uint32_t inbound;       /* live streams of the peer */
  bool closing;           /* takes no more streams of the peer */
  int err;                /* the connection must end: recv says so for ever */
  p2p_time now;           /* latest time told */

  p2p__list ring;      /* streams with something to send, in turn */
  p2p__list roomy;     /* streams to be told by room */
  p2p__list lingering; /* we closed and do not read, the peer goes on; oldest first */
  p2p__list lost;      /* given up by us, to be told by recv */

  struct {
    uint8_t head[P2P__MPLEX_HEADER]; /* a header that came in parts */
    uint8_t have;
    uint64_t left;        /* bytes of the body not seen yet */
    p2p__mplex_stream *s; /* whose body it is; NULL: nobody's, skip it */
  } rx;

  p2p__queue ctl;    /* sids to be reset, eight bytes each */
  uint32_t n_resets; /* of them the peer's */

  struct { /* the last pull, until `sent` */
    p2p__mplex_entry few[P2P__MPLEX_FEW];
    p2p__block *more;           /* entries beyond few */
    uint16_t n;                 /* entries laid out */
    uint16_t ctl;               /* of them from ctl */
    p2p__list *turn;            /* who is first next time; NULL: as it is */
    p2p__mplex_stream *cut_one; /* whose turn the end of the record cut short, or NULL */
    size_t cut;                 /* by so many bytes */
    size_t quantum;             /* bytes of a whole turn */
  } plan;
} p2p__mplex;

static inline p2p__mplex *p2p__mplex_of(p2p__mux *m) { return P2P_CONTAINER(m, p2p__mplex, mux); }
static inline const p2p__mplex *p2p__mplex_of_const(const p2p__mux *m) {
  return P2P_CONST_CONTAINER(m, p2p__mplex, mux);
}

/* Numbers of both sides in one space: ours are even. */
static inline uint64_t p2p__mplex_sid(uint64_t num, bool ours) { return num << 1 | !ours; }
static inline bool p2p__mplex_is_ours(uint64_t sid) { return !(sid & 1); }

/* The flag of a frame about sid: `initiator` when we opened it, else its odd neighbour. */
static inline uint8_t p2p__mplex_flag_of(uint64_t sid, p2p__mplex_flag initiator) {
  return (uint8_t)(p2p__mplex_is_ours(sid) ? initiator : initiator - 1);
}

/* ---- mplex_stream.c ---- */
p2p__mplex_stream *p2p__mplex_find(p2p__mplex *x, uint64_t sid); /* or NULL */
P2P_MUST_USE int p2p__mplex_stream_new(p2p__mplex *x, uint64_t sid, p2p__mplex_stream **out);
/* Takes it out of everything and frees it. */
void p2p__mplex_stream_free(p2p__mplex *x, p2p__mplex_stream *s);
/* The same, and recv will tell the owner: RESET with err. */
void p2p__mplex_stream_lose(p2p__mplex *x, p2p__mplex_stream *s, int err);
/* Frees it when both ends are done; lets it linger, or resets it, when only the reading is left
 * that nobody wants. True: it is gone. */
bool p2p__mplex_stream_settle(p2p__mplex *x, p2p__mplex_stream *s);
/* Puts it into the ring of senders or takes it out, as its queue and its ends say. */
void p2p__mplex_ring(p2p__mplex *x, p2p__mplex_stream *s);

/* ---- mplex_send.c ---- */
size_t p2p__mplex_pull(p2p__mux *m, size_t max, p2p_bytes *v, size_t n, p2p_time now);
void p2p__mplex_sent(p2p__mux *m);
bool p2p__mplex_room(p2p__mux *m, uint64_t *sid, size_t *n);
/* Forgets the plan of a pull: something changed under it. */
void p2p__mplex_plan_drop(p2p__mplex *x);
/* Queues a reset. Out of memory, or too many of them: the session fails. */
void p2p__mplex_rst(p2p__mplex *x, uint64_t sid);
/* Ends the session: nothing more is pulled, mplex has no last word. */
void p2p__mplex_fail(p2p__mplex *x, int err);

/* ---- mplex_recv.c ---- */
int p2p__mplex_recv(p2p__mux *m, p2p__span *in, p2p__mux_event *ev, p2p_time now);

#endif
