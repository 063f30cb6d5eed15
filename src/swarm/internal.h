/* What the files of the swarm share among themselves. */
#ifndef P2P_SWARM_INTERNAL_H
#define P2P_SWARM_INTERNAL_H

#include "swarm/swarm.h"

/* ---- swarm.c ---- */
void p2p__stream_dirty(p2p__sstream *s); /* has something to hand to its link */
void p2p__conn_due(p2p__sconn *c, unsigned bits);
/* Tells everything that is due, then copies what readers left of this turn's slices. */
void p2p__swarm_filled(p2p__swarm *w, p2p_time now);

/* ---- stream.c ---- */
/* A stream object of c, attached, not yet negotiated. P2P_ENOMEM, P2P_ELIMIT. */
P2P_MUST_USE int p2p__stream_new(p2p__sconn *c, bool inbound, p2p__sstream **out);
/* Detaches s from its connection and makes CLOSED due. keep: what is unread may still be read. */
void p2p__stream_close(p2p__sstream *s, int err, uint32_t code, bool keep);
void p2p__stream_tell(p2p__sstream *s, p2p_time now);  /* what is due; may free s */
void p2p__stream_flush(p2p__sstream *s, p2p_time now); /* hands everything to the link */
void p2p__stream_check_done(p2p__sstream *s);          /* both sides finished: closes */
void p2p__stream_inbound(p2p__sconn *c, uint64_t sid, p2p_time now);
void p2p__stream_data(p2p__sstream *s, const p2p__up *u);
void p2p__stream_keep(p2p__sstream *s); /* copies slices into owned blocks */

/* ---- stream_io.c ---- */
/* What the user reserved and did not commit is taken back: before anything else touches s->out. */
void p2p__stream_unreserve(p2p__sstream *s);
/* Bytes of c have left or were read: streams that wait for budget may go on. */
void p2p__stream_feed(p2p__sconn *c);
/* unsent grows, shrinks: bytes were written or staged, have left. */
void p2p__stream_queued(p2p__sstream *s, size_t n);
void p2p__stream_left(p2p__sstream *s, size_t n);

/* ---- clock.c ---- */
void p2p__clock_free(p2p__sstream *s);
/* What a deadline waited for has come. */
void p2p__clock_met(p2p__sstream *s, p2p_deadline which);
void p2p__stream_fail(p2p__sstream *s, int err, p2p_time now); /* resets it */

/* ---- negotiate.c ---- */
P2P_MUST_USE int p2p__nego_listen(p2p__sstream *s, p2p_time now);
P2P_MUST_USE int p2p__nego_dial(p2p__sstream *s, const char *const *ids, size_t n, p2p_time now);
void p2p__nego_free(p2p__sstream *s);
/* Feeds what has arrived. 1: agreed; 0: not yet; <0: failed. */
P2P_MUST_USE int p2p__nego_recv(p2p__sstream *s, p2p_time now);
/* What the step has to say, appended to q. P2P_ENOMEM, P2P_ELIMIT. */
P2P_MUST_USE int p2p__nego_send(p2p__sstream *s, p2p__queue *q);
void p2p__nego_timer(p2p__timer *t, p2p_time now);

/* ---- conn.c ---- */
P2P_MUST_USE int p2p__conn_new(p2p__swarm *w, bool inbound, p2p_bytes addr, p2p__sconn **out);
void p2p__conn_free(p2p__sconn *c);
P2P_MUST_USE int p2p__conn_set_addr(p2p__sconn *c, p2p_bytes addr);
/* May a connection with this peer be used? 0, or why not, with the stage. */
P2P_MUST_USE int p2p__conn_admission(p2p__swarm *w, const p2p_peer_id *peer, p2p_bytes addr,
                                     bool inbound, p2p_stage *stage);
/* The peer of a secured link, referenced, with what the handshake told of it. */
P2P_MUST_USE int p2p__conn_meet(p2p__swarm *w, const p2p__up_secured *secured, p2p__peer **out);
/* Ends what meet began: the connection does not count any more, the reference is given back. */
void p2p__conn_part(p2p__swarm *w, p2p__peer *peer);
/* Takes the reference. security: as secured told, then the peer was met; NULL: not yet. */
void p2p__conn_set_peer(p2p__sconn *c, p2p__peer *peer, const char *security);
void p2p__conn_up(p2p__sconn *c, const p2p__up_up *up);
/* The end, by link, dial or us: streams end, CLOSED is due. */
void p2p__conn_down(p2p__sconn *c, int err, uint32_t code, p2p_stage stage);
/* A copy of the words of who ended it, in place of those before; without memory, or words, there are none. */
void p2p__reason_keep(p2p__swarm *w, char **reason, const char *words);
void p2p__conn_trace(void *ctx, bool in, p2p_bytes line); /* ctx: the connection */

/* ---- datagram.c ---- */
void p2p__datagrams_init(p2p__sconn *c);
void p2p__datagrams_forget(p2p__sconn *c); /* none is told of any more */
void p2p__datagram_got(p2p__sconn *c, p2p_bytes datagram);
void p2p__datagram_room(p2p__sconn *c, size_t n);

/* ---- duplicate.c ---- */
/* The connection on which to open streams to peer; NULL: none is up. */
p2p__sconn *p2p__conn_best(const p2p__swarm *w, const p2p__peer *peer);
/* c is up: if it and another were dialed at the same time, the one that loses is to go. */
void p2p__redundant_check(p2p__sconn *c);
void p2p__redundant_free(p2p__sconn *c);
/* Streams that were opened to the peer and wait for the dial go on over a connection that is up. */
void p2p__conn_take_over(p2p__sconn *up, p2p__sconn *dialing);

/* ---- dial.c, report.c ---- */
void p2p__dial_cancel(p2p__sconn *c, p2p_time now);
/* A dial of a single address that is connected already: the descriptor. */
P2P_MUST_USE int p2p__dial_adopt(p2p__swarm *w, p2p__transport *t, int fd,
                                 const p2p_peer_id *expected, p2p__sconn **out);
p2p__sconn *p2p__dialing_to(p2p__swarm *w, const p2p__peer *peer); /* NULL: nobody does */
void p2p__report_free(p2p__sconn *c);
/* What was up by its own proposal (the muxer's) was not: the line of the report says so. */
void p2p__report_amend(p2p__sconn *c, const p2p__up_down *down);

/* ---- half_open.c ---- */
P2P_MUST_USE int p2p__half_open_add(p2p__swarm *w, p2p__sconn *c); /* P2P_ENOMEM */
void p2p__half_open_del(p2p__sconn *c); /* nothing where it is not in it */
void p2p__half_open_spoke(p2p__sconn *c);
/* Who has to go for a newcomer; NULL: nobody is there. */
p2p__sconn *p2p__half_open_victim(p2p__swarm *w);
void p2p__half_open_fini(p2p__swarm *w); /* empty */

/* ---- interfaces.c ---- */
P2P_MUST_USE int p2p__interfaces_init(p2p__swarm *w);
void p2p__interfaces_fini(p2p__swarm *w);
/* We listen at other addresses than before: everybody is told. */
void p2p__interfaces_tell(p2p__swarm *w);

/* ---- listen.c ---- */
void p2p__listeners_stop(p2p__swarm *w);
/* The addresses we listen at in short, wildcards expanded; the order does not count. */
uint64_t p2p__listeners_sum(p2p__swarm *w);

#endif
