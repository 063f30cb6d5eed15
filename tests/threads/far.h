/* FAR: the thread that links live on. It has everything a loop needs and nothing of the host: io,
 * loop, memory, crypto, limits, the host's Noise key in a copy of its own, the TCP transport. Ports
 * (one per link) own what the host's connections own on one thread: they are the links' owners.
 *
 * Bytes of a turn are gathered into blocks, one value per stream and run of frames. They stay
 * charged to the port until the host has charged them (TAKEN). The port's send budget is a lease:
 * it grows with each WRITE by what the host goes on paying for, and LEASE gives back what left. */
#ifndef TESTS_THREADS_FAR_H
#define TESTS_THREADS_FAR_H

#include "base/map.h"
#include "crypto/crypto.h"
#include "security/noise.h"
#include "threads/ring.h"
#include <pthread.h>

enum { FAR_LEASE = 32768 }; /* bytes a port always has, for its muxer's own frames */

typedef struct far_config {
  ring *down, *up;
  const p2p_allocator *allocator;
  const p2p_identity *identity; /* borrowed */
  const p2p__limits *limits;    /* copied */
  const char *security, *muxer; /* ids as the host has them; static */
} far_config;

typedef struct far {
  far_config config;
  p2p_io *io;
  p2p__mem mem;
  p2p__limits limits;
  p2p__env env;
  p2p__loop loop;
  p2p__crypto *crypto;
  p2p__noise_static noise;
  p2p__security security;
  p2p__muxer muxer;
  p2p__upgrades upgrades;
  p2p__transport *tcp;
  p2p__u64map by_id;
  p2p__list ports, listeners;
  uint64_t next_id;    /* odd: of ports that begin here */
  ring_value held;     /* DATA that more of the same stream may join; kind 0: none */
  ring_value arriving; /* between arrived and made */
  pthread_t thread;
  bool has_loop, running;
  atomic_bool stop;
} far;

/* On the maker's thread, to which all belongs until far_start. */
P2P_MUST_USE int far_init(far *f, const far_config *config);
P2P_MUST_USE int far_listen(far *f, uint64_t id, p2p_bytes addr, p2p__wr *bound);
P2P_MUST_USE int far_start(far *f);
/* Ends the thread: it frees its links first. Then all belongs to the caller's again. */
void far_join(far *f);
void far_fini(far *f);
void far_wake(void *f); /* from any thread */

#endif
