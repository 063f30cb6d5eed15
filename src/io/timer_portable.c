/* The clock's alarm where there is no timerfd: libuv's timer, rounded up to its milliseconds. */
#include "io/uv.h"

static void timer_on_time(uv_timer_t *timer) {
  p2p__uv *io = timer->loop->data;
  io->timer.at = P2P_NEVER;
}

int p2p__uv_timer_init(p2p__uv *io) {
  io->timer.at = P2P_NEVER;
  int err = uv_timer_init(&io->loop, &io->timer.uv.timer);
  return err ? p2p__uv_error(-err) : 0;
}

void p2p__uv_timer_arm(p2p__uv *io, p2p_time at) {
  if (at >= io->timer.at) return;
  uv_update_time(&io->loop);
  p2p_time now = uv_hrtime();
  uint64_t ms = at > now ? (at - now + P2P_MS - 1) / P2P_MS : 0;
  if (uv_timer_start(&io->timer.uv.timer, timer_on_time, ms, 0) == 0) io->timer.at = at;
}

void p2p__uv_timer_close(p2p__uv *io) { uv_close((uv_handle_t *)&io->timer.uv.timer, NULL); }
