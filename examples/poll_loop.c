/* A node inside somebody else's loop: the program owns poll(), the host is one descriptor and one
 * deadline in it. Stdin is the other descriptor: a line is an address to ping, the end is the end. */
#include <p2p/p2p.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Milliseconds for poll until the host has something to do by itself. Read anew before every poll:
 * any call into the host may have moved the deadline. */
static int patience(const p2p_host *h) {
  p2p_time at = p2p_host_deadline(h), now = p2p_host_now(h);
  if (at == P2P_NEVER) return -1;
  if (at <= now) return 0;
  p2p_time ms = (at - now + P2P_MS - 1) / P2P_MS;
  return ms > 60000 ? 60000 : (int)ms;
}

static void take_events(p2p_host *h) {
  const p2p_event *e;
  while ((e = p2p_next_event(h))) {
    if (e->kind == P2P_EV_CONN_OPEN && e->direction == P2P_OUTBOUND) {
      int err = p2p_ping(h, &e->peer);
      if (err < 0) printf("no ping: %s\n", p2p_strerror(err));
    }
    if (e->kind == P2P_EV_CONN_CLOSED && e->err < 0)
      printf("%s: %s\n", p2p_stage_name(e->stage), p2p_strerror(e->err));
    if (e->kind == P2P_EV_PING && e->err >= 0) printf("%.3f ms\n", (double)e->rtt * 1e-6);
    if (e->kind == P2P_EV_PING && e->err < 0) printf("no answer: %s\n", p2p_strerror(e->err));
  }
  fflush(stdout);
}

static void dial_line(p2p_host *h, char *line) {
  p2p_conn conn;
  line[strcspn(line, "\n")] = '\0';
  int err = p2p_dial(h, line, &conn);
  if (err < 0) printf("%s: %s\n", line, p2p_strerror(err));
}

/* One line at a time with read: stdio would hide lines from poll in its buffer. False: the end. */
static bool take_input(p2p_host *h, char *line, size_t cap, size_t *len) {
  ssize_t n = read(STDIN_FILENO, line + *len, 1);
  if (n <= 0) return false;
  if (line[*len] != '\n' && *len + 2 < cap) {
    ++*len;
    return true;
  }
  line[*len] = '\0';
  *len = 0;
  dial_line(h, line);
  return true;
}

static int loop(p2p_host *h) {
  char line[P2P_ADDR_TEXT_MAX];
  size_t len = 0;
  struct pollfd fds[] = { { .fd = p2p_host_fd(h), .events = POLLIN },
                          { .fd = STDIN_FILENO, .events = POLLIN } };
  for (;;) {
    if (poll(fds, 2, patience(h)) < 0) return 1;
    if (fds[1].revents && !take_input(h, line, sizeof line, &len)) return 0;
    if (fds[0].revents || p2p_host_deadline(h) <= p2p_host_now(h)) {
      int err = p2p_host_step(h, 0);
      if (err < 0) return 1;
    }
    take_events(h);
  }
}

int main(void) {
  p2p_host *host = NULL;
  int err = p2p_host_new(&host, NULL);
  if (err < 0) {
    fprintf(stderr, "cannot start: %s\n", p2p_strerror(err));
    return 1;
  }
  char addr[P2P_ADDR_TEXT_MAX];
  for (size_t i = 0; p2p_host_addr(host, i, addr, sizeof addr) > 0; i++) puts(addr);
  fflush(stdout);
  int code = loop(host);
  p2p_host_free(host);
  return code;
}
