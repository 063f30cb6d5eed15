/* One end of a simulated TCP connection. Sequence numbers count the bytes of the stream from 0; the
 * end of the stream (FIN) takes the number behind the last byte. */
#ifndef P2P_SIM_TCP_H
#define P2P_SIM_TCP_H

#include "sim/fifo.h"
#include "sim/world.h"

/* SYN_SENT -> OPEN (answer came), SYN_RCVD -> OPEN (third part of the handshake came),
 * OPEN -> LINGER (closed, both ends known), any -> DEAD (reset, refused, given up, done). */
typedef enum sim_tcp_state {
  TCP_SYN_SENT,
  TCP_SYN_RCVD,
  TCP_OPEN,
  TCP_LINGER,
  TCP_DEAD
} sim_tcp_state;

enum {
  TCP_DUPACKS = 3,         /* RFC 5681, section 3.2 */
  TCP_FIRST_SEGMENTS = 10, /* initial window. RFC 6928 */
  TCP_SYN_RETRIES = 6,
  TCP_RETRIES = 15,
  TCP_HEADER_4 = 40, /* IP and TCP without options */
  TCP_HEADER_6 = 60,
  TCP_CHUNK_MAX = 65536 /* of an ideal sender */
};
#define TCP_RTO_FIRST P2P_SECOND   /* RFC 6298, section 2 */
#define TCP_RTO_MIN (200 * P2P_MS) /* as Linux has it */
#define TCP_RTO_MAX (120 * P2P_SECOND)
#define TCP_LINGER_TIME (60 * P2P_SECOND) /* for a lost last acknowledgement */

#define TCP_KEY_LEN (2 * (1 + 2 + 16))

typedef struct sim_newreno {
  uint64_t window, threshold, recover;
  uint32_t dupacks;
  bool recovering, partial; /* partial: one partial acknowledgement has come */
} sim_newreno;

struct sim_tcp {
  p2p_sim *sim;
  sim_node *node;
  sim_sock *sock;     /* NULL: the application has let go of it, or not yet accepted it */
  sim_sock *listener; /* until accepted */
  p2p__list link;     /* in a listener's arrived, or in p2p_sim.dead */
  p2p_endpoint local, remote;
  uint8_t key[TCP_KEY_LEN];
  sim_tcp_state state;
  int error;
  bool ideal;
  bool orphan; /* closed by the application; what it wrote still leaves */
  size_t header, mss;
  const sim_channel *way; /* the first limited one outward; NULL: nobody is there */

  /* sending: out holds [una, una + out.len) */
  sim_fifo out;
  uint64_t una, nxt, max; /* first unacknowledged, next to send, highest ever sent */
  uint64_t end;           /* behind the last byte written; the end of the stream when `finish` */
  uint64_t edge;          /* the peer's buffer ends here */
  bool finish, fin_acked; /* the application has finished; the peer knows */
  size_t send_buffer, lowat;
  sim_newreno reno;
  p2p_time srtt, rttvar, rto;
  uint32_t retries;
  p2p__timer retry; /* retransmission, probe, linger */
  p2p__timer pace;  /* ideal: the way is free again */

  /* receiving */
  sim_fifo in;
  uint64_t rcv_nxt, told_edge; /* next expected; what the peer knows of our buffer's end */
  bool eof, closed_first;      /* the peer's end was reached; ours was sent before */
  p2p__list early;             /* segments beyond rcv_nxt, by seq */
  size_t recv_buffer;
  p2p_time echo;
};

/* tcp.c: birth, death, segments out */
sim_tcp *sim_tcp_new(sim_node *node, const p2p_endpoint *local, const p2p_endpoint *remote);
sim_tcp *sim_tcp_find(sim_node *node, const p2p_endpoint *local, const p2p_endpoint *remote);
void sim_tcp_die(sim_tcp *c, int error); /* freed later, when no socket holds it */
void sim_tcp_bury(sim_tcp *c);           /* the dead one is held by nobody */
p2p_time sim_tcp_emit(sim_tcp *c, uint8_t flags, uint64_t seq, size_t len);
void sim_tcp_resend_first(sim_tcp *c);
void sim_tcp_output(sim_tcp *c);
void sim_tcp_arm(sim_tcp *c);    /* the retry timer, anew */
void sim_tcp_settle(sim_tcp *c); /* dies or lingers when both ends are known and nobody holds it */
uint64_t sim_tcp_recv_edge(const sim_tcp *c);
size_t sim_tcp_room(const sim_tcp *c, bool to_wake); /* bytes a write may add */

/* newreno.c */
void sim_newreno_init(sim_newreno *r, size_t mss);
/* What an acknowledgement does; true: send the first unacknowledged segment again. */
bool sim_newreno_acked(sim_tcp *c, uint64_t bytes);
bool sim_newreno_dupack(sim_tcp *c);
void sim_newreno_timeout(sim_tcp *c);
void sim_rtt_sample(sim_tcp *c, p2p_time rtt);

#endif
