/* The p2p_io on libuv, on real loopback: the behaviours that every p2p_io has, driven twice (by its
 * own wait, and by a foreign poll on its descriptor), and what only the real world has. */
#include "io/uv.h"
#include "support/io_suite.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { R = P2P_IO_READABLE, W = P2P_IO_WRITABLE, PATIENCE_MS = 20000 };

static const p2p_endpoint loopback_4 = { .family = 4, .ip = { 127, 0, 0, 1 } };
static const p2p_endpoint loopback_6 = { .family = 6, .ip = { [15] = 1 } };

/* As a foreign loop does it: nothing but poll on the descriptors. */
static bool idle_poll(io_world *w) {
  struct pollfd p[2] = { { .fd = w->a->ops->fd(w->a), .events = POLLIN },
                         { .fd = w->b->ops->fd(w->b), .events = POLLIN } };
  int n = poll(p, 2, PATIENCE_MS);
  assert_int_not_equal(n, 0); /* a fact that poll does not see is a host that hangs */
  return n > 0;
}

/* wait has done it already */
static bool idle_waited(io_world *w) {
  (void)w;
  return true;
}

/* the kernel moves bytes over loopback while we write */
static void settle_at_once(io_world *w) { (void)w; }

static p2p_io *io_new(void) {
  p2p_io *io;
  assert_int_equal(p2p_io_uv_new(&io), 0);
  return io;
}

/* A name in the working directory, of this process alone. */
static const char *own_path(void) {
  static char path[64];
  snprintf(path, sizeof path, "io-%ld.sock", (long)getpid());
  return path;
}

static void world_open(io_world *w, bool embedded, uint8_t family) {
  *w = (io_world){ .name = "localhost", .path = own_path() };
  w->a = io_new();
  w->b = embedded ? io_new() : w->a;
  w->at_a = w->at_b = family == 6 ? loopback_6 : loopback_4;
  w->settle = settle_at_once;
  w->idle = embedded ? idle_poll : idle_waited;
  w->patience = embedded ? 0 : PATIENCE_MS * P2P_MS;
  if (embedded) {
    w->a->ops->fd(w->a); /* from now on every change must show in it */
    w->b->ops->fd(w->b);
  }
}

static void world_close(io_world *w) {
  if (w->b != w->a) w->b->ops->free(w->b);
  w->a->ops->free(w->a);
}

static void run(void (*test)(io_world *w), bool embedded, uint8_t family) {
  io_world w;
  world_open(&w, embedded, family);
  test(&w);
  world_close(&w);
}

#define SUITE_TESTS(name)                                                                          \
  static void waiting_##name(void **state) {                                                       \
    (void)state;                                                                                   \
    run(io_suite_##name, false, 4);                                                                \
  }                                                                                                \
  static void embedded_##name(void **state) {                                                      \
    (void)state;                                                                                   \
    run(io_suite_##name, true, 4);                                                                 \
  }
IO_SUITE(SUITE_TESTS)

/* ---- the real world ---- */

static void works_over_ipv6(void **state) {
  (void)state;
  p2p_io *io = io_new();
  int l = io->ops->tcp_listen(io, &loopback_6, 1, 1, NULL);
  io->ops->free(io);
  if (l < 0) skip(); /* a machine without IPv6 */
  run(io_suite_connect_and_accept_tell_the_same_addresses, false, 6);
  run(io_suite_bytes_arrive_in_order_and_halves_close_apart, true, 6);
  run(io_suite_datagrams_carry_both_addresses, true, 6);
  run(io_suite_batches_of_datagrams_are_split, true, 6);
}

