/* Scripted talk with one step of multistream-select: what it hears, what it says. */
#ifndef P2P_TESTS_SCRIPT_H
#define P2P_TESTS_SCRIPT_H

#include "multistream/multistream.h"
#include "support/step_pair.h"

#define HEADER "\x13/multistream/1.0.0\n"
#define DEADLINE (10 * P2P_SECOND)

extern const char *const noise_yamux[2], *const three[3];

p2p__multistream_offer offer_of(const char *const *ids, size_t n);

/* Steps of the two sides; none fails. */
p2p__step *dial(step_world *w, const char *const *ids, size_t n, bool optimistic);
p2p__step *answer(step_world *w, const char *const *ids, size_t n);

/* What recv returns for these bytes. */
int hear_at(p2p__step *s, p2p_bytes in, size_t *used, p2p_time now);
/* The whole text at once; all of it must be eaten. */
int hear(p2p__step *s, const char *text);
/* The step says exactly this text next. */
void assert_says(p2p__step *s, const char *text);
/* The index it agreed on. */
int chosen(p2p__step *s);

#endif
