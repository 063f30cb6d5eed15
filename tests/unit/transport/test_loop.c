/* The turn: which facts it takes. See transport/loop.h. */
#include "unit/base/test.h"

#include "transport/loop.h"
#include <p2p/error.h>

enum { SOURCES = 4, SEED = 0x1234567, STREAM = 64 };

/* An io whose sockets stay ready until they are read, as real ones do. */
typedef struct world {
  p2p_io io;
  p2p__mem mem;
  p2p__loop loop;
  struct socket {
    p2p__source source;
    uint32_t what; /* ready with */
    int error;
    int reads;
  } sockets[SOURCES];
} world;

static p2p_time io_now(p2p_io *io) {
  (void)io;
  return 1;
}

static int io_wait(p2p_io *io, p2p_time until, p2p_io_fact *out, int n) {
  world *w = P2P_CONTAINER(io, world, io);
  int facts = 0;
  (void)until;
  for (size_t i = 0; i < SOURCES && facts < n; i++) {
    const struct socket *s = &w->sockets[i];
    if (!s->what && !s->error) continue;
    out[facts++] = (p2p_io_fact){ .token = s->source.token, .what = s->what, .error = s->error };
  }
  return facts;
}

static void socket_ready(p2p__source *source, const p2p_io_fact *fact, p2p_time now) {
  struct socket *s = P2P_CONTAINER(source, struct socket, source);
  (void)fact;
  (void)now;
  s->reads++;
  s->what = 0;
  s->error = 0;
}

static int setup(void **state) {
  static const p2p_io_ops ops = { .size = sizeof ops, .now = io_now, .wait = io_wait };
  static world w;
  w = (world){ .io.ops = &ops };
  p2p__mem_init(&w.mem, NULL);
  p2p__env env = { .mem = &w.mem };
  if (p2p__loop_init(&w.loop, &w.io, &env, SEED, STREAM) < 0) return -1;
  for (size_t i = 0; i < SOURCES; i++) {
    w.sockets[i] = (struct socket){ .source.ready = socket_ready, .what = P2P_IO_READABLE };
    if (p2p__loop_add(&w.loop, &w.sockets[i].source) < 0) return -1;
  }
  *state = &w;
  return 0;
}

static int teardown(void **state) {
  world *w = *state;
  for (size_t i = 0; i < SOURCES; i++) p2p__loop_del(&w->loop, &w->sockets[i].source);
  p2p__loop_fini(&w->loop);
  return p2p__mem_used(&w->mem) == 0 ? 0 : -1;
}

static void turn(world *w) { assert_true(p2p__loop_turn(&w->loop, 0) >= 0); }

static void expect_reads(const world *w, const int reads[SOURCES]) {
  for (size_t i = 0; i < SOURCES; i++) assert_int_equal(w->sockets[i].reads, reads[i]);
}

static void a_turn_takes_all_that_is_cheap_and_one_step_of_a_handshake(void **state) {
  world *w = *state;
  w->sockets[0].source.costly = w->sockets[1].source.costly = w->sockets[3].source.costly = true;
  turn(w);
  expect_reads(w, (const int[SOURCES]){ 1, 0, 1, 0 });
  turn(w);
  expect_reads(w, (const int[SOURCES]){ 1, 1, 1, 0 });
  turn(w);
  expect_reads(w, (const int[SOURCES]){ 1, 1, 1, 1 });
}

/* An outcome is told once, and an end costs nothing. */
static void outcomes_and_errors_of_handshakes_do_not_wait(void **state) {
  world *w = *state;
  for (size_t i = 0; i < SOURCES; i++) w->sockets[i].source.costly = true;
  w->sockets[1].what = P2P_IO_WRITABLE;
  w->sockets[2].error = P2P_ERESET;
  turn(w);
  expect_reads(w, (const int[SOURCES]){ 1, 1, 1, 0 });
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_turn_takes_all_that_is_cheap_and_one_step_of_a_handshake,
                                    setup, teardown),
    cmocka_unit_test_setup_teardown(outcomes_and_errors_of_handshakes_do_not_wait, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
