/* A peer in a process of its own. */
#include "net/child.h"
#include "unit/base/test.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void echo_readable(p2p_host *h, p2p_stream s, void *user) {
  uint8_t buf[4096];
  ptrdiff_t n;
  (void)user;
  while ((n = p2p_read(h, s, buf, sizeof buf)) > 0)
    if (p2p_write(h, s, buf, (size_t)n) != n) p2p_reset(h, s, 1); /* small messages only */
  if (n == P2P_EEOF) p2p_finish(h, s);
}

static void child_main(int out) {
  const char *listen[] = { "/ip4/127.0.0.1/tcp/0" };
  p2p_host_opts opts = { .size = sizeof opts, .listen = listen, .n_listen = 1 };
  p2p_handler handler = { .size = sizeof handler, .on_readable = echo_readable };
  p2p_host *host;
  char addr[P2P_ADDR_TEXT_MAX] = { 0 };
  bool ready = p2p_host_new(&host, &opts) == 0 &&
               p2p_protocol_add(host, CHILD_ECHO, &handler) == 0 &&
               p2p_host_addr(host, 0, addr, sizeof addr) > 0;
  if (!ready || write(out, addr, sizeof addr) != (ssize_t)sizeof addr) _exit(1);
  p2p_host_run(host);
  _exit(0);
}

void child_start(child *c) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  c->pid = fork();
  assert_true(c->pid >= 0);
  if (c->pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
    child_main(ends[1]);
  }
  close(ends[1]);
  assert_int_equal(read(ends[0], c->addr, sizeof c->addr), sizeof c->addr);
  close(ends[0]);
}

void child_kill(child *c) {
  int status;
  assert_int_equal(kill(c->pid, SIGKILL), 0);
  assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
}
