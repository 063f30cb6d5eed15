/* p2p_host_post: functions from other threads. A bounded ring of slots, each with a turn number that
 * says whose it is (D. Vyukov's bounded queue); producers never wait for each other. */
#include "host/internal.h"

void p2p__host_posts_init(host_posts *p) {
  for (size_t i = 0; i < HOST_POSTS; i++) atomic_init(&p->slots[i].turn, i);
  atomic_init(&p->tail, 0);
  p->head = 0;
}

int p2p_host_post(p2p_host *h, void (*fn)(p2p_host *h, void *arg), void *arg) {
  if (!h || !fn) return P2P_EINVAL;
  host_posts *p = &h->posts;
  size_t at = atomic_load_explicit(&p->tail, memory_order_relaxed);
  for (;;) {
    host_post *slot = &p->slots[at % HOST_POSTS];
    size_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
    if (turn < at) return P2P_EAGAIN; /* full */
    if (turn == at && atomic_compare_exchange_weak(&p->tail, &at, at + 1)) {
      slot->fn = fn;
      slot->arg = arg;
      atomic_store_explicit(&slot->turn, at + 1, memory_order_release);
      h->io->ops->wake(h->io);
      return 0;
    }
    if (turn > at) at = atomic_load_explicit(&p->tail, memory_order_relaxed);
  }
}

void p2p__host_posts_run(p2p_host *h) {
  host_posts *p = &h->posts;
  for (size_t n = 0; n < HOST_POSTS; n++) {
    host_post *slot = &p->slots[p->head % HOST_POSTS];
    if (atomic_load_explicit(&slot->turn, memory_order_acquire) != p->head + 1) return;
    void (*fn)(p2p_host *, void *) = slot->fn;
    void *arg = slot->arg;
    atomic_store_explicit(&slot->turn, p->head + HOST_POSTS, memory_order_release);
    p->head++;
    fn(h, arg);
  }
}

void p2p_host_stop(p2p_host *h) {
  if (!h) return;
  atomic_store(&h->stop, true);
  h->io->ops->wake(h->io);
}
