/* p2p bench: the group. */
#include "bench.h"

#include "commands.h"

static const args_command *const parts[] = { &bench_serve_command, &bench_run_command,
                                             &bench_contract_command, NULL };
const args_command bench_command = {
  .name = "p2p bench",
  .brief = "serve and run the tests of the benchmark",
  .summary = "Serves and runs the tests of the benchmark.",
  .parts = parts,
};
