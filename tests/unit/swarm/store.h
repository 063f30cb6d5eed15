/* A peerstore with all it needs. */
#ifndef TESTS_UNIT_SWARM_STORE_H
#define TESTS_UNIT_SWARM_STORE_H

#include "swarm/peers.h"

typedef struct store {
  p2p__mem mem;
  p2p__limits limits;
  p2p__env env;
  p2p__peers peers;
} store;

void store_init(store *s);  /* default limits */
void store_begin(store *s); /* makes the peerstore, with the limits as they are now */
void store_fini(store *s);  /* everything must have come back */

/* An id that nobody has the key of, distinct for each number. */
p2p_peer_id store_id(uint32_t number);
/* A referenced peer of that id. */
p2p__peer *store_ref(store *s, uint32_t number);
/* Packed bytes of a text address in a buffer of the caller's. */
p2p_bytes store_addr(const char *text, uint8_t buf[P2P_ADDR_MAX]);
/* An address of the most bytes that are taken, distinct for each number. */
p2p_bytes store_long_addr(uint32_t number, uint8_t buf[P2P_ADDR_MAX]);

#endif
