/* The machine's interfaces change: transports look for other ways, and the addresses at which we can be
 * reached are told anew when they are others. */
#include "swarm/internal.h"

/* An interface that comes or goes makes several changes; so long until they are looked at together. */
#define SETTLE (50 * P2P_MS)

void p2p__interfaces_tell(p2p__swarm *w) {
  w->addrs_seen = p2p__listeners_sum(w);
  w->host.addrs_changed(w->host.ctx);
}

static void interfaces_settled(p2p__timer *t, p2p_time now) {
  p2p__swarm *w = P2P_CONTAINER(t, p2p__swarm, settled);
  for (size_t i = 0; i < w->n_transports; i++)
    if (w->transports[i]->ops->interfaces) w->transports[i]->ops->interfaces(w->transports[i], now);
  if (p2p__listeners_sum(w) != w->addrs_seen) p2p__interfaces_tell(w);
}

static void interfaces_changed(p2p__source *s, const p2p_io_fact *fact, p2p_time now) {
  p2p__swarm *w = P2P_CONTAINER(s, p2p__swarm, interfaces);
  (void)fact;
  if (!w->settled.pos) p2p__timer_set(&w->loop->timers, &w->settled, p2p__time_add(now, SETTLE));
}

static bool can_watch(const p2p_io_ops *ops) {
  return ops->size >= offsetof(p2p_io_ops, ifwatch) + sizeof ops->ifwatch && ops->ifwatch;
}

/* Without a watch connections stay where they are, and addresses are asked for when they are needed. */
int p2p__interfaces_init(p2p__swarm *w) {
  p2p_io *io = w->loop->io;
  w->interfaces.ready = interfaces_changed;
  w->settled.fire = interfaces_settled;
  int err = p2p__timers_reserve(&w->loop->timers);
  if (err < 0) return err;
  err = p2p__loop_add(w->loop, &w->interfaces);
  if (err < 0) {
    p2p__timers_unreserve(&w->loop->timers);
    return err;
  }
  err = can_watch(io->ops) ? io->ops->ifwatch(io, w->interfaces.token) : P2P_ENOTSUP;
  w->loop->watched = err >= 0;
  if (err < 0 && err != P2P_ENOTSUP)
    p2p__logf(&p2p__swarm_env(w)->log, P2P_LOG_INFO, "swarm interfaces=unwatched err=%s",
              p2p_error_name(err));
  return 0;
}

void p2p__interfaces_fini(p2p__swarm *w) {
  p2p_io *io = w->loop->io;
  if (!w->interfaces.token) return;
  if (can_watch(io->ops)) (void)io->ops->ifwatch(io, 0);
  p2p__loop_del(w->loop, &w->interfaces);
  p2p__timer_clear(&w->loop->timers, &w->settled);
  p2p__timers_unreserve(&w->loop->timers);
}
