/* Two whole hosts in the simulator, of any make, somebody between them who changes what they send, and a
 * stranger beside them. For the fuzzer of hosts. */
#ifndef P2P_FUZZ_SUPPORT_HOST_WORLD_H
#define P2P_FUZZ_SUPPORT_HOST_WORLD_H

#include "base/bytes.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "must.h"
#include "sim/flow.h"
#include "tests/support/faulty_io.h"

enum { WORLD_EDITS = 8, WORLD_CONNS = 256, WORLD_SOCKS = 4, WORLD_PACKET = 2048, WORLD_WILD = 256 };

/* What becomes of the byte, or of the datagram, that is the next but `after`. */
typedef enum world_how {
  WORLD_CHANGE, /* byte `at` of it is xored with `to` */
  WORLD_DROP,
  WORLD_ADD,   /* a byte `to` before it; a datagram comes twice */
  WORLD_CUT,   /* the datagram ends at `at`; a byte is dropped */
  WORLD_SPOOF, /* the datagram comes from the stranger */
  WORLD_HOWS
} world_how;

typedef struct world_edit {
  uint32_t after;
  uint16_t at;
  uint8_t how, to;
} world_edit;

typedef struct world_edits {
  world_edit v[WORLD_EDITS];
  size_t n;
} world_edits;

typedef struct world_conn {
  uint64_t id;
  uint32_t opened, closed;
} world_conn;

/* A stream whose user does whatever comes to his mind, also when he is told something. */
typedef struct world_wild {
  struct world_side *side;
  p2p_stream s;
  uint32_t opened, closed;
} world_wild;

typedef struct world_side {
  faulty_io door; /* first: its io is the host's */
  p2p_io_ops ops; /* faulty_io's, but for what is changed on the way */
  const p2p_io_ops *below;
  struct world *w;
  p2p__mem mem;
  host_node n;
  p2p_identity identity;
  p2p__ed25519 module; /* a key that stays outside */
  world_edits bytes, dgrams;
  uint8_t shut; /* bits: points of the gater that refuse */
  world_conn conns[WORLD_CONNS];
  size_t n_conns;
  p2p_listener listener;
  uint8_t last[WORLD_PACKET]; /* the last datagram it sent */
  size_t last_len;
  p2p_endpoint last_to;
  bool closing;
  uint32_t told; /* lines of log and trace, posts */
} world_side;

typedef struct world {
  p2p_sim *sim;
  p2p_memory *hub;
  p2p__rd in; /* the fuzzer's instructions */
  uint8_t over, security, muxer, identity, limits, options;
  bool forged; /* bytes were changed on a way that nothing protects */
  world_side sides[2];
  p2p_io *stranger;
  int socks[WORLD_SOCKS], udp;
  world_wild wilds[WORLD_WILD];
  size_t n_wilds;
} world;

/* Reads the head of the input (what hosts are made of), makes two of them. False: one could not be made
 * because its memory was made to fail. */
bool world_begin(world *w, p2p_bytes in);
/* Nothing more happens of itself: hosts are closed; all that must have been told was told; nothing is
 * left. */
void world_end(world *w);

/* Lets time pass. */
void world_go(world *w, p2p_time so_long);
/* An address of the side's host: kind 0 the one it was made with, others more or less so. */
void world_addr(const world *w, const world_side *of, uint8_t kind, char *out, size_t cap);
world_side *world_other(const world_side *s);
/* Adds an edit; after `world_edits` are waiting, nothing. */
void world_edit_bytes(world_side *s, world_edit e);
void world_edit_dgrams(world_side *s, world_edit e);

#endif
