/* p2p listen: streams of a protocol on standard input and output, or on a command for each. */
#include <errno.h>
#include <fcntl.h>
#include <p2p/p2p.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "poller.h"
#include "pump.h"
#include "report.h"
#include "service.h"
#include "shell.h"

#define NAME "p2p listen"

enum { AT_ONCE_MAX = 256, BUSY = 1 };

typedef struct listen_args {
  network network;
  args_list listen, from;
  const char *key, *exec;
  uint64_t at_once;
  unsigned verbose;
  bool keep, quiet;
} listen_args;

/* A stream that is served. */
typedef struct visit {
  pump pump;
  pid_t pid; /* of --exec; 0: none, or it has ended */
  bool used;
  bool lost;    /* its connection was */
  size_t watch; /* where its two descriptors are in the poll; 0: not yet */
  p2p_conn conn;
  char peer[P2P_PEER_ID_TEXT_MAX];
} visit;

typedef struct listener {
  listen_args a;
  const char *protocol;
  service service;
  visit visits[AT_ONCE_MAX];
  size_t n;    /* in use */
  bool served; /* one has come and gone */
  int code;    /* how the last one ended */
} listener;

/* ---- a stream comes ---- */

static visit *free_visit(listener *l) {
  size_t max = l->a.exec && l->a.keep ? (size_t)l->a.at_once : 1;
  for (size_t i = 0; i < max; i++)
    if (!l->visits[i].used) return &l->visits[i];
  return NULL;
}

static int start_command(listener *l, visit *v, int *in, int *out) {
  char peer[P2P_PEER_ID_TEXT_MAX + 16], protocol[512], addr[P2P_ADDR_TEXT_MAX + 16] = "P2P_ADDR=";
  snprintf(peer, sizeof peer, "P2P_PEER=%s", v->peer);
  snprintf(protocol, sizeof protocol, "P2P_PROTOCOL=%s", l->protocol);
  if (p2p_conn_addr(l->service.host, v->conn, addr + 9, sizeof addr - 9) < 0) addr[9] = '\0';
  const char *const variables[] = { peer, protocol, addr, NULL };
  if (shell_start(l->a.exec, variables, &v->pid, out, in) == 0) return 0;
  report(NAME, "cannot start a shell: %s", strerror(errno));
  return -1;
}

/* Copies, where the next stream needs standard input and output, too. */
static int start_plain(const listener *l, int *in, int *out) {
  *in = l->a.keep ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : STDIN_FILENO;
  *out = l->a.keep ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : STDOUT_FILENO;
  if (*in >= 0 && *out >= 0) return 0;
  report(NAME, "cannot copy standard input and output: %s", strerror(errno));
  if (*in > STDERR_FILENO) close(*in);
  if (*out > STDERR_FILENO) close(*out);
  return -1;
}

static void on_open(p2p_host *h, p2p_stream s, void *user) {
  listener *l = user;
  visit *v = l->served && !l->a.keep ? NULL : free_visit(l);
  p2p_stream_info info = { .size = sizeof info };
  int in, out;
  if (!v || p2p_stream_get(h, s, &info) < 0) {
    p2p_reset(h, s, BUSY);
    return;
  }
  *v = (visit){ .conn = info.conn };
  (void)!p2p_peer_id_print(&info.peer, v->peer, sizeof v->peer);
  if ((l->a.exec ? start_command(l, v, &in, &out) : start_plain(l, &in, &out)) < 0) {
    p2p_reset(h, s, BUSY);
    return;
  }
  v->used = true;
  l->n++;
  pump_init(&v->pump, h, in, out);
  v->pump.stream = s;
  v->pump.opened = v->pump.news = true;
  const p2p_handler handler = pump_handler(&v->pump);
  if (p2p_stream_set_handler(h, s, &handler) < 0) { /* nobody would ever be told of its end */
    p2p_reset(h, s, BUSY);
    v->pump.closed = v->lost = true;
  }
  p2p_stream_set_user(h, s, &v->pump);
  if (l->a.verbose) report(NAME, "%s: a stream from %s", l->protocol, v->peer);
}

/* ---- and goes ---- */

static void end_visit(listener *l, visit *v) {
  l->code = pump_verdict(&v->pump, NAME, l->protocol, v->lost, l->a.quiet);
  if (l->a.verbose)
    report(NAME, "%s with %s: sent %llu bytes, received %llu", l->protocol, v->peer,
           (unsigned long long)v->pump.sent, (unsigned long long)v->pump.got);
  pump_fini(&v->pump);
  v->used = false;
  l->n--;
  l->served = true;
}

static void reap(listener *l, visit *v) {
  int status = 0;
  if (v->pid == 0 || !shell_ended(v->pid, &status)) return;
  v->pid = 0;
  if (status != 0 && !l->a.quiet) report(NAME, "the command for %s ended with %d", v->peer, status);
}

static bool is_over(const visit *v) { return pump_is_done(&v->pump) && v->pid == 0; }

