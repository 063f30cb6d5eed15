/* Two ends of a QUIC connection, a client and a server, and their keys: for the fuzzers of QUIC. */
#ifndef P2P_FUZZ_SUPPORT_QUIC_SIDES_H
#define P2P_FUZZ_SUPPORT_QUIC_SIDES_H

#include "quic/internal.h"

#define SIDES_UNIX 1764000000

/* Endpoints are made once, their connections anew for each input. */
typedef struct side {
  p2p__mem mem;
  p2p__pool pool;
  p2p__limits limits;
  p2p__env env;
  p2p__ed25519 key;
  p2p_identity identity;
  p2p__tls_context *tls;
  p2p__quic_shared *shared;
  p2p__quic_user user;
  p2p__quic *q;
  p2p_endpoint at;
  bool server, secured, ended, deaf; /* deaf: asks for no events */
  uint64_t draws;
  uint8_t handshake[P2P__HASH_MAX],
      secret[P2P__HASH_MAX]; /* its traffic secrets: Handshake, 1-RTT */
} side;

extern side sides[2]; /* the client, the server */
extern p2p_time sides_now;

void sides_begin(void);
int sides_dial(void);                        /* the client's connection */
int sides_admit(const p2p__quic_initial *i); /* the server's */
void side_hear(side *s);                     /* takes and consumes all that its connection tells */
void sides_end(void);                        /* both are gone, and all memory came back */
/* What is derived from a secret under a name. */
void sides_label(const uint8_t *secret, const char *name, uint8_t *out, size_t len);

#endif
