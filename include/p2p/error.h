/* The one list of errors. Every function that can fail returns one of these negative values. */
#ifndef P2P_ERROR_H
#define P2P_ERROR_H

#include <p2p/attr.h>

P2P_BEGIN

/* X(name, value, text). Values are part of the ABI: never renumber, append only. */
#define P2P_ERRORS(X)                                                                              \
  X(P2P_EAGAIN, -1, "not now: try again when told")                                                \
  X(P2P_EINVAL, -2, "invalid argument")                                                            \
  X(P2P_ENOMEM, -3, "out of memory")                                                               \
  X(P2P_ESTALE, -4, "the handle's object is gone")                                                 \
  X(P2P_EPROTO, -5, "the peer violated the protocol")                                              \
  X(P2P_ELIMIT, -6, "a limit was reached")                                                         \
  X(P2P_ETIMEOUT, -7, "timed out")                                                                 \
  X(P2P_ECLOSED, -8, "closed")                                                                     \
  X(P2P_ERESET, -9, "reset by the peer")                                                           \
  X(P2P_ESTOPPED, -10, "the peer stopped reading")                                                 \
  X(P2P_EREFUSED, -11, "connection refused: nothing listens there")                                \
  X(P2P_EUNREACH, -12, "host or network unreachable")                                              \
  X(P2P_EADDR, -13, "not a valid multiaddr")                                                       \
  X(P2P_EADDRINUSE, -14, "address already in use")                                                 \
  X(P2P_EACCES, -15, "permission denied")                                                          \
  X(P2P_EPEER, -16, "another peer answered than the one asked for")                                \
  X(P2P_EAUTH, -17, "authentication failed")                                                       \
  X(P2P_ENOSEC, -18, "no common security protocol")                                                \
  X(P2P_ENOMUX, -19, "no common stream muxer")                                                     \
  X(P2P_ENOPROTO, -20, "the peer does not speak the protocol")                                     \
  X(P2P_EGATED, -21, "refused by the connection gater")                                            \
  X(P2P_ECANCELED, -22, "canceled")                                                                \
  X(P2P_EEOF, -23, "end of stream")                                                                \
  X(P2P_EIO, -24, "input/output error")                                                            \
  X(P2P_ENAME, -25, "no such name")                                                                \
  X(P2P_ENOTSUP, -26, "not supported")                                                             \
  X(P2P_ESHORT, -27, "input ends too early")                                                       \
  X(P2P_ESELF, -28, "that peer is this host")                                                      \
  X(P2P_EGOAWAY, -29, "the peer accepts no more streams on this connection")                       \
  X(P2P_EKEY, -30, "not a usable key")                                                             \
  X(P2P_ESIG, -31, "bad signature")                                                                \
  X(P2P_EFILES, -32, "too many open files")                                                        \
  X(P2P_EEXIST, -33, "already there")                                                              \
  X(P2P_ENOTFOUND, -34, "not found")                                                               \
  X(P2P_ENOADDR, -35, "no address known that could be dialed")                                     \
  X(P2P_ETHREAD, -36, "called from another thread than the host's")                                \
  X(P2P_EBACKOFF, -37, "the address failed lately and is left alone for now")                      \
  X(P2P_EBLACKHOLE, -38, "addresses of this kind get no answers from here")                        \
  X(P2P_ERESOLVE, -39, "the name servers do not answer")

/* The errors as numbers; 0 is no error. */
enum p2p_error {
  P2P_OK = 0,
#define P2P_ERROR_ENUM(name, value, text) name = value,
  P2P_ERRORS(P2P_ERROR_ENUM)
#undef P2P_ERROR_ENUM
};

/* The error's sentence, static, never NULL. Values >= 0 are "ok". */
P2P_API const char *p2p_strerror(int err);

/* The error's name as in this header, "P2P_EPROTO". Static, never NULL. */
P2P_API const char *p2p_error_name(int err);

P2P_END
#endif
