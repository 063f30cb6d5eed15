/* Two QUIC endpoints on a network of two wires, in virtual time. Each has an identity, a table of who its
 * datagrams are for, and writes down what its connection tells. */
#ifndef TESTS_UNIT_QUIC_PAIR_H
#define TESTS_UNIT_QUIC_PAIR_H

#include "peer/certificate.h"
#include "quic/internal.h"
#include "support/step_pair.h"
#include "unit/base/test.h"

enum { PAIR_STREAMS = 512, PAIR_NAMES = 32, PAIR_QUEUE = 4096 };
#define PAIR_UNIX 1764000000

/* What happened to one stream. */
typedef struct pair_stream {
  bool opened, fin, reset, stopped;
  uint32_t code;
  uint64_t written, got, room; /* bytes written, read, that left */
  uint64_t room_when_stopped;
  bool wrong; /* a byte was not what its place says */
} pair_stream;

typedef struct pair_end {
  step_world world;
  uint64_t draws;
  p2p__crypto *crypto;
  p2p_identity identity;
  p2p__tls_context *tls;
  p2p__quic_shared *shared;
  p2p__quic_user user;
  p2p__quic *q;
  p2p_endpoint at;
  p2p__quic_cid names[PAIR_NAMES]; /* that lead to q */
  size_t n_names;
  uint8_t resets[PAIR_NAMES][P2P__QUIC_RESET];
  size_t n_resets;
  bool server, reads; /* reads: what arrives is consumed at once */
  p2p_time secured_at;
  p2p_peer_id peer; /* who is there */
  bool by_path;     /* what it sends leaves from, and reaches it at, the addresses it names */
  unsigned moved, stayed;
  p2p_endpoint local, remote;
  uint64_t datagrams, datagram_bytes, datagram_room; /* of RFC 9221 */
  uint8_t datagram_first[2];                         /* first byte of the first and of the last */
  bool ended, said;                                  /* said: its goodbye */
  bool mute; /* what it sends is lost, and it is told no time */
  p2p__quic_end end;
  pair_stream streams[PAIR_STREAMS]; /* by sid / 4, ours and theirs apart by the sid's low bits */
  uint64_t bytes_out, datagrams_out, batches_out;
  uint8_t traffic[P2P__HASH_MAX]; /* its first application secret */
  size_t traffic_len;
} pair_end;

typedef struct pair_packet {
  p2p_time at;
  uint64_t order;
  bool to_server;
  p2p_endpoint from, to;
  uint8_t ecn;
  size_t len;
  uint8_t *data;
} pair_packet;

typedef struct pair {
  pair_end client, server;
  p2p_time now, latency;
  pair_packet queue[PAIR_QUEUE];
  size_t n;
  uint64_t order;
  unsigned loss;    /* of a hundred */
  unsigned reorder; /* of a hundred come two latencies later */
  uint64_t seed;
  size_t mtu;    /* longer ones vanish */
  bool retry;    /* the server asks for an address first */
  uint16_t gone; /* nothing leaves from or reaches this port of the client any more */
  bool deaf;     /* the server is not there */
  bool tolerant; /* a connection that cannot be made is not the test's failure */
  /* Looks at a datagram before it is under way; false: it is lost. */
  bool (*filter)(struct pair *p, bool to_server, p2p_bytes datagram);
  /* Hears what a connection tells in the moment it does. */
  void (*told)(struct pair *p, pair_end *e, const p2p__quic_event *ev);
} pair;

void pair_begin(pair *p);   /* endpoints, no connection */
void pair_end_all(pair *p); /* and all memory came back */
/* Dials; expected NULL: anybody. */
void pair_dial(pair *p, const p2p_peer_id *expected);
/* Lets time pass until `done` (true) or for `within` (false). */
bool pair_run(pair *p, p2p_time within, bool (*done)(pair *p));
void pair_connect(pair *p);           /* dials, and both are secured */
void pair_send(pair *p, pair_end *e); /* what e has to send now goes under way */
void pair_put(pair *p, bool to_server, p2p_bytes datagram); /* a datagram of nobody's */

bool pair_both_secured(pair *p);
bool pair_is_over(pair *p); /* both ended */

/* Writes n bytes to a stream that are told by their place. */
void pair_write(pair_end *e, uint64_t sid, size_t n);
pair_stream *pair_stream_of(pair_end *e, uint64_t sid);

#endif
