/* Two parties about to shake hands over Noise. */
#ifndef P2P_TESTS_DUO_H
#define P2P_TESTS_DUO_H

#include "party.h"

extern const char *const duo_muxers[2];

typedef struct duo {
  party party[2];
  p2p__noise_config config[2]; /* what the next handshake is made with; 0 is the initiator */
} duo;

duo *duo_new(void);
void duo_free(duo *d);

/* Two steps as the configurations say. */
step_pair *duo_pair(duo *d);
/* Runs a handshake and asserts what recv last returned on either side. */
void duo_ends(duo *d, int initiator, int responder);

#endif
