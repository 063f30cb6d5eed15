/* p2p: libp2p on the command line, tool and node in one program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "report.h"
#include "signals.h"

static const command_line lines[] = {
  { "node", node_main, "run a node until it is told to stop" },
  { "ping", ping_main, "measure round trips to a peer" },
  { "identify", identify_main, "show what a peer says about itself" },
  { "perf", perf_main, "measure throughput to a peer" },
  { "key", key_main, "make, show and convert keys" },
  { "id", id_main, "show every form of a peer id" },
  { "addr", addr_main, "explain multiaddrs" },
  { "cid", cid_main, "explain content identifiers" },
  { "bench", bench_main, "serve and run the tests of the benchmark" },
};

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--version") == 0) {
    printf("p2p %s (%s)\n", p2p_version(), p2p_libraries());
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
  }
  signals_block();
  return commands_dispatch("p2p", "libp2p on the command line. \"p2p --version\" says which.",
                           lines, sizeof lines / sizeof *lines, argc, argv);
}
