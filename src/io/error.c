/* The one table from the system's errors to ours. */
#include "io/uv.h"
#include <errno.h>

int p2p__uv_error(int sys) {
  static const struct {
    int sys, ours;
  } table[] = {
    { EAGAIN, P2P_EAGAIN },          { EWOULDBLOCK, P2P_EAGAIN },
    { EINPROGRESS, P2P_EAGAIN },     { EINTR, P2P_EAGAIN },
    { ECONNRESET, P2P_ERESET },      { EPIPE, P2P_ERESET },
    { ENETRESET, P2P_ERESET },       { ECONNABORTED, P2P_ERESET },
    { ECONNREFUSED, P2P_EREFUSED },  { ETIMEDOUT, P2P_ETIMEOUT },
    { EHOSTUNREACH, P2P_EUNREACH },  { ENETUNREACH, P2P_EUNREACH },
    { EHOSTDOWN, P2P_EUNREACH },     { ENETDOWN, P2P_EUNREACH },
    { EADDRNOTAVAIL, P2P_EUNREACH }, { EADDRINUSE, P2P_EADDRINUSE },
    { EISCONN, P2P_EEXIST },         { ENOTCONN, P2P_ECLOSED },
    { EACCES, P2P_EACCES },          { EPERM, P2P_EACCES },
    { EMFILE, P2P_EFILES },          { ENFILE, P2P_EFILES },
    { ENOMEM, P2P_ENOMEM },          { ENOBUFS, P2P_ENOMEM },
    { EMSGSIZE, P2P_ELIMIT },        { EINVAL, P2P_EINVAL },
    { EBADF, P2P_EINVAL },           { ENOTSOCK, P2P_EINVAL },
    { EAFNOSUPPORT, P2P_ENOTSUP },   { EPROTONOSUPPORT, P2P_ENOTSUP },
    { EOPNOTSUPP, P2P_ENOTSUP },     { ENOPROTOOPT, P2P_ENOTSUP },
    { ECANCELED, P2P_ECANCELED },
  };
  for (size_t i = 0; i < P2P_COUNT(table); i++)
    if (table[i].sys == sys) return table[i].ours;
  return P2P_EIO;
}