/* The peer resets while we write, with SIGPIPE at its default: an error, and we live. */
static void peer_that_resets_raises_no_signal(void **state) {
  (void)state;
  struct sigaction before;
  assert_int_equal(sigaction(SIGPIPE, NULL, &before), 0);
  assert_true(before.sa_handler == SIG_DFL);
  io_world w;
  world_open(&w, false, 4);
  static uint8_t junk[65536];
  for (int round = 0; round < 100; round++) {
    io_pair p = io_connect(&w);
    io_send_all(&w, w.a, p.a, 1, junk, 1); /* unread: b's close is a reset */
    io_expect(&w, 2, R);
    w.b->ops->close(w.b, p.b);
    p2p_bytes v[2] = { { junk, sizeof junk }, { junk, 100 } };
    assert_int_equal(w.a->ops->want(w.a, p.a, W), 0);
    ptrdiff_t n;
    while ((n = w.a->ops->send(w.a, p.a, v, 1 + (size_t)(round & 1))) > 0 || n == P2P_EAGAIN)
      if (n == P2P_EAGAIN) io_expect(&w, 1, W);
    assert_int_equal(n, P2P_ERESET);
    p.b = -1;
    io_unconnect(&w, p);
    io_clear(&w);
  }
  world_close(&w);
}

static void count_up(void *arg) { atomic_fetch_add((atomic_int *)arg, 1); }

/* Facts that are told once and wait inside: only the descriptor can say that they are there. */
static void descriptor_is_readable_while_facts_wait_inside(void **state) {
  (void)state;
  io_world w;
  world_open(&w, true, 4);
  uint32_t seen = 0;
  atomic_int done = 0;
  for (uint64_t token = 1; token <= 8; token++)
    assert_int_equal(w.a->ops->work(w.a, count_up, &done, token), 0);
  while (atomic_load(&done) < 8) sched_yield(); /* so that one turn learns of most of them */
  w.a->ops->wake(w.a);
  while (seen != 0x1ff) {
    p2p_io_fact f;
    assert_true(idle_poll(&w));
    if (w.a->ops->wait(w.a, 0, &f, 1) == 1) seen |= 1u << f.token;
  }
  world_close(&w);
}

static void *waker(void *arg) {
  p2p_io *io = arg;
  for (int i = 0; i < 1000; i++) io->ops->wake(io);
  return NULL;
}

static void another_thread_wakes_a_wait_without_end(void **state) {
  (void)state;
  p2p_io *io = io_new();
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, waker, io), 0);
  p2p_io_fact f;
  assert_int_equal(io->ops->wait(io, P2P_NEVER, &f, 1), 1);
  assert_int_equal(f.what, P2P_IO_WOKEN);
  assert_int_equal(f.token, 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  io->ops->free(io);
}

/* Never early; late by less than a millisecond at least sometimes, on a machine that others use. */
static void wait_ends_when_time_is_up(void **state) {
  (void)state;
  p2p_io *io = io_new();
  p2p_io_fact f;
  p2p_time best = P2P_NEVER;
  for (int i = 0; i < 50; i++) {
    p2p_time until = io->ops->now(io) + 700 * P2P_US;
    assert_int_equal(io->ops->wait(io, until, &f, 1), 0);
    p2p_time now = io->ops->now(io);
    assert_true(now >= until);
    if (now - until < best) best = now - until;
  }
  assert_true(best < P2P_MS);
  io->ops->free(io);
}

static void earlier_deadline_moves_the_alarm_later_one_is_not_missed(void **state) {
  (void)state;
  p2p_io *io = io_new();
  p2p_io_fact f;
  p2p_time start = io->ops->now(io);
  io->ops->wake(io);
  assert_int_equal(io->ops->wait(io, start + 3600 * P2P_SECOND, &f, 1),
                   1); /* arms for the far one */
  assert_int_equal(io->ops->wait(io, start + 20 * P2P_MS, &f, 1), 0);
  assert_true(io->ops->now(io) - start < 1800 * P2P_SECOND);
  io->ops->wake(io);
  start = io->ops->now(io);
  assert_int_equal(io->ops->wait(io, start + 5 * P2P_MS, &f, 1), 1); /* arms for the near one */
  assert_int_equal(io->ops->wait(io, start + 40 * P2P_MS, &f, 1), 0);
  assert_true(io->ops->now(io) >= start + 40 * P2P_MS);
  assert_int_equal(io->ops->wait(io, 1, &f, 1), 0); /* long ago */
  io->ops->free(io);
}

