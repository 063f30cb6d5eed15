#include "unit/protocol/stage.h"

#include "unit/base/test.h"

static int stage_random(void *ctx, void *buf, size_t len) {
  stage *s = ctx;
  uint8_t *p = buf;
  for (size_t i = 0; i < len; i++) {
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    p[i] = (uint8_t)(s->random >> 56);
  }
  return s->random_err;
}

void stage_init(stage *s) {
  *s = (stage){ .now = 1000 * P2P_SECOND, .random = 7 };
  p2p__mem_init(&s->mem, NULL);
  p2p__pool_init(&s->pool, &s->mem);
  p2p__limits_default(&s->limits);
  s->env = (p2p__env){
    .mem = &s->mem, .pool = &s->pool, .limits = &s->limits, .random = stage_random, .random_ctx = s
  };
}

void stage_fini(stage *s) {
  if (s->b) s->b->ops->free(s->b);
  p2p__pool_fini(&s->pool);
  assert_int_equal(s->mem.total, 0);
}

static void note(stage *s, const p2p__act *a) {
  assert_true(s->n < STAGE_ACTS);
  p2p__act *kept = &s->acts[s->n++];
  *kept = *a;
  if (a->bytes.len == 0) return;
  assert_true(s->n_bytes + a->bytes.len <= STAGE_BYTES);
  memcpy(s->bytes + s->n_bytes, a->bytes.p, a->bytes.len);
  kept->bytes.p = s->bytes + s->n_bytes;
  s->n_bytes += a->bytes.len;
}

/* What an action brings about at once. */
static void at_once(stage *s, const p2p__act *a) {
  p2p__fact f = { .peer = a->peer,
                  .stream = a->stream,
                  .tag = a->tag,
                  .inbound = s->inbound,
                  .protocol = a->protocol,
                  .err = s->open_err };
  if (a->kind == P2P__ACT_OPEN && s->open_err) {
    f.kind = P2P__FACT_CLOSED;
  } else if (a->kind == P2P__ACT_ASK && s->open_err) {
    f.kind = P2P__FACT_ANSWER;
  } else if (a->kind == P2P__ACT_SEND && a->room && s->full) {
    f.kind = P2P__FACT_FULL;
  } else {
    return;
  }
  s->b->ops->fact(s->b, &f, s->now);
}

void stage_give(stage *s, p2p__fact f) {
  s->n = s->n_bytes = 0;
  s->b->ops->fact(s->b, &f, s->now);
  for (;;) {
    p2p__act a = { 0 };
    if (!s->b->ops->next(s->b, &a)) break;
    note(s, &a);
    at_once(s, &a);
  }
  assert_true(s->b->ops->deadline(s->b) > s->now);
}

void stage_tick(stage *s) {
  p2p_time at = s->b->ops->deadline(s->b);
  assert_true(at != P2P_NEVER);
  s->now = at;
  stage_give(s, (p2p__fact){ .kind = P2P__FACT_TICK });
}

const p2p__act *stage_act(const stage *s, size_t i, p2p__act_kind kind) {
  assert_true(i < s->n);
  assert_int_equal(s->acts[i].kind, kind);
  return &s->acts[i];
}

const p2p__act *stage_only(const stage *s, p2p__act_kind kind) {
  assert_int_equal(s->n, 1);
  return stage_act(s, 0, kind);
}

size_t stage_count(const stage *s, p2p__act_kind kind) {
  size_t n = 0;
  for (size_t i = 0; i < s->n; i++) n += s->acts[i].kind == kind;
  return n;
}
