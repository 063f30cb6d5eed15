/* Unix sockets: listening on a path, accepting, connecting. Bytes are those of tcp.c. */
#include "io/uv.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PRIVATE = 0600 }; /* whoever may write to the socket may connect */

/* 0, or P2P_EADDR: too long, or none. */
static int address_of(const char *path, struct sockaddr_un *out) {
  *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
  size_t len = path ? strlen(path) : 0;
  if (!len || len >= sizeof out->sun_path) return P2P_EADDR;
  memcpy(out->sun_path, path, len);
  return 0;
}

static int connect_to(int fd, const struct sockaddr_un *a) {
  return connect(fd, (const struct sockaddr *)a, sizeof *a);
}

/* The file of a listener that is gone: a socket that refuses. Anything else is somebody's. */
static bool is_stale(const struct sockaddr_un *a) {
  struct stat st;
  if (lstat(a->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode)) return false;
  int fd = p2p__uv_socket(AF_UNIX, SOCK_STREAM);
  if (fd < 0) return false;
  bool refused = connect_to(fd, a) != 0 && errno == ECONNREFUSED;
  close(fd);
  return refused;
}

static int bind_to(int fd, const struct sockaddr_un *a) {
  if (bind(fd, (const struct sockaddr *)a, sizeof *a) == 0) return 0;
  if (errno != EADDRINUSE) return -1;
  if (!is_stale(a)) {
    errno = EADDRINUSE; /* whatever asking left there */
    return -1;
  }
  unlink(a->sun_path);
  return bind(fd, (const struct sockaddr *)a, sizeof *a);
}

/* Nobody connects before it listens: the file is private by then. */
static int open_listener(const struct sockaddr_un *a, int backlog) {
  int fd = p2p__uv_socket(AF_UNIX, SOCK_STREAM);
  if (fd < 0) return p2p__uv_error(errno);
  bool bound = bind_to(fd, a) == 0;
  if (bound && chmod(a->sun_path, PRIVATE) == 0 && listen(fd, backlog) == 0) return fd;
  int err = errno == ENOENT || errno == ENOTDIR ? P2P_EADDR : p2p__uv_error(errno);
  if (bound) unlink(a->sun_path);
  close(fd);
  return err;
}

int p2p__uv_unix_listen(p2p_io *base, const char *path, int backlog, uint64_t token) {
  p2p__uv *io = p2p__uv_of(base);
  struct sockaddr_un a;
  struct stat st = { 0 };
  int err = address_of(path, &a);
  if (err < 0) return err;
  int fd = open_listener(&a, backlog);
  if (fd < 0) return fd;
  char *name = p2p__alloc_raw(&io->mem, P2P__MEM_LOOP, sizeof a.sun_path);
  if (!name || lstat(path, &st) != 0) {
    err = name ? p2p__uv_error(errno) : P2P_ENOMEM;
    p2p__release(&io->mem, P2P__MEM_LOOP, name, sizeof a.sun_path);
    unlink(path);
    close(fd);
    return err;
  }
  memcpy(name, a.sun_path, sizeof a.sun_path);
  p2p__uv_sock *s;
  int sock = p2p__uv_sock_new(io, fd, P2P__UV_LISTENER, token, P2P_IO_READABLE, &s);
  if (sock < 0) {
    unlink(path);
    p2p__release(&io->mem, P2P__MEM_LOOP, name, sizeof a.sun_path);
    return sock;
  }
  s->path = name;
  s->device = (uint64_t)st.st_dev;
  s->inode = (uint64_t)st.st_ino;
  return sock;
}

/* The path a listening fd is bound to. P2P_EADDR: none from the root on, so it is no address. */
static int path_of(int fd, struct sockaddr_un *out) {
  *out = (struct sockaddr_un){ 0 };
  socklen_t len = sizeof *out;
  if (!p2p__uv_is_stream(fd, true)) return P2P_EINVAL;
  if (getsockname(fd, (struct sockaddr *)out, &len) != 0 || out->sun_family != AF_UNIX)
    return P2P_EINVAL;
  bool ended = memchr(out->sun_path, 0, sizeof out->sun_path) != NULL;
  return out->sun_path[0] == '/' && ended ? 0 : P2P_EADDR;
}