/* Lowers the limit of files to what is open, so that not one more can be had. */
static struct rlimit files_exhaust(void) {
  struct rlimit before, tight;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
  assert_true(next >= 0);
  close(next);
  tight = (struct rlimit){ .rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max };
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
  return before;
}

static void accept_without_files_keeps_the_connection_waiting(void **state) {
  (void)state;
  io_world w;
  world_open(&w, false, 4);
  p2p_endpoint bound;
  int l = w.b->ops->tcp_listen(w.b, &w.at_b, 16, 3, &bound);
  int a = w.a->ops->tcp_connect(w.a, NULL, &bound, 1);
  assert_true(l >= 0 && a >= 0);
  assert_int_equal(io_expect(&w, 1, W), 0);
  io_expect(&w, 3, R);
  struct rlimit before = files_exhaust();
  int refused = w.b->ops->tcp_accept(w.b, l, 2, NULL, NULL);
  int connect = w.a->ops->tcp_connect(w.a, NULL, &bound, 4);
  w.b->ops->want(w.b, l, 0);
  io_expect_silence(&w, 3);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_int_equal(refused, P2P_EFILES);
  assert_int_equal(connect, P2P_EFILES);
  assert_int_equal(w.b->ops->want(w.b, l, R), 0);
  io_expect(&w, 3, R);
  assert_true(w.b->ops->tcp_accept(w.b, l, 2, NULL, NULL) >= 0);
  world_close(&w);
}

static int descriptor_flags(int fd, int *fl) {
  *fl = fcntl(fd, F_GETFL);
  return fcntl(fd, F_GETFD);
}

/* Sockets above `first` are ours: no descriptor was free below it, and no test has others. */
static void descriptors_close_on_exec_and_do_not_block(void **state) {
  (void)state;
  io_world w;
  int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
  world_open(&w, false, 4);
  io_pair p = io_connect(&w);
  int udp = w.a->ops->udp_open(w.a, &w.at_a, 9, NULL);
  assert_true(udp >= 0);
  int sockets = 0;
  for (int fd = first + 1; fd < first + 64; fd++) {
    int fl, fdfl = descriptor_flags(fd, &fl), type;
    socklen_t len = sizeof type;
    if (fdfl < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0) continue;
    assert_true(fdfl & FD_CLOEXEC);
    assert_true(fl & O_NONBLOCK);
    sockets++;
  }
  assert_int_equal(sockets, 4);
  io_unconnect(&w, p);
  world_close(&w);
  close(first);
}

/* RFC 9000, section 14. Where only the portable calls are made, the kernel's habit is what there is. */
static void datagrams_are_never_fragmented(void **state) {
  (void)state;
  io_world w;
  int first = open("/dev/null", O_RDONLY | O_CLOEXEC), found = 0;
  world_open(&w, false, 4);
  assert_true(w.a->ops->udp_open(w.a, &w.at_a, 9, NULL) >= 0);
  for (int fd = first + 1; fd < first + 64; fd++) {
    int type, info = 0, how = 0;
    socklen_t len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_DGRAM) continue;
    if (getsockopt(fd, IPPROTO_IP, IP_PKTINFO, &info, &len) != 0 || !info) continue;
    assert_int_equal(getsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, &len), 0);
    assert_int_equal(how, IP_PMTUDISC_PROBE);
    found++;
  }
  world_close(&w);
  close(first);
  if (!found) skip();
}