static void turn(listener *l, const struct pollfd *fds) {
  for (size_t i = 0; i < AT_ONCE_MAX; i++) {
    visit *v = &l->visits[i];
    if (!v->used) continue;
    if (v->watch) pump_turn(&v->pump, fds + v->watch);
    reap(l, v);
    if (is_over(v)) end_visit(l, v);
  }
}

/* fds[0] is the poller's. */
static size_t watch(listener *l, struct pollfd *fds) {
  size_t n = 0;
  for (size_t i = 0; i < AT_ONCE_MAX; i++) {
    visit *v = &l->visits[i];
    if (!v->used) continue;
    v->watch = 1 + n;
    pump_watch(&v->pump, fds + v->watch);
    n += 2;
  }
  return n;
}

static void take_events(listener *l) {
  const p2p_event *e;
  while ((e = p2p_next_event(l->service.host))) {
    if (e->kind != P2P_EV_CONN_CLOSED) continue;
    for (size_t i = 0; i < AT_ONCE_MAX; i++)
      if (l->visits[i].used && l->visits[i].conn.id == e->conn.id) l->visits[i].lost = true;
  }
}

static int serve(listener *l) {
  struct pollfd fds[1 + 2 * AT_ONCE_MAX];
  int err = 0;
  while (err >= 0 && !l->service.signals.caught && (l->a.keep || !l->served)) {
    size_t n = watch(l, fds);
    err = poller_turn(l->service.host, fds, n, P2P_NEVER);
    take_events(l);
    turn(l, fds);
  }
  for (size_t i = 0; i < AT_ONCE_MAX; i++)
    if (l->visits[i].used) pump_fini(&l->visits[i].pump);
  if (l->service.signals.caught)
    return l->a.keep ? EXIT_SUCCESS : SIGNALS_EXIT + l->service.signals.number;
  return err < 0 ? EXIT_FAILURE : l->code;
}

static int run(listener *l) {
  const service_opts o = { .command = NAME,
                           .listen = &l->a.listen,
                           .from = &l->a.from,
                           .key = l->a.key,
                           .network = &l->a.network,
                           .quiet = l->a.quiet };
  const p2p_handler handler = { .size = sizeof handler, .on_open = on_open, .user = l };
  int code = service_open(&l->service, &o);
  if (code != 0) return code;
  int err = p2p_protocol_add(l->service.host, l->protocol, &handler);
  if (err < 0) {
    report(NAME, "%s: %s", l->protocol,
           err == P2P_EEXIST ? "this program answers it already" : p2p_strerror(err));
    code = EXIT_FAILURE;
  } else {
    service_tell(&l->service);
    code = serve(l);
  }
  service_close(&l->service);
  return code;
}

static const args_option options[] = {
  { "listen", 'l', "ADDR", "listen here; all interfaces and any port when none is given", ARGS_LIST,
    .at = offsetof(listen_args, listen) },
  { "exec", 'x', "COMMAND", "run this by sh for each stream, its input and output on the stream",
    ARGS_TEXT, .at = offsetof(listen_args, exec) },
  { "keep", 0, NULL, "serve streams until a signal, not just one", ARGS_FLAG,
    .at = offsetof(listen_args, keep) },
  { "at-once", 0, "N", "so many commands of --exec run at once; more streams are reset", ARGS_COUNT,
    .at = offsetof(listen_args, at_once), .standard = "16", .min = 1, .max = AT_ONCE_MAX },
  { "from", 0, "PEER", "let only this peer in", ARGS_LIST, .at = offsetof(listen_args, from) },
  NETWORK_OPTIONS(listen_args, network),
  { "key", 'k', "FILE",
    "who we are; made when it is not there; a new key each time when none is given", ARGS_TEXT,
    .at = offsetof(listen_args, key) },
  { "verbose", 'v', NULL, "tell of each stream", ARGS_TALLY, .at = offsetof(listen_args, verbose) },
  { "quiet", 'q', NULL, "print no addresses and no causes", ARGS_FLAG,
    .at = offsetof(listen_args, quiet) },
};

static int listen_main(int argc, char **argv) {
  listener l = { 0 };
  char **operands;
  int code = args_parse(&listen_command, argc, argv, &l.a, &operands);
  if (code != ARGS_GO) return code;
  l.protocol = operands[0];
  if (!report_bad_protocol(NAME, l.protocol)) return EXIT_USAGE;
  signal(SIGPIPE, SIG_IGN);
  return run(&l);
}

const args_command listen_command = {
  .name = NAME,
  .operands = "PROTOCOL",
  .n_operands = 1,
  .n_required = 1,
  .brief = "serve streams of a protocol on standard input and output",
  .summary =
      "Waits for a stream of the protocol: what arrives goes to standard output, what comes from "
      "standard input is sent. Addresses are printed on standard error.",
  .more = "A command of --exec finds P2P_PEER, P2P_ADDR and P2P_PROTOCOL in its environment. It is "
          "run for\n"
          "whoever comes: --from says who may. Without --exec a stream that comes while another is "
          "served\n"
          "is reset.",
  .examples = "p2p listen --listen /ip4/0.0.0.0/tcp/4001 /backup/1 | tar x\n"
              "p2p listen --keep --exec 'date; cat' /date/1\n",
  .exits = pump_exits,
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = listen_main,
};
