/* Listening, dialing and connections of the public API: text in, handles out. */
#include "host/internal.h"

/* A path takes the rest of an address, also the peer id behind it: as text "/unix/s/p2p/12D3…" is one
 * path. We print such addresses, so we read them. */
static ptrdiff_t split_path(uint8_t *bytes, size_t len, size_t cap) {
  static const char mark[] = "/p2p/";
  p2p__rd r = p2p__rd_of(p2p__bytes(bytes, len));
  p2p__ma_part part;
  if (p2p__ma_next(&r, &part) != 1 || part.code != P2P__MA_UNIX || !p2p__rd_done(&r))
    return (ptrdiff_t)len;
  char path[P2P_ADDR_MAX];
  size_t n = part.value.len;
  if (n >= sizeof path) return P2P_EADDR;
  memcpy(path, part.value.p, n);
  path[n] = '\0';
  size_t at = n;
  while (at > 0 && strncmp(path + at, mark, sizeof mark - 1) != 0) at--;
  p2p_peer_id peer;
  if (at == 0 || p2p_peer_id_parse(path + at + sizeof mark - 1, &peer) < 0) return (ptrdiff_t)len;
  p2p__wr w = p2p__wr_of(bytes, cap);
  p2p__ma_add(&w, P2P__MA_UNIX, p2p__bytes(path, at));
  p2p__ma_add(&w, P2P__MA_P2P, p2p__bytes(peer.b, peer.len));
  return w.err ? w.err : (ptrdiff_t)w.len;
}

ptrdiff_t p2p__host_parse(const char *text, uint8_t *out, size_t cap) {
  ptrdiff_t len = p2p_addr_parse(text, out, cap, NULL);
  return len < 0 ? len : split_path(out, (size_t)len, cap);
}

/* ---- listening ---- */
int p2p_listen(p2p_host *h, const char *addr, p2p_listener *out) {
  p2p__host_assert(h);
  if (!h || !addr || !out) return P2P_EINVAL;
  uint8_t bytes[P2P_ADDR_MAX];
  ptrdiff_t len = p2p__host_parse(addr, bytes, sizeof bytes);
  if (len < 0) return (int)len;
  uint64_t handle;
  int err = p2p__swarm_listen(&h->swarm, p2p__bytes(bytes, (size_t)len), &handle);
  if (err >= 0) *out = (p2p_listener){ handle };
  return err;
}

int p2p_listen_fd(p2p_host *h, int fd, p2p_listener *out) {
  p2p__host_assert(h);
  if (!h || fd < 0 || !out) return P2P_EINVAL;
  uint64_t handle;
  int err = p2p__swarm_listen_fd(&h->swarm, fd, &handle);
  if (err >= 0) *out = (p2p_listener){ handle };
  return err;
}

int p2p_listener_close(p2p_host *h, p2p_listener l) {
  p2p__host_assert(h);
  return h ? p2p__swarm_unlisten(&h->swarm, l.id) : P2P_EINVAL;
}

ptrdiff_t p2p_host_addr(p2p_host *h, size_t i, char *out, size_t cap) {
  p2p__host_assert(h);
  if (!h || !out) return P2P_EINVAL;
  uint8_t bytes[P2P_ADDR_MAX];
  p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
  int r = p2p__swarm_addr(&h->swarm, i, &w);
  if (r == 0) return P2P_ENOTFOUND;
  if (r < 0) return r;
  p2p__ma_add(&w, P2P__MA_P2P, p2p__bytes(h->identity->peer.b, h->identity->peer.len));
  return w.err ? w.err : p2p_addr_print(p2p__wr_bytes(&w), out, cap);
}

/* ---- dialing ---- */
enum { DIAL_ADDRS = 64 };

/* Parses addresses into space; all must name the same peer, or none. */
typedef struct dial_list {
  uint8_t space[DIAL_ADDRS][P2P_ADDR_MAX];
  p2p_bytes addrs[DIAL_ADDRS];
  size_t n;
  p2p_peer_id peer;
} dial_list;

