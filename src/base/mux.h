/* MUXER: many streams over one ordered channel. A pull parser in, a scatter list out.
 *
 * Streams are named by their wire id (sid). The owner numbers the streams it opens itself:
 * first, first + step, first + 2*step …, in this order, so that opening needs no answer. A mux
 * holds a stream back (its bytes wait in its send queue) while the peer has no room for it. */
#ifndef P2P_BASE_MUX_H
#define P2P_BASE_MUX_H

#include "base/queue.h"

typedef enum p2p__mux_kind {
  P2P__MUX_OPENED = 1, /* the peer opened sid */
  P2P__MUX_DATA,       /* bytes of sid: data */
  P2P__MUX_FIN,        /* the peer finished writing sid */
  P2P__MUX_RESET,      /* sid is gone in both directions: code; err says whose doing */
  P2P__MUX_STOPPED,    /* the peer reads no more of sid: code */
  P2P__MUX_GOAWAY      /* the peer takes no more streams: code; ours beyond it get RESET */
} p2p__mux_kind;

typedef struct p2p__mux_event {
  p2p__mux_kind kind;
  uint64_t sid;
  p2p__span data; /* DATA: inside the caller's bytes, lives as long */
  uint32_t code;  /* RESET, STOPPED, GOAWAY: the wire's code, 0 when it has none */
  int err;        /* RESET: P2P_ERESET; or P2P_EGOAWAY, P2P_ETIMEOUT, P2P_ELIMIT, P2P_EPROTO:
                     the mux gave it up */
} p2p__mux_event;

typedef struct p2p__mux_stats {
  p2p_time rtt;    /* last measured, 0: not yet */
  uint64_t window; /* largest receive window of a live stream, bytes */
  size_t streams;  /* live */
  size_t queued;   /* bytes in send queues; plus one for each end not sent yet */
} p2p__mux_stats;

typedef struct p2p__mux p2p__mux;

typedef struct p2p__mux_ops {
  const char *id; /* "/yamux/1.0.0" */

  /* Eats frames from the front of *in until it has one thing to say; *in is advanced past what was
   * eaten. 1: *ev is set, call again. 0: all eaten (also with *in empty: call it once after tick or
   * goaway, events without bytes come out here). P2P_EPROTO, P2P_ELIMIT, P2P_ENOMEM, P2P_ECLOSED:
   * the connection must end; a GoAway with the right code is ready to pull first. */
  int (*recv)(p2p__mux *m, p2p__span *in, p2p__mux_event *ev, p2p_time now);

  /* The next record's worth of pieces, at most max bytes in at most n pieces: control frames first,
   * then streams in fair turns. 0: nothing to send. The pieces live until `sent` or the next call
   * that changes the mux; a pull that is not followed by `sent` is repeated by the next one. */
  size_t (*pull)(p2p__mux *m, size_t max, p2p_bytes *v, size_t n, p2p_time now);
  void (*sent)(p2p__mux *m); /* the pieces of the last pull, if any, are on their way */
  /* A stream whose send queue shrank by *n bytes since last told: true, call again. Every byte is
   * told of unless the stream is reset, also those of a stream that both sides have finished. */
  bool (*room)(p2p__mux *m, uint64_t *sid, size_t *n);

  /* The owner's next stream (sid as numbered above; after an error the same one may be tried
   * again). P2P_ENOMEM; P2P_EGOAWAY: the peer takes no more; P2P_ELIMIT: ids are used up; what
   * recv ended with. */
  int (*open)(p2p__mux *m, uint64_t sid, p2p_time now);
  /* The stream's send queue, to append to, then call ready. NULL: it is gone or finished. */
  p2p__queue *(*sendq)(p2p__mux *m, uint64_t sid);
  void (*ready)(p2p__mux *m, uint64_t sid);
  /* The reader took n bytes: credit for the peer. */
  void (*consumed)(p2p__mux *m, uint64_t sid, size_t n, p2p_time now);
  /* Ends; unknown sids are ignored (the stream was gone already). finish: after the queue is sent.
   * reset: both directions, the queue is dropped; no event follows. stop: reading only; no DATA
   * follows, what was handed up and not consumed counts as consumed. yamux cannot say stop: a
   * peer that goes on pushing loses credit, and is reset once our FIN is out (RESET, P2P_ELIMIT or
   * P2P_ETIMEOUT). */
  void (*finish)(p2p__mux *m, uint64_t sid);
  void (*reset)(p2p__mux *m, uint64_t sid, uint32_t code);
  void (*stop)(p2p__mux *m, uint64_t sid, uint32_t code);
  /* How much of the line the stream gets beside others (p2p_priority). NULL: the mux cannot. */
  void (*priority)(p2p__mux *m, uint64_t sid, p2p_priority priority);
  /* Queues it, in front of data that waits; no stream of the peer is taken after. go-libp2p and
   * js-libp2p close the connection when they read code 0: say it last. */
  void (*goaway)(p2p__mux *m, uint32_t code);

  p2p_time (*deadline)(const p2p__mux *m);
  int (*tick)(p2p__mux *m, p2p_time now); /* deadline passed. P2P_ETIMEOUT: the peer is dead */
  void (*stats)(const p2p__mux *m, p2p__mux_stats *out);
  void (*free)(p2p__mux *m);
} p2p__mux_ops;

struct p2p__mux {
  const p2p__mux_ops *ops;
  uint64_t first, step; /* numbering of the streams the owner opens */
  size_t pace;          /* bytes the line takes in about 1 ms; the owner keeps it, 0: not said. A
                           record shorter than that is short because it can be no longer: then it
                           is not shared out as one of a slow line is */
};

static inline void p2p__mux_free(p2p__mux *m) {
  if (m) m->ops->free(m);
}

#endif
