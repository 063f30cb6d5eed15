/* TRANSPORT: what a multiaddr names. Dials and listens, makes links; knows no peers and keeps no
 * connections. The upgrade configuration (which security, which muxers) comes from the host.  */
#ifndef P2P_TRANSPORT_TRANSPORT_H
#define P2P_TRANSPORT_TRANSPORT_H

#include "base/mux.h"
#include "base/shield.h"
#include "multiformats/multiaddr.h"
#include "transport/link.h"
#include "transport/loop.h"

/* One way to secure a connection. make: its handshake step, initiator or responder; expected all
 * zero: any peer; muxers: ids offered for early negotiation. */
typedef struct p2p__security {
  const char *id; /* "/noise" */
  int (*make)(void *ctx, p2p__env *env, bool initiator, const p2p_peer_id *expected,
              const char *const *muxers, size_t n_muxers, p2p_time deadline, p2p__step **out);
  void *ctx;
} p2p__security;

typedef struct p2p__muxer {
  const char *id; /* "/yamux/1.0.0" */
  int (*make)(p2p__loop *loop, p2p__budget *send_budget, bool client, p2p_time now, p2p__mux **out);
} p2p__muxer;

/* What hides a connection before anything is negotiated; make NULL: nothing does. */
typedef struct p2p__shielding {
  int (*make)(void *ctx, p2p__env *env, p2p__shield **out);
  void *ctx;
} p2p__shielding;

/* What byte links negotiate, in order of preference. Made once by the host, outlives its links. */
typedef struct p2p__upgrades {
  p2p__loop *loop;
  const p2p__security *securities;
  const char *const *security_ids; /* the same ids as a list, as multistream wants it */
  size_t n_securities;
  const p2p__muxer *muxers;
  const char *const *muxer_ids;
  size_t n_muxers;
  p2p__shielding shielding;
} p2p__upgrades;

/* One link to be made. */
typedef struct p2p__link_spec {
  p2p__link_owner *owner;
  p2p__budget *budget;  /* what its queues are charged to */
  p2p_peer_id expected; /* outbound: who must answer; all zero: anybody */
  bool optimistic;      /* outbound: propose security without waiting */
  size_t security;      /* outbound: index of the one to propose first */
  p2p_time deadline;    /* the connection is UP by then, or DOWN */
  void (*trace)(void *ctx, bool in, p2p_bytes line);
  void *trace_ctx;
} p2p__link_spec;

typedef struct p2p__transport p2p__transport;

/* An inbound connection has arrived from `remote` (packed multiaddr without /p2p). Fills spec and
 * returns 0 to have its link made, or an error to refuse it at once. proven: it hears what is sent to
 * remote; else remote may be anybody's, and must_prove is asked before: true: only who has proven it may
 * come. made: the link, or NULL when making it failed. */
typedef struct p2p__acceptor p2p__acceptor;
struct p2p__acceptor {
  bool (*must_prove)(p2p__acceptor *a, p2p_bytes remote);
  int (*arrived)(p2p__acceptor *a, p2p_bytes remote, bool proven, p2p__link_spec *spec,
                 p2p_time now);
  void (*made)(p2p__acceptor *a, p2p__link *link, const p2p__link_spec *spec);
  void (*closed)(p2p__acceptor *a, int err); /* the listener ended by itself */
};

typedef struct p2p__listening p2p__listening; /* a transport's listener */

typedef struct p2p__transport_ops {
  const char *name; /* "tcp" */
  /* True when addr (without /p2p) is wholly mine to dial (or to listen on). */
  bool (*claims)(const p2p__transport *t, p2p_bytes addr, bool listen);
  int (*dial)(p2p__transport *t, p2p_bytes addr, const p2p__link_spec *spec, p2p_time now,
              p2p__link **out);
  /* bound: the real address (port filled in), at most cap bytes. */
  int (*listen)(p2p__transport *t, p2p_bytes addr, p2p__acceptor *acceptor, p2p__listening **out,
                p2p__wr *bound);
  void (*unlisten)(p2p__transport *t, p2p__listening *l);
  /* A duplicate of a descriptor of the system becomes a link (remote: its packed address, nothing
   * where it has no IP), or a listener. NULL, and P2P_ENOTSUP of a listener: not this
   * transport's business. */
  int (*adopt)(p2p__transport *t, int fd, bool initiator, const p2p__link_spec *spec, p2p_time now,
               p2p__link **out, p2p__wr *remote);
  int (*adopt_listener)(p2p__transport *t, int fd, p2p__acceptor *acceptor, p2p__listening **out,
                        p2p__wr *bound);
  /* The interfaces' addresses, or the ways out, may have changed. NULL: it does not care. */
  void (*interfaces)(p2p__transport *t, p2p_time now);
  void (*free)(p2p__transport *t);
} p2p__transport_ops;

struct p2p__transport {
  const p2p__transport_ops *ops;
};

#endif
