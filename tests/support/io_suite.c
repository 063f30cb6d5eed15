/* What every p2p_io must do. Listener: token 3, connecting side: 1, accepted side: 2. */
#include "support/io_suite.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { R = P2P_IO_READABLE, W = P2P_IO_WRITABLE, PUMPS = 200000 };

static const uint8_t *bytes_of(size_t len) {
  uint8_t *p = malloc(len);
  assert_non_null(p);
  uint32_t x = 12345;
  for (size_t i = 0; i < len; i++) p[i] = (uint8_t)((x = x * 1103515245u + 12345u) >> 16);
  return p;
}

static void drop_bytes(const uint8_t *p) { free((void *)(uintptr_t)p); }

/* ---- facts ---- */

void io_clear(io_world *w) { memset(w->seen, 0, sizeof w->seen); }

static int take(io_world *w, p2p_io *io, p2p_time until) {
  p2p_io_fact f[8];
  int n = io->ops->wait(io, until, f, 8);
  assert_in_range(n, 0, 8);
  for (int i = 0; i < n; i++) {
    assert_true(f[i].token < IO_TOKENS);
    assert_int_not_equal(f[i].what, 0);
    w->seen[f[i].token].what |= f[i].what;
    if (f[i].error) w->seen[f[i].token].error = f[i].error;
  }
  return n;
}

static int take_both(io_world *w) {
  p2p_time until = w->patience ? w->a->ops->now(w->a) + w->patience : 0;
  int n = take(w, w->a, until);
  return w->b == w->a ? n : n + take(w, w->b, 0);
}

/* Other facts may be true all the while, so time passes whatever has come. */
int io_expect(io_world *w, uint64_t token, uint32_t what) {
  for (int i = 0; i < PUMPS && !(w->seen[token].what & what); i++) {
    int n = take_both(w);
    if (w->seen[token].what & what) break;
    bool alive = w->idle(w);
    assert_true(n || alive);
  }
  if (!(w->seen[token].what & what)) fail_msg("no such fact came");
  return w->seen[token].error;
}

static void take_all(io_world *w) {
  for (int i = 0; i < 8; i++) { /* level-triggered facts never end: a few rounds are all of them */
    take(w, w->a, 0);
    if (w->b != w->a) take(w, w->b, 0);
  }
}

void io_expect_silence(io_world *w, uint64_t token) {
  io_clear(w);
  take_all(w);
  assert_int_equal(w->seen[token].what, 0);
}

/* ---- connections and bytes ---- */

static void assert_same_endpoint(const p2p_endpoint *a, const p2p_endpoint *b) {
  assert_int_equal(a->family, b->family);
  assert_int_equal(a->port, b->port);
  assert_int_equal(a->scope, b->scope);
  assert_memory_equal(a->ip, b->ip, sizeof a->ip);
}

io_pair io_connect(io_world *w) {
  const p2p_io_ops *a = w->a->ops, *b = w->b->ops;
  io_pair p;
  p2p_endpoint bound;
  p.listener = b->tcp_listen(w->b, &w->at_b, 16, 3, &bound);
  assert_true(p.listener >= 0);
  p.a = a->tcp_connect(w->a, NULL, &bound, 1);
  assert_true(p.a >= 0);
  assert_int_equal(io_expect(w, 1, W), 0);
  io_expect(w, 3, R);
  p.b = b->tcp_accept(w->b, p.listener, 2, NULL, NULL);
  assert_true(p.b >= 0);
  assert_int_equal(a->want(w->a, p.a, R), 0);
  assert_int_equal(b->want(w->b, p.b, R), 0);
  io_clear(w);
  return p;
}

void io_unconnect(io_world *w, io_pair p) {
  if (p.a >= 0) w->a->ops->close(w->a, p.a);
  if (p.b >= 0) w->b->ops->close(w->b, p.b);
  if (p.listener >= 0) w->b->ops->close(w->b, p.listener);
}

void io_send_all(io_world *w, p2p_io *io, int sock, uint64_t token, const void *p, size_t len) {
  size_t sent = 0;
  assert_int_equal(io->ops->want(io, sock, R | W), 0);
  while (sent < len) {
    size_t half = (len - sent) / 2;
    const uint8_t *at = (const uint8_t *)p + sent;
    p2p_bytes v[2] = { { at, half }, { at + half, len - sent - half } };
    ptrdiff_t n = io->ops->send(io, sock, v, 2);
    if (n == P2P_EAGAIN) {
      w->seen[token].what = 0;
      assert_int_equal(io_expect(w, token, W), 0);
      continue;
    }
    assert_true(n > 0);
    sent += (size_t)n;
  }
  assert_int_equal(io->ops->want(io, sock, R), 0);
}

