/* QUIC on real sockets: raced with TCP on loopback, and listening with a socket that somebody else made. */
#include "unit/base/test.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <p2p/p2p.h>
#include <p2p/report.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Longer than any handshake, on a machine that does much else; and a moment. */
#define LONG (10 * P2P_SECOND)
#define SHORT (50 * P2P_MS)

typedef struct race {
  p2p_host *a, *b;
  p2p_conn conn;
  char tcp[P2P_ADDR_TEXT_MAX], quic[P2P_ADDR_TEXT_MAX]; /* of b */
  bool up, down;
} race;

static p2p_host *host_new(const char *const *listen, size_t n, p2p_time stagger) {
  static const char *const none[] = { NULL };
  p2p_host *h;
  p2p_setting near = { "dial_stagger_near", stagger };
  p2p_host_opts opts = { .size = sizeof opts,
                         .listen = listen ? listen : none,
                         .n_listen = n,
                         .limits = &near,
                         .n_limits = 1 };
  assert_int_equal(p2p_host_new(&h, &opts), 0);
  return h;
}

static void race_begin(race *r, p2p_time stagger) {
  static const char *const both[] = { "/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1" };
  *r = (race){ .a = host_new(NULL, 0, stagger), .b = host_new(both, 2, stagger) };
  assert_true(p2p_host_addr(r->b, 0, r->tcp, sizeof r->tcp) > 0);
  assert_true(p2p_host_addr(r->b, 1, r->quic, sizeof r->quic) > 0);
  assert_non_null(strstr(r->quic, "/quic-v1/"));
}

static void race_end(race *r) {
  p2p_host_free(r->a);
  p2p_host_free(r->b);
}

/* The same peer, said to be at another UDP port. */
static void claim_port(race *r, uint16_t port) {
  char id[P2P_PEER_ID_TEXT_MAX];
  assert_true(p2p_peer_id_print(p2p_host_peer(r->b), id, sizeof id) > 0);
  snprintf(r->quic, sizeof r->quic, "/ip4/127.0.0.1/udp/%u/quic-v1/p2p/%s", port, id);
}

static void turn(race *r) {
  assert_int_equal(p2p_host_step(r->a, P2P_MS), 0);
  for (const p2p_event *e; (e = p2p_next_event(r->a)) != NULL;) {
    r->up |= e->kind == P2P_EV_CONN_OPEN;
    r->down |= e->kind == P2P_EV_CONN_CLOSED;
  }
  assert_int_equal(p2p_host_step(r->b, P2P_MS), 0);
  while (p2p_next_event(r->b)) continue;
}

static const char *run(race *r) {
  const char *list[] = { r->tcp, r->quic };
  p2p_conn_info info = { .size = sizeof info };
  assert_int_equal(p2p_dial_addrs(r->a, list, 2, &r->conn), 0);
  while (!r->up && !r->down) turn(r);
  assert_true(r->up);
  assert_int_equal(p2p_conn_get(r->a, r->conn, &info), 0);
  return info.muxer;
}

/* The report's line of the QUIC address, or of the other. */
static p2p_report_entry line_of(const race *r, bool quic) {
  for (size_t i = 0; i < 2; i++) {
    char text[P2P_ADDR_TEXT_MAX];
    p2p_report_entry e = { .size = sizeof e };
    assert_int_equal(p2p_conn_report(r->a, r->conn, i, &e), 0);
    assert_true(p2p_addr_print(e.addr, text, sizeof text) > 0);
    if ((strstr(text, "quic") != NULL) == quic) return e;
  }
  fail_msg("no such line");
  return (p2p_report_entry){ 0 };
}

/* A UDP socket that takes what comes and never answers. */
static int black_hole(uint16_t *port) {
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
  socklen_t len = sizeof at;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
  *port = ntohs(at.sin_port);
  return fd;
}

static void quic_wins_and_tcp_has_no_turn(void **state) {
  (void)state;
  race r;
  race_begin(&r, LONG);
  assert_string_equal(run(&r), "/quic-v1");
  assert_int_equal(line_of(&r, true).err, 0);
  assert_int_equal(line_of(&r, false).err, P2P_ECANCELED);
  assert_int_equal(line_of(&r, false).stage, P2P_STAGE_NONE);
  race_end(&r);
}