static int dial_add(dial_list *d, const char *text) {
  if (!text) return P2P_EINVAL;
  if (d->n == DIAL_ADDRS) return P2P_ELIMIT;
  ptrdiff_t len = p2p__host_parse(text, d->space[d->n], P2P_ADDR_MAX);
  if (len < 0) return (int)len;
  p2p_peer_id peer;
  p2p_bytes whole = p2p__bytes(d->space[d->n], (size_t)len);
  int err = p2p__ma_split_peer(whole, &d->addrs[d->n], &peer);
  if (err < 0) return err;
  if (d->n && !p2p_peer_id_eq(&peer, &d->peer)) return P2P_EINVAL;
  d->peer = peer;
  d->n++;
  return 0;
}

static int dial_go(p2p_host *h, dial_list *d, p2p_conn *out) {
  p2p__sconn *c;
  int err = p2p__swarm_dial(&h->swarm, &d->peer, d->addrs, d->n, true, &c);
  if (err >= 0) *out = (p2p_conn){ c->handle };
  return err;
}

int p2p_dial_addrs(p2p_host *h, const char *const *addrs, size_t n, p2p_conn *out) {
  p2p__host_assert(h);
  if (!h || !addrs || !n || !out) return P2P_EINVAL;
  dial_list *d = p2p__alloc_raw(&h->mem, P2P__MEM_HOST, sizeof *d);
  if (!d) return P2P_ENOMEM;
  d->n = 0;
  int err = 0;
  for (size_t i = 0; i < n && err >= 0; i++) err = dial_add(d, addrs[i]);
  if (err >= 0) err = dial_go(h, d, out);
  p2p__release(&h->mem, P2P__MEM_HOST, d, sizeof *d);
  return err;
}

int p2p_dial(p2p_host *h, const char *addr, p2p_conn *out) {
  return p2p_dial_addrs(h, &addr, 1, out);
}

int p2p_dial_peer(p2p_host *h, const p2p_peer_id *to, p2p_conn *out) {
  p2p__host_assert(h);
  if (!h || !to || !out) return P2P_EINVAL;
  p2p__peer *peer = p2p__peer_ref(&h->swarm.peers, to);
  if (!peer) return P2P_ELIMIT;
  p2p__sconn *c;
  int err = p2p__swarm_reach(&h->swarm, peer, &c);
  if (err >= 0) *out = (p2p_conn){ c->handle };
  p2p__peer_unref(&h->swarm.peers, peer);
  return err;
}

int p2p_adopt(p2p_host *h, int fd, p2p_direction dir, const p2p_peer_id *expected, p2p_conn *out) {
  p2p__host_assert(h);
  if (!h || fd < 0 || !out || (dir != P2P_OUTBOUND && dir != P2P_INBOUND)) return P2P_EINVAL;
  const p2p_peer_id anybody = { 0 };
  p2p__sconn *c;
  int err = p2p__swarm_adopt(&h->swarm, fd, dir, expected ? expected : &anybody, &c);
  if (err >= 0) *out = (p2p_conn){ c->handle };
  return err;
}

int p2p_peer_add_addr(p2p_host *h, const char *addr) {
  p2p__host_assert(h);
  if (!h || !addr) return P2P_EINVAL;
  uint8_t bytes[P2P_ADDR_MAX];
  ptrdiff_t len = p2p__host_parse(addr, bytes, sizeof bytes);
  if (len < 0) return (int)len;
  p2p_bytes base;
  p2p_peer_id id;
  int err = p2p__ma_split_peer(p2p__bytes(bytes, (size_t)len), &base, &id);
  if (err < 0) return err;
  if (!id.len) return P2P_EINVAL;
  p2p__peer *peer = p2p__peer_ref(&h->swarm.peers, &id);
  if (!peer) return P2P_ELIMIT;
  err = p2p__peer_add_addr(&h->swarm.peers, peer, base);
  p2p__peer_unref(&h->swarm.peers, peer);
  return err;
}

/* ---- connections ---- */
static p2p__sconn *conn_of(p2p_host *h, p2p_conn c) {
  p2p__host_assert(h);
  return h ? p2p__conn_get(&h->swarm, c.id) : NULL;
}

int p2p_conn_close(p2p_host *h, p2p_conn conn, uint32_t code) {
  p2p__sconn *c = conn_of(h, conn);
  if (!c) return P2P_ESTALE;
  p2p__conn_close(c, code, 0);
  return 0;
}

