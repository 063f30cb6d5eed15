/* The path of a connection: which two addresses it runs between. A peer's move is followed when it is
 * proven; a dialed connection moves to another address of ours when it is told to.
 * Spec: RFC 9000, sections 8.2 and 9. */
#include "quic/internal.h"

#include <assert.h>

static bool same_endpoint(const p2p_endpoint *a, const p2p_endpoint *b) {
  return a->port == b->port && a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static bool is_any(const p2p_endpoint *e) {
  static const uint8_t zero[sizeof e->ip];
  return memcmp(e->ip, zero, sizeof zero) == 0;
}

/* Of a socket that has several addresses the port alone may be known. */
static bool stands_for(const p2p_endpoint *name, const p2p_endpoint *at) {
  if (name->family != at->family || name->port != at->port) return false;
  return is_any(name) || same_endpoint(name, at);
}

/* ngtcp2 compares paths byte by byte: there is one name for where a client is, whatever the interface,
 * and while it moves another. */
const p2p_endpoint *p2p__quic_came_to(const p2p__quic *q, const p2p_endpoint *local) {
  return q->target.family && stands_for(&q->target, local) ? &q->target : &q->local;
}

/* ---- moving ---- */
void p2p__quic_settle(p2p__quic *q, const p2p_endpoint *local) {
  quic_path path;
  assert(q->client);
  if (q->ended) return;
  p2p__quic_path_make(&path, local, &q->remote);
  ngtcp2_conn_set_local_addr(q->conn, &path.path.local);
  q->local = *local;
}

static int move_error(int rv) {
  switch (rv) {
  case 0: return 0;
  case NGTCP2_ERR_CONN_ID_BLOCKED: return P2P_EAGAIN;
  case NGTCP2_ERR_INVALID_ARGUMENT: return P2P_EEXIST;
  case NGTCP2_ERR_NOMEM: return P2P_ENOMEM;
  default: return P2P_ENOTSUP;
  }
}

static int may_move(const p2p__quic *q) {
  if (q->ended) return P2P_ECLOSED;
  if (!q->client) return P2P_ENOTSUP;
  if (!q->confirmed) return P2P_EAGAIN;
  const ngtcp2_transport_params *theirs = ngtcp2_conn_get_remote_transport_params(q->conn);
  return theirs && theirs->disable_active_migration ? P2P_ENOTSUP : 0;
}

int p2p__quic_move(p2p__quic *q, const p2p_endpoint *local, bool at_once, p2p_time now) {
  quic_path path;
  int err = may_move(q);
  if (err < 0) return err;
  if (q->target.family && !at_once) return P2P_EAGAIN;
  p2p_endpoint before = q->target;
  q->now = now;
  q->target = (p2p_endpoint){ 0 }; /* what becomes of an earlier one is of no interest */
  p2p__quic_path_make(&path, local, &q->remote);
  int rv = at_once ? ngtcp2_conn_initiate_immediate_migration(q->conn, &path.path, now)
                   : ngtcp2_conn_initiate_migration(q->conn, &path.path, now);
  err = move_error(rv);
  q->target = err < 0 ? before : *local;
  if (err < 0) return err;
  if (at_once) q->local = *local;
  q->stale = true;
  return 0;
}

/* ---- what became of paths ---- */
/* True: it was the path we moved to. */
static bool move_is_over(p2p__quic *q, const ngtcp2_path *path, bool proven) {
  p2p_endpoint local = p2p__quic_endpoint_of(&path->local);
  if (!q->target.family || !same_endpoint(&local, &q->target)) return false;
  q->target = (p2p_endpoint){ 0 };
  if (proven) q->local = local;
  q->moved |= proven;
  q->stayed |= !proven;
  return true;
}

int p2p__quic_on_path(ngtcp2_conn *conn, uint32_t flags, const ngtcp2_path *path,
                      const ngtcp2_path *old, ngtcp2_path_validation_result result, void *user) {
  p2p__quic *q = user;
  bool proven = result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS;
  (void)conn;
  (void)flags;
  (void)old;
  if (move_is_over(q, path, proven) || !proven) return 0;
  p2p_endpoint remote = p2p__quic_endpoint_of(&path->remote);
  if (same_endpoint(&remote, &q->remote)) return 0;
  q->remote = remote;
  q->moved = true;
  return 0;
}

bool p2p__quic_path_next(p2p__quic *q, p2p__quic_event *ev) {
  if (!q->moved && !q->stayed) return false;
  p2p__quic_event_kind kind = q->moved ? P2P__QUIC_MOVED : P2P__QUIC_STAYED;
  *ev = (p2p__quic_event){ .kind = kind, .local = q->local, .remote = q->remote };
  if (q->moved)
    q->moved = false;
  else
    q->stayed = false;
  return true;
}
