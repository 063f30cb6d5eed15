/* Packets of a peer that has the keys and means ill: frames of its choice, sealed properly. */
#ifndef TESTS_UNIT_QUIC_SEAL_H
#define TESTS_UNIT_QUIC_SEAL_H

#include "pair.h"

/* Appends a 1-RTT packet from e to the other side; number: its packet number. */
void seal_short(p2p__wr *w, pair_end *e, const p2p__quic_cid *to, uint32_t number,
                p2p_bytes frames);
/* Has e's peer receive such a packet now, as if from e; connected. */
void seal_inject(pair *p, pair_end *e, uint32_t number, p2p_bytes frames);

/* QUIC's variable-length integers: RFC 9000, section 16. */
void seal_varint(p2p__wr *w, uint64_t v);

#endif
