/* One who knocks with first packets and goes no further, and what such rows end with. */
#include "quic.h"
#include <sys/socket.h>

static const quic_plan held = { .hold = true };

quic *quic_knocker(evil *e) {
  quic *q = quic_new(e, &held);
  if (q) q->vanish = q->dumb = true;
  return q;
}

void quic_knock(quic *q) {
  quic_space *s = &q->space[QUIC_INITIAL];
  q->met = false;
  evil_random(q->theirs.b, q->theirs.len);
  q->original = q->theirs;
  quic_initial_keys(q);
  s->next = s->out_sent = 0;
  quic_add_crypto(q, QUIC_INITIAL, QUIC_LEAST);
  quic_flush(q);
}

void quic_drain(quic *q) {
  static uint8_t space[65536];
  while (recv(q->fd, space, sizeof space, 0) >= 0) continue;
}

void quic_listen(quic *q, p2p_time within) {
  p2p_time end = evil_now() + within;
  while (quic_wait(q, end)) continue;
}

verdict quic_served_beside(evil *e, quic *q) {
  p2p_time took;
  bool served = honest_once(e, e->patience, &took);
  quic_free(q);
  return served ? EVIL_SURVIVED : EVIL_STARVED;
}