ptrdiff_t io_recv(io_world *w, p2p_io *io, int sock, uint64_t token, void *p, size_t cap) {
  for (int i = 0; i < PUMPS; i++) {
    ptrdiff_t n = io->ops->recv(io, sock, p, cap);
    if (n != P2P_EAGAIN) return n;
    w->seen[token].what = 0;
    io_expect(w, token, R);
  }
  return P2P_EAGAIN;
}

void io_recv_all(io_world *w, p2p_io *io, int sock, uint64_t token, void *p, size_t len) {
  for (size_t got = 0; got < len;) {
    ptrdiff_t n = io_recv(w, io, sock, token, (uint8_t *)p + got, len - got);
    assert_true(n > 0);
    got += (size_t)n;
  }
}

static void connect_from_any_port_and_check(io_world *w, p2p_endpoint bound, int listener) {
  p2p_endpoint a_local, b_local, b_remote;
  int a = w->a->ops->tcp_connect(w->a, NULL, &bound, 1);
  assert_int_equal(io_expect(w, 1, W), 0);
  io_expect(w, 3, R);
  int b = w->b->ops->tcp_accept(w->b, listener, 2, &b_local, &b_remote);
  assert_true(b >= 0);
  assert_int_equal(w->a->ops->tcp_local(w->a, a, &a_local), 0);
  assert_same_endpoint(&a_local, &b_remote);
  assert_same_endpoint(&bound, &b_local);
  assert_int_not_equal(a_local.port, 0);
  w->a->ops->close(w->a, a);
  w->b->ops->close(w->b, b);
}

void io_suite_connect_and_accept_tell_the_same_addresses(io_world *w) {
  p2p_endpoint bound;
  int l = w->b->ops->tcp_listen(w->b, &w->at_b, 4, 3, &bound);
  assert_true(l >= 0);
  assert_int_not_equal(bound.port, 0);
  assert_memory_equal(bound.ip, w->at_b.ip, 16);
  connect_from_any_port_and_check(w, bound, l);
  w->b->ops->close(w->b, l);
}

void io_suite_connecting_where_nobody_listens_is_refused(io_world *w) {
  p2p_endpoint bound;
  int l = w->b->ops->tcp_listen(w->b, &w->at_b, 4, 3, &bound);
  assert_true(l >= 0);
  w->b->ops->close(w->b, l); /* now we know a port that nobody has */
  int a = w->a->ops->tcp_connect(w->a, NULL, &bound, 1);
  if (a != P2P_EREFUSED) {
    assert_true(a >= 0);
    assert_int_equal(io_expect(w, 1, W), P2P_EREFUSED);
    w->a->ops->close(w->a, a);
  }
}

void io_suite_accept_says_again_when_nobody_came(io_world *w) {
  int l = w->b->ops->tcp_listen(w->b, &w->at_b, 4, 3, NULL);
  assert_int_equal(w->b->ops->tcp_accept(w->b, l, 2, NULL, NULL), P2P_EAGAIN);
  w->b->ops->close(w->b, l);
}

/* b answers each byte; a finishes, still reads all of it, then the end. */
void io_suite_bytes_arrive_in_order_and_halves_close_apart(io_world *w) {
  enum { LEN = 300000 };
  io_pair p = io_connect(w);
  const uint8_t *out = bytes_of(LEN);
  uint8_t *in = malloc(LEN);
  size_t half = LEN / 2;
  io_send_all(w, w->a, p.a, 1, out, half);
  io_recv_all(w, w->b, p.b, 2, in, half);
  assert_memory_equal(in, out, half);
  io_send_all(w, w->a, p.a, 1, out + half, 1000);
  assert_int_equal(w->a->ops->shutdown(w->a, p.a), 0);
  io_recv_all(w, w->b, p.b, 2, in, 1000);
  assert_memory_equal(in, out + half, 1000);
  assert_int_equal(io_recv(w, w->b, p.b, 2, in, LEN), 0);
  io_send_all(w, w->b, p.b, 2, out, half);
  assert_int_equal(w->b->ops->shutdown(w->b, p.b), 0);
  io_recv_all(w, w->a, p.a, 1, in, half);
  assert_memory_equal(in, out, half);
  assert_int_equal(io_recv(w, w->a, p.a, 1, in, LEN), 0);
  drop_bytes(out);
  free(in);
  io_unconnect(w, p);
}

