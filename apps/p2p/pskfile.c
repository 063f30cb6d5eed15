/* The key of a private network in a file. */
#include "pskfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "keyfile.h"
#include "report.h"

enum { FILE_MAX = 4096 };

bool pskfile_read(const char *command, const char *path, p2p_psk *out) {
  uint8_t bytes[FILE_MAX];
  int fd = open(path, O_RDONLY | O_CLOEXEC), err = P2P_EKEY;
  if (fd < 0) {
    report(command, "cannot open %s: %s%s", path, strerror(errno),
           errno == ENOENT ? "; \"p2p psk new\" makes a key" : "");
    return false;
  }
  ptrdiff_t n = keyfile_bytes(command, path, fd, bytes, sizeof bytes);
  if (n >= 0 && (size_t)n < sizeof bytes) err = p2p_psk_parse(out, (p2p_bytes){ bytes, (size_t)n });
  if (n < 0)
    report(command, "cannot read %s: %s", path, strerror(errno));
  else if (err < 0)
    report(command,
           "%s: not the key of a private network: its first line is /key/swarm/psk/1.0.0/; \"p2p "
           "psk new\" makes one",
           path);
  explicit_bzero(bytes, sizeof bytes);
  close(fd);
  return n >= 0 && err >= 0;
}

bool pskfile_store(const char *command, const char *path, bool replace, const p2p_psk *psk) {
  char text[P2P_PSK_FILE_MAX];
  ptrdiff_t n = p2p_psk_print(psk, text, sizeof text);
  int err = n < 0 ? -1 : keyfile_write(path, replace, text, (size_t)n);
  explicit_bzero(text, sizeof text);
  if (err == 0) return true;
  if (errno == EEXIST)
    report(command, "%s is there already; --force replaces it", path);
  else
    report(command, "cannot write %s: %s", path, strerror(errno));
  return false;
}
