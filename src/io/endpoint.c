/* p2p_endpoint to sockaddr and back. */
#include "io/uv.h"
#include <errno.h>
#include <string.h>

socklen_t p2p__uv_to_sockaddr(const p2p_endpoint *e, struct sockaddr_storage *out) {
  *out = (struct sockaddr_storage){ 0 };
  if (e->family == 4) {
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(e->port) };
    memcpy(&a.sin_addr, e->ip, 4);
    memcpy(out, &a, sizeof a);
    return sizeof a;
  }
  if (e->family == 6) {
    struct sockaddr_in6 a = { .sin6_family = AF_INET6,
                              .sin6_port = htons(e->port),
                              .sin6_scope_id = e->scope };
    memcpy(&a.sin6_addr, e->ip, 16);
    memcpy(out, &a, sizeof a);
    return sizeof a;
  }
  return 0;
}

bool p2p__uv_from_sockaddr(const struct sockaddr *in, p2p_endpoint *out) {
  if (in->sa_family == AF_INET) {
    struct sockaddr_in a;
    memcpy(&a, in, sizeof a);
    *out = (p2p_endpoint){ .family = 4, .port = ntohs(a.sin_port) };
    memcpy(out->ip, &a.sin_addr, 4);
    return true;
  }
  if (in->sa_family == AF_INET6) {
    struct sockaddr_in6 a;
    memcpy(&a, in, sizeof a);
    *out = (p2p_endpoint){ .family = 6, .port = ntohs(a.sin6_port), .scope = a.sin6_scope_id };
    memcpy(out->ip, &a.sin6_addr, 16);
    return true;
  }
  return false;
}

int p2p__uv_local(int fd, p2p_endpoint *out) {
  struct sockaddr_storage a = { 0 };
  socklen_t len = sizeof a;
  if (getsockname(fd, (struct sockaddr *)&a, &len) != 0) return p2p__uv_error(errno);
  return p2p__uv_from_sockaddr((struct sockaddr *)&a, out) ? 0 : P2P_ENOTSUP;
}
