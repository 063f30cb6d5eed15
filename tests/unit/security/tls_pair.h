/* TLS's two record layers with each other's keys, and a third party who has those keys, too, and
 * seals what no honest one would. */
#ifndef P2P_TESTS_TLS_PAIR_H
#define P2P_TESTS_TLS_PAIR_H

#include "party.h"
#include "security/tls_record.h"

enum { TLS_WIRE = 5 + (1 << 14) + 512 };

typedef struct tls_pair {
  party party;
  p2p__record *side[2];  /* 0 is the client */
  p2p__tls_keys evil[2]; /* seals as side i */
  p2p__tls_keys ears[2]; /* opens what side i says */
  uint8_t wire[TLS_WIRE];
  size_t len;
} tls_pair;

tls_pair *tls_pair_new(p2p__aead_kind kind);
void tls_pair_free(tls_pair *p);
static inline p2p__tls_record *tls_record(const tls_pair *p, int i) {
  return (p2p__tls_record *)p->side[i];
}

/* Seals content of a type as side i would, into wire. */
void tls_evil(tls_pair *p, int i, unsigned type, const void *content, size_t len);
/* Any inner plaintext whatever, of any length. */
void tls_evil_inner(tls_pair *p, int i, const uint8_t *inner, size_t len);
/* Lets the other side than i open the wire. Its result; *plain as open set it. */
int tls_hears(tls_pair *p, int i, p2p__span *plain);
/* What side i says in the end: an alert, -1 when nothing. */
int tls_last_word(tls_pair *p, int i);

#endif
