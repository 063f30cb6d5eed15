/* p2p: libp2p on the command line, tool and node in one program. */
#include <fcntl.h>
#include <p2p/p2p.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "commands.h"
#include "signals.h"

static const args_command *const parts[] = {
  &node_command,  &config_command,  &dial_command,       &ping_command, &identify_command,
  &perf_command,  &connect_command, &listen_command,     &send_command, &recv_command,
  &key_command,   &psk_command,     &id_command,         &addr_command, &cid_command,
  &bench_command, &help_command,    &completion_command, NULL,
};
const args_command p2p_command = {
  .name = "p2p",
  .brief = "libp2p on the command line",
  .summary = "libp2p on the command line. \"p2p --version\" says which.",
  .parts = parts,
};

/* Descriptors 0, 1 and 2 are there, so that no socket is taken for standard input or output. */
static void fill_standard_files(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
}

/* The program, what it is built on, and what it speaks. */
static int tell_version(void) {
  const char *quic = p2p_quic_library(), *feature;
  printf("p2p %s (libuv %s, %s%s%s%s)\nspeaks", p2p_version(), uv_version_string(), p2p_libraries(),
         quic ? ", ngtcp2 " : "", quic ? quic : "", p2p_quic_shielded() ? ", shielded" : "");
  for (size_t i = 0; (feature = p2p_feature(i)) != NULL; i++) printf(" %s", feature);
  putchar('\n');
  return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
  fill_standard_files();
  if (argc > 1 && strcmp(argv[1], "--version") == 0) return tell_version();
  signals_block();
  return commands_dispatch(&p2p_command, argc, argv);
}
