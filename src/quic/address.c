/* Endpoints as ngtcp2 has them: sockaddrs, compared byte by byte. */
#include "quic/internal.h"

static ngtcp2_socklen sockaddr_make(ngtcp2_sockaddr_union *to, const p2p_endpoint *e) {
  memset(to, 0, sizeof *to);
  if (e->family == 6) {
    to->in6.sin6_family = AF_INET6;
    to->in6.sin6_scope_id = e->scope;
    p2p__put_be16((uint8_t *)&to->in6.sin6_port, e->port);
    memcpy(&to->in6.sin6_addr, e->ip, sizeof to->in6.sin6_addr);
    return sizeof to->in6;
  }
  to->in.sin_family = AF_INET;
  p2p__put_be16((uint8_t *)&to->in.sin_port, e->port);
  memcpy(&to->in.sin_addr, e->ip, sizeof to->in.sin_addr);
  return sizeof to->in;
}

void p2p__quic_path_make(quic_path *p, const p2p_endpoint *local, const p2p_endpoint *remote) {
  p->path = (ngtcp2_path){ .local = { .addr = &p->local.sa }, .remote = { .addr = &p->remote.sa } };
  p->path.local.addrlen = sockaddr_make(&p->local, local);
  p->path.remote.addrlen = sockaddr_make(&p->remote, remote);
}

static uint16_t port_of(const void *port) {
  const uint8_t *b = port;
  return (uint16_t)(b[0] << 8 | b[1]);
}

p2p_endpoint p2p__quic_endpoint_of(const ngtcp2_addr *addr) {
  p2p_endpoint e = { 0 };
  if (addr->addr->sa_family == AF_INET6) {
    ngtcp2_sockaddr_in6 in;
    memcpy(&in, addr->addr, sizeof in);
    e = (p2p_endpoint){ .family = 6, .port = port_of(&in.sin6_port), .scope = in.sin6_scope_id };
    memcpy(e.ip, &in.sin6_addr, 16);
  } else {
    ngtcp2_sockaddr_in in;
    memcpy(&in, addr->addr, sizeof in);
    e = (p2p_endpoint){ .family = 4, .port = port_of(&in.sin_port) };
    memcpy(e.ip, &in.sin_addr, 4);
  }
  return e;
}
