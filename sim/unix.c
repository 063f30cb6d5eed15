/* Simulated unix sockets: a path of a node names a listener on its loopback. They split and wait as TCP
 * does there; no file is left behind, so that none is stale. */
#include "sim/tcp.h"
#include <string.h>

static const p2p_endpoint home = { .family = 4, .ip = { 127, 0, 0, 1 } };

static sim_sock *listener_at(sim_node *node, const char *path) {
  for (p2p__list *n = node->bound.next; n != &node->bound; n = n->next) {
    sim_sock *s = P2P_CONTAINER(n, sim_sock, bound);
    if (s->kind == SIM_SOCK_LISTENER && strcmp(s->path, path) == 0) return s;
  }
  return NULL;
}

static bool is_path(const char *path) { return path && *path && strlen(path) < P2P_IO_PATH_MAX; }

int sim_unix_listen(p2p_io *io, const char *path, int backlog, uint64_t token) {
  sim_node *node = sim_node_of(io);
  if (!is_path(path)) return P2P_EADDR;
  if (listener_at(node, path)) return P2P_EADDRINUSE;
  int sock = sim_tcp_listen(io, &home, backlog, token, NULL);
  sim_sock *s = sock < 0 ? NULL : sim_sock_get(io, sock, SIM_SOCK_LISTENER);
  if (s) memcpy(s->path, path, strlen(path) + 1);
  return sock;
}

int sim_unix_accept(p2p_io *io, int listener, uint64_t token, char *path, size_t cap) {
  sim_sock *l = sim_sock_get(io, listener, SIM_SOCK_LISTENER);
  if (!l || !*l->path) return P2P_EINVAL;
  size_t n = strlen(l->path);
  if (n >= cap) return P2P_ELIMIT;
  memcpy(path, l->path, n + 1);
  return sim_tcp_accept(io, listener, token, NULL, NULL);
}

int sim_unix_connect(p2p_io *io, const char *path, uint64_t token) {
  if (!is_path(path)) return P2P_EADDR;
  sim_sock *l = listener_at(sim_node_of(io), path);
  return l ? sim_tcp_connect(io, NULL, &l->local, token) : P2P_EREFUSED;
}
