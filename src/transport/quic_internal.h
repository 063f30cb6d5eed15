/* The transport's parts: quic.c (dial, listen) | quic_socket.c (datagrams) | quic_table.c (whose they are) |
 * quic_accept.c (nobody's yet) | quic_link.c (a connection as a link) | quic_grave.c (of closed ones). */
#ifndef P2P_TRANSPORT_QUIC_INTERNAL_H
#define P2P_TRANSPORT_QUIC_INTERNAL_H

#include "base/map.h"
#include "transport/quic.h"

/* ---- names ---- */

/* Whatever connection ids and reset tokens name: a link, or the grave of one. */
typedef struct quic_names {
  p2p__list entries;
  bool is_link;
} quic_names;

typedef struct quic_table {
  p2p__u64map ids;  /* connection ids of ours */
  p2p__map firsts;  /* ids that clients chose for their first packets */
  p2p__map resets;  /* tokens of peers */
  uint64_t last_id; /* the id found last, and whose it was; NULL: none */
  quic_names *last;
  p2p__mem *mem;
} quic_table;

void p2p__quic_table_init(quic_table *t, p2p__env *env);
void p2p__quic_table_fini(quic_table *t); /* all names must be gone */
/* ours: chosen by us, else by a client for its first packets. P2P_ENOMEM, P2P_EEXIST. */
P2P_MUST_USE int p2p__quic_table_add(quic_table *t, quic_names *n, const p2p__quic_cid *cid,
                                     bool ours);
void p2p__quic_table_del(quic_table *t, const p2p__quic_cid *cid);
P2P_MUST_USE int p2p__quic_table_add_reset(quic_table *t, quic_names *n, const uint8_t *token);
void p2p__quic_table_del_reset(quic_table *t, quic_names *n, const uint8_t *token);
quic_names *p2p__quic_table_find(quic_table *t, const p2p__quic_cid *cid); /* ours */
quic_names *p2p__quic_table_find_first(const quic_table *t, const p2p__quic_cid *cid);
/* Whose stateless reset the datagram may be. */
quic_names *p2p__quic_table_find_reset(const quic_table *t, p2p_bytes datagram);
void p2p__quic_names_clear(quic_table *t, quic_names *n);
void p2p__quic_names_move(quic_table *t, quic_names *from, quic_names *to);

/* ---- the transport ---- */
typedef struct quic_transport {
  p2p__transport base;
  p2p__loop *loop;
  int (*make_shared)(void *ctx, p2p__quic_shared **out);
  void *ctx;
  p2p__quic_shared *shared; /* NULL before it is used */
  quic_table table;
  p2p__list sockets;
  p2p__list graves; /* oldest first */
  size_t n_graves;
  size_t n_unproven; /* half-open inbound links whose address is not validated */
} quic_transport;

static inline p2p__env *quic_env_of(const quic_transport *t) { return &t->loop->env; }

/* ---- sockets ---- */
typedef struct quic_link quic_link;

typedef struct quic_socket {
  p2p__list node; /* in quic_transport.sockets */
  p2p__source source;
  quic_transport *transport;
  p2p__listening *listening; /* NULL: only dials */
  p2p__list waiting;         /* links that have more to send than it took */
  p2p__list touched;         /* links that got datagrams in this pass */
  p2p_endpoint bound;
  int sock;
  uint32_t users;             /* links, graves and the listener */
  uint32_t resets;            /* stateless resets sent … */
  p2p_time resets_since;      /* … in the second that began then */
  uint64_t stun, dtls, other; /* datagrams of others' protocols, dropped */
  uint8_t *held;              /* a batch the kernel did not take, P2P__QUIC_SPACE bytes */
  p2p_dgrams held_batch[2];
  int n_held; /* > 0: nothing else can be sent */
} quic_socket;

P2P_MUST_USE int p2p__quic_socket_open(quic_transport *t, const p2p_endpoint *at,
                                       quic_socket **out);
void p2p__quic_socket_unuse(quic_socket *s); /* the last user closes it */
/* Sends, or keeps for later. 0; P2P_EUNREACH, … when the network refused: lost. */
int p2p__quic_socket_send(quic_socket *s, const p2p_dgrams *d, int n);
static inline bool quic_socket_is_full(const quic_socket *s) { return s->n_held > 0; }

/* A datagram that names nobody. quic_accept.c */
void p2p__quic_stranger(quic_socket *s, const p2p_dgrams *from, p2p_bytes datagram,
                        const p2p__quic_header *h, p2p_time now);

struct p2p__listening {
  quic_socket *socket;
  p2p__acceptor *acceptor;
};

/* ---- links ---- */
/*   SECURING -> ADMITTING -> UP -> CLOSING -> DEAD; any may go to DEAD; only link_state assigns. */
typedef enum quic_link_state {
  QUIC_SECURING,  /* the handshake */
  QUIC_ADMITTING, /* SECURED was told; nothing of streams is before the answer */
  QUIC_UP,
  QUIC_CLOSING, /* graceful: what was written waits to be acknowledged */
  QUIC_DEAD     /* DOWN was told; freed at the end of the turn */
} quic_link_state;

struct quic_link {
  p2p__link base;
  quic_names names;
  p2p__quic_user user;
  p2p__task task;
  p2p__timer timer;
  p2p__list waiting, touched; /* of the socket */
  quic_transport *transport;
  quic_socket *socket;
  p2p__quic *quic;
  p2p__budget out;    /* what was written and is not acknowledged */
  p2p_time deadline;  /* of the handshake, or of closing; P2P_NEVER when UP */
  p2p_time last_io;   /* last time datagrams moved */
  p2p_endpoint local; /* of ours, that the last datagram came to */
  uint32_t close_code;
  uint8_t state;
  bool client, unproven, answered, idle;
  bool telling; /* p2p__quic_link_tell is under way */
};

static inline quic_link *quic_link_of(quic_names *n) { return P2P_CONTAINER(n, quic_link, names); }

/* Dials when initial is NULL. */
P2P_MUST_USE int p2p__quic_link_new(quic_socket *s, const p2p__link_spec *spec,
                                    const p2p__quic_initial *initial, const p2p_endpoint *local,
                                    const p2p_endpoint *remote, p2p_time now, quic_link **out);
void p2p__quic_link_recv(quic_link *l, const p2p_dgrams *from, p2p_bytes datagram, p2p_time now);
void p2p__quic_link_spoke(quic_link *l, p2p_time now); /* its address is proven */
/* Tells the owner what datagrams have brought; may end the link. */
void p2p__quic_link_tell(quic_link *l, p2p_time now);
/* Sends at the end of this turn. */
void p2p__quic_link_mark(quic_link *l);

/* ---- graves: connections that are closed answer with their last word for a while. RFC 9000, section 10.2 */
/* Takes over the names of l. word: the datagram with CONNECTION_CLOSE, copied; len 0: the peer closed, and
 * is not answered. Without memory the names are gone, and the peer is answered by a reset. */
void p2p__quic_grave_dig(quic_link *l, const p2p_dgrams *word, p2p_time until);
void p2p__quic_grave_disturb(quic_names *n);
void p2p__quic_graves_fini(quic_transport *t);

/* /ip4|ip6/…/udp/…/quic-v1 */
void p2p__quic_addr_write(p2p__wr *w, const p2p_endpoint *ep);

#endif
