/* Names: libuv asks the system's resolver on a thread of its pool. */
#include "io/uv.h"
#include <netdb.h>
#include <string.h>

enum {
  HOST_MAX = 253, /* bytes of a host name. RFC 1035, section 2.3.4 */
  IDN_MAX = 90    /* of one that is not ASCII */
};

typedef struct lookup {
  uv_getaddrinfo_t req;
  p2p__list link; /* in p2p__uv.lookups until taken or canceled */
  p2p__uv_fact fact;
  bool done, canceled;
  int err;
  struct addrinfo *found;
} lookup;

static void lookup_free(p2p__uv *io, lookup *l) {
  p2p__list_del(&l->link);
  p2p__list_del(&l->fact.link);
  uv_freeaddrinfo(l->found);
  p2p__release(&io->mem, P2P__MEM_LOOP, l, sizeof *l);
}

static lookup *lookup_find(p2p__uv *io, uint64_t token) {
  for (p2p__list *n = io->lookups.next; n != &io->lookups; n = n->next) {
    lookup *l = P2P_CONTAINER(n, lookup, link);
    if (l->fact.token == token && !l->canceled) return l;
  }
  return NULL;
}

/* Names come from peers. One that is not ASCII libuv puts into the form of RFC 3492, at most 8 bytes for
 * each 3 (a label of one letter), in 256 bytes whose end it does not mark before 1.48 when they are too
 * few: what lies behind them on the stack is looked up, too. CVE-2024-24806. */
bool p2p__uv_name_fits(const char *host) {
  size_t len = strlen(host), ascii = 0;
  while (ascii < len && !(host[ascii] & 0x80)) ascii++;
  return len > 0 && len <= (ascii == len ? HOST_MAX : IDN_MAX);
}

/* What the system's resolver found out of a name, and what it did not. */
int p2p__uv_name_error(int status) {
  switch (status) {
  case 0: return 0;
  case UV_EAI_NONAME:
  case UV_EAI_NODATA:
  case UV_EAI_ADDRFAMILY: return P2P_ENAME;
  case UV_EAI_MEMORY:
  case UV_ENOMEM: return P2P_ENOMEM;
  default: return P2P_ERESOLVE; /* EAI_AGAIN, EAI_FAIL: nobody answered, or with a failure */
  }
}

static void lookup_done(uv_getaddrinfo_t *req, int status, struct addrinfo *found) {
  lookup *l = P2P_CONTAINER(req, lookup, req);
  p2p__uv *io = req->loop->data;
  l->done = true;
  l->err = p2p__uv_name_error(status);
  l->found = found;
  if (l->canceled)
    lookup_free(io, l);
  else
    p2p__uv_raise(io, &l->fact, P2P_IO_RESOLVED, l->err);
}

int p2p__uv_resolve(p2p_io *base, const char *host, int family, uint64_t token) {
  p2p__uv *io = p2p__uv_of(base);
  if (!host || !p2p__uv_name_fits(host) || (family && family != 4 && family != 6))
    return P2P_EINVAL;
  if (lookup_find(io, token)) return P2P_EEXIST;
  lookup *l = p2p__alloc(&io->mem, P2P__MEM_LOOP, sizeof *l);
  if (!l) return P2P_ENOMEM;
  p2p__uv_fact_init(&l->fact, token, NULL);
  p2p__list_add(&io->lookups, &l->link);
  struct addrinfo hints = { .ai_family = family == 4   ? AF_INET
                                         : family == 6 ? AF_INET6
                                                       : AF_UNSPEC,
                            .ai_socktype = SOCK_STREAM };
  int err = uv_getaddrinfo(&io->loop, &l->req, lookup_done, host, NULL, &hints);
  if (!err) return 0;
  lookup_free(io, l);
  return p2p__uv_error(-err);
}

static int addresses_of(const struct addrinfo *found, p2p_endpoint *out, int n) {
  int count = 0;
  for (const struct addrinfo *a = found; a && count < n; a = a->ai_next)
    if (p2p__uv_from_sockaddr(a->ai_addr, &out[count])) count++;
  return count ? count : P2P_ENAME;
}

int p2p__uv_resolved(p2p_io *base, uint64_t token, p2p_endpoint *out, int n) {
  p2p__uv *io = p2p__uv_of(base);
  if (!out || n <= 0) return P2P_EINVAL;
  lookup *l = lookup_find(io, token);
  if (!l) return P2P_ENOTFOUND;
  if (!l->done) return P2P_EAGAIN;
  int count = l->err < 0 ? l->err : addresses_of(l->found, out, n);
  lookup_free(io, l);
  return count;
}

static void lookup_cancel(p2p__uv *io, lookup *l) {
  if (l->done) {
    lookup_free(io, l);
  } else {
    l->canceled = true;
    uv_cancel((uv_req_t *)&l->req); /* refused while the resolver is at it: done() will free */
  }
}

void p2p__uv_resolve_cancel(p2p_io *base, uint64_t token) {
  p2p__uv *io = p2p__uv_of(base);
  lookup *l = lookup_find(io, token);
  if (l) lookup_cancel(io, l);
}

void p2p__uv_resolve_close(p2p__uv *io) {
  p2p__list *n = io->lookups.next, *next;
  for (; n != &io->lookups; n = next) {
    next = n->next;
    lookup_cancel(io, P2P_CONTAINER(n, lookup, link));
  }
}