/* systemd's sockets are such: what goes to IPv4 leaves by the rules of IPv4. */
static void datagrams_of_a_socket_of_both_families_are_never_fragmented(void **state) {
  (void)state;
  struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
  int zero = 0, v4 = -1, v6 = -1, fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  socklen_t len = sizeof zero;
  if (fd < 0) skip(); /* a machine without IPv6 */
  assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero), 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
  p2p_io *io = io_new();
  assert_true(io->ops->udp_adopt(io, fd, 1, NULL) >= 0);
  assert_int_equal(getsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, &len), 0);
  assert_int_equal(getsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, &len), 0);
  io->ops->free(io);
  close(fd);
  if (v6 != IPV6_PMTUDISC_PROBE) skip(); /* only the portable calls are made */
  assert_int_equal(v4, IP_PMTUDISC_PROBE);
}

/* ---- what the network says of datagrams ---- */

/* A port of loopback where nobody listens: it was somebody's a moment ago. */
static p2p_endpoint closed_port(p2p_io *io) {
  p2p_endpoint at;
  int sock = io->ops->udp_open(io, &loopback_4, 5, &at);
  assert_true(sock >= 0);
  io->ops->close(io, sock);
  return at;
}

static void send_to(io_world *w, int sock, const p2p_endpoint *to, uint8_t first) {
  uint8_t bytes[100] = { first };
  p2p_dgrams d = { .remote = *to, .data = bytes, .len = sizeof bytes };
  assert_int_equal(w->a->ops->udp_send(w->a, sock, &d, 1), 1);
}

static void assert_refused(io_world *w, int sock, const p2p_endpoint *to, uint8_t first) {
  p2p_udp_error e[4];
  assert_int_equal(w->a->ops->udp_errors(w->a, sock, e, 4), 1);
  assert_int_equal(e[0].error, P2P_EREFUSED);
  assert_int_equal(e[0].remote.port, to->port);
  assert_memory_equal(e[0].remote.ip, to->ip, 4);
  assert_int_equal(e[0].quote_len, P2P_IO_QUOTE);
  assert_int_equal(e[0].quote[0], first);
  assert_int_equal(w->a->ops->udp_errors(w->a, sock, e, 4), 0);
}

/* Where only the portable calls are made nothing is known. */
static bool any_socket_hears_icmp(void) {
  for (int fd = 0; fd < 64; fd++) {
    int on = 0;
    socklen_t len = sizeof on;
    if (getsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, &len) == 0 && on) return true;
  }
  return false;
}

static void datagrams_to_nobody_are_told(void **state) {
  (void)state;
  io_world w;
  world_open(&w, false, 4);
  p2p_endpoint nobody = closed_port(w.a), at;
  int sock = w.a->ops->udp_open(w.a, &loopback_4, 1, &at);
  if (!any_socket_hears_icmp()) {
    world_close(&w);
    skip();
  }
  send_to(&w, sock, &nobody, 11);
  io_expect(&w, 1, P2P_IO_ERRORS);
  assert_refused(&w, sock, &nobody, 11);
  io_clear(&w);
  send_to(&w, sock, &nobody, 12); /* nobody asks about it */
  io_expect(&w, 1, P2P_IO_ERRORS);
  p2p_io_fact none;
  (void)w.a->ops->wait(w.a, 0, &none, 1);
  io_clear(&w);
  send_to(&w, sock, &nobody, 13);
  io_expect(&w, 1, P2P_IO_ERRORS);
  assert_refused(&w, sock, &nobody, 13);
  w.a->ops->close(w.a, sock);
  world_close(&w);
}

/* Linux tells of an earlier datagram by failing to send the next, whoever that is for. */
static void a_datagram_to_nobody_costs_no_other(void **state) {
  (void)state;
  enum { ROUNDS = 100 };
  io_world w;
  world_open(&w, false, 4);
  p2p_endpoint nobody = closed_port(w.a), at, there;
  int sock = w.a->ops->udp_open(w.a, &loopback_4, 1, &at);
  int other = w.b->ops->udp_open(w.b, &loopback_4, 2, &there);
  uint8_t in[100];
  for (int i = 0; i < ROUNDS; i++) {
    send_to(&w, sock, &nobody, 1);
    send_to(&w, sock, &there, 2);
    p2p_dgrams d = { .data = in, .cap = sizeof in };
    io_clear(&w);
    io_expect(&w, 2, R);
    assert_int_equal(w.b->ops->udp_recv(w.b, other, &d, 1), 1);
  }
  w.a->ops->close(w.a, sock);
  w.b->ops->close(w.b, other);
  world_close(&w);
}

