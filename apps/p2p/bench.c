/* p2p bench: dispatch. */
#include "bench.h"

#include "commands.h"

static const command_line lines[] = {
  { "serve", bench_serve_main, "listen and serve until stdin ends" },
  { "run", bench_run_main, "run one test toward a peer" },
};

int bench_main(int argc, char **argv) {
  return commands_dispatch("p2p bench", "Serves and runs the tests of the benchmark.", lines,
                           sizeof lines / sizeof *lines, argc, argv);
}
