/* p2p identify: what a peer says about itself. */
#include <stdlib.h>

#include "commands.h"
#include "peerinfo.h"
#include "report.h"

#define NAME "p2p identify"

static int tell(session *s, bool as_json) {
  json j;
  if (!as_json) {
    int err = peerinfo_print(s);
    return err < 0 ? err : fflush(stdout) == 0 ? 0 : P2P_EIO;
  }
  json_begin(&j);
  int err = peerinfo_json(s, &j);
  if (err >= 0) return json_end(&j) == 0 ? 0 : P2P_EIO;
  json_drop(&j);
  return err;
}

static int run(session *s, bool as_json) {
  int err = peerinfo_wait(s);
  if (err >= 0) err = tell(s, as_json);
  if (err >= 0) return EXIT_SUCCESS;
  if (!s->signals.caught)
    report(NAME, "%s does not answer identify: %s", s->o.addr, p2p_strerror(err));
  return EXIT_FAILURE;
}

typedef struct identify_args {
  network network;
  bool as_json;
  p2p_time timeout;
} identify_args;

static const args_option options[] = {
  NETWORK_OPTIONS(identify_args, network),
  { "timeout", 'W', "SECONDS", "for the connection", ARGS_DURATION,
    .at = offsetof(identify_args, timeout), .standard = "10", .min = 100 * P2P_MS,
    .max = 300 * P2P_SECOND },
  ARGS_JSON(identify_args),
};

static int identify_main(int argc, char **argv) {
  identify_args a = { 0 };
  char **operands;
  int code = args_parse(&identify_command, argc, argv, &a, &operands);
  if (code != ARGS_GO) return code;
  code = network_open(NAME, &a.network);
  if (code != 0) return code;
  const session_opts o = {
    .command = NAME, .addr = operands[0], .timeout = a.timeout, .network = &a.network
  };
  session s;
  code = session_open(&s, &o);
  if (code != 0) return code;
  code = run(&s, a.as_json);
  session_close(&s);
  network_fini(&a.network);
  return code;
}

const args_command identify_command = {
  .name = NAME,
  .operands = "ADDR",
  .n_operands = 1,
  .n_required = 1,
  .brief = "show what a peer says about itself",
  .summary = "Shows what the peer at a multiaddr says about itself.",
  .examples = "p2p identify /ip4/192.0.2.1/tcp/4001\n"
              "p2p identify --json /dns4/example.org/tcp/4001 | jq .protocols\n",
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = identify_main,
};
