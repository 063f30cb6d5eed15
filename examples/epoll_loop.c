/* A node inside an epoll loop. A host is one descriptor and one deadline; the deadline is epoll_wait's
 * timeout, as with poll.
 *
 *   epoll_loop            serves until its stdin ends
 *   epoll_loop ADDRESS    pings that peer once */
#include <p2p/p2p.h>

#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Milliseconds until the host has something to do by itself. Read anew before every wait: any call
 * into the host may have moved the deadline. */
static int patience(const p2p_host *h) {
  p2p_time at = p2p_host_deadline(h), now = p2p_host_now(h);
  if (at == P2P_NEVER) return -1;
  if (at <= now) return 0;
  p2p_time ms = (at - now + P2P_MS - 1) / P2P_MS;
  return ms > 60000 ? 60000 : (int)ms;
}

/* Pings whom we dialed. True when the answer is there, or will never be. */
static bool take_events(p2p_host *h) {
  const p2p_event *e;
  while ((e = p2p_next_event(h))) {
    int err = e->err;
    if (e->kind == P2P_EV_CONN_OPEN && e->direction == P2P_OUTBOUND) err = p2p_ping(h, &e->peer);
    if (e->kind == P2P_EV_PING && err >= 0) printf("%.3f ms\n", (double)e->rtt * 1e-6);
    if (e->kind == P2P_EV_PING) return true;
    if (err < 0 && e->direction == P2P_OUTBOUND && e->kind <= P2P_EV_CONN_CLOSED) {
      printf("%s\n", p2p_strerror(err));
      return true;
    }
  }
  return false;
}

static int loop(p2p_host *h, int epoll) {
  for (;;) {
    struct epoll_event ready[2];
    char rest[256];
    int n = epoll_wait(epoll, ready, 2, patience(h));
    if (n < 0) return 1;
    for (int i = 0; i < n; i++)
      if (ready[i].data.fd == STDIN_FILENO && read(STDIN_FILENO, rest, sizeof rest) <= 0) return 0;
    if (p2p_host_step(h, 0) < 0) return 1; /* cheap when nothing is to be done */
    if (take_events(h)) return 0;
  }
}

static int watch(int epoll, int fd) {
  struct epoll_event wanted = { .events = EPOLLIN, .data.fd = fd };
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted);
}

int main(int argc, char **argv) {
  p2p_host *host = NULL;
  p2p_conn conn;
  char addr[P2P_ADDR_TEXT_MAX];
  int code = 1, epoll = epoll_create1(EPOLL_CLOEXEC);
  int err = p2p_host_new(&host, NULL);
  if (err >= 0 && argc > 1) err = p2p_dial(host, argv[1], &conn);
  if (err < 0) {
    fprintf(stderr, "cannot start: %s\n", p2p_strerror(err));
  } else if (watch(epoll, p2p_host_fd(host)) == 0 && watch(epoll, STDIN_FILENO) == 0) {
    for (size_t i = 0; p2p_host_addr(host, i, addr, sizeof addr) > 0; i++) puts(addr);
    fflush(stdout);
    code = loop(host, epoll);
  }
  p2p_host_free(host);
  close(epoll);
  return code;
}
