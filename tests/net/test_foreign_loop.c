/* A host inside a poll() of somebody else: one descriptor, and a deadline that is read again after
 * every call into the host. */
#include "net/child.h"
#include "unit/base/test.h"
#include <poll.h>
#include <string.h>

enum { MESSAGES = 50, SIZE = 1000, PATIENCE_MS = 20000 };

typedef struct loop {
  p2p_host *host;
  p2p_time deadline;
  uint64_t polls, blocked; /* blocked: polls that were to wait at all */
  bool open, closed, stream_closed, readable;
  int pings;
} loop;

/* After every call. */
static void reread(loop *l) { l->deadline = p2p_host_deadline(l->host); }

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  (void)h;
  (void)s;
  (void)code;
  assert_int_equal(err, 0);
  ((loop *)user)->stream_closed = true;
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  (void)h;
  (void)s;
  ((loop *)user)->readable = true;
}

static int patience(const loop *l) {
  p2p_time now = p2p_host_now(l->host);
  if (l->deadline <= now) return 0;
  p2p_time ms = (l->deadline - now + P2P_MS - 1) / P2P_MS;
  return ms < PATIENCE_MS ? (int)ms : PATIENCE_MS;
}

static void take_events(loop *l) {
  for (const p2p_event *e; (e = p2p_next_event(l->host)) != NULL; reread(l)) {
    l->open |= e->kind == P2P_EV_CONN_OPEN;
    l->closed |= e->kind == P2P_EV_CONN_CLOSED;
    l->pings += e->kind == P2P_EV_PING && e->err == 0;
  }
}

/* One turn of the foreign loop. Nothing may be waiting when we would block for ever. */
static void turn(loop *l) {
  struct pollfd fd = { .fd = p2p_host_fd(l->host), .events = POLLIN };
  assert_true(fd.fd >= 0);
  assert_true(l->deadline == p2p_host_deadline(l->host)); /* nothing moved it behind our back */
  int wait = patience(l), n = poll(&fd, 1, wait);
  l->polls++;
  l->blocked += wait > 0;
  assert_true(n >= 0);
  if (wait == PATIENCE_MS) assert_true(n > 0); /* slept through it: nobody woke us */
  if (n == 0 && p2p_host_now(l->host) < l->deadline) return;
  assert_int_equal(p2p_host_step(l->host, 0), 0);
  reread(l);
  take_events(l);
}

static void echo(loop *l, p2p_stream s, int i) {
  uint8_t out[SIZE], in[SIZE];
  size_t got = 0;
  memset(out, i + 1, sizeof out);
  l->readable = false;
  assert_int_equal(p2p_write(l->host, s, out, sizeof out), SIZE);
  reread(l);
  assert_true(l->deadline <= p2p_host_now(l->host)); /* there is something to send */
  while (got < SIZE) {
    turn(l);
    ptrdiff_t n;
    while ((n = p2p_read(l->host, s, in + got, SIZE - got)) > 0) got += (size_t)n;
    reread(l);
  }
  assert_memory_equal(in, out, SIZE);
}

static void host_lives_in_a_foreign_loop(void **state) {
  (void)state;
  child c;
  child_start(&c);
  loop l = { 0 };
  p2p_host_opts opts = { .size = sizeof opts, .listen = (const char *const[]){ NULL } };
  assert_int_equal(p2p_host_new(&l.host, &opts), 0);
  reread(&l);
  p2p_conn conn;
  p2p_stream s;
  const char *id = CHILD_ECHO;
  p2p_handler handler = {
    .size = sizeof handler, .on_readable = on_readable, .on_close = on_close, .user = &l
  };
  assert_int_equal(p2p_dial(l.host, c.addr, &conn), 0);
  reread(&l);
  while (!l.open) turn(&l);
  assert_int_equal(p2p_stream_open_on(l.host, conn, &id, 1, &handler, &s), 0);
  reread(&l);
  for (int i = 0; i < MESSAGES; i++) echo(&l, s, i);
  assert_true(l.readable);
  assert_int_equal(p2p_finish(l.host, s), 0);
  reread(&l);
  while (!l.stream_closed) turn(&l);
  p2p_conn_info info = { .size = sizeof info };
  assert_int_equal(p2p_conn_get(l.host, conn, &info), 0);
  assert_int_equal(p2p_ping(l.host, &info.peer), 0);
  reread(&l);
  while (!l.pings) turn(&l);
  assert_true(l.blocked >= MESSAGES);   /* it did sleep … */
  assert_true(l.polls < MESSAGES * 20); /* … and did not spin */
  child_kill(&c);
  while (!l.closed) turn(&l);
  p2p_host_free(l.host);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(host_lives_in_a_foreign_loop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
