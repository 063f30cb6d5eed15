/* The protocol of sd_notify(3): one datagram of NAME=VALUE lines to the socket in $NOTIFY_SOCKET. */
#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "number.h"

/* A path, or a name in the abstract space behind '@'. Its length, 0: none. */
static socklen_t address(struct sockaddr_un *to) {
  const char *path = getenv("NOTIFY_SOCKET");
  size_t len = path ? strlen(path) : 0;
  if (len < 2 || len >= sizeof to->sun_path || (path[0] != '/' && path[0] != '@')) return 0;
  *to = (struct sockaddr_un){ .sun_family = AF_UNIX };
  memcpy(to->sun_path, path, len);
  if (path[0] == '@') to->sun_path[0] = '\0';
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

bool notify_send(const char *state) {
  struct sockaddr_un to;
  socklen_t len = address(&to);
  int fd = len ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
  if (fd < 0) return false;
  ssize_t n = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to, len);
  close(fd);
  return n == (ssize_t)strlen(state);
}

p2p_time notify_watchdog(void) {
  const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
  uint64_t period = 0, who = 0;
  if (!us || !number_count(us, &period) || period == 0 || period > UINT32_MAX * UINT64_C(1000))
    return P2P_NEVER;
  if (pid && (!number_count(pid, &who) || who != (uint64_t)getpid())) return P2P_NEVER;
  return period * P2P_US / 2;
}