void io_suite_writer_is_held_until_the_reader_reads(io_world *w) {
  enum { CHUNK = 65536 };
  io_pair p = io_connect(w);
  const uint8_t *out = bytes_of(CHUNK);
  uint8_t *in = malloc(CHUNK);
  size_t sent = 0, got = 0;
  int again = 0;
  while (again < 3 && sent < ((size_t)64 << 20)) { /* 64 MiB: more than any buffer */
    p2p_bytes v = { out, CHUNK };
    ptrdiff_t n = w->a->ops->send(w->a, p.a, &v, 1);
    if (n > 0) {
      sent += (size_t)n;
      continue;
    }
    assert_int_equal(n, P2P_EAGAIN);
    again++;
    take_all(w);
    w->settle(w);
  }
  assert_int_equal(again, 3);
  assert_int_equal(w->a->ops->want(w->a, p.a, W), 0);
  while (got < sent) {
    ptrdiff_t n = io_recv(w, w->b, p.b, 2, in, CHUNK);
    assert_true(n > 0);
    got += (size_t)n;
  }
  io_clear(w);
  assert_int_equal(io_expect(w, 1, W), 0);
  drop_bytes(out);
  free(in);
  io_unconnect(w, p);
}

/* ---- facts and wishes ---- */

static void make_readable(io_world *w, io_pair p) {
  io_send_all(w, w->a, p.a, 1, "x", 1);
  io_expect(w, 2, R); /* true from now on, told again by every wait */
  io_clear(w);
}

/* Two sockets of b are readable (tokens 2 and 5); b is told of one of them only, so that the other's
 * fact waits inside. Returns the token of the one that waits. */
static uint64_t leave_one_pending(io_world *w, io_pair p, int *second) {
  p2p_endpoint bound;
  int l = w->b->ops->tcp_listen(w->b, &w->at_b, 4, 4, &bound);
  int a = w->a->ops->tcp_connect(w->a, NULL, &bound, 6);
  assert_int_equal(io_expect(w, 6, W), 0);
  io_expect(w, 4, R);
  *second = w->b->ops->tcp_accept(w->b, l, 5, NULL, NULL);
  assert_true(*second >= 0);
  assert_int_equal(w->b->ops->want(w->b, *second, R), 0);
  io_send_all(w, w->a, p.a, 1, "x", 1);
  io_send_all(w, w->a, a, 6, "x", 1);
  io_expect(w, 2, R);
  io_expect(w, 5, R);
  assert_int_equal(w->a->ops->want(w->a, p.a, 0), 0);
  assert_int_equal(w->a->ops->want(w->a, a, 0), 0);
  p2p_io_fact f;
  assert_int_equal(w->b->ops->wait(w->b, 0, &f, 1), 1);
  return f.token == 2 ? 5 : 2;
}

void io_suite_close_takes_pending_facts_back(io_world *w) {
  int second;
  io_pair p = io_connect(w);
  uint64_t waits = leave_one_pending(w, p, &second);
  w->b->ops->close(w->b, waits == 2 ? p.b : second);
  io_expect_silence(w, waits);
  w->b->ops->close(w->b, waits == 2 ? second : p.b);
  p.b = -1;
  io_unconnect(w, p);
  for (uint64_t token = 1; token < 4; token++) io_expect_silence(w, token);
}

void io_suite_facts_no_longer_wanted_are_taken_back(io_world *w) {
  int second;
  io_pair p = io_connect(w);
  uint64_t waits = leave_one_pending(w, p, &second);
  int sock = waits == 2 ? p.b : second;
  assert_int_equal(w->b->ops->want(w->b, sock, 0), 0);
  io_expect_silence(w, waits);
  assert_int_equal(w->b->ops->want(w->b, sock, R), 0);
  assert_int_equal(io_expect(w, waits, R), 0);
  io_unconnect(w, p);
}

void io_suite_facts_that_do_not_fit_come_next(io_world *w) {
  io_pair p = io_connect(w);
  make_readable(w, p);
  io_send_all(w, w->b, p.b, 2, "y", 1);
  io_expect(w, 1, R);
  uint32_t seen = 0;
  for (int i = 0; i < 8; i++) {
    p2p_io_fact f;
    for (int k = 0; k < 2; k++) {
      p2p_io *io = k ? w->b : w->a;
      if (io->ops->wait(io, 0, &f, 1) == 1) seen |= 1u << f.token;
    }
  }
  assert_int_equal(seen, 1u << 1 | 1u << 2);
  io_unconnect(w, p);
}

