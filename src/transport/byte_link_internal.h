/* The byte link's parts: byte_link.c (life, values), byte_upgrade.c (steps), byte_in.c (bytes from
 * the pipe), byte_out.c (bytes to the pipe).
 *
 *   CONNECTING -> SECURING -> ADMITTING -> MUXING -> UP -> CLOSING -> LINGERING -> DEAD
 *
 * CONNECTING  the pipe is not there yet (dialed only)
 * SECURING    select (multistream) and secure (handshake) steps speak in the clear
 * ADMITTING   the record exists, SECURED was told; nothing is opened until the owner answers
 * MUXING      select_mux speaks inside the record
 * UP          the muxer speaks; an initiator's optimistic select_mux may still await its answer
 * CLOSING     graceful: GoAway and queued bytes leave
 * LINGERING   write side finished; waits for the peer's end, so that no RST overtakes our last bytes
 * DEAD        DOWN was told; freed at the end of the turn
 * Any state but DEAD may go to DEAD; only p2p__bl_state assigns. */
#ifndef P2P_TRANSPORT_BYTE_LINK_INTERNAL_H
#define P2P_TRANSPORT_BYTE_LINK_INTERNAL_H

#include "base/mux.h"
#include "multistream/multistream.h"
#include "transport/byte_link.h"

typedef enum bl_state {
  BL_CONNECTING,
  BL_SECURING,
  BL_ADMITTING,
  BL_MUXING,
  BL_UP,
  BL_CLOSING,
  BL_LINGERING,
  BL_DEAD
} bl_state;

enum { BL_OFFERS = 8, BL_PLAIN = 2048 };

/* What exists only while the connection is being upgraded. */
typedef struct bl_upgrade {
  p2p__step *select, *secure, *select_mux;
  bool select_done, secure_done, mux_done; /* finished, but may have bytes to send */
  bool spoke; /* responder: the other side's first line was what it had to be */
  p2p__link_spec spec;
  const char *security_ids[BL_OFFERS]; /* in the order offered */
  size_t security_index[BL_OFFERS];    /* … and where each is in the configuration */
  size_t n_securities;
  p2p__multistream_offer offer, mux_offer;
  p2p__step_result result;
  size_t security; /* agreed: index into upgrades->securities */
  size_t plain_len;
  uint8_t *plain; /* BL_PLAIN bytes for a partial line of the muxer negotiation; NULL before it:
                     a stranger who never proves who it is does not cost them */
} bl_upgrade;

/* Bytes kept between turns: a partial record (in), a sealed remainder (out). */
typedef struct bl_bytes {
  uint8_t *p;
  uint32_t off, len, cap; /* live: [off, off + len) */
  bool charged;           /* cap, to the link's budget */
} bl_bytes;

typedef struct byte_link {
  p2p__link base;
  p2p__pipe_user pipe_user;
  p2p__task task; /* flush, or be freed */
  p2p__timer timer;
  const p2p__upgrades *upgrades;
  p2p__pipe *pipe;
  bl_upgrade *up; /* NULL when all is agreed */
  p2p__record *record;
  p2p__mux *mux;
  p2p__budget *budget;
  bl_bytes carry, left;
  p2p_time deadline;    /* of the upgrade, or of closing; P2P_NEVER when UP */
  p2p_time carry_since; /* when the partial record began */
  p2p_time last_io;     /* last time bytes moved */
  p2p_time last_sent;   /* … out */
  uint64_t burst;       /* bytes sent since the pipe was idle */
  p2p_time sent_mark;   /* rate: bytes sent since then … */
  uint64_t sent_bytes;
  uint64_t rate;  /* bytes per second the pipe took while it was full; 0: never full yet */
  uint32_t want;  /* what the pipe was asked for */
  uint32_t lowat; /* what it was told */
  uint8_t state;
  bool initiator, idle, eating, answered, remote_goaway;
  bool resume;  /* admitted between turns: reading goes on at the end of this one */
  bool goaway;  /* ours was said */
  bool blocked; /* the pipe took less than it was offered */
  int broken;   /* why nothing can be sent any more; what can still be read is read */
  uint32_t close_code;
} byte_link;

static inline p2p__loop *p2p__bl_loop(const byte_link *l) { return l->upgrades->loop; }
static inline p2p__env *p2p__bl_env(const byte_link *l) { return &l->upgrades->loop->env; }

/* byte_link.c */
void p2p__bl_state(byte_link *l, bl_state state);
void p2p__bl_costly(const byte_link *l, bool on); /* reading takes a step of a handshake: loop.h */
/* Tells the owner; false: the link is dead now and must be left alone. */
bool p2p__bl_up(byte_link *l, const p2p__up *u, p2p_time now);
/* Ends the link at once: frees what it has, tells DOWN, leaves the shell for the end of the turn. */
void p2p__bl_die(byte_link *l, int err, p2p_stage stage, bool remote, p2p_time now);
/* The pipe has ended, by the other side or in time: err, unless that is how it should be. */
void p2p__bl_ended(byte_link *l, int err, p2p_time now);
/* The stage an error of this state belongs to. */
p2p_stage p2p__bl_stage(const byte_link *l);
void p2p__bl_arm(byte_link *l, p2p_time now); /* the timer, to the next deadline, if earlier */
void p2p__bl_mark(byte_link *l);              /* to be flushed at the end of the turn */
void p2p__bl_want(byte_link *l, uint32_t what);
void p2p__bl_bytes_free(byte_link *l, bl_bytes *b);

/* byte_upgrade.c */
P2P_MUST_USE int p2p__bl_upgrade_new(byte_link *l, const p2p__link_spec *spec);
void p2p__bl_upgrade_free(byte_link *l);
P2P_MUST_USE int p2p__bl_upgrade_start(byte_link *l, p2p_time now);
/* Eats bytes before the record exists. 0, or why the upgrade failed. */
P2P_MUST_USE int p2p__bl_upgrade_raw(byte_link *l, p2p__span *in, p2p_time now);
/* Eats plaintext of the muxer negotiation; what is left of *in is the muxer's. */
P2P_MUST_USE int p2p__bl_upgrade_plain(byte_link *l, p2p__span *in, p2p_time now);
P2P_MUST_USE int p2p__bl_admit(byte_link *l, p2p_time now);
/* Writes what steps have to say in the clear, and drops those that are done. */
void p2p__bl_upgrade_send(byte_link *l, p2p__wr *w);
/* The same for the muxer negotiation, to be sealed. */
void p2p__bl_upgrade_send_plain(byte_link *l, p2p__wr *w);

/* byte_in.c */
void p2p__bl_readable(byte_link *l, p2p_time now);
/* What the muxer has to say without new bytes: after a tick. */
void p2p__bl_events(byte_link *l, p2p_time now);
/* The owner admitted the connection: reading goes on with what was kept meanwhile. From the link's
 * task only: the loop's read buffer may be in use while values come down. */
void p2p__bl_resume(byte_link *l, p2p_time now);

/* byte_out.c */
void p2p__bl_flush(byte_link *l, p2p_time now);
/* Sends what there is to say once, and the channel's last word, without regard to the outcome: the
 * link is about to die. */
void p2p__bl_last_word(byte_link *l, p2p_time now);

#endif
