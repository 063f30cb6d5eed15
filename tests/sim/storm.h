/* A storm: connections from many addresses that say one thing, or nothing, and go no further; and the
 * honest peer in the midst of it. */
#ifndef TESTS_SIM_STORM_H
#define TESTS_SIM_STORM_H

#include "troupe.h"

/* Addresses of their own: each in another network, or all of one IPv4 /24. */
typedef enum storm_from { STORM_MANY_NETS, STORM_ONE_NET } storm_from;

typedef struct storm_node storm_node;

typedef struct storm {
  p2p_sim *sim;
  const char *hello; /* what each connection says when it is there; NULL: nothing */
  storm_node *nodes;
  size_t n_addrs;
  int *socks;
  size_t n, opened,
      open; /* so many in all; begun; of them connected and not closed by the other side */
} storm;

void storm_begin(storm *s, p2p_sim *sim, storm_from from, size_t n, const char *hello);
void storm_end(storm *s);
/* The i-th address, without port. */
p2p_endpoint storm_addr(storm_from from, size_t i);

/* What became of an honest peer's dials, one after the other, while the storm goes on. */
typedef struct storm_tale {
  unsigned tried, up;
  p2p_time worst; /* of those that came up */
} storm_tale;

/* A world with t->a and t->b, so far from each other, both of security `security`. */
void storm_meet(troupe *t, const char *security, p2p_time latency);
/* The whole storm over TCP against t->b, 10 connections each virtual millisecond, and t->a dialing b
 * meanwhile: a dial is lost when it fails or is not up within a second. */
storm_tale storm_ride(storm *s, troupe *t);
/* The same; `blow` lets a storm do its millisecond's worth, false when it is over. */
storm_tale storm_ride_out(troupe *t, const char *addr, bool (*blow)(void *user), void *user);
/* b's address: /ip4/10.0.0.2/ rest /p2p/…. */
void storm_aim(const troupe *t, const char *rest, char out[P2P_ADDR_TEXT_MAX]);

#endif