static void tcp_wins_where_udp_is_dropped(void **state) {
  (void)state;
  race r;
  uint16_t port;
  race_begin(&r, SHORT);
  int hole = black_hole(&port);
  claim_port(&r, port);
  assert_string_equal(run(&r), "/yamux/1.0.0");
  p2p_report_entry dropped = line_of(&r, true), up = line_of(&r, false);
  assert_int_equal(dropped.err, P2P_ECANCELED);
  assert_int_equal(dropped.stage, P2P_STAGE_CONNECT);
  assert_int_equal(up.err, 0);
  assert_true(up.began - dropped.began >= SHORT);
  close(hole);
  race_end(&r);
}

static bool any_socket_hears_icmp(void) {
  for (int fd = 0; fd < 64; fd++) {
    int on = 0;
    socklen_t len = sizeof on;
    if (getsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, &len) == 0 && on) return true;
  }
  return false;
}

/* The hole is closed: its port says so, and the next address need not wait for its time. */
static void tcp_begins_at_once_where_nobody_listens_on_udp(void **state) {
  (void)state;
  race r;
  uint16_t port;
  race_begin(&r, LONG);
  close(black_hole(&port));
  claim_port(&r, port);
  bool hears = any_socket_hears_icmp();
  if (hears) {
    assert_string_equal(run(&r), "/yamux/1.0.0");
    p2p_report_entry refused = line_of(&r, true), up = line_of(&r, false);
    assert_int_equal(refused.err, P2P_EREFUSED);
    assert_int_equal(refused.stage, P2P_STAGE_CONNECT);
    assert_true(refused.remote);
    assert_true(up.began < LONG);
  }
  race_end(&r);
  if (!hears) skip();
}

/* ---- a socket that somebody else made ---- */
static int bound_udp(bool both_families, uint16_t *port) {
  struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
  socklen_t len = sizeof at;
  int zero = 0;
  if (!both_families) return black_hole(port);
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero), 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
  *port = ntohs(at.sin6_port);
  return fd;
}

static void listen_with(bool both_families) {
  race r = { .a = host_new(NULL, 0, LONG), .b = host_new(NULL, 0, LONG) };
  p2p_listener l;
  uint16_t port;
  p2p_conn_info info = { .size = sizeof info };
  int fd = bound_udp(both_families, &port);
  assert_int_equal(p2p_listen_fd(r.b, fd, &l), 0);
  close(fd); /* the host works on a duplicate */
  claim_port(&r, port);
  assert_int_equal(p2p_dial(r.a, r.quic, &r.conn), 0);
  while (!r.up && !r.down) turn(&r);
  assert_true(r.up);
  assert_int_equal(p2p_conn_get(r.a, r.conn, &info), 0);
  assert_string_equal(info.muxer, "/quic-v1");
  assert_int_equal(p2p_listener_close(r.b, l), 0);
  race_end(&r);
}

static void a_bound_socket_is_listened_with(void **state) {
  (void)state;
  listen_with(false);
}

static void a_bound_socket_of_both_families_is_listened_with(void **state) {
  (void)state;
  listen_with(true);
}

static void a_socket_that_is_not_bound_or_has_a_peer_is_refused(void **state) {
  (void)state;
  p2p_host *h = host_new(NULL, 0, LONG);
  struct sockaddr_in to = { .sin_family = AF_INET,
                            .sin_port = htons(9),
                            .sin_addr = { htonl(INADDR_LOOPBACK) } };
  p2p_listener l;
  uint16_t port;
  int unbound = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), connected = black_hole(&port);
  assert_int_equal(connect(connected, (struct sockaddr *)&to, sizeof to), 0);
  assert_int_equal(p2p_listen_fd(h, unbound, &l), P2P_EINVAL);
  assert_int_equal(p2p_listen_fd(h, connected, &l), P2P_EINVAL);
  assert_int_equal(p2p_listen_fd(h, -1, &l), P2P_EINVAL);
  close(unbound);
  close(connected);
  p2p_host_free(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(quic_wins_and_tcp_has_no_turn),
    cmocka_unit_test(tcp_wins_where_udp_is_dropped),
    cmocka_unit_test(tcp_begins_at_once_where_nobody_listens_on_udp),
    cmocka_unit_test(a_bound_socket_is_listened_with),
    cmocka_unit_test(a_bound_socket_of_both_families_is_listened_with),
    cmocka_unit_test(a_socket_that_is_not_bound_or_has_a_peer_is_refused),
  };
  return cmocka_run_group_tests_name("net.quic_sockets", tests, NULL, NULL);
}
