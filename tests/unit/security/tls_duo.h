/* Two parties about to shake hands over TLS. */
#ifndef P2P_TESTS_TLS_DUO_H
#define P2P_TESTS_TLS_DUO_H

#include "party.h"
#include "security/tls.h"

enum { TLS_DUO_TIME = 1700000000 };

extern const char *const tls_duo_muxers[2];

typedef struct tls_duo {
  party party[2];
  p2p__tls_context *context[2];
  p2p__tls_step_config config[2]; /* what the next handshake is made with; 0 is the client */
} tls_duo;

tls_duo *tls_duo_new(void);
void tls_duo_free(tls_duo *d);
p2p__step *tls_duo_step(tls_duo *d, int i);
step_pair *tls_duo_pair(tls_duo *d);
/* Asserts that both are done, know each other and can talk. */
void tls_duo_secured(tls_duo *d, step_pair *p, int muxer);

#endif
