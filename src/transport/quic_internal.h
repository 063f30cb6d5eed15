/* The transport's parts: quic.c (dial, listen) | quic_socket.c (datagrams) | quic_table.c (whose they are)
 * | quic_path.c (which way) | quic_accept.c (nobody's yet) | quic_link.c (a connection as a link) |
 * quic_grave.c (of closed ones). */
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
  p2p__list clients; /* links that we dialed */
  p2p__list graves;  /* oldest first */
  size_t n_graves;
  /* Half-open inbound links whose address is not validated, and graves of such that ask for it. */
  size_t n_unproven;
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
  bool lost;                  /* its address is none of this machine any more */
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
/* The same with a descriptor of somebody else's. P2P_ENOTSUP: the io takes none. */
P2P_MUST_USE int p2p__quic_socket_adopt(quic_transport *t, int fd, quic_socket **out);
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
  p2p__list client_node;      /* in quic_transport.clients */
  quic_transport *transport;
  quic_socket *socket;
  quic_socket *next; /* it is moving to that one; NULL: it is not, or without leaving its own */
  p2p__quic *quic;
  p2p__budget out;    /* what was written and is not acknowledged */
  p2p_time deadline;  /* of the handshake, or of closing; P2P_NEVER when UP */
  p2p_time restless;  /* it should move, and tries again then; P2P_NEVER: it need not */
  p2p_time last_io;   /* last time datagrams moved */
  p2p_endpoint local; /* where it is; before it is settled: where the last datagram came to */
  p2p_endpoint remote;
  uint32_t close_code;
  uint8_t state;
  bool client, unproven, answered, idle;
  bool settled; /* a client's address is chosen, not left to the system */
  bool telling; /* p2p__quic_link_tell is under way */
};

static inline quic_link *quic_link_of(quic_names *n) { return P2P_CONTAINER(n, quic_link, names); }

/* Dials when initial is NULL. */
P2P_MUST_USE int p2p__quic_link_new(quic_socket *s, const p2p__link_spec *spec,
                                    const p2p__quic_initial *initial, const p2p_endpoint *local,
                                    const p2p_endpoint *remote, p2p_time now, quic_link **out);
/* s: by which it came. */
void p2p__quic_link_recv(quic_link *l, quic_socket *s, const p2p_dgrams *from, p2p_bytes datagram,
                         p2p_time now);
/* It is over before it began: err, in the network's word. */
void p2p__quic_link_refused(quic_link *l, int err, p2p_time now);
void p2p__quic_link_spoke(quic_link *l, p2p_time now); /* its address is proven */
/* Tells the owner what datagrams have brought; may end the link. */
void p2p__quic_link_tell(quic_link *l, p2p_time now);
/* Sends at the end of this turn. */
void p2p__quic_link_mark(quic_link *l);

/* ---- ways: quic_path.c ---- */
/* A socket by which `to` can be dialed, counted as used; from: it must be able to send from there; NULL:
 * from anywhere. */
P2P_MUST_USE int p2p__quic_socket_for(quic_transport *t, const p2p_endpoint *to,
                                      const p2p_endpoint *from, quic_socket **out);
/* The interfaces' addresses may have changed. */
void p2p__quic_interfaces(quic_transport *t, p2p_time now);
/* A client is up: it stays at the address it has until it is moved. */
void p2p__quic_link_settle(quic_link *l);
/* It should have moved, and tries again. */
void p2p__quic_link_reconsider(quic_link *l, p2p_time now);
/* As p2p__link_ops.move. */
int p2p__quic_link_move(quic_link *l, p2p_bytes local, p2p_time now);
/* What became of it; true: its address is another one. */
bool p2p__quic_link_arrived(quic_link *l, const p2p__quic_event *ev);
/* The network said something of what a socket sent: dials that wait for an answer may be over. */
void p2p__quic_socket_errors(quic_socket *s, p2p_time now);

/* ---- graves: connections that are closed answer with their last word for a while. RFC 9000, section 10.2 */
/* Takes over the names of l. word: the datagram with CONNECTION_CLOSE, copied; len 0: the peer closed, and
 * is not answered. Without memory the names are gone, and the peer is answered by a reset. */
void p2p__quic_grave_dig(quic_link *l, const p2p_dgrams *word, p2p_time until);
void p2p__quic_grave_disturb(quic_names *n);
void p2p__quic_graves_fini(quic_transport *t);

/* /ip4|ip6/…/udp/…/quic-v1 */
void p2p__quic_addr_write(p2p__wr *w, const p2p_endpoint *ep);
int p2p__quic_addr_read(p2p_bytes addr, p2p_endpoint *ep);

#endif
