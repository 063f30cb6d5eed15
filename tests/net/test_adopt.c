/* Sockets that somebody else made: connected ones of both kinds and directions, listening ones, and
 * what is none. */
#include "unit/base/test.h"
#include <netinet/in.h>
#include <p2p/p2p.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const nowhere[] = { NULL };

typedef struct side {
  p2p_host *host;
  p2p_conn conn;
  bool open, closed;
  int err;
} side;

static void begin(side *s) {
  *s = (side){ 0 };
  assert_int_equal(
      p2p_host_new(&s->host, &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .listen = nowhere }),
      0);
}

static void assert_reported(const side *s) {
  char text[1500];
  p2p_report_entry e = { .size = sizeof e };
  if (p2p_conn_report(s->host, s->conn, 0, &e) != 0) return; /* inbound */
  assert_true(p2p_report_print(&e, text, sizeof text) > 0);
  assert_non_null(strstr(text, p2p_strerror(s->err)));
  assert_true(p2p_report_json(&e, text, sizeof text) > 0);
}

static void turn(side *s) {
  assert_int_equal(p2p_host_step(s->host, 5 * P2P_MS), 0);
  for (const p2p_event *e; (e = p2p_next_event(s->host)) != NULL;) {
    if (e->kind == P2P_EV_CONN_OPEN) {
      s->open = true;
      s->conn = e->conn;
    }
    if (e->kind != P2P_EV_CONN_CLOSED) continue;
    s->closed = true;
    s->err = e->err;
    assert_reported(s);
  }
}

static void meet(side *a, side *b) {
  p2p_time until = p2p_host_now(a->host) + 30 * P2P_SECOND;
  while (!a->open || !b->open) {
    turn(a);
    turn(b);
    assert_false(a->closed || b->closed);
    assert_true(p2p_host_now(a->host) < until);
  }
}