void io_suite_facts_repeat_while_true(io_world *w) {
  io_pair p = io_connect(w);
  make_readable(w, p);
  for (int i = 0; i < 3; i++) {
    io_clear(w);
    assert_int_equal(io_expect(w, 2, R), 0);
  }
  uint8_t b;
  io_recv_all(w, w->b, p.b, 2, &b, 1);
  io_expect_silence(w, 2);
  io_unconnect(w, p);
}

void io_suite_connect_outcome_is_told_once_whatever_is_wanted(io_world *w) {
  p2p_endpoint bound;
  int l = w->b->ops->tcp_listen(w->b, &w->at_b, 4, 3, &bound);
  int a = w->a->ops->tcp_connect(w->a, NULL, &bound, 1);
  assert_true(l >= 0 && a >= 0);
  assert_int_equal(w->a->ops->want(w->a, a, R), 0);
  assert_int_equal(io_expect(w, 1, W), 0);
  io_expect_silence(w, 1);
  w->a->ops->close(w->a, a);
  w->b->ops->close(w->b, l);
}

/* ---- ends ---- */

static ptrdiff_t send_until_error(io_world *w, p2p_io *io, int sock, uint64_t token) {
  assert_int_equal(io->ops->want(io, sock, W), 0);
  for (int i = 0; i < PUMPS; i++) {
    p2p_bytes v = { (const uint8_t *)"zz", 2 };
    ptrdiff_t n = io->ops->send(io, sock, &v, 1);
    if (n < 0 && n != P2P_EAGAIN) return n;
    w->seen[token].what = 0;
    io_expect(w, token, W);
    w->idle(w);
  }
  return 0;
}

void io_suite_peer_that_closes_on_unread_bytes_resets(io_world *w) {
  io_pair p = io_connect(w);
  make_readable(w, p);
  w->b->ops->close(w->b, p.b);
  p.b = -1;
  uint8_t b;
  assert_int_equal(io_recv(w, w->a, p.a, 1, &b, 1), P2P_ERESET);
  assert_int_equal(io_recv(w, w->a, p.a, 1, &b, 1), P2P_ERESET); /* for ever */
  assert_int_equal(send_until_error(w, w->a, p.a, 1), P2P_ERESET);
  io_unconnect(w, p);
}

void io_suite_writing_after_the_end_is_an_error_and_no_signal(io_world *w) {
  io_pair p = io_connect(w);
  p2p_bytes v[2] = { { (const uint8_t *)"a", 1 }, { (const uint8_t *)"b", 1 } };
  assert_int_equal(w->a->ops->shutdown(w->a, p.a), 0);
  assert_int_equal(w->a->ops->send(w->a, p.a, v, 1), P2P_ERESET);
  assert_int_equal(w->a->ops->send(w->a, p.a, v, 2), P2P_ERESET);
  io_unconnect(w, p);
  p = io_connect(w);
  assert_int_equal(w->b->ops->shutdown(w->b, p.b), 0);
  assert_int_equal(w->b->ops->send(w->b, p.b, v, 2), P2P_ERESET); /* the first one, of pieces */
  io_unconnect(w, p);
}

void io_suite_bytes_before_a_reset_are_still_read(io_world *w) {
  io_pair p = io_connect(w);
  io_send_all(w, w->b, p.b, 2, "last words", 10);
  io_send_all(w, w->a, p.a, 1, "unread", 6);
  io_expect(w, 1, R);
  io_expect(w, 2, R);
  w->b->ops->close(w->b, p.b);
  p.b = -1;
  for (int i = 0; i < PUMPS && !w->seen[1].error; i++) { /* known before the first byte is read */
    io_clear(w);
    io_expect(w, 1, R);
    w->idle(w);
  }
  assert_int_equal(w->seen[1].error, P2P_ERESET);
  char in[16];
  io_recv_all(w, w->a, p.a, 1, in, 10);
  assert_memory_equal(in, "last words", 10);
  assert_int_equal(io_recv(w, w->a, p.a, 1, in, sizeof in), P2P_ERESET);
  io_unconnect(w, p);
}

