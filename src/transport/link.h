/* LINK: what the swarm sees of any connection, be it a byte socket with steps, record and muxer,
 * QUIC, WebTransport or WebRTC. Plain values both ways: on one thread a function call, on two a
 * ring (then data travels in blocks, never in spans).
 *
 * A link's life: SPOKE (accepted only) -> SECURED, answered by ADMIT or REFUSE -> UP -> streams
 * -> DOWN, the last value, exactly once; after it the link frees itself and must not be touched.
 * Before SECURED is admitted nothing of a peer's streams is handed up.
 *
 * Streams are named by their wire id (sid); the owner numbers those it opens: first, first + step …
 * as UP says. */
#ifndef P2P_TRANSPORT_LINK_H
#define P2P_TRANSPORT_LINK_H

#include "base/queue.h"
#include "base/step.h"
#include <p2p/host.h>
#include <p2p/key.h>

typedef struct p2p__link p2p__link;

/* ---- up ---- */
typedef enum p2p__up_kind {
  P2P__UP_SPOKE = 1, /* inbound: it is more than a silent one, by a first message that is valid */
  P2P__UP_SECURED,   /* secured: who is there; answer ADMIT or REFUSE */
  P2P__UP_UP,        /* up: streams may be opened */
  P2P__UP_OPENED,    /* sid: the peer opened a stream */
  P2P__UP_DATA,      /* sid, data or blocks */
  P2P__UP_FIN,       /* sid: no more data */
  P2P__UP_RESET,     /* sid, code, err: gone in both directions */
  P2P__UP_STOPPED,   /* sid, code: the peer reads no more; then ROOM for what will not leave */
  P2P__UP_ROOM,      /* sid, n: so many written bytes left */
  P2P__UP_GOAWAY,    /* code: the peer takes no more streams */
  P2P__UP_DATAGRAM,  /* datagram: whole, and perhaps neither the next nor the only one */
  P2P__UP_DATAGRAM_ROOM, /* n: cost of datagrams that left, or never will (p2p__dgram_cost) */
  P2P__UP_ADDR,          /* addr: the peer's, which or ours is another one now; proven */
  P2P__UP_FILLED, /* the spans of DATA since the last one end their life when this call returns:
                          readers run now */
  P2P__UP_DOWN    /* down: the link is gone */
} p2p__up_kind;

typedef struct p2p__up_secured {
  p2p_peer_id peer;
  p2p_bytes pubkey;     /* protobuf */
  const char *security; /* id of the security protocol; static */
  bool negotiated;      /* it was, so that the next dial may propose it first */
} p2p__up_secured;

typedef struct p2p__up_up {
  const char *muxer; /* static */
  bool early;        /* the muxer was agreed inside the security handshake */
  uint64_t first, step;
} p2p__up_up;

enum { P2P__REASON = 200 }; /* bytes of a reason in text, with its zero */

typedef struct p2p__up_down {
  int err; /* 0: in good order */
  uint32_t code;
  p2p_stage stage;
  bool remote;   /* the other side's doing */
  bool answered; /* the remote said anything at all: else a dial may be repeated without optimism */
  char reason[P2P__REASON]; /* the other side's words, printable; "": none */
} p2p__up_down;

typedef struct p2p__up {
  p2p__up_kind kind;
  int err;
  uint32_t code;
  uint64_t sid;
  size_t n;
  p2p__span data;     /* DATA on one thread: this turn's bytes */
  p2p__queue *blocks; /* DATA between threads: taken with p2p__queue_move; NULL: use data */
  const p2p__up_secured *secured;
  const p2p__up_up *up;
  const p2p__up_down *down;
  p2p_bytes addr; /* packed, without /p2p */
  p2p_bytes datagram;
} p2p__up;

/* Whom a link tells. The call may send values down, also CLOSE, and never frees the link. */
typedef struct p2p__link_owner p2p__link_owner;
struct p2p__link_owner {
  void (*up)(p2p__link_owner *owner, const p2p__up *u, p2p_time now);
};

/* ---- down ---- */
typedef enum p2p__down_kind {
  P2P__DOWN_ADMIT = 1, /* answer to SECURED */
  P2P__DOWN_REFUSE,    /* the same: err says why; DOWN follows */
  P2P__DOWN_OPEN,      /* sid: a stream of ours */
  P2P__DOWN_WRITE,     /* sid, blocks: all of it is taken, or the stream is gone */
  P2P__DOWN_CONSUMED,  /* sid, n: the reader took so much */
  P2P__DOWN_FINISH,    /* sid */
  P2P__DOWN_RESET,     /* sid, code */
  P2P__DOWN_STOP,      /* sid, code */
  P2P__DOWN_PRIORITY,  /* sid, n: a p2p_priority */
  P2P__DOWN_DATAGRAM,  /* datagram: copied, or lost; its cost comes back as DATAGRAM_ROOM */
  P2P__DOWN_CLOSE /* code, err: graceful when err is 0, DOWN follows; else at once: DOWN is told
                          before the call returns, the owner may be gone after it */
} p2p__down_kind;

typedef struct p2p__down {
  p2p__down_kind kind;
  int err;
  uint32_t code;
  p2p_stage stage; /* REFUSE: what to say in DOWN */
  uint64_t sid;
  size_t n;
  p2p__queue *blocks;
  p2p_bytes datagram;
} p2p__down;

typedef struct p2p__link_stats {
  p2p_time rtt;
  uint64_t window;
  size_t datagram_max; /* bytes; 0: it carries none */
  uint64_t datagrams_dropped;
} p2p__link_stats;

typedef struct p2p__link_ops {
  void (*down)(p2p__link *l, const p2p__down *d, p2p_time now);
  void (*stats)(const p2p__link *l, p2p__link_stats *out);
  /* Our own address on it, packed; < 0: unknown. NULL: never known. */
  int (*local)(const p2p__link *l, p2p__wr *out);
  /* Goes to another address of ours: local (packed), or the one the system would choose by a new port when
   * it is empty. 0: UP_ADDR follows when the peer answered there. NULL: it cannot. */
  int (*move)(p2p__link *l, p2p_bytes local, p2p_time now);
  void (*free)(p2p__link *l); /* without a word to anybody: the host is being freed */
} p2p__link_ops;

struct p2p__link {
  const p2p__link_ops *ops;
  p2p__link_owner *owner;
};

static inline void p2p__link_down(p2p__link *l, p2p_time now, p2p__down d) {
  l->ops->down(l, &d, now);
}

#endif