static int listening(uint16_t *port) {
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t len = sizeof at;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
  assert_int_equal(listen(fd, 8), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
  *port = ntohs(at.sin_port);
  return fd;
}

/* Two ends of a TCP connection. */
static void tcp_pair(int fd[2]) {
  uint16_t port;
  int listener = listening(&port);
  struct sockaddr_in to = { .sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons(port) };
  fd[0] = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(connect(fd[0], (struct sockaddr *)&to, sizeof to), 0);
  fd[1] = accept(listener, NULL, NULL);
  assert_true(fd[1] >= 0);
  close(listener);
}

/* fd[0] becomes ours to dial with, fd[1] theirs; both are closed here at once. */
static void adopt_both(side *a, side *b, const int fd[2]) {
  begin(a);
  begin(b);
  const p2p_peer_id *peer = p2p_host_peer(b->host);
  assert_int_equal(p2p_adopt(a->host, fd[0], P2P_OUTBOUND, peer, &a->conn), 0);
  assert_int_equal(p2p_adopt(b->host, fd[1], P2P_INBOUND, NULL, &b->conn), 0);
  close(fd[0]);
  close(fd[1]);
}

static void end(side *a, side *b) {
  p2p_host_free(a->host);
  p2p_host_free(b->host);
}

static void pair_of_unix_sockets_is_a_connection(void **state) {
  (void)state;
  side a, b;
  int fd[2];
  char addr[P2P_ADDR_TEXT_MAX];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
  adopt_both(&a, &b, fd);
  meet(&a, &b);
  p2p_conn_info info = { .size = sizeof info };
  assert_int_equal(p2p_conn_get(a.host, a.conn, &info), 0);
  assert_true(p2p_peer_id_eq(&info.peer, p2p_host_peer(b.host)));
  assert_string_equal(info.security, "/noise");
  assert_int_equal(p2p_conn_local_addr(a.host, a.conn, addr, sizeof addr), P2P_ENOTFOUND);
  end(&a, &b);
}

static void pair_of_tcp_sockets_is_a_connection_with_addresses(void **state) {
  (void)state;
  side a, b;
  int fd[2];
  char ours[P2P_ADDR_TEXT_MAX], theirs[P2P_ADDR_TEXT_MAX];
  tcp_pair(fd);
  adopt_both(&a, &b, fd);
  meet(&a, &b);
  assert_true(p2p_conn_local_addr(a.host, a.conn, ours, sizeof ours) > 0);
  assert_true(p2p_conn_addr(b.host, b.conn, theirs, sizeof theirs) > 0);
  assert_memory_equal(ours, "/ip4/127.0.0.1/tcp/", 19);
  assert_memory_equal(ours, theirs, strlen(ours));
  end(&a, &b);
}

static void adopted_connection_is_from_whom_it_should_be(void **state) {
  (void)state;
  side a, b;
  int fd[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
  begin(&a);
  begin(&b);
  p2p_peer_id other = *p2p_host_peer(b.host);
  other.b[other.len - 1] ^= 1;
  assert_int_equal(p2p_adopt(a.host, fd[0], P2P_OUTBOUND, &other, &a.conn), 0);
  assert_int_equal(p2p_adopt(b.host, fd[1], P2P_INBOUND, NULL, &b.conn), 0);
  close(fd[0]);
  close(fd[1]);
  p2p_time until = p2p_host_now(a.host) + 30 * P2P_SECOND;
  while (!a.closed && p2p_host_now(a.host) < until) {
    turn(&a);
    turn(&b);
  }
  assert_true(a.closed && a.err == P2P_EPEER && !a.open);
  end(&a, &b);
}

/* Whoever has the handle hears of the end, also when it never was up. */
static void adopted_connection_that_fails_is_told_of(void **state) {
  (void)state;
  const p2p_direction dirs[] = { P2P_OUTBOUND, P2P_INBOUND };
  for (size_t i = 0; i < 2; i++) {
    side a;
    int fd[2];
    begin(&a);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    assert_int_equal(p2p_adopt(a.host, fd[0], dirs[i], NULL, &a.conn), 0);
    close(fd[0]);
    close(fd[1]);
    p2p_time until = p2p_host_now(a.host) + 30 * P2P_SECOND;
    while (!a.closed && p2p_host_now(a.host) < until) turn(&a);
    assert_true(a.closed && a.err < 0 && !a.open);
    p2p_host_free(a.host);
  }
}

static void listening_socket_is_listened_with(void **state) {
  (void)state;
  side a, b;
  uint16_t port;
  p2p_listener l;
  char addr[P2P_ADDR_TEXT_MAX];
  begin(&a);
  begin(&b);
  int fd = listening(&port);
  assert_int_equal(p2p_listen_fd(b.host, fd, &l), 0);
  close(fd);
  assert_true(p2p_host_addr(b.host, 0, addr, sizeof addr) > 0);
  assert_memory_equal(addr, "/ip4/127.0.0.1/tcp/", 19);
  assert_int_equal(p2p_dial(a.host, addr, &a.conn), 0);
  meet(&a, &b);
  assert_int_equal(p2p_listener_close(b.host, l), 0);
  end(&a, &b);
}

/* Bound to name; name[0] zero: in Linux's own name space. */
static int listening_unix(const char *name, size_t len) {
  struct sockaddr_un at = { .sun_family = AF_UNIX };
  memcpy(at.sun_path, name, len);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
  assert_int_equal(listen(fd, 8), 0);
  return fd;
}

static void listening_unix_socket_is_listened_with_and_its_file_stays(void **state) {
  (void)state;
  side a, b;
  p2p_listener l;
  char folder[] = "/tmp/p2p-adopt-XXXXXX", path[64], start[80], addr[P2P_ADDR_TEXT_MAX];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/s", folder);
  int n = snprintf(start, sizeof start, "/unix%s/p2p/", path);
  begin(&a);
  begin(&b);
  int fd = listening_unix(path, strlen(path));
  assert_int_equal(p2p_listen_fd(b.host, fd, &l), 0);
  close(fd);
  assert_true(p2p_host_addr(b.host, 0, addr, sizeof addr) > 0);
  assert_memory_equal(addr, start, (size_t)n);
  assert_int_equal(p2p_dial(a.host, addr, &a.conn), 0);
  meet(&a, &b);
  assert_int_equal(p2p_listener_close(b.host, l), 0);
  end(&a, &b);
  assert_int_equal(unlink(path), 0); /* it is there still */
  rmdir(folder);
}

static void listening_unix_socket_without_a_path_is_refused(void **state) {
  (void)state;
  side a;
  p2p_listener l;
  char name[32] = { 0 };
  int n = snprintf(name + 1, sizeof name - 1, "p2p-adopt-%ld", (long)getpid());
  begin(&a);
  int fd = listening_unix(name, 1 + (size_t)n);
  assert_int_equal(p2p_listen_fd(a.host, fd, &l), P2P_EADDR);
  p2p_host_free(a.host);
  assert_int_equal(close(fd), 0);
}

static void what_is_no_such_socket_is_refused(void **state) {
  (void)state;
  side a;
  uint16_t port;
  p2p_listener l;
  int pair[2], pipes[2], listener = listening(&port);
  begin(&a);
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
  assert_int_equal(pipe(pipes), 0);
  int idle = socket(AF_INET, SOCK_STREAM, 0);
  const int odd[] = { pair[0], pipes[0], listener, idle, -1 };
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    assert_int_equal(p2p_adopt(a.host, odd[i], P2P_OUTBOUND, NULL, &a.conn), P2P_EINVAL);
    assert_int_equal(p2p_adopt(a.host, odd[i], P2P_INBOUND, NULL, &a.conn), P2P_EINVAL);
    if (odd[i] != listener) assert_int_equal(p2p_listen_fd(a.host, odd[i], &l), P2P_EINVAL);
  }
  p2p_host_stats stats = { .size = sizeof stats };
  assert_int_equal(p2p_host_get(a.host, &stats), 0);
  assert_int_equal(stats.conns + stats.dials + stats.half_open, 0);
  p2p_host_free(a.host);
  close(idle);
  close(listener);
  for (int i = 0; i < 2; i++)
    assert_true(close(pair[i]) == 0 && close(pipes[i]) == 0); /* still ours */
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pair_of_unix_sockets_is_a_connection),
    cmocka_unit_test(pair_of_tcp_sockets_is_a_connection_with_addresses),
    cmocka_unit_test(adopted_connection_is_from_whom_it_should_be),
    cmocka_unit_test(adopted_connection_that_fails_is_told_of),
    cmocka_unit_test(listening_socket_is_listened_with),
    cmocka_unit_test(listening_unix_socket_is_listened_with_and_its_file_stays),
    cmocka_unit_test(listening_unix_socket_without_a_path_is_refused),
    cmocka_unit_test(what_is_no_such_socket_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
