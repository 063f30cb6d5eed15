/* p2p identify: what a peer says about itself. */
#include <stdlib.h>

#include "args.h"
#include "commands.h"
#include "peerinfo.h"
#include "report.h"

static const char NAME[] = "p2p identify";

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

int identify_main(int argc, char **argv) {
  bool as_json = false;
  p2p_time timeout = 10 * P2P_SECOND;
  const args_option options[] = {
    { "timeout", 'W', "SECONDS", "for the connection (10)", .duration = &timeout,
      .min = 100 * P2P_MS, .max = 300 * P2P_SECOND },
    { "json", 0, NULL, "print a line of JSON", .flag = &as_json },
  };
  const args_command c = { NAME,
                           "ADDR",
                           "Shows what the peer at a multiaddr says about itself.",
                           .options = options,
                           .n_options = sizeof options / sizeof *options,
                           .n_operands = 1,
                           .n_required = 1 };
  char **operands;
  int code = args_parse(&c, argc, argv, &operands);
  if (code != ARGS_GO) return code;
  const session_opts o = { .command = NAME, .addr = operands[0], .timeout = timeout };
  session s;
  code = session_open(&s, &o);
  if (code != 0) return code;
  code = run(&s, as_json);
  session_close(&s);
  return code;
}