void io_suite_closed_listener_leaves_nobody_hanging(io_world *w) {
  p2p_endpoint bound;
  int l = w->b->ops->tcp_listen(w->b, &w->at_b, 4, 3, &bound);
  int a = w->a->ops->tcp_connect(w->a, NULL, &bound, 1);
  assert_int_equal(io_expect(w, 1, W), 0);
  io_expect(w, 3, R);
  w->b->ops->close(w->b, l); /* before accepting */
  assert_int_equal(w->a->ops->want(w->a, a, R), 0);
  uint8_t b;
  assert_int_equal(io_recv(w, w->a, a, 1, &b, 1), P2P_ERESET);
  w->a->ops->close(w->a, a);
}

void io_suite_address_in_use_is_said(io_world *w) {
  p2p_endpoint bound;
  int l = w->b->ops->tcp_listen(w->b, &w->at_b, 4, 3, &bound);
  assert_true(l >= 0);
  assert_int_equal(w->b->ops->tcp_listen(w->b, &bound, 4, 4, NULL), P2P_EADDRINUSE);
  w->b->ops->close(w->b, l);
}

/* A restart must not wait for old connections to be forgotten. */
void io_suite_port_of_a_closed_listener_is_free_again(io_world *w) {
  p2p_endpoint bound;
  int l = w->b->ops->tcp_listen(w->b, &w->at_b, 4, 3, &bound);
  int a = w->a->ops->tcp_connect(w->a, NULL, &bound, 1);
  io_expect(w, 3, R);
  int b = w->b->ops->tcp_accept(w->b, l, 2, NULL, NULL);
  w->b->ops->close(w->b, b); /* first: its end lingers */
  w->b->ops->close(w->b, l);
  assert_int_equal(w->a->ops->want(w->a, a, R), 0);
  uint8_t byte;
  assert_int_equal(io_recv(w, w->a, a, 1, &byte, 1), 0);
  w->a->ops->close(w->a, a);
  l = w->b->ops->tcp_listen(w->b, &bound, 4, 3, NULL);
  assert_true(l >= 0);
  w->b->ops->close(w->b, l);
}

/* ---- wake, names, work ---- */

/* ---- unix sockets: both ends in b ---- */

void io_suite_unix_sockets_carry_bytes_both_ways(io_world *w) {
  enum { LEN = 300000 };
  p2p_io *io = w->b;
  char path[P2P_IO_PATH_MAX];
  int l = io->ops->unix_listen(io, w->path, 4, 3);
  assert_true(l >= 0);
  assert_int_equal(io->ops->unix_accept(io, l, 2, path, sizeof path), P2P_EAGAIN);
  int a = io->ops->unix_connect(io, w->path, 1);
  assert_true(a >= 0);
  assert_int_equal(io_expect(w, 1, W), 0);
  io_expect(w, 3, R);
  int b = io->ops->unix_accept(io, l, 2, path, sizeof path);
  assert_true(b >= 0);
  assert_string_equal(path, w->path);
  const uint8_t *out = bytes_of(LEN);
  uint8_t *in = malloc(LEN);
  assert_non_null(in);
  for (size_t at = 0; at < LEN; at += LEN / 10) {
    io_send_all(w, io, a, 1, out + at, LEN / 10);
    assert_int_equal(io->ops->want(io, b, R), 0);
    io_recv_all(w, io, b, 2, in + at, LEN / 10);
  }
  assert_memory_equal(in, out, LEN);
  io_send_all(w, io, b, 2, "back", 4);
  io_recv_all(w, io, a, 1, in, 4);
  assert_memory_equal(in, "back", 4);
  assert_int_equal(io->ops->shutdown(io, a), 0);
  assert_int_equal(io_recv(w, io, b, 2, in, LEN), 0);
  free(in);
  drop_bytes(out);
  io->ops->close(io, a);
  io->ops->close(io, b);
  io->ops->close(io, l);
}

