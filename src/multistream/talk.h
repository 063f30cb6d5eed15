/* What both sides of multistream-select share: lines, the header, and the loop that eats them.
 * Spec: multiformats/multistream-select, "Protocol Selection". */
#ifndef P2P_MULTISTREAM_TALK_H
#define P2P_MULTISTREAM_TALK_H

#include "multistream/multistream.h"

#define P2P__MULTISTREAM_ID "/multistream/1.0.0"
#define P2P__MULTISTREAM_NA "na"
#define P2P__MULTISTREAM_LS "ls"

/* The common part of both steps, first member of each. */
typedef struct p2p__talk {
  p2p__step step;
  p2p__env *env;
  p2p__multistream_offer offer;
  p2p_time deadline;
  bool heard;   /* the remote's header came */
  bool greeted; /* our header left */
  int end;      /* 0: talking; 1: agreed on `chosen`; <0: failed */
  int chosen;
} p2p__talk;

/* Fills the common part. P2P_EINVAL: an id is empty, a reserved word, holds a newline or makes a
 * line longer than multistream_line allows. */
P2P_MUST_USE int p2p__talk_init(p2p__talk *t, p2p__env *env, const p2p__multistream_offer *offer,
                                p2p_time deadline);

/* The recv of both steps: eats complete lines, checks that the first is the header, hands the
 * others to on_line (1: agreed; 0: go on; <0: failed), and stops right behind the deciding one. */
P2P_MUST_USE int p2p__talk_recv(p2p__talk *t, p2p_bytes in, size_t *used, p2p_time now,
                                int (*on_line)(p2p__talk *t, p2p_bytes line));

/* One line out: varint length, text, newline. */
void p2p__talk_line(p2p__wr *w, p2p_bytes text);
/* Bytes that line takes. */
size_t p2p__talk_line_len(size_t text_len);
/* Our header, unless it has left already. */
void p2p__talk_greet(const p2p__talk *t, p2p__wr *w);
/* All of w or nothing: makes *out what w became; false when there was no room (out's error). */
P2P_MUST_USE bool p2p__talk_commit(p2p__talk *t, p2p__wr *out, const p2p__wr *w);

bool p2p__talk_is(p2p_bytes line, const char *text);
void p2p__talk_trace(const p2p__talk *t, bool in, p2p_bytes line);

p2p_time p2p__talk_deadline(const p2p__step *s);
void p2p__talk_take(p2p__step *s, p2p__step_result *out);

#endif
