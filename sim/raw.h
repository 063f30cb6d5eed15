/* Small actors straight on a p2p_io, for scenarios that prove the simulator itself: flows of bytes
 * that know what they must look like. */
#ifndef P2P_SIM_RAW_H
#define P2P_SIM_RAW_H

#include "sim/scenarios.h"

enum { RAW_FLOWS = 16 };

/* One end of a TCP connection: writes `to_send` bytes and finishes, checks every byte it reads. */
typedef struct raw_flow {
  int sock;
  uint64_t to_send, sent, received;
  uint8_t salt_out, salt_in; /* the pattern of each direction */
  uint64_t lowat;            /* P2P_IO_NOTSENT_LOWAT; 0: not set */
  bool stays;                /* does not finish when all is sent */
  bool up, finished, ended, corrupt;
  int error;
  p2p_time started, up_at, last_at; /* connect called, connected, last byte read */
} raw_flow;

typedef struct raw_app {
  p2p_io *io;
  int listener; /* -1: none */
  raw_flow flows[RAW_FLOWS];
  int n_flows, accepted; /* accepted connections become the flows prepared, in order */
} raw_app;

/* A node with one IPv4 address 10.0.0.`last`. */
p2p_io *raw_node(scenario_run *r, uint8_t last);
p2p_endpoint raw_at(uint8_t last, uint16_t port);
/* Attaches the app to its node; flows are then added. */
void raw_app_init(raw_app *app, p2p_io *io);
void raw_listen(raw_app *app, uint8_t last, uint16_t port);
raw_flow *raw_expect(raw_app *app, uint64_t to_send, uint8_t salt); /* the next one accepted */
raw_flow *raw_dial(raw_app *app, uint8_t last, uint16_t port, uint64_t to_send, uint8_t salt);
bool raw_over(const raw_flow *f); /* both directions have ended, or it broke */

#endif