static void ten_instances_share_nothing(void **state) {
  (void)state;
  p2p_io *io[10];
  for (int i = 0; i < 10; i++) io[i] = io_new();
  for (int i = 0; i < 10; i += 2) io[i]->ops->wake(io[i]);
  p2p_io_fact f;
  for (int i = 0; i < 10; i++) assert_int_equal(io[i]->ops->wait(io[i], 0, &f, 1), i % 2 == 0);
  for (int i = 0; i < 10; i++) io[i]->ops->free(io[i]);
}

static void wait_for_flag(void *arg) {
  while (!atomic_load((atomic_bool *)arg)) sched_yield();
}

static void *raise_flag(void *arg) {
  atomic_store((atomic_bool *)arg, true);
  return NULL;
}

static void free_waits_for_work_and_forgets_the_rest(void **state) {
  (void)state;
  atomic_bool flag = false;
  p2p_io *io = io_new();
  for (int i = 0; i < 64; i++) assert_int_equal(io->ops->work(io, wait_for_flag, &flag, 1), 0);
  assert_int_equal(io->ops->resolve(io, "localhost", 0, 2), 0);
  assert_true(io->ops->tcp_listen(io, &loopback_4, 1, 3, NULL) >= 0);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, raise_flag, &flag), 0);
  io->ops->free(io);
  assert_int_equal(pthread_join(thread, NULL), 0);
}

/* ---- unix sockets: the file ---- */

static bool is_there(const char *path, struct stat *st) { return lstat(path, st) == 0; }

static void unix_socket_is_its_owners_and_goes_with_its_listener(void **state) {
  (void)state;
  io_world w;
  struct stat st;
  world_open(&w, false, 4);
  mode_t before = umask(0);
  int l = w.a->ops->unix_listen(w.a, w.path, 4, 3);
  umask(before);
  assert_true(l >= 0);
  assert_true(is_there(w.path, &st));
  assert_true(S_ISSOCK(st.st_mode));
  assert_int_equal(st.st_mode & 0777, 0600);
  w.a->ops->close(w.a, l);
  assert_false(is_there(w.path, &st));
  assert_true(w.a->ops->unix_listen(w.a, w.path, 4, 3) >= 0);
  world_close(&w); /* so does the end of the instance */
  assert_false(is_there(w.path, &st));
}

/* What a process leaves that was killed. */
static void leave_stale(const char *path) {
  struct sockaddr_un a = { .sun_family = AF_UNIX };
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  memcpy(a.sun_path, path, strlen(path) + 1);
  assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
  assert_int_equal(listen(fd, 1), 0);
  close(fd);
}

static void unix_socket_of_a_dead_listener_is_replaced(void **state) {
  (void)state;
  io_world w;
  struct stat st;
  world_open(&w, false, 4);
  leave_stale(w.path);
  assert_true(is_there(w.path, &st));
  int l = w.a->ops->unix_listen(w.a, w.path, 4, 3);
  assert_true(l >= 0);
  assert_int_equal(w.a->ops->unix_listen(w.a, w.path, 4, 4), P2P_EADDRINUSE); /* it lives */
  w.a->ops->close(w.a, l);
  world_close(&w);
}

static void unix_path_that_is_somebodys_is_left_alone(void **state) {
  (void)state;
  io_world w;
  struct stat st;
  world_open(&w, false, 4);
  int fd = open(w.path, O_CREAT | O_EXCL | O_WRONLY, 0600);
  assert_true(fd >= 0);
  close(fd);
  assert_int_equal(w.a->ops->unix_listen(w.a, w.path, 4, 3), P2P_EADDRINUSE);
  assert_true(is_there(w.path, &st) && S_ISREG(st.st_mode));
  unlink(w.path);
  assert_int_equal(w.a->ops->unix_listen(w.a, "no-such-directory/x", 4, 3), P2P_EADDR);
  int l = w.a->ops->unix_listen(w.a, w.path, 4, 3);
  assert_true(l >= 0);
  unlink(w.path); /* another has taken the place since */
  leave_stale(w.path);
  w.a->ops->close(w.a, l);
  assert_true(is_there(w.path, &st));
  unlink(w.path);
  world_close(&w);
}