void io_suite_unix_paths_are_judged(io_world *w) {
  p2p_io *io = w->b;
  char too_long[P2P_IO_PATH_MAX + 1];
  memset(too_long, 'x', sizeof too_long - 1);
  too_long[sizeof too_long - 1] = '\0';
  assert_int_equal(io->ops->unix_listen(io, too_long, 4, 3), P2P_EADDR);
  assert_int_equal(io->ops->unix_connect(io, too_long, 1), P2P_EADDR);
  assert_int_equal(io->ops->unix_listen(io, "", 4, 3), P2P_EADDR);
  assert_int_equal(io->ops->unix_connect(io, w->path, 1), P2P_EREFUSED);
  int l = io->ops->unix_listen(io, w->path, 4, 3);
  assert_true(l >= 0);
  assert_int_equal(io->ops->unix_listen(io, w->path, 4, 4), P2P_EADDRINUSE);
  int a = io->ops->unix_connect(io, w->path, 1);
  assert_true(a >= 0);
  assert_int_equal(io_expect(w, 1, W), 0);
  io_expect(w, 3, R);
  char small[2];
  assert_int_equal(io->ops->unix_accept(io, l, 2, small, sizeof small), P2P_ELIMIT);
  io->ops->close(io, a);
  io->ops->close(io, l);
}

void io_suite_unix_path_of_a_closed_listener_is_free_again(io_world *w) {
  p2p_io *io = w->b;
  for (int i = 0; i < 3; i++) {
    int l = io->ops->unix_listen(io, w->path, 4, 3);
    assert_true(l >= 0);
    io->ops->close(io, l);
    assert_int_equal(io->ops->unix_connect(io, w->path, 1), P2P_EREFUSED);
  }
}

void io_suite_wakes_make_one_fact_with_token_zero(io_world *w) {
  w->a->ops->wake(w->a);
  w->a->ops->wake(w->a);
  assert_int_equal(io_expect(w, 0, P2P_IO_WOKEN), 0);
  io_expect_silence(w, 0);
  w->a->ops->wake(w->a);
  assert_int_equal(io_expect(w, 0, P2P_IO_WOKEN), 0);
}

void io_suite_names_are_resolved(io_world *w) {
  p2p_endpoint e[4];
  const p2p_io_ops *o = w->a->ops;
  assert_int_equal(o->resolve(w->a, w->name, w->at_b.family, 5), 0);
  assert_int_equal(o->resolve(w->a, w->name, 0, 5), P2P_EEXIST);
  assert_int_equal(io_expect(w, 5, P2P_IO_RESOLVED), 0);
  int n = o->resolved(w->a, 5, e, 4);
  assert_in_range(n, 1, 4);
  assert_int_equal(e[0].port, 0);
  assert_same_endpoint(&e[0], &w->at_b);
  assert_int_equal(o->resolved(w->a, 5, e, 4), P2P_ENOTFOUND);
}

void io_suite_unknown_names_are_errors(io_world *w) {
  p2p_endpoint e;
  const p2p_io_ops *o = w->a->ops;
  assert_int_equal(o->resolve(w->a, "", 0, 5), P2P_EINVAL);
  assert_int_equal(o->resolve(w->a, "x", 5, 5), P2P_EINVAL);
  assert_int_equal(o->resolved(w->a, 5, &e, 1), P2P_ENOTFOUND);
  if (!w->no_name) return;
  assert_int_equal(o->resolve(w->a, w->no_name, 0, 5), 0);
  int err = io_expect(w, 5, P2P_IO_RESOLVED);
  assert_true(err == P2P_ENAME || err == P2P_ERESOLVE); /* the machine may have no name server */
  assert_int_equal(o->resolved(w->a, 5, &e, 1), err);
}

void io_suite_canceled_lookup_says_nothing(io_world *w) {
  const p2p_io_ops *o = w->a->ops;
  assert_int_equal(o->resolve(w->a, w->name, 0, 5), 0);
  o->resolve_cancel(w->a, 5);
  assert_int_equal(o->resolve(w->a, w->name, 0, 6), 0);
  io_expect(w, 6, P2P_IO_RESOLVED);
  assert_int_equal(w->seen[5].what, 0);
  o->resolve_cancel(w->a, 6); /* after it was told, too */
  p2p_endpoint e;
  assert_int_equal(o->resolved(w->a, 6, &e, 1), P2P_ENOTFOUND);
  o->resolve_cancel(w->a, 7); /* of nobody */
}

static void add_one(void *arg) { ++*(int *)arg; }

void io_suite_work_is_done_and_told(io_world *w) {
  int done[2] = { 0, 0 };
  assert_int_equal(w->a->ops->work(w->a, add_one, &done[0], 7), 0);
  assert_int_equal(w->a->ops->work(w->a, add_one, &done[1], 8), 0);
  assert_int_equal(io_expect(w, 7, P2P_IO_WORKED), 0);
  assert_int_equal(io_expect(w, 8, P2P_IO_WORKED), 0);
  assert_int_equal(done[0] + 10 * done[1], 11);
  io_expect_silence(w, 7);
}

