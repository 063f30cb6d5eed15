/* Two hosts in a simulated network, and a behaviour on each of them that a test plays by hand: it
 * writes down every fact and does what the test puts into its hands. */
#ifndef TESTS_SIM_DUET_H
#define TESTS_SIM_DUET_H

#include "host/internal.h"
#include "sim/sim.h"

enum { PROBE_FACTS = 512, PROBE_ACTS = 64, PROBE_BYTES = 1 << 20 };

typedef struct probe {
  p2p__behaviour base;
  p2p__fact facts[PROBE_FACTS]; /* kept ones, bytes copied: all but CALL and those of connections */
  size_t n_facts;
  uint8_t bytes[PROBE_BYTES];
  size_t n_bytes;
  p2p__act acts[PROBE_ACTS];
  size_t n_acts, done;
  p2p_time deadline;
  bool finishes; /* answers ENDED with FINISH */
  bool resets;   /* answers MESSAGE with RESET */
  bool freed;
} probe;

typedef struct duet_side {
  p2p_io *io;
  p2p_host *host;
  probe probe;
  p2p_conn conn; /* to the other */
} duet_side;

typedef struct duet {
  p2p_sim *sim;
  duet_side a, b; /* b listens */
} duet;

/* A line of a probe's table: /probe/framed, /probe/fixed, /probe/raw. */
enum { PROBE_FRAMED, PROBE_FIXED, PROBE_RAW };
enum { PROBE_LIMIT = 1000, PROBE_FIXED_LEN = 16, PROBE_MESSAGES = 5, PROBE_IN = 2 };
#define PROBE_TIMEOUT (3 * P2P_SECOND)

/* Two hosts that are not connected. seed: of the world. */
void duet_begin(duet *d, uint64_t seed);
void duet_connect(duet *d); /* a dials b; returns when both are up and identified */
void duet_end(duet *d);     /* frees both hosts; all their memory must have come back */

/* Lets the world go on until `done` or for at most `within`; whether done said so. NULL: waits. */
bool duet_run(duet *d, p2p_time within, bool (*done)(duet *d));

/* Has side's probe do this now (bytes must live on until it is done). */
void probe_do(duet_side *s, p2p__act a);
/* The newest fact of a kind, NULL: none; and how many there were. */
const p2p__fact *probe_last(const duet_side *s, p2p__fact_kind kind);
size_t probe_count(const duet_side *s, p2p__fact_kind kind);
void probe_forget(duet_side *s); /* what it wrote down so far */
/* The index of the other side in s's peerstore. */
uint32_t duet_peer(const duet_side *s, const duet_side *other);

#endif