int p2p_conn_migrate(p2p_host *h, p2p_conn conn, const char *local) {
  uint8_t bytes[P2P_ADDR_MAX];
  p2p__sconn *c = conn_of(h, conn);
  if (!c) return P2P_ESTALE;
  if (c->state == P2P__CONN_DIALING || c->state == P2P__CONN_SECURING) return P2P_EAGAIN;
  if (c->state != P2P__CONN_UP) return P2P_ECLOSED;
  ptrdiff_t len = local ? p2p__host_parse(local, bytes, sizeof bytes) : 0;
  if (len < 0) return (int)len;
  if (!c->link->ops->move) return P2P_ENOTSUP;
  p2p__loop_refresh(&h->loop);
  return c->link->ops->move(c->link, p2p__bytes(bytes, (size_t)len), p2p__swarm_now(&h->swarm));
}

static void conn_fill(const p2p__sconn *c, p2p_conn_info *out) {
  p2p__link_stats stats = { 0 };
  if (c->link) c->link->ops->stats(c->link, &stats);
  *out = (p2p_conn_info){ .size = out->size,
                          .direction = c->inbound ? P2P_INBOUND : P2P_OUTBOUND,
                          .up = c->state == P2P__CONN_UP,
                          .early_muxer = c->early,
                          .security = c->security,
                          .muxer = c->muxer,
                          .rtt = stats.rtt,
                          .window = stats.window,
                          .bytes_in = c->bytes_in,
                          .bytes_out = c->bytes_out,
                          .streams = c->n_streams,
                          .opened = c->up_at,
                          .datagram_max = c->state == P2P__CONN_UP ? stats.datagram_max : 0,
                          .datagrams_dropped = stats.datagrams_dropped + c->datagrams.dropped };
  if (c->peer) out->peer = c->peer->id;
}

int p2p_conn_get(p2p_host *h, p2p_conn conn, p2p_conn_info *out) {
  p2p__sconn *c = conn_of(h, conn);
  if (!c) return P2P_ESTALE;
  if (!out || !out->size) return P2P_EINVAL;
  p2p_conn_info info = { .size = out->size };
  conn_fill(c, &info);
  memcpy(out, &info, p2p__min(info.size, sizeof info));
  return 0;
}

int p2p_datagram_send(p2p_host *h, p2p_conn conn, p2p_bytes datagram) {
  p2p__sconn *c = conn_of(h, conn);
  if (!c) return P2P_ESTALE;
  if (!datagram.p && datagram.len) return P2P_EINVAL;
  return p2p__datagram_send(c, datagram);
}

ptrdiff_t p2p_conn_addr(p2p_host *h, p2p_conn conn, char *out, size_t cap) {
  p2p__sconn *c = conn_of(h, conn);
  if (!c) return P2P_ESTALE;
  uint8_t bytes[P2P_ADDR_MAX];
  p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
  int err = p2p__conn_print_addr(c, &w);
  return err ? err : p2p_addr_print(p2p__wr_bytes(&w), out, cap);
}

ptrdiff_t p2p_conn_local_addr(p2p_host *h, p2p_conn conn, char *out, size_t cap) {
  p2p__sconn *c = conn_of(h, conn);
  if (!c) return P2P_ESTALE;
  if (!out) return P2P_EINVAL;
  uint8_t bytes[P2P_ADDR_MAX];
  p2p__wr w = p2p__wr_of(bytes, sizeof bytes);
  int err = c->link && c->link->ops->local ? c->link->ops->local(c->link, &w) : P2P_ENOTFOUND;
  return err < 0 ? err : p2p_addr_print(p2p__wr_bytes(&w), out, cap);
}

int p2p_conn_set_user(p2p_host *h, p2p_conn conn, void *user) {
  p2p__sconn *c = conn_of(h, conn);
  if (!c) return P2P_ESTALE;
  c->user = user;
  return 0;
}

void *p2p_conn_user(p2p_host *h, p2p_conn conn) {
  p2p__sconn *c = conn_of(h, conn);
  return c ? c->user : NULL;
}
