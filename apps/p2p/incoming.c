/* A file that is being received. Its folder is held by descriptor and its name has no slash, so that
 * nothing outside is ever touched; the part is locked, so that two senders never share one. */
#include "incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { HASH_BLOCK = 64 << 10, HASH_ROUNDS = 32 }; /* 2 MiB between two turns of the host */

static bool is_there(const incoming *in) {
  struct stat st;
  return fstatat(in->dir, in->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Another program may have finished the part between our open and our lock: then what we hold is
 * the whole file that it became. */
static bool is_part(const incoming *in, const struct stat *held) {
  struct stat st;
  return fstatat(in->dir, in->part, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == held->st_dev &&
         st.st_ino == held->st_ino;
}

static const char *open_part(incoming *in) {
  struct stat st;
  in->fd = openat(in->dir, in->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (in->fd < 0) return strerror(errno);
  bool locked = flock(in->fd, LOCK_EX | LOCK_NB) == 0;
  if (fstat(in->fd, &st) != 0 || !S_ISREG(st.st_mode)) return "a thing of that name is no file";
  if (!locked || !is_part(in, &st)) return "it is being received already";
  in->old = (uint64_t)st.st_size;
  return NULL;
}

const char *incoming_open(incoming *in, int dir, const char *name, bool force) {
  *in = (incoming){ .dir = dir, .fd = -1, .force = force };
  snprintf(in->name, sizeof in->name, "%s", name);
  const char *why = file_name_check(in->name);
  if (why) return why;
  snprintf(in->part, sizeof in->part, "%s" FILE_PART, in->name);
  if (!force && is_there(in)) return "there is one of that name already";
  digest_begin(&in->hash);
  return open_part(in);
}

const char *incoming_hash(incoming *in, bool *done) {
  uint8_t block[HASH_BLOCK];
  *done = false;
  for (int i = 0; i < HASH_ROUNDS && in->have < in->old; i++) {
    ssize_t n = pread(in->fd, block, sizeof block, (off_t)in->have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return strerror(errno);
    if (n == 0) in->old = in->have;
    digest_add(&in->hash, block, (size_t)n);
    in->have += (uint64_t)n;
  }
  *done = in->have >= in->old;
  return NULL;
}

const char *incoming_restart(incoming *in) {
  digest_begin(&in->hash);
  in->have = in->old = 0;
  return ftruncate(in->fd, 0) == 0 ? NULL : strerror(errno);
}

const char *incoming_fits(const incoming *in, uint64_t size) {
  struct statvfs fs;
  if (size > INT64_MAX) return "it is larger than any file";
  if (fstatvfs(in->fd, &fs) != 0 || size <= in->old) return NULL;
  return (size - in->old) / fs.f_frsize >= fs.f_bavail ? "there is no room for it" : NULL;
}

const char *incoming_write(incoming *in, const void *p, size_t len) {
  const char *at = p;
  digest_add(&in->hash, p, len);
  while (len > 0) {
    ssize_t n = pwrite(in->fd, at, len, (off_t)in->have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return strerror(n < 0 ? errno : EIO);
    at += n;
    len -= (size_t)n;
    in->have += (uint64_t)n;
  }
  return NULL;
}

/* link(2) refuses when the name is taken, rename(2) replaces. */
static const char *give_name(incoming *in) {
  if (in->force) {
    if (renameat(in->dir, in->part, in->dir, in->name) != 0) return strerror(errno);
  } else {
    if (linkat(in->dir, in->part, in->dir, in->name, 0) != 0)
      return errno == EEXIST ? "there is one of that name already" : strerror(errno);
    unlinkat(in->dir, in->part, 0);
  }
  (void)fsync(in->dir);
  return NULL;
}

/* What the permissions of a new file may be: nothing that umask takes away, the owner's own. */
static mode_t allowed(uint32_t mode) {
  mode_t mask = umask(0);
  umask(mask);
  return (mode & 0777 & ~mask) | S_IRUSR | S_IWUSR;
}

const char *incoming_finish(incoming *in, const uint8_t sha256[DIGEST_LEN], uint32_t mode) {
  uint8_t own[DIGEST_LEN];
  if (!digest_so_far(&in->hash, own)) return "out of memory";
  if (memcmp(own, sha256, sizeof own) != 0) {
    unlinkat(in->dir, in->part, 0);
    return "the checksum is wrong";
  }
  if (fchmod(in->fd, allowed(mode ? mode : 0666)) != 0 || fsync(in->fd) != 0)
    return strerror(errno);
  return give_name(in);
}

void incoming_fini(incoming *in) {
  if (in->fd > 0) close(in->fd);
  in->fd = -1;
  digest_fini(&in->hash);
}
