/* Who watches the interfaces is told of changes that a look at their addresses finds, now and then. */
#include "io/uv.h"

enum { LOOK_MS = 5000, ADDRESSES = 128 };

/* FNV-1a: a change that it misses is found by the next. */
static uint64_t addresses(p2p__uv *io) {
  p2p_endpoint all[ADDRESSES];
  uint64_t h = 0xcbf29ce484222325u;
  int n = p2p__uv_ifaddrs(&io->io, all, ADDRESSES);
  for (int i = 0; i < n && i < ADDRESSES; i++)
    for (size_t k = 0; k < sizeof all[i].ip; k++) h = (h ^ all[i].ip[k]) * 0x100000001b3u;
  return h;
}

static void ifwatch_on_time(uv_timer_t *timer) {
  p2p__uv *io = timer->loop->data;
  p2p__uv_ifwatch *w = &io->ifwatch;
  uint64_t now = addresses(io);
  if (now != w->seen) p2p__uv_raise(io, &w->fact, P2P_IO_IFCHANGE, 0);
  w->seen = now;
}

void p2p__uv_ifwatch_close(p2p__uv *io) {
  p2p__uv_ifwatch *w = &io->ifwatch;
  p2p__list_del(&w->fact.link);
  w->fact.what = 0;
  if (!w->on) return;
  uv_timer_stop(&w->uv.timer);
  if (!io->closing) return; /* the handle waits for the next who watches */
  uv_close((uv_handle_t *)&w->uv.timer, NULL);
  w->on = false;
}

int p2p__uv_ifwatch_set(p2p_io *base, uint64_t token) {
  p2p__uv *io = p2p__uv_of(base);
  p2p__uv_ifwatch *w = &io->ifwatch;
  p2p__uv_ifwatch_close(io);
  w->fact.token = token;
  if (!token) return 0;
  if (!w->on) {
    int err = uv_timer_init(&io->loop, &w->uv.timer);
    if (err) return p2p__uv_error(-err);
    w->on = true;
  }
  w->seen = addresses(io);
  uv_timer_start(&w->uv.timer, ifwatch_on_time, LOOK_MS, LOOK_MS);
  return 0;
}