/* ---- datagrams ---- */

static int udp_open(p2p_io *io, const p2p_endpoint *at, uint64_t token, p2p_endpoint *bound) {
  int s = io->ops->udp_open(io, at, token, bound);
  assert_true(s >= 0);
  return s;
}

/* Until `len` bytes have come in datagrams: how many. All must come from `from` to `to`. */
static int udp_collect(io_world *w, int sock, uint64_t token, uint8_t *out, size_t len,
                       const p2p_endpoint *from, const p2p_endpoint *to) {
  static uint8_t buffers[4][65536];
  int count = 0;
  for (size_t got = 0; got < len;) {
    io_expect(w, token, R);
    io_clear(w);
    p2p_dgrams d[4];
    for (int i = 0; i < 4; i++) d[i] = (p2p_dgrams){ .data = buffers[i], .cap = sizeof buffers[i] };
    int n = w->b->ops->udp_recv(w->b, sock, d, 4);
    if (n == P2P_EAGAIN) continue;
    assert_in_range(n, 1, 4);
    for (int i = 0; i < n; i++) {
      assert_same_endpoint(&d[i].remote, from);
      assert_same_endpoint(&d[i].local, to);
      assert_true(got + d[i].len <= len);
      memcpy(out + got, d[i].data, d[i].len);
      got += d[i].len;
      count += d[i].segment ? (int)((d[i].len + d[i].segment - 1) / d[i].segment) : 1;
    }
  }
  return count;
}

void io_suite_datagrams_carry_both_addresses(io_world *w) {
  p2p_endpoint from, to;
  int a = udp_open(w->a, &w->at_a, 1, &from), b = udp_open(w->b, &w->at_b, 2, &to);
  uint8_t hello[] = "hello", in[8];
  p2p_dgrams d = { .remote = to, .data = hello, .len = 5 };
  assert_int_equal(w->a->ops->udp_send(w->a, a, &d, 1), 1);
  assert_int_equal(udp_collect(w, b, 2, in, 5, &from, &to), 1);
  assert_memory_equal(in, hello, 5);
  p2p_dgrams none = { .data = in, .cap = sizeof in };
  assert_int_equal(w->b->ops->udp_recv(w->b, b, &none, 1), P2P_EAGAIN);
  w->a->ops->close(w->a, a);
  w->b->ops->close(w->b, b);
}

void io_suite_batches_of_datagrams_are_split(io_world *w) {
  enum { SEGMENT = 1200, LEN = 5 * SEGMENT + 7 };
  p2p_endpoint from, to;
  int a = udp_open(w->a, &w->at_a, 1, &from), b = udp_open(w->b, &w->at_b, 2, &to);
  const uint8_t *out = bytes_of((size_t)2 * LEN);
  uint8_t *in = malloc((size_t)2 * LEN), *data = malloc((size_t)2 * LEN);
  memcpy(data, out, (size_t)2 * LEN);
  p2p_dgrams d[2] = { { .local = from, .remote = to, .data = data, .len = LEN, .segment = SEGMENT },
                      { .remote = to, .data = data + LEN, .len = LEN, .segment = SEGMENT } };
  assert_int_equal(w->a->ops->udp_send(w->a, a, d, 2), 2);
  assert_int_equal(udp_collect(w, b, 2, in, (size_t)2 * LEN, &from, &to), 12);
  assert_memory_equal(in, out, (size_t)2 * LEN);
  drop_bytes(out);
  free(in);
  free(data);
  w->a->ops->close(w->a, a);
  w->b->ops->close(w->b, b);
}

void io_suite_datagram_longer_than_the_buffer_is_dropped(io_world *w) {
  p2p_endpoint to;
  int a = udp_open(w->a, &w->at_a, 1, NULL), b = udp_open(w->b, &w->at_b, 2, &to);
  uint8_t out[100] = "long", in[50];
  p2p_dgrams d = { .remote = to, .data = out, .len = 100 };
  assert_int_equal(w->a->ops->udp_send(w->a, a, &d, 1), 1);
  io_expect(w, 2, R);
  p2p_dgrams small = { .data = in, .cap = sizeof in };
  assert_int_equal(w->b->ops->udp_recv(w->b, b, &small, 1), P2P_EAGAIN);
  d.len = 50;
  io_clear(w);
  assert_int_equal(w->a->ops->udp_send(w->a, a, &d, 1), 1);
  io_expect(w, 2, R);
  assert_int_equal(w->b->ops->udp_recv(w->b, b, &small, 1), 1);
  assert_int_equal(small.len, 50);
  w->a->ops->close(w->a, a);
  w->b->ops->close(w->b, b);
}