int p2p__uv_unix_adopt(p2p_io *base, int fd, uint64_t token, char *path, size_t cap) {
  p2p__uv *io = p2p__uv_of(base);
  struct sockaddr_un a;
  int err = path_of(fd, &a);
  if (err < 0) return err;
  size_t n = strlen(a.sun_path);
  if (n >= cap) return P2P_ELIMIT;
  char *name = p2p__alloc_raw(&io->mem, P2P__MEM_LOOP, sizeof a.sun_path);
  if (!name) return P2P_ENOMEM;
  memcpy(name, a.sun_path, sizeof a.sun_path);
  p2p__uv_sock *s;
  int sock = p2p__uv_duplicate(fd);
  if (sock >= 0) sock = p2p__uv_sock_new(io, sock, P2P__UV_LISTENER, token, P2P_IO_READABLE, &s);
  if (sock < 0) {
    p2p__release(&io->mem, P2P__MEM_LOOP, name, sizeof a.sun_path);
    return sock;
  }
  s->path = name;
  memcpy(path, name, n + 1);
  return sock;
}

/* Another may have taken the path since: only the file that is ours goes. */
void p2p__uv_unix_forget(p2p__uv *io, p2p__uv_sock *s) {
  struct stat st;
  if (!s->path) return;
  bool ours = s->inode && lstat(s->path, &st) == 0 && (uint64_t)st.st_dev == s->device &&
              (uint64_t)st.st_ino == s->inode;
  if (ours) unlink(s->path);
  p2p__release(&io->mem, P2P__MEM_LOOP, s->path, sizeof((struct sockaddr_un *)0)->sun_path);
  s->path = NULL;
}

int p2p__uv_unix_accept(p2p_io *base, int listener, uint64_t token, char *path, size_t cap) {
  p2p__uv *io = p2p__uv_of(base);
  p2p__uv_sock *l = p2p__uv_sock_get(io, listener, P2P__UV_LISTENER);
  if (!l || !l->path) return P2P_EINVAL;
  struct sockaddr_storage from;
  socklen_t len = sizeof from;
  int fd;
  while ((fd = p2p__uv_accept(l->fd, &from, &len)) < 0) {
    if (errno != ECONNABORTED && errno != EINTR) return p2p__uv_error(errno);
    len = sizeof from;
  }
  size_t n = strlen(l->path);
  if (n >= cap) {
    close(fd);
    return P2P_ELIMIT;
  }
  memcpy(path, l->path, n + 1);
  return p2p__uv_sock_new(io, fd, P2P__UV_STREAM, token, 0, NULL);
}

/* A full backlog is EAGAIN here, and nobody says when it has room. */
static int connect_error(int sys) {
  if (sys == ENOENT || sys == ENOTDIR || sys == EAGAIN) return P2P_EREFUSED;
  return p2p__uv_error(sys);
}

int p2p__uv_unix_connect(p2p_io *base, const char *path, uint64_t token) {
  struct sockaddr_un a;
  int err = address_of(path, &a);
  if (err < 0) return err;
  int fd = p2p__uv_socket(AF_UNIX, SOCK_STREAM);
  if (fd < 0) return p2p__uv_error(errno);
  if (connect_to(fd, &a) != 0 && errno != EINPROGRESS && errno != EINTR) {
    err = connect_error(errno);
    close(fd);
    return err;
  }
  p2p__uv_sock *s;
  int sock = p2p__uv_sock_new(p2p__uv_of(base), fd, P2P__UV_STREAM, token, P2P_IO_WRITABLE, &s);
  if (sock < 0) return sock;
  s->connecting = true;
  s->want = 0;
  return sock;
}
