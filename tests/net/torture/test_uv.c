/* The p2p_io on libuv with the n-th allocation of libuv and the C library failing, for every n until
 * none fails: listening, connecting, an exchange of bytes, many sockets, a name, the interfaces, and the
 * end. What cannot be done says why; nothing crashes, hangs or leaks. Each is told in a child:
 * libuv aborts where its table of descriptors cannot grow (uv_poll_start), which is counted. */
#include "torture/library_memory.h"
#include "unit/base/test.h"
#include <p2p/io.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POINTS_MAX = 5000, PATIENCE_S = 60, TURNS = 200, SOCKETS = 30 };

static const p2p_endpoint loopback = { .family = 4, .ip = { 127, 0, 0, 1 } };

/* Until the fact is there, or so many turns brought nothing of it; its error. */
static int await(p2p_io *io, uint64_t token, uint32_t what) {
  p2p_time patience = 50 * P2P_MS;
  for (int i = 0; i < TURNS; i++) {
    p2p_io_fact f[8];
    int n = io->ops->wait(io, io->ops->now(io) + patience, f, 8);
    for (int k = 0; k < n; k++)
      if (f[k].token == token && (f[k].what & what)) return f[k].error;
  }
  return P2P_ETIMEOUT;
}

static void exchange(p2p_io *io) {
  p2p_endpoint at, local, remote;
  uint8_t buf[64];
  const p2p_bytes hello = { (const uint8_t *)"hello", 5 };
  int listener = io->ops->tcp_listen(io, &loopback, 4, 1, &at);
  if (listener < 0) return;
  int out = io->ops->tcp_connect(io, NULL, &at, 2);
  if (out < 0) return;
  if (await(io, 2, P2P_IO_WRITABLE) < 0 || await(io, 1, P2P_IO_READABLE) < 0) return;
  int in = io->ops->tcp_accept(io, listener, 3, &local, &remote);
  if (in < 0 || io->ops->want(io, in, P2P_IO_READABLE) < 0) return;
  assert_int_equal(io->ops->send(io, out, &hello, 1), 5);
  assert_int_equal(await(io, 3, P2P_IO_READABLE), 0);
  assert_int_equal(io->ops->recv(io, in, buf, sizeof buf), 5);
  io->ops->close(io, in);
}

/* So many that libuv's table of descriptors grows. */
static void many_sockets(p2p_io *io) {
  p2p_endpoint at;
  p2p_io_fact f;
  int socks[SOCKETS];
  for (int i = 0; i < SOCKETS; i++) socks[i] = io->ops->udp_open(io, &loopback, 10, &at);
  (void)io->ops->wait(io, 0, &f, 1);
  for (int i = 0; i < SOCKETS; i++)
    if (socks[i] >= 0) io->ops->close(io, socks[i]);
}

static void names(p2p_io *io) {
  p2p_endpoint e[4];
  if (io->ops->resolve(io, "localhost", 4, 5) == 0 && await(io, 5, P2P_IO_RESOLVED) == 0)
    assert_true(io->ops->resolved(io, 5, e, 4) != 0);
  assert_true(io->ops->ifaddrs(io, e, 4) != 0);
}

static void everything(void) {
  p2p_io *io;
  if (p2p_io_uv_new(&io) < 0) return;
  exchange(io);
  many_sockets(io);
  names(io);
  io->ops->free(io);
}

/* ---- children ---- */

static char failed_in[40];
static int ends[2]; /* a pipe: what the child has to say */

static void say(char how) {
  const char *in = library_memory_now().failed_in;
  snprintf(failed_in, sizeof failed_in, "%c%s", how, in ? in : "");
  (void)!write(ends[1], failed_in, sizeof failed_in);
}

static void aborted(int sig) {
  (void)sig;
  say('a');
  _exit(1);
}

/* Told twice, so that what libraries make once is no leak. */
static void child(uint64_t n) {
  (void)signal(SIGABRT, aborted);
  alarm(PATIENCE_S);
  library_memory_watch(0, false);
  everything();
  size_t before = library_memory_now().live;
  library_memory_watch(n, false);
  everything();
  library_memory_end();
  say(library_memory_now().live > before ? 'l' : library_memory_now().failed ? 'f' : '-');
  _exit(0);
}

/* How it ended: 'f': with what failed; '-': nothing failed; 'a': aborted; 'l': it leaked. */
static char tell(uint64_t n) {
  int status;
  failed_in[0] = '\0';
  assert_int_equal(pipe(ends), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) child(n);
  close(ends[1]);
  ssize_t got = read(ends[0], failed_in, sizeof failed_in);
  close(ends[0]);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  if (got <= 0) fail_msg("allocation %llu: a child ended: %x", (unsigned long long)n, status);
  return failed_in[0];
}

static void io_lives_without_the_nth_allocation_of_libraries(void **state) {
  (void)state;
  if (!library_memory_works()) skip();
  uint64_t n = 0, aborts = 0;
  char how;
  while ((how = tell(++n)) != '-') {
    assert_true(n < POINTS_MAX);
    if (how == 'a') assert_string_equal(failed_in + 1, "libuv.so.1");
    if (how == 'l')
      fail_msg("allocation %llu, of %s: a leak", (unsigned long long)n, failed_in + 1);
    aborts += how == 'a';
  }
  printf("torture: libuv: %llu failure points, %llu ended in libuv\n", (unsigned long long)n - 1,
         (unsigned long long)aborts);
  assert_true(n > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(io_lives_without_the_nth_allocation_of_libraries),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