/* ---- the rest ---- */

void io_suite_numbers_of_no_socket_are_refused(io_world *w) {
  const p2p_io_ops *o = w->a->ops;
  uint8_t b = 0;
  p2p_bytes v = { &b, 1 };
  p2p_endpoint bad = { .family = 9, .port = 1 };
  for (int sock = -1; sock < 100; sock += 50) {
    assert_int_equal(o->recv(w->a, sock, &b, 1), P2P_EINVAL);
    assert_int_equal(o->send(w->a, sock, &v, 1), P2P_EINVAL);
    assert_int_equal(o->want(w->a, sock, R), P2P_EINVAL);
    assert_int_equal(o->shutdown(w->a, sock), P2P_EINVAL);
    assert_int_equal(o->tcp_accept(w->a, sock, 1, NULL, NULL), P2P_EINVAL);
    assert_int_equal(o->option(w->a, sock, P2P_IO_RECV_BUFFER, 1), P2P_EINVAL);
    p2p_udp_error e;
    assert_int_equal(o->udp_errors(w->a, sock, &e, 1), P2P_EINVAL);
    o->close(w->a, sock);
  }
  assert_int_equal(o->tcp_connect(w->a, NULL, &bad, 1), P2P_EINVAL);
  assert_int_equal(o->tcp_listen(w->a, &bad, 1, 1, NULL), P2P_EINVAL);
  assert_int_equal(o->udp_open(w->a, &bad, 1, NULL), P2P_EINVAL);
  p2p_io_fact f;
  assert_int_equal(o->wait(w->a, 0, &f, 0), P2P_EINVAL);
}

void io_suite_interfaces_have_addresses(io_world *w) {
  p2p_endpoint e[64];
  int n = w->a->ops->ifaddrs(w->a, e, 64);
  assert_in_range(n, 1, 64);
  assert_int_equal(w->a->ops->ifaddrs(w->a, NULL, 0), n);
  bool found = false;
  for (int i = 0; i < n; i++) {
    assert_true(e[i].family == 4 || e[i].family == 6);
    assert_int_equal(e[i].port, 0);
    found = found || memcmp(e[i].ip, w->at_a.ip, 16) == 0;
  }
  assert_true(found);
}

void io_suite_one_address_is_used_for_each_way(io_world *w) {
  const p2p_io_ops *o = w->a->ops;
  p2p_endpoint to = w->at_b, from, bad = { .family = 9, .port = 1 };
  to.port = 9;
  assert_int_equal(o->source(w->a, &to, &from), 0);
  assert_same_endpoint(&from, &w->at_a);
  assert_int_equal(o->source(w->a, &bad, &from) < 0, 1);
  assert_int_equal(o->source(w->a, NULL, &from), P2P_EINVAL);
}

/* What changes interfaces is beyond the reach of most tests: tests/interop/migration has its own. */
void io_suite_watching_interfaces_begins_and_ends(io_world *w) {
  const p2p_io_ops *o = w->a->ops;
  assert_int_equal(o->ifwatch(w->a, 7), 0);
  assert_int_equal(o->ifwatch(w->a, 8), 0);
  assert_int_equal(o->ifwatch(w->a, 0), 0);
  assert_int_equal(o->ifwatch(w->a, 9), 0);
}

void io_suite_clock_never_goes_back_and_chance_differs(io_world *w) {
  uint8_t a[32] = { 0 }, b[32] = { 0 }, zero[32] = { 0 };
  p2p_time last = w->a->ops->now(w->a);
  for (int i = 0; i < 1000; i++) {
    p2p_time now = w->a->ops->now(w->a);
    assert_true(now >= last);
    last = now;
  }
  assert_true(w->a->ops->unix_ns(w->a) > (int64_t)1700000000 * (int64_t)P2P_SECOND);
  assert_int_equal(w->a->ops->random(w->a, a, sizeof a), 0);
  assert_int_equal(w->a->ops->random(w->a, b, sizeof b), 0);
  assert_memory_not_equal(a, b, sizeof a);
  assert_memory_not_equal(a, zero, sizeof a);
}
