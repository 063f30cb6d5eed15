/* The pipe of a private network: what it tells of the pipe under it. */
#include "transport/shielded.h"
#include "unit/base/test.h"

enum { HELLO = 8 };

/* A pipe under test: what send says is written beforehand. */
typedef struct under {
  p2p__pipe base;
  ptrdiff_t says; /* of the next sends */
  uint32_t want;
  size_t sent;
  bool freed;
} under;

static ptrdiff_t under_recv(p2p__pipe *p, void *buf, size_t cap) {
  (void)p;
  (void)buf;
  (void)cap;
  return P2P_EAGAIN;
}

static ptrdiff_t under_send(p2p__pipe *p, const p2p_bytes *v, size_t n) {
  under *u = P2P_CONTAINER(p, under, base);
  if (u->says < 0) return u->says;
  assert_true(n > 0 && v[0].len > 0);
  size_t taken = p2p__min((size_t)u->says, v[0].len);
  u->sent += taken;
  return (ptrdiff_t)taken;
}

static void under_want(p2p__pipe *p, uint32_t what) { P2P_CONTAINER(p, under, base)->want = what; }
static void under_free(p2p__pipe *p) { P2P_CONTAINER(p, under, base)->freed = true; }

static int under_local(const p2p__pipe *p, p2p__wr *out) {
  (void)p;
  p2p__wr_u8(out, 7);
  return out->err;
}

static const p2p__pipe_ops under_ops = {
  .recv = under_recv, .send = under_send, .want = under_want, .free = under_free
};
static const p2p__pipe_ops under_with_address_ops = { .recv = under_recv,
                                                      .send = under_send,
                                                      .want = under_want,
                                                      .local = under_local,
                                                      .free = under_free };

/* A shield that hides nothing. */
static const uint8_t hello[HELLO];
static p2p_bytes shield_greeting(const p2p__shield *s) {
  (void)s;
  return p2p__bytes(hello, HELLO);
}
static ptrdiff_t shield_open(p2p__shield *s, p2p__span in) {
  (void)s;
  (void)in;
  return 0;
}
static void shield_seal(const p2p__shield *s, uint64_t at, p2p_bytes in, uint8_t *out) {
  (void)s;
  (void)at;
  if (in.len) memcpy(out, in.p, in.len);
}
static void shield_free(p2p__shield *s) { (void)s; }

static const p2p__shield_ops shield_ops = {
  .greeting = shield_greeting, .open = shield_open, .seal = shield_seal, .free = shield_free
};
static p2p__shield shield = { .ops = &shield_ops };

static int make_shield(void *ctx, p2p__env *env, p2p__shield **out) {
  (void)ctx;
  (void)env;
  *out = &shield;
  return 0;
}

/* Who is told. */
typedef struct owner {
  p2p__pipe_user user;
  uint32_t what;
  int error;
} owner;

static void owner_ready(p2p__pipe_user *user, uint32_t what, int error, p2p_time now) {
  owner *o = P2P_CONTAINER(user, owner, user);
  (void)now;
  o->what = what;
  o->error = error;
}

typedef struct scene {
  p2p__mem mem;
  p2p__loop loop;
  p2p__upgrades upgrades;
  under below;
  owner above;
  p2p__pipe *pipe;
} scene;

/* An accepted pipe: its greeting leaves by itself. */
static void begin(scene *s, ptrdiff_t says) {
  *s = (scene){ .below = { .base.ops = &under_ops, .says = says },
                .above.user.ready = owner_ready };
  p2p__mem_init(&s->mem, NULL);
  s->loop.mem = s->loop.env.mem = &s->mem;
  s->upgrades.loop = &s->loop;
  s->upgrades.shielding.make = make_shield;
  assert_int_equal(p2p__shielded_new(&s->upgrades, &s->below.base, false, &s->pipe), 0);
  s->pipe->user = &s->above.user;
  s->pipe->ops->want(s->pipe, P2P_IO_READABLE);
}

static void end(scene *s) {
  s->pipe->ops->free(s->pipe);
  assert_true(s->below.freed);
  assert_int_equal(p2p__mem_used(&s->mem), 0);
}

static void ready(scene *s) {
  s->below.base.user->ready(s->below.base.user, P2P_IO_WRITABLE, 0, 1);
}

static void greeting_leaves_when_there_is_room(void **state) {
  static scene s;
  (void)state;
  begin(&s, P2P_EAGAIN);
  assert_int_equal(s.below.want, P2P_IO_READABLE | P2P_IO_WRITABLE);
  s.below.says = HELLO - 1;
  ready(&s);
  assert_int_equal(s.below.want, P2P_IO_READABLE | P2P_IO_WRITABLE);
  ready(&s);
  assert_int_equal(s.below.sent, HELLO);
  assert_int_equal(s.below.want, P2P_IO_READABLE);
  assert_int_equal(s.above.error, 0);
  end(&s);
}

/* Nobody above writes before it has left: without a word of it a writable socket would be told of for
 * ever. */
static void greeting_that_fails_is_told(void **state) {
  static scene s;
  (void)state;
  begin(&s, P2P_ERESET);
  ready(&s);
  assert_int_equal(s.above.error, P2P_ERESET);
  end(&s);
}

/* It had to wait, then left with something of ours: nobody waits for room any more. */
static void greeting_that_left_with_other_bytes_is_not_waited_for(void **state) {
  static scene s;
  (void)state;
  begin(&s, P2P_EAGAIN);
  s.pipe->ops->want(s.pipe, P2P_IO_READABLE);
  assert_int_equal(s.below.want, P2P_IO_READABLE | P2P_IO_WRITABLE);
  s.below.says = HELLO;
  const p2p_bytes bytes = p2p__bytes("bytes", 5);
  (void)s.pipe->ops->send(s.pipe, &bytes, 1);
  assert_int_equal(s.below.want, P2P_IO_READABLE);
  end(&s);
}

/* Whoever asks where a connection of a private network is. */
static void our_own_address_is_the_inner_pipes(void **state) {
  static scene s;
  (void)state;
  uint8_t space[8];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  begin(&s, HELLO);
  assert_int_equal(s.pipe->ops->local(s.pipe, &w), P2P_ENOTFOUND);
  s.below.base.ops = &under_with_address_ops;
  assert_int_equal(s.pipe->ops->local(s.pipe, &w), 0);
  assert_true(w.len == 1 && space[0] == 7);
  end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(greeting_leaves_when_there_is_room),
    cmocka_unit_test(greeting_that_fails_is_told),
    cmocka_unit_test(greeting_that_left_with_other_bytes_is_not_waited_for),
    cmocka_unit_test(our_own_address_is_the_inner_pipes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
