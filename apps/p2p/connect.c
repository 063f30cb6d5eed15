/* p2p connect: standard input and output on a stream. */
#include <p2p/p2p.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands.h"
#include "keyfile.h"
#include "poller.h"
#include "pump.h"
#include "report.h"
#include "session.h"

#define NAME "p2p connect"

typedef struct connect_args {
  network network;
  p2p_time timeout;
  const char *key;
  unsigned verbose;
  bool quiet;
} connect_args;

static void tell(const session *s, const pump *p, const char *protocol) {
  char peer[P2P_PEER_ID_TEXT_MAX] = "";
  (void)!p2p_peer_id_print(&s->peer, peer, sizeof peer);
  report(NAME, "%s with %s: sent %llu bytes, received %llu", protocol, peer,
         (unsigned long long)p->sent, (unsigned long long)p->got);
}

static int carry(session *s, pump *p) {
  struct pollfd fds[3];
  int err = 0;
  while (err >= 0 && !pump_is_done(p) && !p->out_failed && !s->signals.caught) {
    pump_watch(p, fds + 1);
    err = poller_turn(s->host, fds, 2, P2P_NEVER);
    pump_turn(p, fds + 1);
    session_take_events(s);
  }
  return err;
}

static int run(session *s, const connect_args *a, const char *protocol) {
  const char *const ids[] = { protocol };
  pump p;
  pump_init(&p, s->host, STDIN_FILENO, STDOUT_FILENO);
  const p2p_handler handler = pump_handler(&p);
  int err = p2p_stream_open_on(s->host, s->conn, ids, 1, &handler, &p.stream);
  if (err < 0) {
    report(NAME, "%s: %s", protocol, p2p_strerror(err));
    return EXIT_FAILURE;
  }
  err = carry(s, &p);
  int code = s->signals.caught ? SIGNALS_EXIT + s->signals.number
                               : pump_verdict(&p, NAME, protocol, s->lost < 0, a->quiet);
  if (err < 0 && code == EXIT_SUCCESS) code = EXIT_FAILURE;
  if (a->verbose) tell(s, &p, protocol);
  pump_fini(&p);
  return code;
}

static const args_option options[] = {
  NETWORK_OPTIONS(connect_args, network),
  { "timeout", 'W', "SECONDS", "for the connection", ARGS_DURATION,
    .at = offsetof(connect_args, timeout), .standard = "10", .min = 100 * P2P_MS,
    .max = 300 * P2P_SECOND },
  { "key", 'k', "FILE", "who we are; a new key when none is given", ARGS_TEXT,
    .at = offsetof(connect_args, key) },
  { "verbose", 'v', NULL, "tell at the end how much went where", ARGS_TALLY,
    .at = offsetof(connect_args, verbose) },
  { "quiet", 'q', NULL, "tell by the exit code only how it ended", ARGS_FLAG,
    .at = offsetof(connect_args, quiet) },
};

static int connect_main(int argc, char **argv) {
  connect_args a = { 0 };
  p2p_identity identity = { 0 };
  char **operands;
  session s;
  int code = args_parse(&connect_command, argc, argv, &a, &operands);
  if (code != ARGS_GO) return code;
  if (!report_bad_protocol(NAME, operands[1])) return EXIT_USAGE;
  code = network_open(NAME, &a.network);
  if (code != 0) return code;
  if (a.key && !keyfile_read(NAME, a.key, &identity)) return EXIT_FAILURE;
  signal(SIGPIPE,
         SIG_IGN); /* a reader that goes away is an error of write(2), told by the exit code */
  const session_opts o = { .command = NAME,
                           .addr = operands[0],
                           .timeout = a.timeout,
                           .network = &a.network,
                           .identity = a.key ? &identity : NULL };
  code = session_open(&s, &o);
  if (code == 0) {
    code = run(&s, &a, operands[1]);
    session_close(&s);
  }
  p2p_identity_fini(&identity);
  network_fini(&a.network);
  return code;
}

const args_command connect_command = {
  .name = NAME,
  .operands = "ADDR PROTOCOL",
  .n_operands = 2,
  .n_required = 2,
  .brief = "standard input and output on a stream to a peer",
  .summary =
      "Opens a stream to the peer at a multiaddr: what comes from standard input is sent, what "
      "arrives goes to standard output.",
  .more =
      "The end of standard input ends our way only; the command ends when both ways have. Nothing\n"
      "is read ahead of what the peer takes, or of what standard output takes.",
  .examples = "p2p connect /ip4/192.0.2.1/tcp/4001 /echo/1.0.0\n"
              "tar c folder | p2p connect -q /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo... /backup/1\n",
  .exits = pump_exits,
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = connect_main,
};
