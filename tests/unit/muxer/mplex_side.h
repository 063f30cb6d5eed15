/* An mplex session driven by hand: side.h with frames of mplex. */
#ifndef P2P_TESTS_UNIT_MUXER_MPLEX_SIDE_H
#define P2P_TESTS_UNIT_MUXER_MPLEX_SIDE_H

#include "muxer/mplex.h"
#include "muxer/mplex_frame.h"
#include "side.h"

typedef struct mplex_out {
  p2p__mplex_frame f[SIDE_FRAMES]; /* what the last drain sent */
  size_t n, records, bytes;
} mplex_out;

void mplex_side_start(side *s, bool client);
/* One header, and `body` zeros behind it. Returns s->err. */
int mplex_side_frame(side *s, p2p__mplex_flag flag, uint64_t num, uint64_t len, size_t body);
/* Pulls records of at most max bytes until nothing is left. */
void mplex_side_drain(side *s, size_t max, mplex_out *out);
/* How many frames of the drain have this flag and number. */
size_t mplex_sent(const mplex_out *out, p2p__mplex_flag flag, uint64_t num);

#endif