static void what_resolvers_say_is_told_apart(void **state) {
  (void)state;
  assert_int_equal(p2p__uv_name_error(0), 0);
  assert_int_equal(p2p__uv_name_error(UV_EAI_NONAME), P2P_ENAME);
  assert_int_equal(p2p__uv_name_error(UV_EAI_NODATA), P2P_ENAME);
  assert_int_equal(p2p__uv_name_error(UV_EAI_AGAIN), P2P_ERESOLVE);
  assert_int_equal(p2p__uv_name_error(UV_EAI_FAIL), P2P_ERESOLVE);
  assert_int_equal(p2p__uv_name_error(UV_EAI_MEMORY), P2P_ENOMEM);
}

/* CVE-2024-24806: a name whose ASCII form is longer than libuv has room for. */
static void names_that_libuv_has_no_room_for_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *label;
    size_t times;
    bool fits;
  } names[] = {
    { "x", 0, false },   { "localhost", 1, true },  { "x", 253, true },
    { "x", 254, false }, { "é.", 30, true },        { "é.", 31, false },
    { "é.", 84, false }, { "bücher.x.", 9, true },  { "x.", 127, false },
    { "x.", 126, true }, { "\xff\xff", 46, false },
  };
  for (size_t i = 0; i < P2P_COUNT(names); i++) {
    char host[300] = "";
    for (size_t k = 0; k < names[i].times; k++)
      memcpy(host + k * strlen(names[i].label), names[i].label, strlen(names[i].label));
    assert_int_equal(p2p__uv_name_fits(host), names[i].fits);
    if (names[i].fits) continue;
    p2p_io *io = io_new();
    assert_int_equal(io->ops->resolve(io, host, 0, 1), P2P_EINVAL);
    io->ops->free(io);
  }
}

int main(void) {
#define SUITE_ENTRY(name) cmocka_unit_test(waiting_##name), cmocka_unit_test(embedded_##name),
  const struct CMUnitTest tests[] = {
    IO_SUITE(SUITE_ENTRY) cmocka_unit_test(works_over_ipv6),
    cmocka_unit_test(peer_that_resets_raises_no_signal),
    cmocka_unit_test(descriptor_is_readable_while_facts_wait_inside),
    cmocka_unit_test(another_thread_wakes_a_wait_without_end),
    cmocka_unit_test(wait_ends_when_time_is_up),
    cmocka_unit_test(earlier_deadline_moves_the_alarm_later_one_is_not_missed),
    cmocka_unit_test(accept_without_files_keeps_the_connection_waiting),
    cmocka_unit_test(descriptors_close_on_exec_and_do_not_block),
    cmocka_unit_test(datagrams_are_never_fragmented),
    cmocka_unit_test(datagrams_of_a_socket_of_both_families_are_never_fragmented),
    cmocka_unit_test(datagrams_to_nobody_are_told),
    cmocka_unit_test(a_datagram_to_nobody_costs_no_other),
    cmocka_unit_test(what_resolvers_say_is_told_apart),
    cmocka_unit_test(names_that_libuv_has_no_room_for_are_refused),
    cmocka_unit_test(ten_instances_share_nothing),
    cmocka_unit_test(unix_socket_is_its_owners_and_goes_with_its_listener),
    cmocka_unit_test(unix_socket_of_a_dead_listener_is_replaced),
    cmocka_unit_test(unix_path_that_is_somebodys_is_left_alone),
    cmocka_unit_test(free_waits_for_work_and_forgets_the_rest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
