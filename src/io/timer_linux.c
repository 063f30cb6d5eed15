/* The clock's alarm: a timerfd, in nanoseconds. Armed lazily: a deadline that moves away leaves the
 * old alarm, which then wakes wait() once for nothing, at no system call in the usual case. */
#include "io/uv.h"
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void timer_on_poll(uv_poll_t *poll, int status, int events) {
  (void)status, (void)events;
  p2p__uv *io = poll->loop->data;
  uint64_t expired;
  if (read(io->timer.fd, &expired, sizeof expired) == sizeof expired) io->timer.at = P2P_NEVER;
}

int p2p__uv_timer_init(p2p__uv *io) {
  p2p__uv_timer *t = &io->timer;
  t->at = P2P_NEVER;
  t->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (t->fd < 0) return p2p__uv_error(errno);
  int err = uv_poll_init(&io->loop, &t->uv.poll, t->fd);
  if (!err) err = uv_poll_start(&t->uv.poll, UV_READABLE, timer_on_poll);
  if (!err) return 0;
  close(t->fd);
  return p2p__uv_error(-err);
}

void p2p__uv_timer_arm(p2p__uv *io, p2p_time at) {
  if (at >= io->timer.at) return;
  struct itimerspec when = { .it_value = { .tv_sec = (time_t)(at / P2P_SECOND),
                                           .tv_nsec = (long)(at % P2P_SECOND) } };
  if (timerfd_settime(io->timer.fd, TFD_TIMER_ABSTIME, &when, NULL) == 0) io->timer.at = at;
}

void p2p__uv_timer_close(p2p__uv *io) {
  uv_close((uv_handle_t *)&io->timer.uv.poll, NULL);
  close(io->timer.fd);
}
