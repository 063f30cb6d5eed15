/* An identity's key in a file. */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keytype.h"
#include "report.h"

enum {
  PRIVATE_FILE = 0600,
  PRIVATE_DIR = 0700,
  OTHERS = 077,
  FILE_MAX = 1 << 18 /* longer than any key: kubo's whole config may stand around it */
};

/* mkdir -p of the directory that path lies in. */
static bool make_parents(char *path) {
  for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
    *at = '\0';
    int failed = mkdir(path, PRIVATE_DIR) != 0 && errno != EEXIST;
    *at = '/';
    if (failed) return false;
  }
  return true;
}

bool keyfile_default(const char *command, char *path, size_t cap) {
  const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
  int n = -1;
  if (config && *config == '/')
    n = snprintf(path, cap, "%s/p2p/key", config);
  else if (home && *home == '/')
    n = snprintf(path, cap, "%s/.config/p2p/key", home);
  if (n < 0 || (size_t)n >= cap) {
    report(command,
           "no place for the key: neither XDG_CONFIG_HOME nor HOME is usable; name a file");
    return false;
  }
  if (make_parents(path)) return true;
  report(command, "cannot make the directory of %s: %s; name another file", path, strerror(errno));
  return false;
}

static void warn_of_readers(const char *command, const char *path, int fd) {
  struct stat st;
  if (fstat(fd, &st) == 0 && (st.st_mode & OTHERS))
    report(command, "warning: others may read %s (mode %03o); run: chmod 600 %s", path,
           (unsigned)st.st_mode & 0777U, path);
}

ptrdiff_t keyfile_bytes(const char *command, const char *path, int fd, uint8_t *buf, size_t cap) {
  size_t len = 0;
  if (fd != STDIN_FILENO) warn_of_readers(command, path, fd);
  while (len < cap) {
    ssize_t n = read(fd, buf + len, cap - len);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    len += (size_t)n;
  }
  return (ptrdiff_t)len;
}

static bool write_all(int fd, const void *bytes, size_t len) {
  const uint8_t *buf = bytes;
  while (len > 0) {
    ssize_t n = write(fd, buf, len);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    buf += n;
    len -= (size_t)n;
  }
  return true;
}

static bool read_from(const char *command, const char *path, int fd, p2p_identity *out) {
  uint8_t bytes[FILE_MAX];
  ptrdiff_t n = keyfile_bytes(command, path, fd, bytes, sizeof bytes);
  int saved = errno, err = P2P_EKEY;
  if (n > 0 && (size_t)n < sizeof bytes)
    err = p2p_identity_decode(out, (p2p_bytes){ bytes, (size_t)n }, NULL);
  explicit_bzero(bytes, sizeof bytes);
  if (n < 0)
    report(command, "cannot read %s: %s", path, strerror(saved));
  else if (err == P2P_ENOTSUP)
    report(command, "%s: not supported: an encrypted key, or one of a type libp2p does not have",
           path);
  else if (err < 0)
    report(command,
           "%s: %s; a key is a libp2p PrivateKey (protobuf or its base64), PEM or kubo's config; "
           "\"p2p key new\" makes one",
           path, p2p_strerror(err));
  return n >= 0 && err >= 0;
}

bool keyfile_read(const char *command, const char *path, p2p_identity *out) {
  if (strcmp(path, "-") == 0) return read_from(command, "standard input", STDIN_FILENO, out);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    report(command, "cannot open %s: %s%s", path, strerror(errno),
           errno == ENOENT ? "; \"p2p key new\" makes a key" : "");
    return false;
  }
  bool ok = read_from(command, path, fd, out);
  close(fd);
  return ok;
}

/* The key's bytes into a new file at path, on the disk when it returns. 0 or -1 with errno. */
static int write_new(const char *path, const void *bytes, size_t len) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, PRIVATE_FILE);
  if (fd < 0) return -1;
  bool ok = write_all(fd, bytes, len) && fsync(fd) == 0;
  int saved = errno;
  if (close(fd) != 0) ok = false;
  if (!ok) {
    unlink(path);
    errno = saved;
  }
  return ok ? 0 : -1;
}

/* The new name survives a power failure once its directory is synced. */
static void sync_directory(const char *path) {
  char dir[KEYFILE_PATH_MAX] = ".";
  const char *slash = strrchr(path, '/');
  if (slash) snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  close(fd);
}

/* Gives the finished file its name: link(2) refuses when the name is taken, rename(2) replaces. */
static int put_in_place(const char *draft, const char *path, bool replace) {
  if (replace) return rename(draft, path);
  int err = link(draft, path);
  int saved = errno;
  unlink(draft);
  errno = saved;
  return err;
}

int keyfile_write(const char *path, bool replace, const void *bytes, size_t len) {
  char draft[KEYFILE_PATH_MAX];
  int n = snprintf(draft, sizeof draft, "%s.%ld.new", path, (long)getpid());
  if (n < 0 || (size_t)n >= sizeof draft) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int err = write_new(draft, bytes, len);
  if (err == 0) err = put_in_place(draft, path, replace);
  if (err != 0) {
    int saved = errno;
    if (replace) unlink(draft);
    errno = saved;
    return -1;
  }
  sync_directory(path);
  return 0;
}

static int store(const p2p_identity *id, p2p_key_format format, const char *path, bool replace) {
  uint8_t bytes[P2P_KEY_TEXT_MAX];
  ptrdiff_t len = p2p_identity_encode(id, format, bytes, sizeof bytes);
  int err = len < 0 ? -1 : keyfile_write(path, replace, bytes, (size_t)len);
  if (len < 0) errno = EINVAL;
  explicit_bzero(bytes, sizeof bytes);
  return err;
}

bool keyfile_store(const char *command, const char *path, p2p_key_format format, bool replace,
                   const p2p_identity *id) {
  if (store(id, format, path, replace) == 0) return true;
  if (errno == EEXIST)
    report(command, "%s is there already; --force replaces it, and the peer id with it", path);
  else
    report(command, "cannot write %s: %s", path, strerror(errno));
  return false;
}

bool keyfile_open(const char *command, const char *path, p2p_identity *out) {
  if (access(path, F_OK) == 0) return keyfile_read(command, path, out);
  int err = keytype_make(P2P_KEY_ED25519, 0, out);
  if (err < 0) {
    report(command, "cannot make a key: %s", p2p_strerror(err));
    return false;
  }
  if (keyfile_store(command, path, P2P_KEY_PROTOBUF, false, out)) return true;
  p2p_identity_fini(out);
  return false;
}
