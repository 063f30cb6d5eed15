/* BEHAVIOUR: a protocol as a pure state machine: facts in, actions out, correlated by tags. It sees
 * whole messages, never a byte stream: framing, limits and deadlines of its streams are the swarm's,
 * from the protocol's table. One behaviour can be driven by a table in a unit test, by a fuzzer, by
 * the simulator and by the host alike.
 *
 * The driver gives one fact, then takes actions until there is none, before the next fact. The one
 * exception: what an action brings about at once (CLOSED of an OPEN that failed, ANSWER of an ASK
 * that failed, FULL) is told between two calls of `next`, so a behaviour must not repeat at once
 * what has just failed. Every OPENED is followed by exactly one CLOSED, the stream's last fact. */
#ifndef P2P_SWARM_BEHAVIOUR_H
#define P2P_SWARM_BEHAVIOUR_H

#include "base/queue.h"
#include <p2p/host.h>

typedef enum p2p__framing {
  P2P__FRAMED = 1, /* varint length before each message */
  P2P__FIXED,      /* messages of `limit` bytes without length: ping */
  P2P__RAW         /* whatever has arrived: perf */
} p2p__framing;

typedef struct p2p__protocol_line {
  const char *id;
  p2p__framing framing;
  size_t limit;         /* longest message */
  uint32_t messages;    /* most messages on one stream, beyond: reset; 0: any number */
  p2p_time timeout;     /* silence on one of its streams; 0: none */
  uint32_t in_per_peer; /* inbound streams of one peer at once, beyond: reset; 0: not served */
} p2p__protocol_line;

/* ---- facts ---- */
typedef enum p2p__fact_kind {
  P2P__FACT_START = 1, /* the host runs; once, first */
  P2P__FACT_PEER_UP,   /* peer: first connection to it is up; conn, addr, inbound */
  P2P__FACT_CONN_UP, /* peer, conn, addr, inbound: every connection (after PEER_UP for the first) */
  P2P__FACT_CONN_DOWN, /* peer, conn */
  P2P__FACT_PEER_DOWN, /* peer: the last connection is gone */
  P2P__FACT_ADDRS,     /* our own addresses or protocols changed */
  P2P__FACT_OPENED,    /* agreed; inbound, addr */
  P2P__FACT_MESSAGE,   /* bytes: one message, borrowed until the actions that follow are taken */
  P2P__FACT_ENDED,     /* the peer finished writing */
  P2P__FACT_ROOM,      /* n: what was sent has left down to n bytes; after a SEND with room */
  P2P__FACT_FULL,      /* a SEND with room was not taken; ROOM follows */
  P2P__FACT_CLOSED,    /* err (0: both sides finished), code: gone; stream 0: OPEN failed */
  P2P__FACT_ANSWER,    /* tag of ASK, peer, conn, addr, bytes or err; exactly one per ASK */
  P2P__FACT_TICK,      /* deadline passed */
  P2P__FACT_CALL       /* the host asks: call, peer, tag (meaning is the behaviour's) */
} p2p__fact_kind;

/* Facts of streams (OPENED … CLOSED) have stream, conn, peer, protocol, and tag: OPEN's, 0 inbound. */
typedef struct p2p__fact {
  p2p__fact_kind kind;
  uint32_t peer; /* index in the peerstore */
  uint64_t conn, stream;
  uint64_t tag;
  unsigned protocol; /* line of the behaviour's table */
  bool inbound;      /* of the stream; CONN and PEER facts: of the connection */
  bool dialed; /* facts of streams and ANSWER: the connection is outbound, addr can be dialed */
  int err;
  uint32_t code;
  p2p_bytes bytes;
  p2p_bytes addr; /* the remote's, packed */
  size_t n;
  uint32_t call;
} p2p__fact;

/* ---- actions ---- */
typedef enum p2p__act_kind {
  P2P__ACT_OPEN = 1, /* peer (conn 0: any of its connections, dialing if need be), protocol, tag;
                        bytes: the first message, sent without waiting for agreement; may be empty */
  P2P__ACT_SEND, /* stream: one message: bytes (copied), or block (shared, off 0, n bytes). Without
                        room for it the stream is reset; with `room`: FULL, and ROOM when there is */
  P2P__ACT_FINISH, /* stream: write side */
  P2P__ACT_RESET,  /* stream, code */
  P2P__ACT_ASK,    /* peer, conn, protocol, tag, bytes (may be empty: nothing is sent but the end),
                        timeout, merge: open, send, read one message (merge: all until the end,
                        concatenated, at most n messages), close */
  P2P__ACT_EMIT    /* event: into the host's ring; peer: whose id it gets */
} p2p__act_kind;

typedef struct p2p__act {
  p2p__act_kind kind;
  uint32_t peer;
  uint64_t conn, stream, tag;
  unsigned protocol;
  p2p_bytes bytes; /* borrowed until next is called again */
  p2p__block *block;
  size_t n;
  uint32_t code;
  p2p_time timeout;
  bool merge, room;
  p2p_event event;
} p2p__act;

typedef struct p2p__behaviour p2p__behaviour;

typedef struct p2p__behaviour_ops {
  const char *name;
  void (*fact)(p2p__behaviour *b, const p2p__fact *f, p2p_time now);
  bool (*next)(p2p__behaviour *b, p2p__act *a);  /* *a zeroed by the caller; false: none */
  p2p_time (*deadline)(const p2p__behaviour *b); /* NULL: never */
  void (*free)(p2p__behaviour *b);
} p2p__behaviour_ops;

struct p2p__behaviour {
  const p2p__behaviour_ops *ops;
  const p2p__protocol_line *protocols; /* table; a line whose id is NULL ends it */
};

#endif
