/* Socket activation as sd_listen_fds(3) has it: descriptors from 3 on, counted by $LISTEN_FDS, for the
 * process of $LISTEN_PID. */
#include "inherited.h"

#include <stdlib.h>
#include <unistd.h>

#include "number.h"
#include "report.h"

enum { FIRST = STDERR_FILENO + 1, COUNT_MAX = 1024 };

size_t inherited_count(void) {
  const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
  uint64_t who = 0, n = 0;
  if (!pid || !count || !number_count(pid, &who) || who != (uint64_t)getpid()) return 0;
  return number_count(count, &n) && n <= COUNT_MAX ? (size_t)n : 0;
}

static int listen_on(const char *command, p2p_host *h, int fd) {
  p2p_listener l;
  int err = p2p_listen_fd(h, fd, &l);
  if (err >= 0) return 0;
  bool strange = err == P2P_EINVAL || err == P2P_ENOTSUP;
  report(command, "cannot listen on descriptor %d, which systemd has passed: %s%s", fd,
         p2p_strerror(err),
         strange ? "; ListenStream= makes those that can be taken, and ListenDatagram= for QUIC"
                 : "");
  return EXIT_FAILURE;
}

int inherited_listen(const char *command, p2p_host *h) {
  int end = FIRST + (int)inherited_count(), code = 0;
  for (int fd = FIRST; fd < end && code == 0; fd++) {
    code = listen_on(command, h, fd);
    if (code == 0) close(fd); /* else it may be none of ours, whatever we were told */
  }
  return code;
}
