/* Who watches the interfaces is told by Linux's routing socket. What it says is not read: that something
 * changed is enough, and the truth is asked for. rtnetlink(7). */
#include "io/uv.h"
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

enum { READS = 16 }; /* of what has come, before others have their turn */

static void ifwatch_start(p2p__uv_ifwatch *w);

/* A queue that ran over is a change, too. */
static void ifwatch_on_poll(uv_poll_t *poll, int status, int events) {
  (void)events;
  uint8_t drop[256];
  p2p__uv *io = poll->loop->data;
  p2p__uv_ifwatch *w = &io->ifwatch;
  ssize_t n = 1;
  for (int i = 0; i < READS && n >= 0; i++) n = recv(w->fd, drop, sizeof drop, MSG_DONTWAIT);
  p2p__uv_raise(io, &w->fact, P2P_IO_IFCHANGE, 0);
  if (status < 0) ifwatch_start(w); /* libuv stops at an error */
}

static void ifwatch_start(p2p__uv_ifwatch *w) {
  uv_poll_start(&w->uv.poll, UV_READABLE, ifwatch_on_poll); /* fails only for a closing handle */
}

static int ifwatch_open(void) {
  struct sockaddr_nl at = { .nl_family = AF_NETLINK,
                            .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                         RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE };
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0) return p2p__uv_error(errno);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0) return fd;
  int err = p2p__uv_error(errno);
  close(fd);
  return err;
}

void p2p__uv_ifwatch_close(p2p__uv *io) {
  p2p__uv_ifwatch *w = &io->ifwatch;
  p2p__list_del(&w->fact.link);
  w->fact.what = 0;
  if (!w->on) return;
  (void)uv_poll_stop(&w->uv.poll);
  if (!io->closing) return; /* the handle waits for the next who watches */
  uv_close((uv_handle_t *)&w->uv.poll, NULL);
  close(w->fd);
  w->on = false;
}

int p2p__uv_ifwatch_set(p2p_io *base, uint64_t token) {
  p2p__uv *io = p2p__uv_of(base);
  p2p__uv_ifwatch *w = &io->ifwatch;
  p2p__uv_ifwatch_close(io);
  w->fact.token = token;
  if (!token) return 0;
  if (!w->on) {
    w->fd = ifwatch_open();
    if (w->fd < 0) return w->fd;
    int err = uv_poll_init(&io->loop, &w->uv.poll, w->fd);
    if (err) {
      close(w->fd);
      return p2p__uv_error(-err);
    }
    w->on = true;
  }
  ifwatch_start(w);
  p2p__uv_changed(io);
  return 0;
}
