/* A peer dies while we write to it, with SIGPIPE as the system has it: deadly. We live, and are told.
 *
 * A host that hears of the end stops writing, and a reset that comes first is no SIGPIPE. So ours is
 * deaf for a while: the peer's kernel says FIN, we write, it answers RST, and the next write is the one
 * that kills who does not take care. */
#include "net/child.h"
#include "unit/base/test.h"
#include <signal.h>
#include <string.h>

enum { WRITES = 100, PIECE = 1024, ROUNDS = 3 };
#define PATIENCE (20 * P2P_SECOND)

typedef struct view {
  bool conn_open, identified, conn_closed, stream_closed;
  size_t echoed;
  int conn_err, stream_err;
} view;

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  view *v = user;
  (void)h;
  (void)s;
  (void)code;
  v->stream_closed = true;
  v->stream_err = err;
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  uint8_t buf[PIECE];
  ptrdiff_t n;
  while ((n = p2p_read(h, s, buf, sizeof buf)) > 0) ((view *)user)->echoed += (size_t)n;
}

static void turn(p2p_host *h, view *v) {
  int err = p2p_host_step(h, 50 * P2P_MS);
  assert_int_equal(err, 0);
  for (const p2p_event *e; (e = p2p_next_event(h)) != NULL;) {
    if (e->kind == P2P_EV_CONN_OPEN) v->conn_open = true;
    if (e->kind == P2P_EV_IDENTIFIED) v->identified = true;
    if (e->kind != P2P_EV_CONN_CLOSED) continue;
    v->conn_closed = true;
    v->conn_err = e->err;
  }
}

/* Writes what is taken; whether the stream is still there. */
static bool write_some(p2p_host *h, p2p_stream s) {
  static const uint8_t bytes[PIECE];
  ptrdiff_t n = p2p_write(h, s, bytes, sizeof bytes);
  return n > 0 || n == P2P_EAGAIN;
}

/* ---- an io that hears nothing while it is deaf ---- */

static p2p_io_ops deaf_ops;
static const p2p_io_ops *real_ops;
static bool deaf;

static int deaf_wait(p2p_io *io, p2p_time until, p2p_io_fact *out, int n) {
  return deaf ? 0 : real_ops->wait(io, until, out, n);
}

static p2p_io *deaf_io(void) {
  p2p_io *io;
  assert_int_equal(p2p_io_uv_new(&io), 0);
  real_ops = io->ops;
  deaf_ops = *io->ops;
  deaf_ops.wait = deaf_wait;
  io->ops = &deaf_ops;
  return io;
}

static p2p_host *host_new(p2p_io *io) {
  p2p_host *h;
  p2p_host_opts opts = { .size = sizeof opts, .io = io, .listen = (const char *const[]){ NULL } };
  assert_int_equal(p2p_host_new(&h, &opts), 0);
  return h;
}

static void write_on(p2p_host *h, p2p_stream s) {
  for (int i = 0; i < WRITES; i++) {
    (void)write_some(h, s);
    int err = p2p_host_step(h, 0);
    assert_int_equal(err, 0);
  }
}

static void peer_that_dies_does_not_take_us_along(void **state) {
  (void)state;
  child c;
  struct sigaction action;
  child_start(&c);
  assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
  assert_true(action.sa_handler == SIG_DFL);
  p2p_io *io = deaf_io();
  p2p_host *h = host_new(io);
  view v = { 0 };
  p2p_conn conn;
  p2p_stream stream;
  const char *id = CHILD_ECHO;
  p2p_handler handler = {
    .size = sizeof handler, .on_readable = on_readable, .on_close = on_close, .user = &v
  };
  assert_int_equal(p2p_dial(h, c.addr, &conn), 0);
  assert_int_equal(p2p_stream_open_on(h, conn, &id, 1, &handler, &stream), 0);
  while (!v.conn_open) turn(h, &v);
  while (!v.identified) turn(h, &v);
  for (size_t i = 1; i <= ROUNDS; i++) { /* it has read everything: its end will be a FIN */
    assert_true(write_some(h, stream));
    while (v.echoed < i * PIECE) turn(h, &v);
  }
  deaf = true;
  child_kill(&c);
  write_on(h, stream);
  deaf = false;
  p2p_time until = p2p_host_now(h) + PATIENCE;
  while ((!v.conn_closed || !v.stream_closed) && p2p_host_now(h) < until) turn(h, &v);
  assert_true(v.conn_closed && v.stream_closed);
  assert_true(v.conn_err < 0);
  assert_true(v.stream_err < 0);
  assert_false(write_some(h, stream)); /* stale */
  p2p_host_free(h);
  io->ops->free(io);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(peer_that_dies_does_not_take_us_along),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
