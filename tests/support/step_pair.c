/* Two steps on an in-memory pipe. */
#include "support/step_pair.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int world_random(void *ctx, void *buf, size_t len) {
  step_world *w = ctx;
  if (++w->draws == w->fail_at) return P2P_EIO;
  uint8_t *p = buf;
  for (size_t i = 0; i < len; i++) p[i] = w->random++;
  return 0;
}

void step_world_init(step_world *w) {
  *w = (step_world){ .random = 1 };
  p2p__mem_init(&w->mem, NULL);
  p2p__pool_init(&w->pool, &w->mem);
  p2p__limits_default(&w->limits);
  w->env = (p2p__env){
    .mem = &w->mem, .pool = &w->pool, .limits = &w->limits, .random = world_random, .random_ctx = w
  };
}

void step_world_fini(step_world *w) {
  p2p__pool_fini(&w->pool);
  assert_int_equal(p2p__mem_used(&w->mem), 0);
}

step_pair *step_pair_new(p2p__step *initiator, p2p__step *responder) {
  step_pair *p = calloc(1, sizeof *p);
  assert_non_null(p);
  p->side[0] = initiator;
  p->side[1] = responder;
  return p;
}

void step_pair_free(step_pair *p) {
  p2p__step_free(p->side[0]);
  p2p__step_free(p->side[1]);
  free(p);
}

size_t step_said(p2p__step *s, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  s->ops->send(s, &w);
  assert_int_equal(w.err, 0);
  return w.len;
}

void step_pair_send(step_pair *p, int i) {
  step_wire *w = &p->wire[i];
  w->len += step_said(p->side[i], w->bytes + w->len, sizeof w->bytes - w->len);
}

static size_t wire_next(const step_wire *w, size_t chunk) {
  if (chunk) return p2p__min(w->len, w->shown + chunk);
  return w->shown < w->cut ? p2p__min(w->len, w->cut) : w->len;
}

bool step_pair_recv(step_pair *p, int i) {
  step_wire *w = &p->wire[1 - i];
  size_t visible = wire_next(w, p->chunk), used = SIZE_MAX;
  if (visible == w->shown || p->result[i]) return false;
  w->shown = visible;
  p2p_bytes in = p2p__bytes(w->bytes + w->eaten, visible - w->eaten);
  p->result[i] = p->side[i]->ops->recv(p->side[i], in, &used, p->now);
  assert_true(used <= in.len);
  w->eaten += used;
  return true;
}

void step_pair_run(step_pair *p) {
  bool moved = true;
  while (moved) {
    step_pair_send(p, 0);
    step_pair_send(p, 1);
    moved = step_pair_recv(p, 1);
    moved = step_pair_recv(p, 0) || moved;
  }
}
